"""What the API shows of access rules: a version, its rules, and what a rehearsal found."""

from __future__ import annotations

from vestibule.frontends.http.api.records.history import TraceRecord
from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.access_rule import AccessRule, RuleSet
from vestibule.services.rule_sets import Rehearsal


class RuleRecord(Record):
    named = "rule_id"

    id: str
    name: str
    effect: str
    state: str
    users: list[str]
    groups: list[str]
    except_users: list[str]
    except_groups: list[str]
    applications: list[str]
    except_applications: list[str]
    places: list[str]
    except_places: list[str]
    methods: list[str]
    within_minutes: int | None


class RuleSetRecord(Record):
    """One version of the access rules, in the order in which they are asked."""

    version: int
    rules: list[RuleRecord]
    note: str
    actor: str
    actor_name: str
    created_at: int


class RehearsalRecord(Record):
    """What would be decided, and why."""

    outcome: str
    """`permit`, `deny`, `bypass`, or `require`: a second factor."""
    reason: str | None
    methods: list[str]
    """Those that would be enough."""
    trace: list[TraceRecord]


def rule_set_record(rules: RuleSet) -> RuleSetRecord:
    record: RuleSetRecord = RuleSetRecord.of(rules, rules=[_rule_record(rule) for rule in rules.rules])
    return record


def rehearsal_record(rehearsal: Rehearsal) -> RehearsalRecord:
    record: RehearsalRecord = RehearsalRecord.of(
        rehearsal,
        methods=list(rehearsal.methods),
        trace=[TraceRecord.of(line) for line in rehearsal.trace],
    )
    return record


def _rule_record(rule: AccessRule) -> RuleRecord:
    lists = {
        name: list(value)
        for name in RuleRecord.__struct_fields__
        if name != "id" and isinstance(value := getattr(rule, name), tuple)
    }
    record: RuleRecord = RuleRecord.of(rule, **lists)
    return record
