"""The servers of one directory: asked in their order, and which of them is asked last.

A server that gave no answer that can be trusted is asked after all others, until it answers a request or a
Status-Server (RFC 5997), or has rested for a while. Must never leave a server out: where all are silent, all
are asked.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import msgspec

from vestibule.directories.radius.exchange import Heard, Make, Road, Trouble
from vestibule.directories.radius.settings import Endpoint, RadiusSettings, Transport
from vestibule.directories.radius.tls_road import TlsRoad
from vestibule.directories.radius.udp_road import UdpRoad
from vestibule.wire.radius import Attribute, CheckedReply, Message, SharedSecret, decode
from vestibule.wire.radius.answer import SIGN_IN_CODES
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_REQUEST,
    ACCOUNTING_RESPONSE,
    NAS_IDENTIFIER,
    STATUS_SERVER,
)

REST_SECONDS: Final = 60.0
PROBE_SECONDS: Final = 5.0
"""Between two Status-Server requests to a server that rests, and how long each waits."""
_MOST_ADMITTED: Final = 200


AttributesUnder = Callable[[SharedSecret, bytes], Sequence[Attribute]]
"""Makes the attributes of a request from secret and authenticator, under which its password is hidden."""


class Asked(msgspec.Struct, frozen=True):
    """What one of the servers has answered, or why none has; and what the request was made with."""

    server: str
    found: CheckedReply | Trouble
    authenticator: bytes = b""
    discarded: int = 0
    secret: SharedSecret | None = None


class Servers:
    """The only tasks are probes of servers that rest."""

    def __init__(
        self,
        settings: RadiusSettings,
        secret: SharedSecret,
        *,
        rest_seconds: float = REST_SECONDS,
        probe_seconds: float = PROBE_SECONDS,
    ) -> None:
        self._settings = settings
        self._rest_seconds = rest_seconds
        self._probe_seconds = probe_seconds
        self._roads = {str(endpoint): _road(endpoint, settings, secret) for endpoint in settings.endpoints()}
        self._resting: dict[str, asyncio.Task[None]] = {}
        self._admitted = 0

    @property
    def order(self) -> tuple[str, ...]:
        """The servers as they are asked now."""
        return tuple(sorted(self._roads, key=lambda name: name in self._resting))

    async def ask(self, attributes: AttributesUnder, only: str = "") -> Asked:
        """Ask the servers for a sign-in in turn, or `only` the one; each that is silent leaves a fair share
        of the time to those behind it. Raises ValueError if the request is longer than a packet."""
        names = [only] if only else list(self.order)
        if self._admitted >= _MOST_ADMITTED:
            return Asked("", Trouble.OVERLOADED)
        self._admitted += 1
        try:
            deadline = asyncio.get_running_loop().time() + self._settings.timeout_seconds
            asked = Asked("", Trouble.UNREACHABLE)
            for index, name in enumerate(names):
                if name not in self._roads:  # It was taken off the list while it had a conversation.
                    break
                left = deadline - asyncio.get_running_loop().time()
                make = partial(made_request, ACCESS_REQUEST, attributes)
                heard = await self._ask_one(name, make, left / (len(names) - index))
                self._note(name, heard)
                discarded = asked.discarded + heard.discarded
                asked = Asked(name, heard.found, heard.authenticator, discarded, heard.secret)
                if isinstance(heard.found, CheckedReply):
                    break
            return asked
        finally:
            self._admitted -= 1

    async def account(self, attributes: Sequence[Attribute]) -> bool:
        """Tell the servers of a session in turn; False: none has confirmed it. Raises ValueError if the
        request is longer than a packet."""

        def make(identifier: int, secret: SharedSecret) -> Message:
            return _decoded(secret.encode_accounting(identifier, attributes))

        for name in self.order:
            seconds = self._settings.timeout_seconds / len(self._roads)
            heard = await self._ask_one(name, make, seconds, codes=(ACCOUNTING_RESPONSE,))
            if isinstance(heard.found, CheckedReply):
                return True
        return False

    async def close(self) -> None:
        """Stop asking servers whether they are back, and close what is open to them."""
        probes = list(self._resting.values())
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        self._resting.clear()
        for road in self._roads.values():
            await road.close()

    async def _ask_one(
        self, name: str, make: Make, seconds: float, tries: int = 0, codes: Sequence[int] = SIGN_IN_CODES
    ) -> Heard:
        tries = tries or self._settings.tries
        return await self._roads[name].ask(make, codes, tries=tries, seconds=seconds)

    def _note(self, name: str, heard: Heard) -> None:
        probe = self._resting.get(name)
        if isinstance(heard.found, CheckedReply):
            if probe is not None:
                probe.cancel()
        elif probe is None and len(self._roads) > 1:
            task = self._resting[name] = asyncio.create_task(self._rest(name))
            task.add_done_callback(lambda _: self._resting.pop(name, None))

    async def _rest(self, name: str) -> None:
        """Return when the server answers a Status-Server, or has rested long enough."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._rest_seconds
        while loop.time() < until:
            began = loop.time()
            make = partial(made_request, STATUS_SERVER, self._who_asks)
            heard = await self._ask_one(name, make, self._probe_seconds, 1, (ACCESS_ACCEPT,))
            if isinstance(heard.found, CheckedReply):
                return
            await asyncio.sleep(max(0.0, began + self._probe_seconds - loop.time()))

    def _who_asks(self, _: SharedSecret, __: bytes) -> Sequence[Attribute]:
        return [(NAS_IDENTIFIER, self._settings.nas_identifier.encode())]


def made_request(code: int, attributes: AttributesUnder, identifier: int, secret: SharedSecret) -> Message:
    """Return a signed request; raises ValueError if it is longer than a packet."""
    authenticator = secrets.token_bytes(16)
    told = attributes(secret, authenticator)
    return _decoded(secret.encode_request(code, identifier, authenticator, told))


def _decoded(octets: bytes) -> Message:
    request = decode(octets)
    assert isinstance(request, Message)
    return request


def _road(endpoint: Endpoint, settings: RadiusSettings, secret: SharedSecret) -> Road:
    if settings.transport is Transport.TLS:
        return TlsRoad(endpoint, secret, settings.context())
    must_be_signed = settings.require_message_authenticator
    return UdpRoad(endpoint, settings.accounting_port, secret, must_be_signed=must_be_signed)
