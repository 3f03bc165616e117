"""eapol_test: the supplicant of wpa_supplicant and the RADIUS client of an access point in one program."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.peers.program import find_program

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
) -> Seen:
    """Sign in once by EAP of `kind`; `facts` fill its template."""
    configuration = folder / f"{kind}.conf"
    method = KINDS[kind].format_map({"outside": facts["name"], **facts})
    # Without a tunnel or TLS there are no keys, and eapol_test would miss them.
    has_keys = kind not in ("md5",)
    key_management = "WPA-EAP" if has_keys else "IEEE8021X"
    configuration.write_text(
        f'network={{\n ssid="test"\n key_mgmt={key_management}\n eapol_flags=0\n {method}\n}}\n'
    )
    program = [find_program("eapol_test"), "-c", configuration, "-a", "127.0.0.1", "-p", port, "-s", secret]
    program += ["-t", seconds, *([] if has_keys else ["-n"])]
    process = await asyncio.create_subprocess_exec(
        *map(str, program), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    text = output.decode(errors="replace")
    return Seen(text.rstrip().endswith("SUCCESS"), text)
