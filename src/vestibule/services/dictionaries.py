"""Dictionaries of RADIUS attributes, as administrators load and remove them."""

from __future__ import annotations

import asyncio
import re
from typing import Final

import msgspec

from vestibule.interfaces.attribute_reader import AttributeReader, BadLine, ReadDictionary
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.reply_attribute import (
    MOST_DICTIONARIES,
    MOST_DICTIONARY_BYTES,
    RadiusDictionary,
)
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class LoadedDictionary(msgspec.Struct, frozen=True):
    dictionary: RadiusDictionary
    read: ReadDictionary


class Dictionaries:
    def __init__(self, store: Store, reader: AttributeReader) -> None:
        self._store = store
        self._reader = reader

    async def list(self, actor: Actor, tenant_id: str) -> tuple[RadiusDictionary, ...]:
        """Return the dictionaries of a tenant by name."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        return await self._store.read(lambda tx: tx.radius_dictionaries(tenant_id))

    async def load(
        self, actor: Actor, tenant_id: str, name: str, content: bytes, *, is_dry_run: bool = False
    ) -> LoadedDictionary:
        """Load a file, in the place of the one of the same name. What was given by that stays as it is.
        Raises `Refused` with the line that cannot be read."""
        actor.demand(Right.APPLICATIONS, tenant_id)
        if not _NAME.fullmatch(name):
            raise Refused(Refusal.DICTIONARY_NAME, name[:64])
        text = _text(content)
        read = await asyncio.to_thread(self._reader.dictionary, text)
        if isinstance(read, BadLine):
            raise Refused(Refusal(f"dictionary_{read.cause}"), f"{read.line} ({read.word})")

        async def body(tx: Transaction) -> RadiusDictionary:
            there = await tx.radius_dictionaries(tenant_id)
            if len([each for each in there if each.name != name]) >= MOST_DICTIONARIES:
                raise Refused(Refusal.TOO_MANY, str(MOST_DICTIONARIES))
            loaded = RadiusDictionary(
                tenant_id=tenant_id,
                name=name,
                attributes=len(read.attributes),
                left_out=len(read.left_out),
                size=len(content),
                created_at=tx.now,
            )
            if not is_dry_run:
                await tx.put_radius_dictionary(loaded, text)
                await record(tx, actor, tenant_id, "dictionary.loaded", name, name)
            return loaded

        loaded = await (self._store.read(body) if is_dry_run else self._store.transact(body))
        return LoadedDictionary(loaded, read)

    async def remove(self, actor: Actor, tenant_id: str, name: str) -> None:
        """Remove a dictionary. What was given by it is still sent."""
        actor.demand(Right.APPLICATIONS, tenant_id)

        async def body(tx: Transaction) -> None:
            if not await tx.remove_radius_dictionary(tenant_id, name):
                raise Refused(Refusal.NOT_FOUND, name[:64])
            await record(tx, actor, tenant_id, "dictionary.removed", name, name)

        await self._store.transact(body)


def _text(content: bytes) -> str:
    if len(content) > MOST_DICTIONARY_BYTES:
        raise Refused(Refusal.DICTIONARY_TOO_LARGE, str(MOST_DICTIONARY_BYTES // 1024))
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refused(Refusal.DICTIONARY_NOT_TEXT) from None
    if "\0" in text:
        raise Refused(Refusal.DICTIONARY_NOT_TEXT)
    return text
