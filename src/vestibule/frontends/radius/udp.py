"""Listening for datagrams: bind, take what comes in turns, stop."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from typing import Final

from vestibule.frontends.radius.datagrams import DatagramSocket, ReturnPath
from vestibule.interfaces.frontend import CannotListen

# Datagrams taken in one turn of the event loop: enough to empty a burst, few enough to let others run.
_MOST_AT_ONCE: Final = 64


class UdpListener:
    """Datagrams on one or more addresses; each goes to `take`, which must not raise."""

    def __init__(self, listen: Sequence[tuple[str, int]], take: Callable[[bytes, ReturnPath], None]) -> None:
        """`listen` are addresses or names, and ports."""
        self._listen = tuple(listen)
        self._take = take
        self._sockets: list[DatagramSocket] = []

    async def start(self) -> None:
        """Bind and begin to take; raises `CannotListen`."""
        loop = asyncio.get_running_loop()
        for name, port in self._listen:
            try:
                found = await loop.getaddrinfo(name, port, type=socket.SOCK_DGRAM)
                self._sockets.append(DatagramSocket(str(found[0][4][0]), port))
            except OSError as problem:
                self.close()
                written = f"[{name}]:{port}" if ":" in name else f"{name}:{port}"
                raise CannotListen(problem.errno, problem.strerror, f"UDP {written}") from None
        for opened in self._sockets:
            loop.add_reader(opened.fileno(), self._drain, opened)

    def pause(self) -> None:
        """Take nothing more; answers can still be sent."""
        for opened in self._sockets:
            asyncio.get_running_loop().remove_reader(opened.fileno())

    def close(self) -> None:
        while self._sockets:
            self._sockets.pop().close()

    def addresses(self) -> list[str]:
        """Where it listens, as people write it."""
        return [opened.address for opened in self._sockets]

    def _drain(self, opened: DatagramSocket) -> None:
        for _ in range(_MOST_AT_ONCE):
            try:
                datagram, path = opened.receive()
            except BlockingIOError:
                return
            except OSError:
                # An error that an earlier reply caused (its target is gone) is told at the next receive.
                continue
            self._take(datagram, path)
