"""baresip, a telephone: it rings, and answers, refuses, presses keys and hangs up as it is told.

It is told over TCP, in netstrings of JSON. What it hears is recorded in a file.
"""

from __future__ import annotations

import json
import socket
import wave
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.peers.network import Network
from tests.peers.program import PeerFailed, Program, find_program

SIP_PORT = 5060
_CONTROL_PORT = 4444
_MODULES = Path("/usr/lib/baresip/modules")

_CONFIGURATION = """
poll_method epoll
sip_listen {address}:{port}
call_local_timeout 120
call_max_calls 4
audio_source aufile,{folder}/said.wav
audio_player aubridge,ear

auplay_srate 8000
ausrc_srate 8000
rtp_ports 10000-10100
module_path {modules}
module g711.so
module aufile.so
module aubridge.so
module sndfile.so
snd_path {folder}
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen {address}:{control}
"""


class Baresip:
    """A telephone with one number in a network of its own."""

    def __init__(
        self, folder: Path, network: Network, number: str, *, answers: bool = False, account: str = ""
    ) -> None:
        """`answers`: it picks up by itself. `account` are further parameters of its account."""
        self._folder = folder
        self._network = network
        self._number = number
        self._account = f";answermode={'auto' if answers else 'manual'}{account}"
        self._program: Program | None = None
        self._control: socket.socket | None = None
        self._received = b""
        self.events: list[dict[str, Any]] = []

    @property
    def address(self) -> str:
        return self._network.there

    @property
    def log(self) -> str:
        return "" if self._program is None else self._program.output

    @property
    def heard(self) -> bytes:
        """The samples of its last call that it has played."""
        records = sorted(self._folder.glob("dump-*-dec.wav"))
        return b"" if not records else records[-1].read_bytes()[44:]

    def start(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with wave.open(str(self._folder / "said.wav"), "wb") as said:
            said.setnchannels(1)
            said.setsampwidth(2)
            said.setframerate(8_000)
            said.writeframes(bytes(2 * 8_000 * 60))
        configuration = _CONFIGURATION.format(
            address=self.address, port=SIP_PORT, folder=self._folder, modules=_MODULES, control=_CONTROL_PORT
        )
        (self._folder / "config").write_text(configuration)
        (self._folder / "accounts").write_text(
            f"<sip:{self._number}@{self.address}>;regint=0{self._account}\n"
        )
        (self._folder / "contacts").write_text("")
        program = find_program("baresip")
        self._program = Program(self._network.inside(program, "-4", "-s", "-v", "-f", self._folder))
        self._program.wait_for("baresip is ready")
        self._control = socket.create_connection((self.address, _CONTROL_PORT), 10)

    def stop(self) -> None:
        if self._control is not None:
            self._control.close()
        if self._program is not None:
            self._program.stop()

    def tell(self, command: str, parameters: str = "") -> None:
        """Give an order and wait until it was taken; raises PeerFailed if it was refused."""
        assert self._control is not None
        token = f"t{len(self.events)}"
        order = json.dumps({"command": command, "params": parameters, "token": token}).encode()
        self._control.sendall(b"%d:%s," % (len(order), order))
        while True:
            said = self._next()
            if said.get("token") == token:
                if not said.get("ok"):
                    raise PeerFailed(f"{command} was refused: {said}")
                return
            self.events.append(said)

    def wait_for(self, kind: str) -> dict[str, Any]:
        """Wait until it tells an event of this type, and forget those before it."""
        while True:
            said = self.events.pop(0) if self.events else self._next()
            if said.get("type") == kind:
                return said

    def press(self, keys: str) -> None:
        for key in keys:
            self.tell("sndcode", key)

    def _next(self) -> dict[str, Any]:
        assert self._control is not None
        self._control.settimeout(20)
        while True:
            size, colon, rest = self._received.partition(b":")
            if colon and len(rest) > int(size):
                self._received = rest[int(size) + 1 :]
                return dict(json.loads(rest[: int(size)]))
            try:
                data = self._control.recv(65_536)
            except TimeoutError:
                raise PeerFailed(f"the telephone is silent; its log:\n{self.log[-3_000:]}") from None
            if not data:
                raise PeerFailed(f"the telephone has ended:\n{self.log[-3_000:]}")
            self._received += data

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
