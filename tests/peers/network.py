"""A network of its own with one cable to this one, for programs that will not talk to loopback addresses.

It lives in a process; when that ends, by whatever way, the kernel takes the network and the cable away.
"""

from __future__ import annotations

import os
from itertools import count
from types import TracebackType
from typing import Self

from tests.peers.program import PeerFailed, Program, find_program, run_well

_numbers = count(1)


class Network:
    """`here` is our address on the cable, `there` that of programs started with `inside`; takes root."""

    def __init__(self) -> None:
        number = next(_numbers)
        place = os.getpid() & 0x3FFF
        # 16,384 processes times 16 networks of four addresses, below 10.64.0.0/10.
        base = f"10.{64 + (place >> 8)}.{place & 0xFF}"
        self.here = f"{base}.{4 * (number % 64) + 1}"
        self.there = f"{base}.{4 * (number % 64) + 2}"
        self.cable = f"v{os.getpid()}-{number}"
        self._holder: Program | None = None

    @property
    def _process(self) -> int:
        if self._holder is None:
            raise PeerFailed("the network was not started")
        return self._holder.process.pid

    def start(self) -> None:
        self._holder = Program(
            [find_program("unshare"), "--net", "sh", "-c", "echo it is there; exec sleep infinity"]
        )
        self._holder.wait_for("it is there")
        ip = find_program("ip")
        run_well(
            [ip, "link", "add", self.cable, "type", "veth", "peer", "name", "cable", "netns", self._process]
        )
        run_well([ip, "address", "add", f"{self.here}/30", "dev", self.cable])
        run_well([ip, "link", "set", self.cable, "up"])
        run_well(self.inside(ip, "address", "add", f"{self.there}/30", "dev", "cable"))
        run_well(self.inside(ip, "link", "set", "cable", "up"))
        run_well(self.inside(ip, "link", "set", "lo", "up"))

    def inside(self, *command: object) -> list[object]:
        """Return the command that runs `command` in this network."""
        return [find_program("nsenter"), "-t", self._process, "-n", "--", *command]

    def stop(self) -> None:
        if self._holder is not None:
            self._holder.kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
