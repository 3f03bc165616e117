"""Access rules and rehearsals of them."""

from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from vestibule.frontends.http.templates.views import Choice, Form, Words
from vestibule.model.access_rule import AccessRule, Effect, RuleSet, RuleState
from vestibule.model.verification import Reason, TraceLine
from vestibule.services.rule_sets import Rehearsal


def access_rules() -> list[Sample]:
    rule = AccessRule(
        rule_id="r1",
        name="Guests only from the office",
        effect=Effect.DENY,
        groups=("g1",),
        except_users=("u1",),
        applications=("vpn",),
        except_places=("trusted", "192.0.2.0/24"),
    )
    strict = AccessRule(
        rule_id="r2",
        name=HOSTILE,
        effect=Effect.REQUIRE,
        state=RuleState.REPORT_ONLY,
        methods=("app", "totp"),
        within_minutes=60,
    )
    names = {"g1": "Guests", "u1": "alice", "vpn": "VPN Berlin"}
    listed = {
        "version": 4,
        "rules": (rule, strict),
        "names": names,
        "form": Form(),
        "trusted_addresses": ("192.0.2.0/24", "2001:db8::/48"),
        "tenant_version": 3,
    }
    edit = {
        "version": 4,
        "form": Form(),
        "names": names,
        "ticked": {
            "groups": ("g1",),
            "except_groups": (),
            "applications": ("vpn",),
            "except_applications": (),
            "methods": (),
        },
        "groups": (Choice("g1", "Guests"), Choice("g2", HOSTILE)),
        "applications": (Choice("vpn", "VPN Berlin"), Choice("portal", "Portal")),
        "methods": ("app", "totp", "voice"),
        "asks_anyway": False,
    }
    versions = tuple(
        RuleSet(
            tenant_id="demo",
            version=version,
            rules=(rule, strict),
            note=note,
            actor="u5",
            actor_name="k.meier",
            created_at=NOW - version * DAY,
        )
        for version, note in ((4, "Guests leave earlier"), (3, ""), (2, HOSTILE))
    )
    rehearsal = Rehearsal(
        outcome="deny",
        reason=Reason.ACCESS_DENIED,
        methods=(),
        trace=(
            TraceLine("application", "enabled"),
            TraceLine("user", "active"),
            TraceLine("rule", "deny", {"rule": HOSTILE, "version": "4"}),
        ),
    )
    asked = {"applications": (Choice("vpn", "VPN Berlin"),), "rehearsal": None}
    typed = Form({"username": "alice", "application": "vpn", "address": "192.0.2.7"})
    locked = Words("refusal.locks_out", {"key": "k.meier"})
    return [
        Sample("access-rules", "console/access_rules.html", listed),
        Sample(
            "access-rules-empty",
            "console/access_rules.html",
            {**listed, "version": 0, "rules": (), "trusted_addresses": ()},
        ),
        Sample("access-rule", "console/access_rule_edit.html", {**edit, "rule": rule}),
        Sample(
            "access-rule-locks-out",
            "console/access_rule_edit.html",
            {**edit, "rule": None, "form": Form(problem=locked), "asks_anyway": True},
        ),
        Sample(
            "access-rule-versions",
            "console/access_rule_versions.html",
            {"version": 4, "versions": versions, "before": 2},
        ),
        Sample(
            "access-anyway",
            "console/access_anyway.html",
            {"path": "/console/tenants/demo/access-rules/rules/r1/move", "again": {}, "problem": locked},
        ),
        Sample("access-rehearsal-begin", "console/access_rehearsal.html", {**asked, "form": Form()}),
        Sample(
            "access-rehearsal",
            "console/access_rehearsal.html",
            {**asked, "form": typed, "rehearsal": rehearsal},
        ),
    ]
