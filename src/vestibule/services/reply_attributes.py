"""Reply attributes, as administrators add, try and remove them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import msgspec

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.attribute_reader import AttributeReader, ReadAttribute, Unfit
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.application import Client, ClientKind
from vestibule.model.reply_attribute import MOST_OF_USER, MOST_SHARED, ReplyAttribute
from vestibule.policy.replies import NO_REPLIES, Replies
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.granting import granted, reply_context
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

Result = TypeVar("Result")


class WantedReply(msgspec.Struct, frozen=True, kw_only=True):
    """An attribute that is to be given, to whom all that is named here is true of."""

    attribute: str
    value: Secret[str]
    user_id: str = ""
    group_id: str = ""
    client_id: str = ""
    application_id: str = ""
    adds: bool = False


class ReplyAttributes:
    def __init__(
        self, store: Store, configuration: ConfigurationCache, sealer: Sealer, reader: AttributeReader
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._sealer = sealer
        self._reader = reader

    async def list(self, actor: Actor, tenant_id: str, user_id: str = "") -> tuple[ReplyAttribute, ...]:
        """Return the lines of a tenant in the order in which they were added: those for single people left
        out, or only those of one person."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        if not user_id:
            return self._replies(tenant_id).shared

        async def body(tx: Transaction) -> tuple[ReplyAttribute, ...]:
            await _check_person(tx, tenant_id, user_id)
            return await tx.own_reply_attributes(tenant_id, user_id)

        return await self._store.read(body)

    async def add(
        self, actor: Actor, tenant_id: str, wanted: WantedReply, *, is_dry_run: bool = False
    ) -> ReplyAttribute:
        """Add a line; raises `Refused` for an attribute that no dictionary names, a value that is none of it,
        and for whom that is not there. With `is_dry_run` everything is checked and nothing is changed."""
        actor.demand(Right.APPLICATIONS, tenant_id)
        self._check_places(tenant_id, wanted)
        texts = await self._store.read(lambda tx: tx.radius_dictionary_texts(tenant_id))
        read = await asyncio.to_thread(self._reader.attribute, wanted.attribute, wanted.value, texts)
        if isinstance(read, Unfit):
            raise Refused(Refusal(f"reply_{read.cause}"), wanted.attribute[:64])

        async def body(tx: Transaction) -> ReplyAttribute:
            added = self._line(tenant_id, wanted, read, tx.now)
            name = await _check_room(tx, tenant_id, wanted.user_id) if wanted.user_id else ""
            if not is_dry_run:
                await tx.put(added)
                await record(
                    tx,
                    actor,
                    tenant_id,
                    "reply.added",
                    added.reply_id,
                    added.attribute,
                    **_facts(added, name),
                )
            return added

        return await (self._store.read(body) if is_dry_run else self._written(body))

    async def remove(self, actor: Actor, tenant_id: str, reply_id: str) -> None:
        actor.demand(Right.APPLICATIONS, tenant_id)

        async def body(tx: Transaction) -> None:
            line = await tx.reply_attribute(tenant_id, reply_id)
            if line is None:
                raise Refused(Refusal.NOT_FOUND, reply_id)
            await tx.remove(line)
            await record(tx, actor, tenant_id, "reply.removed", reply_id, line.attribute)

        await self._written(body)

    async def preview(
        self, actor: Actor, tenant_id: str, client_id: str, user_id: str = ""
    ) -> tuple[ReplyAttribute, ...]:
        """Return what a client would be told of a person, or of somebody who is nobody here."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        client, replies = self._client(tenant_id, client_id), self._replies(tenant_id)

        async def body(tx: Transaction) -> tuple[ReplyAttribute, ...]:
            if user_id:
                await _check_person(tx, tenant_id, user_id)
            return await granted(tx, replies, client, user_id)

        return await self._store.read(body)

    # --- parts ----------------------------------------------------------------------------------------

    def _line(self, tenant_id: str, wanted: WantedReply, read: ReadAttribute, now: int) -> ReplyAttribute:
        reply_id, content = new_id(), read.octets.reveal()
        is_secret = read.shape.is_secret
        return ReplyAttribute(
            tenant_id=tenant_id,
            reply_id=reply_id,
            user_id=wanted.user_id,
            group_id=wanted.group_id,
            client_id=wanted.client_id,
            application_id=wanted.application_id,
            attribute=read.attribute,
            value="" if is_secret else wanted.value.reveal(),
            adds=wanted.adds,
            shape=read.shape,
            content=self._sealer.seal(content, reply_context(tenant_id, reply_id)) if is_secret else content,
            created_at=now,
        )

    def _replies(self, tenant_id: str) -> Replies:
        return self._configuration.current.replies.get(tenant_id, NO_REPLIES)

    def _client(self, tenant_id: str, client_id: str) -> Client:
        peer = self._configuration.current.peers.get(client_id)
        if peer is None or peer.client.tenant_id != tenant_id or peer.client.kind is not ClientKind.RADIUS:
            raise Refused(Refusal.NOT_FOUND, client_id)
        return peer.client

    def _check_places(self, tenant_id: str, wanted: WantedReply) -> None:
        snapshot = self._configuration.current
        if wanted.client_id:
            self._client(tenant_id, wanted.client_id)
        if wanted.application_id and (tenant_id, wanted.application_id) not in snapshot.applications:
            raise Refused(Refusal.NOT_FOUND, wanted.application_id)
        if wanted.group_id and (tenant_id, wanted.group_id) not in snapshot.groups:
            raise Refused(Refusal.NOT_FOUND, wanted.group_id)
        if not wanted.user_id and len(self._replies(tenant_id).shared) >= MOST_SHARED:
            raise Refused(Refusal.TOO_MANY, str(MOST_SHARED))

    async def _written(self, body: Callable[[Transaction], Awaitable[Result]]) -> Result:
        result = await self._store.transact(body)
        await self._configuration.refresh()
        return result


async def _check_person(tx: Transaction, tenant_id: str, user_id: str) -> str:
    """Return the name of a person; raises `Refused` if there is none such in the tenant."""
    subject = await tx.subject(tenant_id, user_id)
    if subject is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    return subject.user.username


async def _check_room(tx: Transaction, tenant_id: str, user_id: str) -> str:
    """Return the name of a person for whom there may be one line more."""
    name = await _check_person(tx, tenant_id, user_id)
    if len(await tx.own_reply_attributes(tenant_id, user_id)) >= MOST_OF_USER:
        raise Refused(Refusal.TOO_MANY, str(MOST_OF_USER))
    return name


def _facts(line: ReplyAttribute, username: str) -> dict[str, str]:
    """What the record of a change says of a line; never a secret value."""
    places = {"user": username, "group": line.group_id, "client": line.client_id}
    told = {**places, "application": line.application_id, "value": line.value}
    return {name: said for name, said in told.items() if said}
