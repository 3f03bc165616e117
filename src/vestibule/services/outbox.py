"""The outbox as an administrator sees it: what was sent and what was not, once more, and a test.

What a mail said is shown to nobody; its text may hold a code that is for its reader alone.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.interfaces.gateway import NotSent, Sending, Sent
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.actor import Actor, Right
from vestibule.model.delivery import Carries
from vestibule.model.dispatch import LIFE_MS, Dispatch, DispatchState
from vestibule.model.event import Event
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.mail_address import read_address
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.deliveries import hand_over
from vestibule.services.dispatches import LEASE_MS, Dispatches
from vestibule.services.gateways import Gateways
from vestibule.services.mails import Mails
from vestibule.services.notices import webhook_body
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

TEST_KIND: Final = "test"
_WAITS: Final = (DispatchState.FAILED, DispatchState.WAITING)


class Outbox:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        gateways: Gateways,
        mails: Mails,
        dispatches: Dispatches,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._gateways = gateways
        self._mails = mails
        self._dispatches = dispatches

    async def list(self, actor: Actor, tenant_id: str, where: DispatchFilter, page: Page) -> Listed:
        """Return one page of mails and webhooks, newest first. No body is among it."""
        actor.demand(Right.READ_HISTORY, tenant_id)
        listed = await self._store.read(lambda tx: tx.dispatches(tenant_id, where, page))
        return Listed(tuple(_bare(each) for each in listed.rows), listed.next_cursor)

    async def find(self, actor: Actor, tenant_id: str, dispatch_id: str) -> Dispatch:
        actor.demand(Right.READ_HISTORY, tenant_id)
        found = await self._store.read(lambda tx: tx.dispatch(tenant_id, dispatch_id))
        if found is None:
            raise Refused(Refusal.NOT_FOUND, dispatch_id)
        return _bare(found)

    async def again(self, actor: Actor, tenant_id: str, dispatch_id: str) -> Dispatch:
        """Send what has failed, or waits for its next try, once more and now, for a day again. What was sent
        is gone and is not possible, nor is what was of use for a while only and is over."""
        actor.demand(Right.GATEWAYS, tenant_id)

        async def body(tx: Transaction) -> Dispatch:
            found = await tx.dispatch(tenant_id, dispatch_id)
            if found is None:
                raise Refused(Refusal.NOT_FOUND, dispatch_id)
            is_over = found.expires_at <= tx.now and not found.is_lasting
            if found.state not in _WAITS or is_over or not found.sealed_body:
                raise Refused(Refusal.NOT_SENDABLE, dispatch_id)
            until = tx.now + LIFE_MS if found.is_lasting else found.expires_at
            due = msgspec.structs.replace(
                found, state=DispatchState.WAITING, tries=0, due_at=tx.now, expires_at=until
            )
            if not await tx.replace_dispatch(due):
                raise Conflict
            await record(tx, actor, tenant_id, "dispatch.sent_again", dispatch_id, found.kind)
            return due

        due = await self._store.transact(body)
        self._dispatches.nudge()
        return _bare(due)

    async def send_test(self, actor: Actor, tenant_id: str, gateway_id: str, address: str = "") -> Dispatch:
        """Send a test mail to an address, or a test event to the webhook, through exactly this gateway, once;
        return what came of it."""
        actor.demand(Right.GATEWAYS, tenant_id)
        configured = self._configuration.current.gateways.get((tenant_id, gateway_id))
        if configured is None:
            raise Refused(Refusal.NOT_FOUND, gateway_id)
        dispatch = await self._begun(actor, configured, address)
        unpacked = await self._dispatches.unpack(dispatch)
        if unpacked.errand is None:
            return await self._noted(dispatch, NotSent(unpacked.cause))
        try:
            async with self._gateways.borrowed(configured) as opened:
                return await self._noted(dispatch, await hand_over(opened, unpacked.errand))
        except ValueError as wrong:
            return await self._noted(dispatch, NotSent(str(wrong)))

    async def _begun(self, actor: Actor, configured: GatewayConfiguration, address: str) -> Dispatch:
        tenant_id, gateway_id = configured.tenant_id, configured.gateway_id
        kind = self._gateways.kinds.get(configured.kind)
        carries = kind.carries if kind is not None else frozenset()
        to = read_address(address)
        if Carries.MAIL in carries and to is None:
            raise Refused(Refusal.MAIL_ADDRESS_INVALID, address)

        async def body(tx: Transaction) -> Dispatch:
            if Carries.MAIL in carries:
                tenant = self._configuration.current.tenants[tenant_id]
                language = self._mails.language(tenant, "")
                written = await self._mails.body(tx, tenant, language, TEST_KIND, {})
                made = await self._dispatches.add_mail(tx, tenant_id, TEST_KIND, to or "", written)
            elif Carries.WEBHOOK in carries:
                event = Event(
                    tenant_id=tenant_id, event_id="test", at=tx.now, kind=TEST_KIND, actor=actor.actor_id
                )
                made = await self._dispatches.add_webhook(
                    tx, tenant_id, TEST_KIND, gateway_id, webhook_body(event)
                )
            else:
                raise Refused(Refusal.NOT_POSSIBLE, configured.name)
            # Taken from the beginning, and for once only: no node's round sends it.
            taken = msgspec.structs.replace(
                made, state=DispatchState.TAKEN, gateway_id=gateway_id, tries=1, due_at=tx.now + LEASE_MS
            )
            await tx.replace_dispatch(taken)
            facts = {"carries": made.carries.value}
            await record(tx, actor, tenant_id, "gateway.tested", gateway_id, configured.name, **facts)
            return msgspec.structs.replace(taken, version=taken.version + 1)

        return await self._store.transact(body)

    async def _noted(self, dispatch: Dispatch, sending: Sending) -> Dispatch:
        async def body(tx: Transaction) -> Dispatch:
            is_sent = isinstance(sending, Sent)
            ended = msgspec.structs.replace(
                dispatch,
                state=DispatchState.SENT if is_sent else DispatchState.FAILED,
                cause="" if isinstance(sending, Sent) else sending.cause,
                sent_at=tx.now if is_sent else None,
                sealed_body=b"",
            )
            await tx.replace_dispatch(ended)
            return ended

        return await self._store.transact(body)


def _bare(dispatch: Dispatch) -> Dispatch:
    return msgspec.structs.replace(dispatch, sealed_body=b"")
