"""Test calls of administrators: what is said in them, and what they leave behind.

A test is a delivery without a challenge: no verification hangs on it, so nothing said or pressed in it admits
anybody. Whichever node is told of the call goes on with it.
"""

from __future__ import annotations

from typing import Final

import msgspec

from vestibule.catalog import LANGUAGES, text
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.call import CallEvent, CallEventKind, HangUp, Instruction, Say, Spoken
from vestibule.model.delivery import Delivery, DeliveryState

_NOT_ANSWERED: Final = frozenset(
    {
        CallEventKind.BUSY,
        CallEventKind.DECLINED,
        CallEventKind.NO_ANSWER,
        CallEventKind.UNREACHABLE,
        CallEventKind.WRONG_NUMBER,
        CallEventKind.FAILED,
    }
)


def is_trial(delivery: Delivery) -> bool:
    return not delivery.challenge_id and not delivery.is_relayed


async def on_trial_event(
    store: Store, delivery: Delivery, event: CallEvent, language: str
) -> tuple[Instruction, ...]:
    """Write down what happened, and say one sentence to whoever picks up."""
    if event.kind is CallEventKind.ANSWERED:
        await _become(store, delivery, DeliveryState.DELIVERED, "")
        spoken = language if language in LANGUAGES else LANGUAGES[0]
        return (Say((Spoken(spoken, text(spoken, "gateway.test.call")),)), HangUp())
    if event.kind is CallEventKind.MACHINE:
        await _become(store, delivery, DeliveryState.DELIVERED, event.kind.value)
        return (HangUp(),)
    if event.kind in _NOT_ANSWERED:
        await _become(store, delivery, DeliveryState.FAILED, event.kind.value)
        return ()
    return () if event.kind is CallEventKind.HUNG_UP else (HangUp(),)


async def _become(store: Store, delivery: Delivery, state: DeliveryState, cause: str) -> None:
    async def body(tx: Transaction) -> None:
        current = await tx.delivery(delivery.tenant_id, delivery.delivery_id)
        if current is None or current.state not in (DeliveryState.TAKEN, DeliveryState.SENT):
            return
        # An event may be here before it is written down that the call was placed.
        sent_at = current.sent_at or tx.now
        changed = msgspec.structs.replace(current, state=state, cause=cause, sent_at=sent_at)
        if not await tx.replace_delivery(changed):
            raise Conflict

    await store.transact(body)
