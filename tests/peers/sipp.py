"""SIPp: plays a trunk by a scenario, message by message, with sound and pressed keys from recorded packets.

A scenario is a list of steps made by the functions here. What went over the wire is in `trace`.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self

from tests.peers.ports import free_port
from tests.peers.program import PeerFailed, Program, find_program

RECORDINGS = Path("/usr/share/sip-tester")
LINES = """[last_Via:]
[last_From:]
[last_To:]{tag}
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port];transport=[transport]>
"""
SOUND = """v=0
o=trunk 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-15
a={direction}
"""
TAG = ";tag=[pid]SIPp[call_number]"


def receive(request: str, *, keeps: bool = False, is_optional: bool = False, more: str = "") -> str:
    """Wait for a request; `keeps` its addresses for `ask`, what else to do with it is `more`."""
    actions = more
    if keeps:
        for name, field in (("them", "From:"), ("us", "To:"), ("contact", "Contact:")):
            actions += f'<ereg regexp=".*" search_in="hdr" header="{field}" assign_to="{name}"/>'
        actions += '<ereg regexp="sip:[^&gt;]*" search_in="hdr" header="Contact:" assign_to="target"/>'
    optional = ' optional="true"' if is_optional else ""
    body = f"<action>{actions}</action>" if actions else ""
    return f'<recv request="{request}" crlf="true" rrs="true"{optional}>{body}</recv>'


def receive_response(status: int) -> str:
    return f'<recv response="{status}" crlf="true"></recv>'


def respond(
    status: str, *, fields: str = "", sound: str = "", tag: str = TAG, version: int = 1, repeats: bool = False
) -> str:
    """Answer what came last. `sound` is a direction, to answer with a description."""
    body = SOUND.format(direction=sound, version=version) if sound else ""
    kind = "Content-Type: application/sdp\n" if sound else ""
    message = f"SIP/2.0 {status}\n{LINES.format(tag=tag)}{fields}{kind}Content-Length: [len]\n\n{body}"
    return _send(message, ' retrans="500"' if repeats else "")


def ask(method: str, number: int, *, fields: str = "", body: str = "", repeats: bool = True) -> str:
    """Send a request within the dialog whose INVITE was kept."""
    message = (
        f"{method} [$target] SIP/2.0\n"
        "Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        f"Max-Forwards: 70\nFrom:[$us]{TAG}\nTo:[$them]\n[last_Call-ID:]\nCSeq: {number} {method}\n"
        "Contact: <sip:[local_ip]:[local_port];transport=[transport]>\n"
        f"{fields}Content-Length: [len]\n\n{body}"
    )
    return _send(message, ' retrans="500"' if repeats else "")


def pause(milliseconds: int) -> str:
    return f'<pause milliseconds="{milliseconds}"/>'


def press(key: str) -> str:
    """Send the recorded packets of a key, 0 to 9, `star` or `pound`."""
    return f'<nop><action><exec play_pcap_audio="{RECORDINGS}/dtmf_2833_{key}.pcap"/></action></nop>'


def speak() -> str:
    """Send eight seconds of recorded speech in A-law."""
    return f'<nop><action><exec play_pcap_audio="{RECORDINGS}/g711a.pcap"/></action></nop>'


def _send(message: str, attributes: str = "") -> str:
    return f"<send{attributes}>\n<![CDATA[\n\n{message}\n]]>\n</send>"


class Sipp:
    """One SIPp that plays `steps` for `calls` calls and ends."""

    def __init__(
        self,
        folder: Path,
        steps: list[str],
        *,
        calls: int = 1,
        options: tuple[object, ...] = (),
        transport: str = "u1",
    ) -> None:
        self._folder = folder
        self._steps = steps
        self._options = ("-m", calls, "-t", transport, *options)
        self._program: Program | None = None
        self.port = free_port()
        self.media_port = free_port()

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        scenario = self._folder / "scenario.xml"
        kept = "".join(self._steps)
        names = [name for name in ("us", "them", "contact", "target") if f'assign_to="{name}"' in kept]
        used = f'<Reference variables="{",".join(names)}"/>' if names else ""
        scenario.write_text(
            '<?xml version="1.0" encoding="ISO-8859-1" ?>\n<scenario name="trunk">\n'
            + "\n".join(self._steps)
            + f"\n{used}</scenario>\n"
        )
        self._program = Program(
            [
                find_program("sipp"),
                *("-sf", scenario, "-i", "127.0.0.1", "-p", self.port, "-mi", "127.0.0.1"),
                *("-mp", self.media_port, "-nostdin", "-trace_msg", "-message_file", self._trace_file),
                *(
                    "-trace_err",
                    "-error_file",
                    self._folder / "errors",
                    "-timeout",
                    "60s",
                    "-timeout_error",
                    "-deadcall_wait",
                    "0",
                ),
                *self._options,
            ],
            folder=self._folder,
        )
        self._wait_for_port()

    def _wait_for_port(self) -> None:
        """It says nothing while it writes to a pipe, so the kernel is asked whether it listens."""
        assert self._program is not None
        deadline = monotonic() + 20
        wanted = f":{self.port:04X} "
        while not any(wanted in Path(f"/proc/net/{kind}").read_text() for kind in ("udp", "tcp")):
            if not self._program.is_running or monotonic() > deadline:
                raise PeerFailed(f"SIPp does not listen:\n{self._program.output}\n{self.errors}")

    def finish(self, seconds: float = 30) -> None:
        """Wait until all calls went as the scenario says; raises PeerFailed if one did not."""
        assert self._program is not None
        try:
            status: int | None = self._program.process.wait(seconds)
        except subprocess.TimeoutExpired:
            status = None
        if status != 0:
            raise PeerFailed(f"SIPp ended with {status}:\n{self.errors}\n{self.trace}")

    def stop(self) -> None:
        if self._program is not None:
            self._program.kill()

    @property
    def _trace_file(self) -> Path:
        return self._folder / "messages"

    @property
    def trace(self) -> str:
        """All messages in both directions."""
        return self._trace_file.read_text(errors="replace") if self._trace_file.exists() else ""

    @property
    def errors(self) -> str:
        file = self._folder / "errors"
        return file.read_text(errors="replace") if file.exists() else ""

    def received(self, method: str) -> list[str]:
        """The requests of one method that came, in order."""
        blocks = re.split(r"^-{20,}.*\n", self.trace, flags=re.MULTILINE)
        came = [block.partition("\n\n")[2] for block in blocks if " message received " in block]
        return [message for message in came if message.startswith(f"{method} ")]

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
