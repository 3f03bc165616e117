"""Asking one server over UDP: each request has a socket of its own, and its octets are sent again."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

import msgspec

from vestibule.directories.radius.exchange import Heard, Make, ask
from vestibule.directories.radius.settings import Endpoint
from vestibule.wire.radius import SharedSecret
from vestibule.wire.radius.numbers import ACCOUNTING_REQUEST


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

    async def ask(self, make: Make, codes: Sequence[int], *, tries: int, seconds: float) -> Heard:
        """Send the same octets `tries` times within `seconds` in all."""
        request = make(secrets.randbelow(256), self._secret)
        is_accounting = request.code == ACCOUNTING_REQUEST
        heard = await ask(
            self._accounting if is_accounting else self._endpoint,
            request,
            self._secret,
            must_be_signed=self._must_be_signed and not is_accounting,
            tries=tries,
            seconds=seconds,
            codes=codes,
        )
        return msgspec.structs.replace(heard, authenticator=request.authenticator, secret=self._secret)

    async def close(self) -> None:
        """Nothing stays open between two requests."""
