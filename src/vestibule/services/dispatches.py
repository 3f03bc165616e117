"""Dispatches on their way out: mails and webhooks, taken from the outbox and handed to a gateway.

A dispatch is committed with what it tells of, so nothing is told that is not so, and nothing is forgotten: a
node that dies leaves its dispatches to the others. What cannot be sent is tried again with growing pauses
until its time is over, and its cause is kept. A mail whose attachment is damaged waits for somebody to add
it anew; one whose attachment was removed is sent without, and the outbox says so. Invariants: sent at least
once, under the same identifier each time; a body is sealed, and in the database no longer than it may still
be sent.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec
import structlog

from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.gateway import Errand, Mail, NotSent, Sent, Unsure, Webhook
from vestibule.interfaces.store import Store, Transaction, Unavailable
from vestibule.model.delivery import Carries
from vestibule.model.dispatch import LIFE_MS, Dispatch, DispatchState, pause_after
from vestibule.services.attempt import Node
from vestibule.services.deliveries import hand_over
from vestibule.services.gateways import Gateways, Opened
from vestibule.services.mail_attachments import Damaged, MailAttachments

log = structlog.get_logger(__name__)

LEASE_MS: Final = 30_000
"""Longer than a gateway may take; it begins anew with each gateway."""
_AT_ONCE: Final = 20
_LOOK_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 3.0
_NOBODY: Final = "gateway.cause.none"
_RESTING: Final = "gateway.cause.resting"


class MailBody(msgspec.Struct, frozen=True):
    """What a mail says; sealed while it waits."""

    subject: str
    text: str
    html: str
    language: str
    sender: str = ""
    attachment: str = ""
    """The template whose attachment goes with it, if there is one."""


class Unpacked(msgspec.Struct, frozen=True):
    """What to hand over, and what is wrong with it; None if that keeps it from being sent."""

    errand: Errand | None
    cause: str = ""


class Dispatches:
    def __init__(
        self,
        store: Store,
        gateways: Gateways,
        sealer: Sealer,
        node: Node,
        attachments: MailAttachments,
    ) -> None:
        self._store = store
        self._gateways = gateways
        self._sealer = sealer
        self._node = node
        self.attachments = attachments
        self._something_is_due = asyncio.Event()
        self._sendings: set[asyncio.Task[None]] = set()

    def nudge(self) -> None:
        """Something was committed that is to be sent now."""
        self._something_is_due.set()

    async def add_mail(
        self,
        tx: Transaction,
        tenant_id: str,
        kind: str,
        address: str,
        body: MailBody,
        *,
        user_id: str = "",
        life_ms: int = LIFE_MS,
    ) -> Dispatch:
        """Write a mail down in the transaction of what it tells of. What is of no use later, such as a code,
        has a shorter life."""
        encoded = msgspec.json.encode(body)
        return await self._add(tx, tenant_id, Carries.MAIL, kind, address, encoded, user_id, life_ms)

    async def add_webhook(
        self, tx: Transaction, tenant_id: str, kind: str, gateway_id: str, body: bytes, *, user_id: str = ""
    ) -> Dispatch:
        return await self._add(tx, tenant_id, Carries.WEBHOOK, kind, gateway_id, body, user_id, LIFE_MS)

    async def _add(
        self,
        tx: Transaction,
        tenant_id: str,
        carries: Carries,
        kind: str,
        address: str,
        body: bytes,
        user_id: str,
        life_ms: int,
    ) -> Dispatch:
        dispatch_id = new_ordered_id(tx.now)
        dispatch = Dispatch(
            tenant_id=tenant_id,
            dispatch_id=dispatch_id,
            carries=carries,
            kind=kind,
            address=address,
            user_id=user_id,
            sealed_body=self._sealer.seal(body, _context(tenant_id, dispatch_id)),
            due_at=tx.now,
            expires_at=tx.now + life_ms,
            created_at=tx.now,
        )
        await tx.add_dispatch(dispatch)
        return dispatch

    async def run(self) -> None:
        """Send what is due, for ever."""
        try:
            while True:
                try:
                    async with asyncio.timeout(_LOOK_SECONDS):
                        await self._something_is_due.wait()
                except TimeoutError:
                    pass
                self._something_is_due.clear()
                try:
                    await self.send_due()
                except Exception as error:
                    log.warning("dispatches cannot be taken", error=type(error).__name__)
        finally:
            # What is being handed over would be sent a second time by another node if it broke off here.
            if self._sendings:
                await asyncio.wait(self._sendings, timeout=_STOP_SECONDS)
            for sending in self._sendings:
                sending.cancel()

    async def send_due(self) -> None:
        """Begin to send what is due now, as much as there is room for."""
        room = _AT_ONCE - len(self._sendings)
        if room < 1 or not await self._store.read(lambda tx: tx.is_dispatch_due()):
            return
        taken = await self._store.transact(lambda tx: tx.take_dispatches(self._node.name, room, LEASE_MS))
        for dispatch in taken:
            sending = asyncio.get_running_loop().create_task(self._send(dispatch))
            self._sendings.add(sending)
            sending.add_done_callback(self._done)

    def _done(self, sending: asyncio.Task[None]) -> None:
        self._sendings.discard(sending)
        if len(self._sendings) == _AT_ONCE - 1:
            self.nudge()  # There is room again for what may wait.

    async def _send(self, dispatch: Dispatch) -> None:
        try:
            await self._try(dispatch)
        except _TakenOver:
            log.info("a dispatch is in other hands now", dispatch=repr(dispatch))
        except Unavailable as error:
            # It is due again when its lease is over.
            log.warning("dispatch has to wait", dispatch=repr(dispatch), why=str(error))
        except Exception:
            log.exception("dispatch failed", dispatch=repr(dispatch))

    async def _try(self, dispatch: Dispatch) -> None:
        unpacked = await self.unpack(dispatch)
        errand = unpacked.errand
        if errand is None:
            await self._postpone(dispatch, NotSent(unpacked.cause), may_be_tried_again=False)
            return
        failed: tuple[str, ...] = ()
        why: NotSent | Unsure = NotSent(_NOBODY)
        may_be_tried_again = True
        while (opened := self._next(dispatch, failed)) is not None:
            if opened.is_resting:
                why = NotSent(opened.cause or _RESTING)
                break
            # Its lease begins anew, and it is seen who has it.
            dispatch = await self._write(dispatch, gateway_id=opened.configured.gateway_id)
            sending = await hand_over(opened, errand)
            if isinstance(sending, Sent):
                await self._end(dispatch, unpacked.cause)
                return
            log.warning("gateway did not send", gateway=opened.configured.name, cause=sending.cause)
            why, failed = sending, (*failed, opened.configured.gateway_id)
            if isinstance(sending, NotSent) and sending.is_final:
                may_be_tried_again = False
                break
        await self._postpone(dispatch, why, may_be_tried_again=may_be_tried_again)

    def _next(self, dispatch: Dispatch, failed: tuple[str, ...]) -> Opened | None:
        """Return the gateway to try next: for a mail whichever there is, for a webhook its own."""
        if dispatch.carries is Carries.MAIL:
            return self._gateways.for_errand(dispatch.tenant_id, Carries.MAIL, failed)
        mine = (one for one in self._gateways.all(dispatch.tenant_id) if Carries.WEBHOOK in one.carries)
        wanted = (one for one in mine if one.configured.gateway_id == dispatch.address)
        return next(wanted, None) if not failed else None

    async def _postpone(self, dispatch: Dispatch, why: NotSent | Unsure, *, may_be_tried_again: bool) -> None:
        async def body(tx: Transaction) -> bool:
            due_at = tx.now + pause_after(dispatch.tries)
            is_over = not may_be_tried_again or due_at >= dispatch.expires_at
            state = DispatchState.FAILED if is_over else DispatchState.WAITING
            return await tx.replace_dispatch(
                msgspec.structs.replace(dispatch, state=state, due_at=due_at, cause=why.cause)
            )

        if not await self._store.transact(body):
            raise _TakenOver

    async def _end(self, dispatch: Dispatch, cause: str) -> None:
        async def body(tx: Transaction) -> bool:
            sent = msgspec.structs.replace(
                dispatch, state=DispatchState.SENT, cause=cause, sent_at=tx.now, sealed_body=b""
            )
            return await tx.replace_dispatch(sent)

        if not await self._store.transact(body):
            raise _TakenOver

    async def _write(self, dispatch: Dispatch, *, gateway_id: str) -> Dispatch:
        async def body(tx: Transaction) -> Dispatch | None:
            changed = msgspec.structs.replace(dispatch, gateway_id=gateway_id, due_at=tx.now + LEASE_MS)
            return changed if await tx.replace_dispatch(changed) else None

        written = await self._store.transact(body)
        if written is None:
            raise _TakenOver
        return msgspec.structs.replace(written, version=dispatch.version + 1)

    async def unpack(self, dispatch: Dispatch) -> Unpacked:
        """Return what to hand over. Its attachment is the one that there is now."""
        try:
            sealed_to = _context(dispatch.tenant_id, dispatch.dispatch_id)
            content = self._sealer.unseal(dispatch.sealed_body, sealed_to)
        except CannotUnseal:
            log.error("a dispatch does not open", dispatch=repr(dispatch))
            return Unpacked(None, "dispatch.cause.does_not_open")
        if dispatch.carries is Carries.WEBHOOK:
            return Unpacked(Webhook(dispatch_id=dispatch.dispatch_id, kind=dispatch.kind, body=content))
        body = msgspec.json.decode(content, type=MailBody)
        attachment, cause = None, ""
        if body.attachment:
            try:
                attachment = await self.attachments.going_along(dispatch.tenant_id, body.attachment)
            except Damaged:
                return Unpacked(None, "dispatch.cause.attachment_damaged")
            cause = "" if attachment is not None else "dispatch.cause.attachment_gone"
        mail = Mail(
            dispatch_id=dispatch.dispatch_id,
            to=dispatch.address,
            subject=body.subject,
            text=Secret(body.text),
            html=Secret(body.html),
            language=body.language,
            written_at=dispatch.created_at,
            sender=body.sender,
            attachment=attachment,
        )
        return Unpacked(mail, cause)


def _context(tenant_id: str, dispatch_id: str) -> bytes:
    return context(tenant_id, "dispatch", dispatch_id)


class _TakenOver(Exception):
    """Another node has taken the dispatch."""
