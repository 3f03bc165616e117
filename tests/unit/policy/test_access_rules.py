"""Access rules: the first that fits decides. Tried at random against rules that are read one by one."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from random import Random

import pytest

from vestibule.model.access_rule import TRUSTED_PLACE, AccessRule, Effect, RuleSet, RuleState
from vestibule.model.networks import Address, joined, parse_networks
from vestibule.model.verification import TraceLine
from vestibule.policy.access import AccessFacts, AccessRules

USERS = ("ada", "bob", "eve")
GROUPS = ("staff", "guests", "operators", "auditors")
APPLICATIONS = ("vpn", "web", "mail")
PLACES = (
    "192.0.2.0/24",
    "192.0.2.128/25",
    "192.0.2.7",
    "192.0.2.250-198.51.100.3",
    "0.0.0.0/0",
    "2001:db8::/32",
    "2001:db8::5-2001:db8::9",
    TRUSTED_PLACE,
)
TRUSTED = ("198.51.100.0/25", "2001:db8:1::/48")
ADDRESSES = (
    "192.0.1.255",
    "192.0.2.0",
    "192.0.2.7",
    "192.0.2.8",
    "192.0.2.255",
    "198.51.100.3",
    "198.51.100.4",
    "198.51.100.128",
    "255.255.255.255",
    "2001:db8::5",
    "2001:db8::a",
    "2001:db8:1::",
    "2001:db9::",
    "",
)


def some(chance: Random, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(chance.sample(names, chance.choice((0, 0, 0, 1, 2))))


def rule(chance: Random, number: int) -> AccessRule:
    return AccessRule(
        rule_id=f"r{number}",
        name=f"Rule {number}",
        effect=chance.choice(list(Effect)),
        state=chance.choice(list(RuleState)),
        users=some(chance, USERS),
        groups=some(chance, GROUPS),
        except_users=some(chance, USERS),
        except_groups=some(chance, GROUPS),
        applications=some(chance, APPLICATIONS),
        except_applications=some(chance, APPLICATIONS),
        places=some(chance, PLACES),
        except_places=some(chance, PLACES),
    )


def is_at(place: str, address: Address | None) -> bool:
    if address is None:
        return False
    if place == TRUSTED_PLACE:
        return any(is_at(each, address) for each in TRUSTED)
    first, _, last = place.partition("-")
    if not last:
        return address in ip_network(place)
    low, high = ip_address(first), ip_address(last)
    return low.version == address.version and int(low) <= int(address) <= int(high)


def fits(rule: AccessRule, facts: AccessFacts) -> bool:
    """Read the rule as its documentation has it, condition by condition."""
    if rule.users or rule.groups:
        is_one_of_them = facts.user_id in rule.users or any(each in facts.groups for each in rule.groups)
        if not is_one_of_them:
            return False
    if facts.user_id in rule.except_users or any(each in facts.groups for each in rule.except_groups):
        return False
    if rule.applications and facts.application_id not in rule.applications:
        return False
    if facts.application_id in rule.except_applications:
        return False
    if rule.places and not any(is_at(place, facts.address) for place in rule.places):
        return False
    return not any(is_at(place, facts.address) for place in rule.except_places)


def expected(rules: RuleSet, facts: AccessFacts) -> tuple[AccessRule | None, list[TraceLine]]:
    lines = []
    for each in rules.rules:
        if each.state is RuleState.OFF or not fits(each, facts):
            continue
        step = "rule" if each.state is RuleState.ON else "report_only_rule"
        told = {"rule": each.name, "version": str(rules.version)}
        lines.append(TraceLine(step, each.effect.value, told))
        if each.state is RuleState.ON:
            return each, lines
    return None, lines


@pytest.mark.parametrize("seed", range(4))
def test_the_first_rule_that_fits_decides_and_each_that_fits_is_named(seed: int) -> None:
    """Conditions and exceptions of who, what and where, at the bounds of networks, and from nowhere."""
    chance = Random(seed)
    decided = reported = 0
    for version in range(1, 120):
        rules = RuleSet(
            tenant_id="acme",
            version=version,
            rules=tuple(rule(chance, number) for number in range(chance.choice((0, 1, 5, 40)))),
        )
        ready = AccessRules(rules, parse_networks(TRUSTED))
        for _ in range(25):
            address = chance.choice(ADDRESSES)
            facts = AccessFacts(
                user_id=chance.choice((*USERS, "nobody")),
                groups=frozenset(some(chance, GROUPS)),
                application_id=chance.choice((*APPLICATIONS, "another")),
                address=ip_address(address) if address else None,
            )
            trace: list[TraceLine] = []
            found = ready.first(facts, trace)
            assert (found, trace) == expected(rules, facts), (facts, rules)
            decided += found is not None
            reported += len(trace) > (found is not None)
    assert decided > 300
    assert reported > 300


def test_networks_are_joined_where_they_overlap() -> None:
    found = joined(
        parse_networks(("192.0.2.0/24", "::/64", "192.0.2.9-192.0.3.1", "192.0.2.4", "198.51.100.1"))
    )
    bounds = [(each.version, each.first, each.last) for each in found]
    v4, v6 = (lambda text: int(IPv4Address(text))), (lambda text: int(IPv6Address(text)))
    assert bounds == [
        (4, v4("192.0.2.0"), v4("192.0.3.1")),
        (4, v4("198.51.100.1"), v4("198.51.100.1")),
        (6, 0, v6("::ffff:ffff:ffff:ffff")),
    ]
