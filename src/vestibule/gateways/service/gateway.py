"""Texts and calls over the link. Implements `Gateway`, `CallsEnd`, `StaysConnected`.

The service does a thing once for each name, so what got no answer is asked again under the same name. When it
is still not known whether the service has it, the text may leave there as often as any text may: twice.
"""

from __future__ import annotations

import asyncio
from typing import Final, Never

import msgspec

from vestibule.interfaces.gateway import Call, Errand, NotSent, Sending, Sent, Text, ToPhone, Unsure
from vestibule.interfaces.link import Link, LinkDown, Refused
from vestibule.interfaces.relay import (
    CALL,
    HANG_UP,
    TEXT,
    Named,
    RelayedCall,
    RelayedText,
    Taken,
    full_name,
    packed,
)

_ASK_SECONDS: Final = 2.0
_SEND_SECONDS: Final = 3.5
"""Shorter than anybody waits who has another gateway: that one must not send what the service may have."""
_PAUSE_SECONDS: Final = 0.2
_MAY_LEAVE: Final = 2


class ServiceGateway:
    def __init__(self, link: Link, tenant_id: str, gateway_id: str) -> None:
        self._link = link
        self._tenant_id = tenant_id
        self._gateway_id = gateway_id

    async def send(self, errand: Errand) -> Sending:
        if not isinstance(errand, ToPhone):
            return NotSent("gateway.cause.not_carried")
        if not self._link.is_up:
            return NotSent("gateway.cause.no_service")
        name = self._name(errand.delivery_id)
        kind, message = _message(errand, name)
        try:
            async with asyncio.timeout(_SEND_SECONDS):
                answer = await self._asked(kind, packed(message))
            taken = msgspec.msgpack.decode(answer, type=Taken)
        except TimeoutError:
            return Unsure("gateway.cause.no_answer_in_time", times=_MAY_LEAVE)
        except Refused as refused:
            return NotSent(f"gateway.cause.service_refused {refused.kind}")
        except msgspec.DecodeError:
            return Unsure("gateway.cause.no_answer_in_time", times=_MAY_LEAVE)
        return NotSent(taken.cause) if taken.cause else Sent(name)

    async def hang_up(self, delivery_id: str) -> None:
        try:
            await self._link.ask(HANG_UP, packed(Named(self._name(delivery_id))), _ASK_SECONDS)
        except (LinkDown, Refused):
            return  # Whatever happens next in the call is answered with hanging up.

    async def close(self) -> None:
        """The link is not ours."""

    async def run(self) -> Never:
        """Nothing is to be done: the link keeps itself."""
        while True:
            await asyncio.Event().wait()

    @property
    def is_connected(self) -> bool:
        return self._link.is_up

    async def _asked(self, kind: str, body: bytes) -> bytes:
        while True:
            try:
                return await self._link.ask(kind, body, _ASK_SECONDS)
            except LinkDown:
                await asyncio.sleep(_PAUSE_SECONDS)

    def _name(self, delivery_id: str) -> str:
        return full_name(self._tenant_id, self._gateway_id, delivery_id)


def _message(errand: Text | Call, name: str) -> tuple[str, RelayedText | RelayedCall]:
    match errand:
        case Text():
            return TEXT, RelayedText(
                name=name,
                to=errand.to,
                body=errand.body.reveal(),
                valid_seconds=errand.valid_seconds,
                attempt_id=errand.verification_id,
            )
        case Call():
            seconds = errand.most_seconds
            return CALL, RelayedCall(
                name=name, to=errand.to, caller_id=errand.caller_id, most_seconds=seconds
            )
