"""Break-glass accounts: administrators whom no access rule keeps out, for when rules keep everybody out."""

from __future__ import annotations

import msgspec

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.proposal import Act
from vestibule.model.user import Role
from vestibule.services.guard import Guard
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused


class BreakGlass:
    def __init__(self, store: Store, guard: Guard) -> None:
        self._store = store
        self._guard = guard

    async def mark(self, actor: Actor, tenant_id: str, user_id: str, *, is_break_glass: bool) -> None:
        """Make an administrator a break-glass account, or an ordinary one again; `Refused` for others."""
        facts = {"break_glass": is_break_glass}
        agreed = await self._guard.admit(actor, Right.RULES, tenant_id, user_id, Act.EDIT, facts)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            user = subject.user
            if is_break_glass and user.role is not Role.ADMINISTRATOR:
                raise Refused(Refusal.NOT_POSSIBLE, user.username)
            if user.is_break_glass == is_break_glass:
                return
            if not await tx.replace_user(msgspec.structs.replace(user, is_break_glass=is_break_glass)):
                raise Conflict
            kind = "break_glass.marked" if is_break_glass else "break_glass.unmarked"
            await record(tx, actor, tenant_id, kind, user_id, user.username)

        await self._store.transact(body)
