"""A VPN as benchmarks need one: it sends requests without waiting, and tells when each was answered."""

from __future__ import annotations

import asyncio
import time
from typing import Self, cast

import msgspec

from tests.callers import ACCESS_ACCEPT, access_request, proven_code, state_of


class Answered(msgspec.Struct, frozen=True):
    name: str
    reply: bytes
    code: int
    at: float
    """By the clock of `time.perf_counter`."""

    @property
    def is_accept(self) -> bool:
        return self.code == ACCESS_ACCEPT


class Vpn(asyncio.DatagramProtocol):
    """At most 256 of its requests may be under way."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._waiting: dict[int, tuple[str, bytes, asyncio.Future[Answered]]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._asked = 0

    @classmethod
    async def beside(cls, address: tuple[str, int], secret: str, own: str = "127.0.0.1") -> Self:
        """Return one with the address `own` that asks the server at `address`."""
        loop = asyncio.get_running_loop()
        _, made = await loop.create_datagram_endpoint(
            lambda: cls(secret), local_addr=(own, 0), remote_addr=address
        )
        return made

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        at = time.perf_counter()
        name, request, answered = self._waiting.pop(data[1])
        answered.set_result(Answered(name, data, proven_code(data, request, self._secret), at))

    def ask(self, name: str, password: str, state: bytes = b"") -> asyncio.Future[Answered]:
        """Send one request."""
        assert self._transport is not None
        identifier = self._asked % 256
        self._asked += 1
        request = access_request(self._secret, identifier, name, password, state)
        answered: asyncio.Future[Answered] = asyncio.get_running_loop().create_future()
        self._waiting[identifier] = name, request, answered
        self._transport.sendto(request)
        return answered

    def go_on(self, challenge: Answered) -> asyncio.Future[Answered]:
        """Press Enter at a challenge, with nothing typed."""
        return self.ask(challenge.name, "", state_of(challenge.reply))

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()
