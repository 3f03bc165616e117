"""When somebody was first asked to register: from then on his time is counted, whichever door that was at."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.interfaces.store import Conflict, Transaction
from vestibule.model.user import User
from vestibule.policy.evaluate import Facts, begins_his_time


async def begin_time(tx: Transaction, facts: Facts) -> None:
    """Note that the registration policy asks a person now, if it does so for the first time (S71)."""
    if facts.user is not None and begins_his_time(facts):
        await note_asked(tx, facts.user)


async def note_asked(tx: Transaction, user: User) -> None:
    if not user.registering_since and not await tx.replace_user(replace(user, registering_since=tx.now)):
        raise Conflict
