"""What comes in: receipts and replies, told to the inbox before they are acknowledged.

A part of a long reply is acknowledged when it is kept, since a network sends the next one only then; the
last part is acknowledged when the inbox has taken the whole. Must never log or keep what a text says
beyond its reassembly. Whatever comes twice is told twice under the same name.
"""

from __future__ import annotations

import asyncio
from secrets import token_hex

import structlog

from vestibule.gateways.smpp.quiet import News
from vestibule.gateways.smpp.receipted import Receipted, told_id
from vestibule.gateways.smpp.settings import SmppSettings
from vestibule.interfaces.gateway import Receipt, Reply, Surroundings
from vestibule.wire.smpp.addresses import number_of
from vestibule.wire.smpp.messages import DeliverSm, first_parameter
from vestibule.wire.smpp.numbers import OK, RECEIPTED_MESSAGE_ID, RECEIVER_IS_BUSY
from vestibule.wire.smpp.parts import part_of
from vestibule.wire.smpp.reassembly import Reassembly, Whole
from vestibule.wire.smpp.receipts import is_receipt, read_receipt

log = structlog.get_logger(__name__)


class Arrivals:
    """Takes what one gateway is sent, over all of its connections."""

    def __init__(self, settings: SmppSettings, surroundings: Surroundings, receipted: Receipted) -> None:
        self._settings = settings
        self._inbox = surroundings.inbox
        self._gateway_id = surroundings.gateway_id
        self._receipted = receipted
        self._reassembly = Reassembly(default_is_latin_1=settings.default_alphabet == "latin-1")
        self._name = token_hex(4)
        self._news = News()

    async def take(self, message: DeliverSm, link: str, sequence: int) -> int:
        """Tell the inbox what `message` says; return the status to acknowledge it with."""
        try:
            if is_receipt(message):
                await self._receipt(message)
            else:
                await self._text(message, f"{link}.{sequence}")
        except Exception as problem:
            # The inbox promises not to raise. Should it, the network is to send this again.
            self._tell("inbox_failed", kind=type(problem).__name__)
            return RECEIVER_IS_BUSY
        return OK

    async def _receipt(self, message: DeliverSm) -> None:
        told = read_receipt(message)
        if told is None:
            # Acknowledged all the same: it would be no better the next time.
            self._tell("receipt_not_understood")
            return
        part = told_id(told.message_id, self._settings.message_ids)
        is_delivered = told.is_final and told.is_delivered
        if is_delivered and not self._receipted.is_delivered(part):
            return
        await self._inbox.receipt(
            Receipt(
                reference=self._receipted.text_of(part),
                is_delivered=is_delivered,
                is_final=told.is_final,
                cause="" if is_delivered else f"{told.state} {told.error}".rstrip(),
            )
        )

    async def _text(self, message: DeliverSm, name: str) -> None:
        route = (message.source, message.destination)
        whole = self._reassembly.add(route, part_of(message), asyncio.get_running_loop().time())
        if whole is not None:
            await self._inbox.reply(self._reply(message, whole, name))

    def _reply(self, message: DeliverSm, whole: Whole, name: str) -> Reply:
        is_bare = self._settings.bare_numbers_are_international
        named = first_parameter(message.parameters, RECEIPTED_MESSAGE_ID) or b""
        own_name = f"{self._name}.long.{whole.number}" if whole.number else name
        return Reply(
            sender=number_of(message.source, bare_is_international=is_bare),
            recipient=number_of(message.destination, bare_is_international=is_bare),
            body=whole.text,
            message_id=named.partition(b"\x00")[0].decode("latin-1") or own_name,
        )

    def _tell(self, event: str, **values: str) -> None:
        count = self._news.due(event, asyncio.get_running_loop().time())
        if count:
            log.warning(f"gateway.smpp.{event}", gateway=self._gateway_id, count=count, **values)
