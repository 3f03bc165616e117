"""Asking one server over UDP: each request has a socket for itself, and its octets are sent again.

A socket is kept for the next request if its only datagram was answered by one: then nothing late can meet
another request there. Must never ask at one for long, so that its port is nobody's knowledge, nor keep one
to a server that has a name, which may lead elsewhere tomorrow.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import msgspec

from vestibule.directories.radius.exchange import Heard, Line, Make, Trouble, connected, numeric
from vestibule.directories.radius.settings import Endpoint
from vestibule.wire.radius import SharedSecret
from vestibule.wire.radius.numbers import ACCOUNTING_REQUEST

_MOST_USES: Final = 100
"""Requests of one socket."""
_LONGEST_SECONDS: Final = 10.0
"""For how long they are made there."""


class UdpRoad:
    """Implements `Road`."""

    def __init__(
        self, endpoint: Endpoint, accounting_port: int, secret: SharedSecret, *, must_be_signed: bool
    ) -> None:
        """`must_be_signed` is about the answers to sign-ins; accounting has no signature."""
        self._endpoint = endpoint
        self._accounting = replace(endpoint, port=accounting_port)
        self._secret = secret
        self._must_be_signed = must_be_signed
        self._kept: list[Line] = []
        self._keeps = bool(numeric(endpoint.host, endpoint.port))

    async def ask(self, make: Make, codes: Sequence[int], *, tries: int, seconds: float) -> Heard:
        """Send the same octets `tries` times within `seconds` in all."""
        request = make(secrets.randbelow(256), self._secret)
        is_accounting = request.code == ACCOUNTING_REQUEST
        try:
            line = None if is_accounting else self._young()
            if line is None:
                line = await connected(self._accounting if is_accounting else self._endpoint, seconds)
        except (OSError, TimeoutError, UnicodeError):
            return Heard(Trouble.UNREACHABLE)
        try:
            heard = await line.ask(
                request,
                self._secret,
                codes,
                must_be_signed=self._must_be_signed and not is_accounting,
                tries=tries,
                seconds=seconds,
            )
        finally:
            if self._keeps and line.is_clean and line.uses < _MOST_USES and not is_accounting:
                self._kept.append(line)
            else:
                line.close()
        return msgspec.structs.replace(heard, authenticator=request.authenticator, secret=self._secret)

    def _young(self) -> Line | None:
        """Return a socket that may be asked at again."""
        oldest = time.monotonic() - _LONGEST_SECONDS
        while self._kept:
            line = self._kept.pop()
            if line.opened_at > oldest:
                return line
            line.close()
        return None

    async def close(self) -> None:
        """Close the sockets that are kept, and keep none from now on."""
        self._keeps = False
        while self._kept:
            self._kept.pop().close()
