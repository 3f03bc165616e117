"""The access rules of a tenant, made ready to be asked: the first that fits decides.

A rule that is off fits nothing. One that only reports leaves a line in the trace and lets the next be asked.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from vestibule.model.access_rule import TRUSTED_PLACE, AccessRule, RuleSet, RuleState
from vestibule.model.networks import Address, Networks, contains, parse_networks
from vestibule.model.verification import TraceLine

ANYWHERE: Networks = ()


class AccessFacts(msgspec.Struct, frozen=True):
    """Who comes in where: what a rule may look at. `address` is None where nobody told it."""

    user_id: str
    groups: frozenset[str]
    application_id: str
    address: Address | None


class _Ready(msgspec.Struct, frozen=True):
    """A rule with its conditions as sets and ranges."""

    rule: AccessRule
    users: frozenset[str]
    groups: frozenset[str]
    except_users: frozenset[str]
    except_groups: frozenset[str]
    applications: frozenset[str]
    except_applications: frozenset[str]
    places: Networks
    except_places: Networks

    def fits(self, facts: AccessFacts) -> bool:
        return (
            (not self.applications or facts.application_id in self.applications)
            and facts.application_id not in self.except_applications
            and self._means(facts)
            and (not self.rule.places or contains(self.places, facts.address))
            and not contains(self.except_places, facts.address)
        )

    def _means(self, facts: AccessFacts) -> bool:
        if facts.user_id in self.except_users or not self.except_groups.isdisjoint(facts.groups):
            return False
        if not self.users and not self.groups:
            return True
        return facts.user_id in self.users or not self.groups.isdisjoint(facts.groups)


class AccessRules:
    """One version of the rules, compiled once and asked at every attempt. `trusted` are the addresses that
    the tenant trusts."""

    def __init__(self, rules: RuleSet, trusted: Networks = ANYWHERE) -> None:
        self.version = rules.version
        self.trusted = trusted
        asked = [rule for rule in rules.rules if rule.state is not RuleState.OFF]
        self._rules = tuple([_ready(rule, trusted) for rule in asked])
        self.names_groups = any(each.groups or each.except_groups for each in self._rules)
        """Whether an answer depends on the groups of a person."""

    def first(self, facts: AccessFacts, trace: list[TraceLine]) -> AccessRule | None:
        """Return the rule that decides, or None; each that fits adds its line to the trace."""
        for ready in self._rules:
            if not ready.fits(facts):
                continue
            rule = ready.rule
            if rule.state is RuleState.REPORT_ONLY:
                trace.append(TraceLine("report_only_rule", rule.effect.value, self._named(rule)))
                continue
            trace.append(TraceLine("rule", rule.effect.value, self._named(rule)))
            return rule
        return None

    def _named(self, rule: AccessRule) -> dict[str, str]:
        return {"rule": rule.name, "version": str(self.version)}


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


def _ready(rule: AccessRule, trusted: Networks) -> _Ready:
    return _Ready(
        rule=rule,
        users=frozenset(rule.users),
        groups=frozenset(rule.groups),
        except_users=frozenset(rule.except_users),
        except_groups=frozenset(rule.except_groups),
        applications=frozenset(rule.applications),
        except_applications=frozenset(rule.except_applications),
        places=_networks(rule.places, trusted),
        except_places=_networks(rule.except_places, trusted),
    )


def _networks(places: tuple[str, ...], trusted: Networks) -> Networks:
    named = parse_networks(tuple([place for place in places if place != TRUSTED_PLACE]))
    return (*named, *trusted) if TRUSTED_PLACE in places else named
