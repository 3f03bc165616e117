"""What a thousand access rules cost the sign-in of a person in a hundred groups.

The rules of each kind all have to be asked: what lets him in is the last of them. Measured is the time of the
processor, which is all that a decision needs.
"""

from __future__ import annotations

import time
from ipaddress import ip_address
from typing import Any

from benchmarks.figures import Figures
from vestibule.model.access_rule import AccessRule, Effect, RuleSet, RuleState
from vestibule.model.application import Application, FirstFactor
from vestibule.model.user import User
from vestibule.policy.access import AccessRules
from vestibule.policy.decision import RequirePasscode
from vestibule.policy.evaluate import Facts, evaluate

RULES = 1000
GROUPS = 100
DECISIONS = 5000
WANTED_US = 1000
"""At the 99th percentile."""
_HEADER = f"{'':<58}{'p50 µs':>9}{'p99 µs':>9}  {'ratio':>7}"


def report(*, is_quick: bool) -> None:
    """Print a line for each kind of rules; `ratio` is to a decision without any."""
    print(f"\nA decision by {RULES:,} access rules, {GROUPS} groups\n{_HEADER}", flush=True)
    count = DECISIONS // 10 if is_quick else DECISIONS
    none = _decided("no rules", [], count)
    for label, rules in _KINDS.items():
        figures = _decided(label, rules, count)
        middle, late = (figures.percentile(share) * 1000 for share in (0.5, 0.99))
        mark = f"  OVER {WANTED_US}" if late > WANTED_US else ""
        ratio = middle / (none.percentile(0.5) * 1000)
        print(f"{label:<58}{middle:>9.1f}{late:>9.1f}  {ratio:>7.1f}{mark}", flush=True)


def _decided(label: str, others: list[AccessRule], count: int) -> Figures:
    last = AccessRule(rule_id="last", name="The last", effect=Effect.REQUIRE, methods=("totp",))
    rules = AccessRules(RuleSet(tenant_id="bench", version=7, rules=(*others, last)))
    application = Application(
        tenant_id="bench", application_id="vpn", name="VPN", first_factor=FirstFactor.CLIENT, created_at=1
    )
    facts = Facts(
        application=application,
        user=User(
            tenant_id="bench", user_id="ada", username="ada", names=("ada",), created_at=1, updated_at=1
        ),
        held=frozenset({"totp", "sms"}),
        is_first_factor_proven=True,
        rules=rules,
        groups=frozenset(f"group{number}" for number in range(GROUPS)),
        address=ip_address("203.0.113.77"),  # type: ignore[arg-type] # narrowed to either in the stubs
    )
    latencies = []
    for _ in range(count):
        began = time.thread_time()
        decision = evaluate(facts)
        latencies.append(time.thread_time() - began)
        assert isinstance(decision, RequirePasscode)
        assert decision.methods == {"totp"}
    return Figures(label, count, count, sum(latencies), latencies)


def _rules(**fields: Any) -> list[AccessRule]:
    """Return as many rules; a text of a field is numbered."""
    return [
        AccessRule(
            rule_id=f"r{number}",
            name=f"Rule {number}",
            effect=Effect.DENY,
            **{
                name: tuple(each.format(number=number, byte=number % 250) for each in value)
                if isinstance(value, tuple)
                else value
                for name, value in fields.items()
            },
        )
        for number in range(RULES - 1)
    ]


_ELSEWHERE = ("198.51.{byte}.0/24", "192.0.2.{byte}", "10.{byte}.0.0-10.{byte}.9.9", "2001:db8:{byte}::/48")
_KINDS = {
    "each for another application": _rules(applications=("app{number}",)),
    "each for three other groups": _rules(groups=("other{number}", "x{number}", "y{number}")),
    "each for twenty other people": _rules(users=tuple(f"u{each}-{{number}}" for each in range(20))),
    "each for everybody, except his group": _rules(except_groups=("group7", "x{number}")),
    "each for everybody at one of four places": _rules(places=_ELSEWHERE),
    "each for his group at one of four places": _rules(groups=("group{byte}", "group7"), places=_ELSEWHERE),
    "each for everybody, except where he is": _rules(except_places=(*_ELSEWHERE, "203.0.113.0/24")),
    "each fits, and only reports": _rules(state=RuleState.REPORT_ONLY),
    "each for his application and group, elsewhere": _rules(
        applications=("vpn", "app{number}"), groups=("group7",), places=_ELSEWHERE
    ),
}
