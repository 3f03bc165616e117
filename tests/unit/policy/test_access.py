"""Access rules: who, what and where; the first that fits decides, and the trace says which."""

from __future__ import annotations

from typing import Any

import pytest

from vestibule.model.access_rule import AccessRule, Effect, RuleSet, RuleState
from vestibule.model.networks import parse_address, parse_networks
from vestibule.model.verification import TraceLine
from vestibule.policy.access import AccessFacts, AccessRules

HERE = "192.0.2.7"


def rule(name: str = "rule", effect: Effect = Effect.DENY, **fields: Any) -> AccessRule:
    return AccessRule(rule_id=name, name=name, effect=effect, **fields)


def rules(*given: AccessRule, trusted: tuple[str, ...] = ()) -> AccessRules:
    return AccessRules(RuleSet(tenant_id="t", version=4, rules=given), parse_networks(trusted))


def facts(**fields: Any) -> AccessFacts:
    known = {"user_id": "alice", "groups": frozenset({"staff"}), "application_id": "vpn", "address": HERE}
    known |= fields
    address = known.pop("address")
    return AccessFacts(address=parse_address(address) if address else None, **known)


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({}, True),
        ({"users": ("alice",)}, True),
        ({"users": ("bob",)}, False),
        ({"groups": ("staff",)}, True),
        ({"groups": ("guests",)}, False),
        ({"users": ("bob",), "groups": ("staff",)}, True),
        ({"except_users": ("alice",)}, False),
        ({"except_users": ("bob",)}, True),
        ({"groups": ("staff",), "except_users": ("alice",)}, False),
        ({"except_groups": ("staff",)}, False),
        ({"users": ("alice",), "except_groups": ("staff",)}, False),
        ({"applications": ("vpn", "mail")}, True),
        ({"applications": ("mail",)}, False),
        ({"except_applications": ("vpn",)}, False),
        ({"places": ("192.0.2.0/24",)}, True),
        ({"places": ("198.51.100.0/24",)}, False),
        ({"places": ("198.51.100.0/24", "192.0.2.1-192.0.2.9")}, True),
        ({"except_places": ("192.0.2.0/24",)}, False),
        ({"places": ("0.0.0.0/0",), "except_places": (HERE,)}, False),
        ({"places": ("trusted",)}, False),
        ({"except_places": ("trusted",)}, True),
    ],
)
def test_what_a_rule_fits(fields: dict[str, Any], fits: bool) -> None:
    assert (rules(rule(**fields)).first(facts(), []) is not None) is fits


def test_trusted_places_are_those_of_the_tenant() -> None:
    home, away = rule("home", places=("trusted",)), rule("away", except_places=("trusted",))
    assert rules(home, trusted=("192.0.2.0/24",)).first(facts(), []) == home
    assert rules(away, trusted=("192.0.2.0/24",)).first(facts(), []) is None


def test_who_does_not_say_where_he_is_is_nowhere() -> None:
    unknown = facts(address="")
    assert rules(rule(places=("0.0.0.0/0", "::/0"))).first(unknown, []) is None
    assert rules(rule(except_places=("0.0.0.0/0",))).first(unknown, []) is not None


def test_the_first_that_fits_decides_and_the_trace_names_it() -> None:
    first, second = rule("first", Effect.SKIP), rule("second")
    trace: list[TraceLine] = []
    assert rules(rule("other", users=("bob",)), first, second).first(facts(), trace) == first
    assert trace == [TraceLine("rule", "skip", {"rule": "first", "version": "4"})]


def test_a_rule_that_only_reports_says_so_and_lets_the_next_decide() -> None:
    """C11: rules are rehearsed before they hold."""
    quiet, loud = rule("quiet", state=RuleState.REPORT_ONLY), rule("loud", Effect.REQUIRE)
    trace: list[TraceLine] = []
    assert rules(quiet, loud).first(facts(), trace) == loud
    assert [(line.step, line.result, line.facts["rule"]) for line in trace] == [
        ("report_only_rule", "deny", "quiet"),
        ("rule", "require", "loud"),
    ]


def test_a_rule_that_is_off_is_as_if_it_were_not_there() -> None:
    trace: list[TraceLine] = []
    assert rules(rule(state=RuleState.OFF)).first(facts(), trace) is None
    assert trace == []


def test_groups_are_asked_for_only_where_a_rule_names_any() -> None:
    assert not rules(rule(users=("alice",))).names_groups
    assert rules(rule(groups=("staff",))).names_groups
    assert rules(rule(except_groups=("staff",))).names_groups
    assert not rules(rule(groups=("staff",), state=RuleState.OFF)).names_groups
