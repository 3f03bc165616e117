"""The access rules of a tenant, made ready to be asked: the first that fits decides.

A rule that is off fits nothing. One that only reports leaves a line in the trace and lets the next be asked.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from operator import xor

import msgspec

from vestibule.model.access_rule import TRUSTED_PLACE, AccessRule, RuleSet, RuleState
from vestibule.model.networks import Address, Networks, joined, parse_networks
from vestibule.model.verification import TraceLine

ANYWHERE: Networks = ()


class AccessFacts(msgspec.Struct, frozen=True):
    """Who comes in where: what a rule may look at. `address` is None where nobody told it."""

    user_id: str
    groups: frozenset[str]
    application_id: str
    address: Address | None


class _Names:
    """Which rules name somebody or something: bits, by the name."""

    __slots__ = ("_bits",)

    def __init__(self, rules: Sequence[AccessRule], names: Callable[[AccessRule], Iterable[str]]) -> None:
        self._bits: dict[str, int] = {}
        for position, rule in enumerate(rules):
            for name in names(rule):
                self._bits[name] = self._bits.get(name, 0) | 1 << position

    def of(self, name: str) -> int:
        return self._bits.get(name, 0)

    def of_any(self, names: frozenset[str]) -> int:
        found = 0
        for name in self._bits.keys() & names:
            found |= self._bits[name]
        return found


class _Places:
    """Which rules name a place: bits, by the stretches between all bounds of all places."""

    __slots__ = ("_bounds",)

    def __init__(self, places: Sequence[Networks]) -> None:
        """`places` are those of each rule."""
        turns: dict[int, dict[int, int]] = {4: {}, 6: {}}
        for position, networks in enumerate(places):
            for each in joined(networks):
                for bound in (each.first, each.last + 1):
                    turns[each.version][bound] = turns[each.version].get(bound, 0) ^ 1 << position
        self._bounds = {version: _stretches(turn) for version, turn in turns.items()}

    def of(self, address: Address | None) -> int:
        if address is None:
            return 0
        bounds, bits = self._bounds[address.version]
        return bits[bisect_right(bounds, int(address))]


def _stretches(turns: Mapping[int, int]) -> tuple[list[int], list[int]]:
    """Return the bounds in order, and the bits before the first, between each two, and after the last."""
    bounds = sorted(turns)
    return bounds, list(accumulate([turns[bound] for bound in bounds], xor, initial=0))


def _bits(holds: Iterable[bool]) -> int:
    return sum(1 << position for position, holds_here in enumerate(holds) if holds_here)


def _line(rule: AccessRule, version: int) -> TraceLine:
    named = {"rule": rule.name, "version": str(version)}
    if rule.state is RuleState.REPORT_ONLY:
        return TraceLine("report_only_rule", rule.effect.value, named)
    return TraceLine("rule", rule.effect.value, named)


def _networks(places: tuple[str, ...], trusted: Networks) -> Networks:
    named = parse_networks(tuple([place for place in places if place != TRUSTED_PLACE]))
    return (*named, *trusted) if TRUSTED_PLACE in places else named


class AccessRules:
    """One version of the rules, compiled once and asked at every attempt. `trusted` are the addresses that
    the tenant trusts.

    A set of rules is a number here, whose bits are their positions: what a condition means for a thousand
    rules is looked up at once, and the first that fits is the lowest bit that all conditions leave.
    """

    def __init__(self, rules: RuleSet, trusted: Networks = ANYWHERE) -> None:
        self.version = rules.version
        self.trusted = trusted
        asked = self._rules = tuple([rule for rule in rules.rules if rule.state is not RuleState.OFF])
        self._lines = tuple([_line(rule, rules.version) for rule in asked])
        self._for_everybody = _bits(not rule.users and not rule.groups for rule in asked)
        self._users = _Names(asked, lambda rule: rule.users)
        self._groups = _Names(asked, lambda rule: rule.groups)
        self._except_users = _Names(asked, lambda rule: rule.except_users)
        self._except_groups = _Names(asked, lambda rule: rule.except_groups)
        self._for_all_applications = _bits(not rule.applications for rule in asked)
        self._applications = _Names(asked, lambda rule: rule.applications)
        self._except_applications = _Names(asked, lambda rule: rule.except_applications)
        self._for_all_places = _bits(not rule.places for rule in asked)
        self._places = _Places([_networks(rule.places, trusted) for rule in asked])
        self._except_places = _Places([_networks(rule.except_places, trusted) for rule in asked])
        self.names_groups = any(rule.groups or rule.except_groups for rule in asked)
        """Whether an answer depends on the groups of a person."""

    def first(self, facts: AccessFacts, trace: list[TraceLine]) -> AccessRule | None:
        """Return the rule that decides, or None; each that fits adds its line to the trace."""
        fitting = self._fitting(facts) if self._rules else 0
        while fitting:
            position = (fitting & -fitting).bit_length() - 1
            fitting &= fitting - 1
            trace.append(self._lines[position])
            rule = self._rules[position]
            if rule.state is not RuleState.REPORT_ONLY:
                return rule
        return None

    def _fitting(self, facts: AccessFacts) -> int:
        named = self._users.of(facts.user_id) | self._groups.of_any(facts.groups)
        except_named = self._except_users.of(facts.user_id) | self._except_groups.of_any(facts.groups)
        who = (self._for_everybody | named) & ~except_named
        what = self._for_all_applications | self._applications.of(facts.application_id)
        what &= ~self._except_applications.of(facts.application_id)
        where = self._for_all_places | self._places.of(facts.address)
        return who & what & where & ~self._except_places.of(facts.address)


NO_RULES = AccessRules(RuleSet(tenant_id="", version=0))


def compiled(rule_sets: Mapping[str, RuleSet], trusted: Mapping[str, Networks]) -> dict[str, AccessRules]:
    """Return the rules of every tenant that has some or trusts addresses, ready to be asked."""
    return {
        tenant_id: AccessRules(
            rule_sets.get(tenant_id) or RuleSet(tenant_id=tenant_id, version=0),
            trusted.get(tenant_id, ANYWHERE),
        )
        for tenant_id in {*rule_sets, *trusted}
    }
