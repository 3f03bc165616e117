"""Voice messages: recordings that are said in calls instead of the built-in texts.

Administrators add, hear and remove them; a call asks which to say, and for the sound. What is uploaded is
converted before it is stored, so that nothing is left to be decoded while somebody waits at a telephone. A
recording never changes: another one for the same place has another identifier.
"""

from __future__ import annotations

import asyncio
from typing import Final

from vestibule import catalog
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.gateway import Sound
from vestibule.interfaces.sound_reader import SoundReader, Unusable
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.edition import Feature
from vestibule.model.voice_message import MessageType, VoiceMessage
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

MOST_MESSAGES: Final = 500
"""Of one tenant: every type in two languages for a dozen applications."""
MOST_FILE_BYTES: Final = 5 * 1024 * 1024
MOST_DESCRIPTION: Final = 200
_OCTETS_PER_MS: Final = 16


class UnusableSound(Exception):
    """A file of which nothing was used; `cause` is the end of a key under `voice.unusable`."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class VoiceMessages:
    def __init__(self, store: Store, configuration: ConfigurationCache, reader: SoundReader) -> None:
        self._store = store
        self._configuration = configuration
        self._reader = reader
        # Converting takes a core for seconds; several at once would be felt at the doors.
        self._turn = asyncio.Semaphore(1)

    async def add(
        self,
        actor: Actor,
        tenant_id: str,
        file: bytes,
        *,
        language: str,
        message_type: MessageType,
        application_id: str = "",
        description: str = "",
    ) -> VoiceMessage:
        """Store a WAV or MP3 file for its place, instead of the one that is there; raises UnusableSound."""
        actor.demand(Right.GATEWAYS, tenant_id)
        demand(self._configuration.current.tenants[tenant_id], Feature.VOICE_MESSAGES)
        if language not in catalog.LANGUAGES:
            raise Refused(Refusal.NOT_FOUND, language)
        application_name = self._application_name(tenant_id, application_id)
        sound = await self._converted(file)

        async def body(tx: Transaction) -> VoiceMessage:
            message = VoiceMessage(
                tenant_id=tenant_id,
                message_id=new_id(),
                language=language,
                application_id=application_id,
                type=message_type,
                description=description[:MOST_DESCRIPTION],
                milliseconds=len(sound.samples) // _OCTETS_PER_MS,
                created_at=tx.now,
            )
            is_replaced = await tx.put_voice_message(message, sound.samples)
            if len(await tx.voice_messages(tenant_id)) > MOST_MESSAGES:
                raise Refused(Refusal.TOO_MANY, str(MOST_MESSAGES))
            kind = "voice_message.replaced" if is_replaced else "voice_message.added"
            facts = {"language": language, "type": message_type.value, "application": application_name}
            await record(tx, actor, tenant_id, kind, message.message_id, _name(message), **facts)
            return message

        return await self._store.transact(body)

    async def list(self, actor: Actor, tenant_id: str) -> tuple[VoiceMessage, ...]:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        return await self._store.read(lambda tx: tx.voice_messages(tenant_id))

    async def wav(self, actor: Actor, tenant_id: str, message_id: str) -> bytes:
        """Return a recording as a WAV file, as it sounds in a call."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        sound = await self.sound(tenant_id, message_id)
        if sound is None:
            raise Refused(Refusal.NOT_FOUND, message_id)
        return self._reader.wav(sound)

    async def remove(self, actor: Actor, tenant_id: str, message_id: str) -> None:
        actor.demand(Right.GATEWAYS, tenant_id)

        async def body(tx: Transaction) -> None:
            found = [each for each in await tx.voice_messages(tenant_id) if each.message_id == message_id]
            if not found or not await tx.remove_voice_message(tenant_id, message_id):
                raise Refused(Refusal.NOT_FOUND, message_id)
            await record(tx, actor, tenant_id, "voice_message.removed", message_id, _name(found[0]))

        await self._store.transact(body)

    # --- for calls ----------------------------------------------------------------------------------

    async def sound(self, tenant_id: str, sound_id: str) -> Sound | None:
        """Return the recording of `Spoken.sound_id`; None if it was removed meanwhile."""
        samples = await self._store.read(lambda tx: tx.voice_sound(tenant_id, sound_id))
        return None if samples is None else Sound(samples)

    # --- parts --------------------------------------------------------------------------------------

    def _application_name(self, tenant_id: str, application_id: str) -> str:
        if not application_id:
            return ""
        application = self._configuration.current.applications.get((tenant_id, application_id))
        if application is None:
            raise Refused(Refusal.NOT_FOUND, application_id)
        return application.name

    async def _converted(self, file: bytes) -> Sound:
        if len(file) > MOST_FILE_BYTES:
            raise UnusableSound("too_large")
        async with self._turn:
            found = await asyncio.to_thread(self._reader.read, file)
        if isinstance(found, Unusable):
            raise UnusableSound(found.cause)
        return found


def _name(message: VoiceMessage) -> str:
    """Return what the list of events calls it."""
    return f"{message.type}.{message.language}"
