"""What bounds us: a bare UDP echo, and FreeRADIUS answering from a static file, each alone on one core."""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.radius_load import RadiusLoad
from tests.callers import access_request
from tests.peers.freeradius import FreeRadius

SECRET = b"a shared secret for benchmarks"
USERS = 100


_CORE = 0
"""The core of the server that is measured."""


@contextmanager
def _elsewhere() -> Iterator[None]:
    """Keep the load generator off that core: sharing it, the server would seem several times slower."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, allowed - {_CORE} or allowed)
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


def _echo(ready: object) -> None:
    os.sched_setaffinity(0, {_CORE})
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    server.bind(("127.0.0.1", 0))
    ready.send(server.getsockname()[1])  # type: ignore[attr-defined]
    while True:
        datagram, peer = server.recvfrom(4096)
        server.sendto(b"\x02" + datagram[1:], peer)


def udp_echo(count: int, window: int) -> Figures:
    """Measure a loop that does nothing but answer."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("fork").Process(target=_echo, args=(there,), daemon=True)
    process.start()
    try:
        load = RadiusLoad(("127.0.0.1", here.recv()), _request)
        with _elsewhere():
            return load.run("bare UDP echo, one core", count, window)
    finally:
        process.kill()
        process.join()


class Bound:
    """FreeRADIUS with a static users file, on one core, to be measured beside us again and again: machines
    that share their hardware change their speed from one minute to the next."""

    def __init__(self, folder: Path) -> None:
        users = {f"user{number}": "123456" for number in range(USERS)}
        self._server = FreeRadius(folder, users=users, secret=SECRET.decode())
        self._server.start()
        assert self._server.program is not None
        for task in Path(f"/proc/{self._server.program.process.pid}/task").iterdir():
            os.sched_setaffinity(int(task.name), {_CORE})

    def measure(self, count: int, window: int) -> Figures:
        load = RadiusLoad(("127.0.0.1", self._server.port), _request, SECRET)
        with _elsewhere():
            return load.run("FreeRADIUS, static users file, one core", count, window)

    def stop(self) -> None:
        self._server.stop()


def _request(index: int, identifier: int) -> bytes:
    return access_request(SECRET, identifier, f"user{index % USERS}", "123456")
