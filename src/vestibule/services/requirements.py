"""What is required of people: set by administrators for one or many, and registration demanded anew.

Invariants:
- Many are changed in one transaction: all of them, or none if one is not known.
- To be disabled takes nothing away; whoever is to register anew is let in nowhere else until he has.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import Actor, Right
from vestibule.model.application import PORTAL_APPLICATION
from vestibule.model.proposal import Act
from vestibule.model.requirement import BY_ADMINISTRATOR
from vestibule.model.throttle import Factor
from vestibule.model.user import Requirement, User
from vestibule.model.username import canonical_name
from vestibule.services.bulk import Apply, BulkAct
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.guard import Guard
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

MOST_NAMES: Final = 10_000
"""So many people are changed at once, at most."""


class Change(msgspec.Struct, frozen=True):
    """What a change of many comes to: people by name. Nothing was written if some are `unknown`."""

    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    unregistered: tuple[str, ...] = ()
    """Of those changed to be enforced: who has registered nothing. His legacy clients stop working at
    once."""


class Requirements:
    def __init__(self, store: Store, configuration: ConfigurationCache, prover: Prover, guard: Guard) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._guard = guard

    async def require(
        self,
        actor: Actor,
        tenant_id: str,
        names: Sequence[str],
        wanted: Requirement,
        *,
        dry_run: bool = False,
    ) -> Change:
        """Set what is required of the people of these names, each in any spelling. `dry_run`: only say what
        it would come to."""
        actor.limit(Right.CHANGE_PEOPLE, tenant_id)
        if len(names) > MOST_NAMES:
            raise Refused(Refusal.TOO_MANY, str(MOST_NAMES))
        canonical = {name: canonical_name(name) for name in names}
        known = [each for each in canonical.values() if each is not None]

        async def body(tx: Transaction) -> Change:
            user_ids = await tx.user_ids_by_names(tenant_id, known)
            unknown = tuple(name for name, found in canonical.items() if found not in user_ids)
            wanted_ids = dict.fromkeys(user_ids[each] for each in known if each in user_ids)
            subjects = [
                subject for user_id in wanted_ids if (subject := await tx.subject(tenant_id, user_id))
            ]
            for subject in subjects:
                await self._guard.admit_one_of_many(tx, actor, Right.CHANGE_PEOPLE, subject.user)
            change = self._change(subjects, wanted, unknown)
            if dry_run or unknown:
                return change
            for subject in subjects:
                if subject.user.requirement is not wanted:
                    await _set(tx, actor, subject.user, wanted)
            return change

        work = self._store.read if dry_run else self._store.transact
        return await work(body)

    async def demand_registration(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Have a person register anew at his next sign-in (S39). Until he has he is let in nowhere else, and
        what he held vouches for him at most. App passwords go on working: who wants them gone deletes
        them."""
        agreed = await self._guard.admit(actor, Right.AUTHENTICATORS, tenant_id, user_id, Act.REGISTRATION)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            await self._demand(tx, actor, (await _subject(tx, tenant_id, user_id)).user, "")

        await self._store.transact(body)

    async def withdraw_demand(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Take back the demand to register anew: what he held counts again."""
        agreed = await self._guard.admit(actor, Right.AUTHENTICATORS, tenant_id, user_id, Act.REGISTRATION)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            user = (await _subject(tx, tenant_id, user_id)).user
            if not user.must_register:
                return
            changed = msgspec.structs.replace(user, must_register=False, methods_since=0, registering_since=0)
            if not await tx.replace_user(changed):
                raise Conflict
            await record(tx, actor, tenant_id, "registration.demand_withdrawn", user_id, user.username)

        await self._store.transact(body)

    @property
    def bulk_acts(self) -> tuple[BulkAct, ...]:
        """Return what can be done to many of this kind."""
        required = [
            BulkAct(name=f"require_{each}", right=Right.CHANGE_PEOPLE, apply=_setting(each))
            for each in Requirement
        ]
        return (*required, BulkAct(name="register_anew", right=Right.AUTHENTICATORS, apply=self._demand))

    async def _demand(self, tx: Transaction, actor: Actor, user: User, _: str) -> bool:
        tenant_id, user_id = user.tenant_id, user.user_id
        if (tenant_id, PORTAL_APPLICATION) not in self._configuration.current.applications:
            raise Refused(Refusal.NOT_POSSIBLE)
        await tx.hold_user(tenant_id, user_id)
        changed = msgspec.structs.replace(
            user, must_register=True, methods_since=tx.now + 1, registering_since=0
        )
        if not await tx.replace_user(changed):
            raise Conflict
        for factor in Factor:
            await tx.clear_throttle(tenant_id, user_id, factor)
        await tx.end_sessions_of(tenant_id, user_id)
        await tx.forget_browsers(tenant_id, user_id)
        await record(tx, actor, tenant_id, "registration.demanded", user_id, user.username)
        return True

    def _change(self, subjects: Sequence[Subject], wanted: Requirement, unknown: tuple[str, ...]) -> Change:
        moved = [each for each in subjects if wanted in BY_ADMINISTRATOR[each.user.requirement]]
        is_enforced = wanted is Requirement.ENFORCED
        return Change(
            changed=tuple(each.user.username for each in moved),
            unchanged=tuple(each.user.username for each in subjects if each not in moved),
            unknown=unknown,
            unregistered=tuple(
                each.user.username for each in moved if is_enforced and not self._prover.registered(each)
            ),
        )


def _setting(wanted: Requirement) -> Apply:
    async def apply(tx: Transaction, actor: Actor, user: User, _: str) -> bool:
        if user.requirement is wanted:
            return False
        await _set(tx, actor, user, wanted)
        return True

    return apply


async def _set(tx: Transaction, actor: Actor, user: User, wanted: Requirement) -> None:
    changed = msgspec.structs.replace(user, requirement=wanted)
    if wanted is Requirement.DISABLED and not user.must_register:
        changed = msgspec.structs.replace(changed, registering_since=0)
    if not await tx.replace_user(changed):
        raise Conflict
    facts = {"before": user.requirement.value, "after": wanted.value}
    await record(tx, actor, user.tenant_id, "user.requirement", user.user_id, user.username, **facts)


async def _subject(tx: Transaction, tenant_id: str, user_id: str) -> Subject:
    subject = await tx.subject(tenant_id, user_id)
    if subject is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    return subject
