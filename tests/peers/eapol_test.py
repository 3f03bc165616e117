"""eapol_test: the supplicant of wpa_supplicant and the RADIUS client of an access point in one program."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers.program import find_program
from tests.until import until

Answers = Callable[[str], Awaitable[str]]
"""What a person types who is shown this question."""

KINDS = {
    "md5": 'eap=MD5\n identity="{name}"\n password="{password}"',
    "mschapv2": 'eap=MSCHAPV2\n identity="{name}"\n password="{password}"',
    "peap": (
        'eap=PEAP\n identity="{name}"\n anonymous_identity="{outside}"\n password="{password}"\n'
        ' ca_cert="{authority}"\n phase2="auth=MSCHAPV2"'
    ),
    "ttls": (
        'eap=TTLS\n identity="{name}"\n anonymous_identity="{outside}"\n password="{password}"\n'
        ' ca_cert="{authority}"\n phase2="auth=PAP"'
    ),
    "peap-gtc": (
        'eap=PEAP\n identity="{name}"\n anonymous_identity="{outside}"\n password="{password}"\n'
        ' ca_cert="{authority}"\n phase1="{phase1}"\n phase2="auth=GTC"'
    ),
    "peap-mschapv2": (
        'eap=PEAP\n identity="{name}"\n anonymous_identity="{outside}"\n password="{password}"\n'
        ' ca_cert="{authority}"\n phase1="{phase1}"\n phase2="auth=MSCHAPV2"'
    ),
    "peap-gtc-by-hand": (
        'eap=PEAP\n identity="{name}"\n anonymous_identity="{outside}"\n'
        ' ca_cert="{authority}"\n phase1="{phase1}"\n phase2="auth=GTC"'
    ),
    "ttls-pap": (
        'eap=TTLS\n identity="{name}"\n anonymous_identity="{outside}"\n password="{password}"\n'
        ' ca_cert="{authority}"\n phase1="{phase1}"\n phase2="auth=PAP"'
    ),
    "small-ttls-pap": (
        'eap=TTLS\n identity="{name}"\n anonymous_identity="{outside}"\n password="{password}"\n'
        ' ca_cert="{authority}"\n phase2="auth=PAP"\n fragment_size=60'
    ),
    "tls": 'eap=TLS\n identity="{outside}"\n ca_cert="{authority}"\n client_cert="{certificate}"\n'
    ' private_key="{key}"',
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What it has printed, and whether it was let in with keys that both sides have."""

    is_let_in: bool
    output: str


async def sign_in(
    folder: Path,
    kind: str,
    port: int,
    secret: str,
    facts: Mapping[str, str],
    seconds: int = 20,
    arguments: Sequence[str] = (),
) -> Seen:
    """Sign in once by EAP of `kind`; `facts` fill its template."""
    process = await _start(folder, kind, port, secret, facts, seconds, arguments)
    output, _ = await process.communicate()
    return _seen(output)


async def sign_in_by_hand(
    folder: Path, kind: str, port: int, secret: str, facts: Mapping[str, str], answers: Answers
) -> Seen:
    """The same with a person at the device, who is shown what the server asks and types what `answers` gives
    for it."""
    control = folder / "control"
    process = await _start(folder, kind, port, secret, facts, 20, ["-W"], f"ctrl_interface={control}\n")
    talking = asyncio.create_task(_answer(control / "test", folder / "hand", answers))
    output, _ = await process.communicate()
    talking.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await talking
    return _seen(output)


async def _start(
    folder: Path,
    kind: str,
    port: int,
    secret: str,
    facts: Mapping[str, str],
    seconds: int,
    arguments: Sequence[str],
    more: str = "",
) -> asyncio.subprocess.Process:
    configuration = folder / f"{kind}.conf"
    method = KINDS[kind].format_map({"outside": facts["name"], **facts})
    # Without a tunnel or TLS there are no keys, and eapol_test would miss them.
    has_keys = kind not in ("md5",)
    key_management = "WPA-EAP" if has_keys else "IEEE8021X"
    configuration.write_text(
        f'{more}network={{\n ssid="test"\n key_mgmt={key_management}\n eapol_flags=0\n {method}\n}}\n'
    )
    program = [find_program("eapol_test"), "-c", configuration, "-a", "127.0.0.1", "-p", port, "-s", secret]
    program += ["-t", seconds, *([] if has_keys else ["-n"]), *arguments]
    return await asyncio.create_subprocess_exec(
        *map(str, program), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )


async def _answer(control: Path, own: Path, answers: Answers) -> None:
    """Be the person at the device: its control interface sends each question, and takes what is typed."""
    loop = asyncio.get_running_loop()
    await until(control.exists)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as hand:
        hand.setblocking(False)
        hand.bind(str(own))
        hand.connect(str(control))
        await loop.sock_sendall(hand, b"ATTACH")
        while True:
            told = (await loop.sock_recv(hand, 4096)).decode()
            if found := re.search(r"CTRL-REQ-OTP-(\d+):(.*) needed for SSID", told):
                typed = await answers(found[2])
                await loop.sock_sendall(hand, f"CTRL-RSP-OTP-{found[1]}:{typed}".encode())


def _seen(output: bytes) -> Seen:
    text = output.decode(errors="replace")
    return Seen(text.rstrip().endswith("SUCCESS"), text)
