"""Granting: which reply attributes go with an approval, for its why-trace and for the client that lets in.

Chosen from policy alone, by the client and the person that the approval names: nothing that a request carries
is looked at (RA-19). Any node chooses the same.
"""

from __future__ import annotations

import msgspec

from vestibule.crypto.sealing import Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.application import Client, ClientKind
from vestibule.model.reply_attribute import ReplyAttribute, Shape
from vestibule.model.verification import TraceLine, Verification
from vestibule.policy.replies import NO_REPLIES, Replies, chosen
from vestibule.services.configuration import ConfigurationCache


class Granted(msgspec.Struct, frozen=True):
    """One attribute as a client is told it."""

    shape: Shape
    octets: Secret[bytes]
    adds: bool


class Grants:
    def __init__(self, store: Store, configuration: ConfigurationCache, sealer: Sealer) -> None:
        self._store = store
        self._configuration = configuration
        self._sealer = sealer

    async def of(self, client: Client, verification: Verification) -> tuple[Granted, ...]:
        """Return what `client` is told with an approval. Raises `CannotUnseal` if a value does not open:
        without what limits him, nobody is let in."""
        replies = self._configuration.current.replies.get(client.tenant_id, NO_REPLIES)
        if not replies:
            return ()
        lines = await self._store.read(lambda tx: granted(tx, replies, client, verification.user_id))
        return tuple(Granted(line.shape, self._octets(line), line.adds) for line in lines)

    def _octets(self, line: ReplyAttribute) -> Secret[bytes]:
        if not line.is_secret:
            return Secret(line.content)
        return Secret(self._sealer.unseal(line.content, reply_context(line.tenant_id, line.reply_id)))


async def granted(
    tx: Transaction, replies: Replies, client: Client, user_id: str
) -> tuple[ReplyAttribute, ...]:
    """Return the lines that go with an approval of a person, empty for somebody who is nobody here."""
    if not replies or client.kind is not ClientKind.RADIUS:
        return ()
    tenant_id = client.tenant_id
    own = await tx.own_reply_attributes(tenant_id, user_id) if replies.has_own and user_id else ()
    his = await tx.groups_of(tenant_id, user_id) if replies.names_groups and user_id else frozenset()
    return chosen(
        (*replies.shared, *own),
        application_id=client.application_id,
        client_id=client.client_id,
        user_id=user_id,
        groups=[group_id for group_id in replies.group_order if group_id in his],
    )


async def told(tx: Transaction, replies: Replies, client: Client, user_id: str) -> tuple[TraceLine, ...]:
    """Return the line of the why-trace that names what goes with an approval; none if nothing does."""
    names = dict.fromkeys(line.attribute for line in await granted(tx, replies, client, user_id))
    return (TraceLine("reply", "given", {"names": ", ".join(names)}),) if names else ()


def reply_context(tenant_id: str, reply_id: str) -> bytes:
    """Return what a secret value is sealed to."""
    return context(tenant_id, "reply_attribute", reply_id)
