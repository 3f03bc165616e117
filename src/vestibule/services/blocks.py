"""Blocks: an administrator blocks a person and lifts the block; who was blocked, when, by whom and why.

A block without a reason is none, and neither is its end. What ends with a block says blocking.py; that nobody
who is blocked is let in or contacted is the policy's word (policy/evaluate.py).
"""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.actor import Actor, Right
from vestibule.model.block import DAY_MS, Block, BlockCause
from vestibule.model.proposal import Act
from vestibule.services.blocking import block_person, record_block
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.guard import Guard
from vestibule.services.phones import numbers_of
from vestibule.services.reasons import needed_reason
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import keep_an_administrator

MOST_DAYS = 3650


class Blocks:
    def __init__(self, store: Store, configuration: ConfigurationCache, guard: Guard) -> None:
        self._store = store
        self._configuration = configuration
        self._guard = guard

    def usual_days(self, tenant_id: str) -> int:
        return self._configuration.current.tenants[tenant_id].settings.block_days

    async def block(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        reason: str,
        days: int | None = None,
        phone: str = "",
    ) -> Block:
        """Deny every attempt of a person for `days`, from now on and whatever is under way; if it is not said
        for how long, as the tenant has set. `phone`, one of his numbers, is called and texted for nobody
        meanwhile. Raises `Refused`."""
        await self._guard.admit(actor, Right.BLOCKS, tenant_id, user_id, Act.BLOCK)
        reason = needed_reason(reason)
        days = self.usual_days(tenant_id) if days is None else days
        if not 1 <= days <= MOST_DAYS:
            raise Refused(Refusal.OUT_OF_BOUNDS, f"days: 1–{MOST_DAYS}")

        async def body(tx: Transaction) -> tuple[Block, list[str]]:
            await tx.hold_user(tenant_id, user_id)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            if phone and phone not in numbers_of(subject):
                raise Refused(Refusal.PHONE_NOT_HELD, phone)
            user = subject.user
            until = tx.now + days * DAY_MS
            await keep_an_administrator(tx, user, replace(user, blocked_until=until))
            block = Block(
                tenant_id=tenant_id,
                block_id=new_ordered_id(tx.now),
                user_id=user_id,
                username=user.username,
                phone=phone,
                language=user.language,
                cause=BlockCause.HAND,
                reason=reason,
                actor=actor.actor_id,
                actor_name=actor.name,
                begun_at=tx.now,
                until=until,
            )
            ended = await block_person(tx, block)
            await record_block(tx, actor, block)
            return block, ended

        try:
            block, ended = await self._store.transact(body)
        except AlreadyExists:
            raise Refused(Refusal.ALREADY_BLOCKED) from None
        for woken in (*ended, user_id):
            self._store.wake(woken)
        return block

    async def lift(self, actor: Actor, tenant_id: str, user_id: str, reason: str) -> Block:
        """End the block of a person; raises `Refused` if he is not blocked."""
        agreed = await self._guard.admit(actor, Right.BLOCKS, tenant_id, user_id, Act.UNBLOCK)
        reason = needed_reason(reason)

        async def body(tx: Transaction) -> Block:
            await agreed.use(tx)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            lifted = await tx.lift_block(tenant_id, user_id, actor.actor_id, actor.name, reason)
            if lifted is None:
                raise Refused(Refusal.NOT_BLOCKED)
            await record(
                tx, actor, tenant_id, "user.unblocked", user_id, subject.user.username, reason=reason
            )
            return lifted

        return await self._store.transact(body)

    async def of(self, actor: Actor, tenant_id: str, user_id: str) -> Block | None:
        """Return the block of a person that holds now."""
        await self._guard.admit_reading(actor, Right.READ_PEOPLE, tenant_id, user_id)
        return await self._store.read(lambda tx: tx.block_of(tenant_id, user_id))

    async def list(self, actor: Actor, tenant_id: str, where: BlockFilter, page: Page) -> Listed:
        """Return one page of blocks, newest first, whether or not they hold."""
        seen = replace(where, within=tuple(actor.limit(Right.READ_PEOPLE, tenant_id)))
        return await self._store.read(lambda tx: tx.blocks(tenant_id, seen, page))
