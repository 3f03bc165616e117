"""Service news: what the service tells a server of its texts and calls goes to the inbox of the gateway that
has handed them over, as what any gateway tells. So the service speaks only for what it was given.
"""

from __future__ import annotations

from vestibule.interfaces.gateway import Inbox, Receipt, Reply
from vestibule.interfaces.link import Handler, Peer, Refused
from vestibule.interfaces.relay import (
    CALL_EVENT,
    MALFORMED,
    RECEIPT,
    REPLY,
    SOUND,
    Instructed,
    Named,
    RelayedEvent,
    RelayedReceipt,
    RelayedReply,
    packed,
    parts_of,
    unpacked,
)
from vestibule.interfaces.store import Store
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.model.delivery import Carries
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.gateways import SERVICE_KIND
from vestibule.services.inbox import Inboxes


class ServiceNews:
    def __init__(self, store: Store, configuration: ConfigurationCache, inboxes: Inboxes) -> None:
        self._store = store
        self._configuration = configuration
        self._inboxes = inboxes

    @property
    def handlers(self) -> dict[str, Handler]:
        """What the service may ask."""
        return {
            RECEIPT: self._receipt,
            REPLY: self._reply,
            CALL_EVENT: self._call_event,
            SOUND: self._sound,
        }

    async def _receipt(self, _peer: Peer, body: bytes) -> bytes:
        told = unpacked(body, RelayedReceipt)
        inbox, tenant_id, delivery_id = self._inbox(told.name)
        delivery = await self._store.read(lambda tx: tx.delivery(tenant_id, delivery_id))
        if delivery is not None and delivery.carries is Carries.CALL:
            if not told.is_delivered:
                kind = CallEventKind.WRONG_NUMBER if told.is_final else CallEventKind.FAILED
                await inbox.on_call(delivery_id, CallEvent(kind, detail=told.cause))
            return b""
        await inbox.receipt(Receipt(reference=told.name, is_delivered=told.is_delivered, cause=told.cause))
        return b""

    async def _reply(self, _peer: Peer, body: bytes) -> bytes:
        told = unpacked(body, RelayedReply)
        reply = Reply(
            sender=told.sender, recipient=told.recipient, body=told.body, message_id=told.message_id
        )
        by_tenant = {parts_of(name)[0]: name for name in told.names}
        for name in by_tenant.values():
            await self._inbox(name)[0].reply(reply)
        return b""

    async def _call_event(self, _peer: Peer, body: bytes) -> bytes:
        told = unpacked(body, RelayedEvent)
        inbox, _, delivery_id = self._inbox(told.name)
        return packed(Instructed(await inbox.on_call(delivery_id, told.event)))

    async def _sound(self, _peer: Peer, body: bytes) -> bytes:
        """Return the samples of a recording; nothing if it was removed."""
        tenant_id, _, sound_id = parts_of(unpacked(body, Named).name)
        recorded = await self._inboxes.voice_messages.sound(tenant_id, sound_id)
        return b"" if recorded is None else recorded.samples

    def _inbox(self, name: str) -> tuple[Inbox, str, str]:
        """Return the inbox of what was named, its tenant and its delivery; raises `Refused`."""
        tenant_id, gateway_id, delivery_id = parts_of(name)
        gateway = self._configuration.current.gateways.get((tenant_id, gateway_id))
        if gateway is None or gateway.kind != SERVICE_KIND:
            raise Refused(MALFORMED)
        return self._inboxes.open(tenant_id, gateway_id), tenant_id, delivery_id
