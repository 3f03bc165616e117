"""The access rules of a tenant: read, rehearsed, and changed one version at a time.

Invariants: whoever writes says which version he has seen, and a newer one is never overwritten; what names a
person, group, application, method or network that there is not is refused with the rule and the name; an
administrator who would shut himself out of the console is told so first.
"""

from __future__ import annotations

from itertools import zip_longest
from typing import Final

import msgspec

from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.access_rule import TRUSTED_PLACE, AccessRule, Effect, RuleSet, RuleState
from vestibule.model.actor import Actor, Right
from vestibule.model.application import CONSOLE_APPLICATION, Application
from vestibule.model.networks import parse_address, parse_networks, parse_range
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.username import lookup_names
from vestibule.model.verification import Reason, TraceLine
from vestibule.policy.access import AccessRules
from vestibule.policy.decision import Bypass, Deny, Permit, RequirePasscode
from vestibule.policy.evaluate import Facts, evaluate
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand_people
from vestibule.services.facts import address_in, with_person
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

MOST_RULES: Final = 1000
MOST_NAMED: Final = 1000
"""People, groups, applications or places that one condition names at most."""
LONGEST_NAME: Final = 100
LONGEST_NOTE: Final = 300
MOST_MINUTES: Final = 60 * 24 * 90


class Rehearsal(msgspec.Struct, frozen=True):
    """What would be decided about somebody with the right password, and why."""

    outcome: str
    """`permit`, `deny`, `bypass` or `require`."""
    reason: Reason | None
    methods: tuple[str, ...]
    trace: tuple[TraceLine, ...]


class RuleSets:
    def __init__(self, store: Store, configuration: ConfigurationCache, prover: Prover) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover

    def current(self, actor: Actor, tenant_id: str) -> RuleSet:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        return self._current(tenant_id)

    async def versions(self, actor: Actor, tenant_id: str, before: int, limit: int) -> tuple[RuleSet, ...]:
        """Return at most `limit` versions older than the version `before`, newest first."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        return await self._store.read(lambda tx: tx.rule_sets(tenant_id, before, limit))

    async def write(
        self,
        actor: Actor,
        tenant_id: str,
        rules: tuple[AccessRule, ...],
        *,
        seen: int,
        note: str = "",
        address: str = "",
        anyway: bool = False,
    ) -> RuleSet:
        """Make `rules` the version after `seen`; it holds from the next sign-in on.

        Raises `Refused`: CHANGED_MEANWHILE if `seen` is not the newest, RULE_INVALID with the rule and what
        is wrong in it, LOCKS_OUT if the actor, from `address`, could not come back to the console (unless
        `anyway`).
        """
        actor.demand(Right.RULES, tenant_id)
        demand_people(self._configuration.current.tenants[tenant_id])
        await self._check(tenant_id, rules)
        written = RuleSet(
            tenant_id=tenant_id,
            version=seen + 1,
            rules=rules,
            note=note.strip()[:LONGEST_NOTE],
            actor=actor.actor_id,
            actor_name=actor.name,
        )
        if not anyway and await self.locks_out(actor, written, address):
            raise Refused(Refusal.LOCKS_OUT, actor.name)

        async def body(tx: Transaction) -> RuleSet:
            newest = await tx.rule_sets(tenant_id, seen + 2, 1)
            is_newest = (newest[0].version if newest else 0) == seen
            made = msgspec.structs.replace(written, created_at=tx.now)
            if not is_newest or not await tx.add_rule_set(made):
                raise Refused(Refusal.CHANGED_MEANWHILE, str(seen))
            changed = sorted(_changed(newest[0].rules if newest else (), rules))
            facts = {"version": str(made.version), "rules": changed, "note": made.note}
            await record(tx, actor, tenant_id, "rules.changed", tenant_id, self._name(tenant_id), **facts)
            return made

        made = await self._store.transact(body)
        await self._configuration.refresh()
        return made

    async def rehearse(
        self,
        actor: Actor,
        tenant_id: str,
        *,
        username: str,
        application_id: str,
        address: str = "",
        rules: tuple[AccessRule, ...] | None = None,
    ) -> Rehearsal:
        """Return what would be decided about a person who has typed the right password, by `rules` or by
        those that hold. Changes and asks nothing. `Refused` if there is no such person or application."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        application = self._configuration.current.applications.get((tenant_id, application_id))
        if application is None:
            raise Refused(Refusal.NOT_FOUND, application_id)
        if address and parse_address(address) is None:
            raise Refused(Refusal.ADDRESS_INVALID, address)
        if rules is None:
            ready = self._ready(self._current(tenant_id))
        else:
            await self._check(tenant_id, rules)
            ready = self._ready(RuleSet(tenant_id=tenant_id, version=0, rules=rules))
        names = lookup_names(username, strip_domain_prefix=True)

        async def body(tx: Transaction) -> Facts:
            subject = await tx.subject_by_names(tenant_id, names) if names else None
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, username)
            return await self._facts(tx, subject, application, ready, address)

        return _rehearsed(await self._store.read(body))

    async def locks_out(self, actor: Actor, rules: RuleSet, address: str) -> bool:
        """Tell whether `rules` would keep the actor from coming back to the console from `address`."""
        if rules.tenant_id != SYSTEM_TENANT or not actor.actor_id:
            return False
        application = self._configuration.current.applications.get((SYSTEM_TENANT, CONSOLE_APPLICATION))
        ready = self._ready(rules)

        async def body(tx: Transaction) -> Facts | None:
            subject = await tx.subject(SYSTEM_TENANT, actor.actor_id)
            if subject is None or application is None:
                return None
            return await self._facts(tx, subject, application, ready, address)

        facts = await self._store.read(body)
        return facts is not None and isinstance(evaluate(facts), Deny)

    async def check(self, actor: Actor, tenant_id: str, rules: tuple[AccessRule, ...]) -> None:
        """Raise `Refused` with the first rule that could not be written, and what is wrong in it."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        await self._check(tenant_id, rules)

    # --- parts ----------------------------------------------------------------------------------------

    def _current(self, tenant_id: str) -> RuleSet:
        found = self._configuration.current.rule_sets.get(tenant_id)
        return found or RuleSet(tenant_id=tenant_id, version=0)

    def _name(self, tenant_id: str) -> str:
        return self._configuration.current.tenants[tenant_id].name

    def _ready(self, rules: RuleSet) -> AccessRules:
        settings = self._configuration.current.tenants[rules.tenant_id].settings
        return AccessRules(rules, parse_networks(settings.trusted_addresses))

    async def _facts(
        self, tx: Transaction, subject: Subject, application: Application, rules: AccessRules, address: str
    ) -> Facts:
        facts = Facts(
            application=application,
            user=None,
            held=frozenset(),
            is_first_factor_proven=True,
            rules=rules,
            address=address_in(address),
            now=tx.now,
        )
        settings = self._configuration.current.tenants[application.tenant_id].settings
        usable = self._prover.usable_at(application, subject, tx.now)
        return await with_person(tx, facts, subject, self._prover, usable, settings)

    async def _check(self, tenant_id: str, rules: tuple[AccessRule, ...]) -> None:
        if len(rules) > MOST_RULES:
            raise Refused(Refusal.TOO_MANY, str(MOST_RULES))
        if len({rule.rule_id for rule in rules}) != len(rules):
            raise Refused(Refusal.RULE_INVALID, "rule_id")
        for rule in rules:
            self._check_rule(tenant_id, rule)
        people = {user_id for rule in rules for user_id in (*rule.users, *rule.except_users)}
        known = await self._store.read(lambda tx: _known(tx, tenant_id, people))
        for rule in rules:
            for user_id in (*rule.users, *rule.except_users):
                _must(user_id in known, rule, "users", user_id)

    def _check_rule(self, tenant_id: str, rule: AccessRule) -> None:
        snapshot = self._configuration.current
        _must(0 < len(rule.name.strip()) <= LONGEST_NAME and rule.name.isprintable(), rule, "name", "")
        for field in _LISTS:
            _must(len(getattr(rule, field)) <= MOST_NAMED, rule, field, str(MOST_NAMED))
        for group_id in (*rule.groups, *rule.except_groups):
            _must((tenant_id, group_id) in snapshot.groups, rule, "groups", group_id)
        for application_id in (*rule.applications, *rule.except_applications):
            is_known = (tenant_id, application_id) in snapshot.applications
            _must(is_known, rule, "applications", application_id)
        for place in (*rule.places, *rule.except_places):
            _must(place == TRUSTED_PLACE or parse_range(place) is not None, rule, "places", place)
        for method in rule.methods:
            _must(method in self._prover.methods, rule, "methods", method)
        if rule.effect is not Effect.REQUIRE:
            _must(not rule.methods and rule.within_minutes is None, rule, "effect", rule.effect.value)
        minutes = rule.within_minutes
        _must(minutes is None or 0 <= minutes <= MOST_MINUTES, rule, "within_minutes", str(minutes))


_LISTS: Final = tuple(
    field
    for field in AccessRule.__struct_fields__
    if field not in ("rule_id", "name", "effect", "state", "within_minutes")
)


def never_asked(rules: tuple[AccessRule, ...]) -> tuple[AccessRule, ...]:
    """Return the rules that can never decide, because one before them fits everybody everywhere."""
    is_over, found = False, []
    for rule in rules:
        if rule.state is RuleState.OFF:
            continue
        if is_over:
            found.append(rule)
        is_over |= rule.state is RuleState.ON and not any(
            getattr(rule, field) for field in _LISTS if field != "methods"
        )
    return tuple(found)


def _must(is_sound: bool, rule: AccessRule, field: str, value: str) -> None:
    if not is_sound:
        raise Refused(Refusal.RULE_INVALID, f"{rule.name[:LONGEST_NAME]}: {field}: {value[:60]}")


async def _known(tx: Transaction, tenant_id: str, user_ids: set[str]) -> set[str]:
    return {user_id for user_id in user_ids if await tx.subject(tenant_id, user_id) is not None}


def _changed(before: tuple[AccessRule, ...], after: tuple[AccessRule, ...]) -> set[str]:
    """Return the names of the rules that were added, changed, moved or removed."""
    differing = {rule for pair in zip_longest(before, after) if pair[0] != pair[1] for rule in pair}
    return {rule.name for rule in differing if rule is not None}


def _rehearsed(facts: Facts) -> Rehearsal:
    match evaluate(facts):
        case Permit(reason, trace):
            return Rehearsal("permit", reason, (), trace)
        case Deny(reason, trace):
            return Rehearsal("deny", reason, (), trace)
        case Bypass(trace):
            return Rehearsal("bypass", None, (), trace)
        case RequirePasscode(methods, trace):
            return Rehearsal("require", None, tuple(sorted(methods)), trace)
        case other:
            raise AssertionError(f"the password was proven, and yet: {other}")
