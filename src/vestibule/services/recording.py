"""Recording what was changed, by whom, in the transaction that changes it."""

from __future__ import annotations

from typing import Any

from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import Actor
from vestibule.model.event import Event


async def record(
    tx: Transaction,
    actor: Actor,
    tenant_id: str,
    kind: str,
    subject: str = "",
    subject_name: str = "",
    **facts: Any,
) -> None:
    """Append one event; `facts` never hold a secret."""
    await tx.add_event(event_of(tx, actor, tenant_id, kind, subject, subject_name, **facts))


def event_of(
    tx: Transaction,
    actor: Actor,
    tenant_id: str,
    kind: str,
    subject: str = "",
    subject_name: str = "",
    **facts: Any,
) -> Event:
    """Return the event that `record` would append, for who appends many at once."""
    return Event(
        tenant_id=tenant_id,
        event_id=new_ordered_id(tx.now),
        at=tx.now,
        kind=kind,
        actor=actor.actor_id,
        actor_name=actor.name,
        subject=subject,
        subject_name=subject_name,
        facts=facts,
    )
