"""Recordings for calls: listed without their sound, which is fetched one by one."""

from __future__ import annotations

from typing import Final

from msgspec.structs import astuple

from vestibule.interfaces.store import Conflict
from vestibule.model.voice_message import VoiceMessage
from vestibule.stores.rows import VOICE_MESSAGE, voice_message_of
from vestibule.stores.statement import Statement, insert, select
from vestibule.stores.transaction import Requests, UniqueTaken

_PLACE: Final = "language = :language and application_id = :application_id and type = :type"

ADD: Final = Statement(insert("voice_messages", (*VOICE_MESSAGE, "sound")))
EVERY: Final = Statement(
    f"select {select(VOICE_MESSAGE)} from voice_messages where tenant_id = :tenant_id"  # noqa: S608
    " order by language, type, application_id"
)
SOUND: Final = Statement(
    "select sound from voice_messages where tenant_id = :tenant_id and message_id = :message_id"
)
CLEAR_PLACE: Final = Statement(
    f"delete from voice_messages where tenant_id = :tenant_id and {_PLACE}"  # noqa: S608
)
REMOVE: Final = Statement(
    "delete from voice_messages where tenant_id = :tenant_id and message_id = :message_id"
)
REMOVE_OF_APPLICATION: Final = Statement(
    "delete from voice_messages where tenant_id = :tenant_id and application_id = :application_id"
)


class VoiceMessages(Requests):
    __slots__ = ()

    async def put_voice_message(self, message: VoiceMessage, sound: bytes) -> bool:
        cleared = await self.execute(
            CLEAR_PLACE(
                tenant_id=message.tenant_id,
                language=message.language,
                application_id=message.application_id,
                type=message.type.value,
            )
        )
        values = list(astuple(message))
        values[VOICE_MESSAGE.index("type")] = message.type.value
        try:
            await self.execute(ADD.of((*values, sound)))
        except UniqueTaken:
            # Somebody else has taken the place since it was cleared.
            raise self.broken(Conflict()) from None
        return cleared > 0

    async def voice_messages(self, tenant_id: str) -> tuple[VoiceMessage, ...]:
        return tuple([voice_message_of(row) for row in await self.fetch(EVERY(tenant_id=tenant_id))])

    async def voice_sound(self, tenant_id: str, message_id: str) -> bytes | None:
        rows = await self.fetch(SOUND(tenant_id=tenant_id, message_id=message_id))
        return bytes(rows[0][0]) if rows else None

    async def remove_voice_message(self, tenant_id: str, message_id: str) -> bool:
        return await self.execute(REMOVE(tenant_id=tenant_id, message_id=message_id)) > 0
