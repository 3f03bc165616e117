"""Access rules as a service: written in versions, tried on who writes them, rehearsed, and asked."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.access_rule import AccessRule, Effect, RuleSet, RuleState
from vestibule.model.actor import SYSTEM, Actor, Right
from vestibule.model.application import CONSOLE_APPLICATION, Caching
from vestibule.model.notice import ALERTS, alerted
from vestibule.model.tenant import SYSTEM_TENANT, Whom
from vestibule.model.user import Role
from vestibule.model.verification import Reason
from vestibule.services.attempt import Origin
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.setup import built_in_client_id

HERE, ELSEWHERE = "192.0.2.7", "198.51.100.7"


def rule(name: str = "rule", effect: Effect = Effect.DENY, **fields: Any) -> AccessRule:
    return AccessRule(rule_id=name, name=name, effect=effect, **fields)


async def write(house: TestHouse, *rules: AccessRule, seen: int = 0, tenant_id: str = TENANT) -> RuleSet:
    return await house.services.rule_sets.write(SYSTEM, tenant_id, rules, seen=seen, note="because")


async def in_group(house: TestHouse, name: str, *people: Person) -> str:
    group = await house.services.groups.add(SYSTEM, TENANT, name)

    async def body(tx: Transaction) -> None:
        for person in people:
            await tx.add_member(TENANT, group.group_id, person.user.user_id)

    await house.store.transact(body)
    return group.group_id


def refusal(caught: pytest.ExceptionInfo[Refused]) -> tuple[Refusal, str]:
    return caught.value.why, caught.value.key


async def test_a_rule_decides_from_the_next_sign_in_on_and_is_named_in_its_trace(house: TestHouse) -> None:
    await house.add_person("Alice")
    bob = await house.add_person("Bob")
    guests = await in_group(house, "Guests", bob)
    await write(house, rule("Guests from here only", groups=(guests,), except_places=("192.0.2.0/24",)))
    assert (await house.start("alice", user_address=ELSEWHERE)).is_pending
    assert (await house.start("bob", user_address=HERE)).is_pending
    denied = await house.start("bob", user_address=ELSEWHERE)
    assert denied.reason is Reason.ACCESS_DENIED
    last = denied.verification.trace[-1]
    assert (last.step, last.result) == ("rule", "deny")
    assert last.facts == {"rule": "Guests from here only", "version": "1"}


async def test_a_rule_that_is_written_meanwhile_decides_about_an_open_challenge(house: TestHouse) -> None:
    """Policy is asked again at the decision."""
    alice = await house.add_person("Alice")
    asked = await house.start("alice")
    assert asked.challenge is not None
    await write(house, rule())
    answered = await house.answer("alice", asked.challenge.challenge_id, alice.passcode(house.clock.now()))
    assert answered.reason is Reason.ACCESS_DENIED


async def test_a_rule_that_skips_meanwhile_lets_nobody_in_who_was_asked(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    asked = await house.start("alice")
    assert asked.challenge is not None
    await write(house, rule(effect=Effect.SKIP))
    wrong = await house.answer("alice", asked.challenge.challenge_id, "000000")
    assert not wrong.is_approved
    right = await house.answer("alice", asked.challenge.challenge_id, alice.passcode(house.clock.now()))
    assert right.reason is Reason.PASSCODE_VERIFIED


async def test_how_old_a_proof_may_be_is_said_by_the_rule(house: TestHouse) -> None:
    alice = await house.add_person("Alice")
    application = house.services.configuration.current.applications[TENANT, "vpn"]
    caching = msgspec.structs.replace(application, caching=Caching.USER, caching_seconds=3600)
    await house.services.applications.change_application(SYSTEM, caching)
    await write(house, rule(effect=Effect.REQUIRE, within_minutes=1))
    assert (await house.start("alice", passcode=alice.passcode(house.clock.now()))).is_approved
    house.clock.advance(30)
    assert (await house.start("alice")).reason is Reason.CACHED_FOR_USER
    house.clock.advance(31)
    assert (await house.start("alice")).is_pending
    await write(house, rule(effect=Effect.REQUIRE, within_minutes=0), seen=1)
    assert (await house.start("alice", passcode=alice.passcode(house.clock.now()))).is_approved
    assert (await house.start("alice")).is_pending


async def test_each_change_is_a_version_that_says_who_and_why(house: TestHouse) -> None:
    await write(house, rule("one"))
    house.clock.advance(1)
    second = await write(house, rule("two"), rule("one"), seen=1)
    assert house.services.rule_sets.current(SYSTEM, TENANT) == second
    versions = await house.services.rule_sets.versions(SYSTEM, TENANT, 3, 10)
    assert [(v.version, v.note, v.actor_name, len(v.rules)) for v in versions] == [
        (2, "because", "system", 2),
        (1, "because", "system", 1),
    ]
    events = await house.store.read(lambda tx: tx.events(TENANT, "rules.changed", Page()))
    assert events.rows[0].facts == {"version": "2", "rules": ["one", "two"], "note": "because"}


async def test_two_who_change_the_rules_at_once_make_one_version(house: TestHouse) -> None:
    done = await asyncio.gather(
        *(write(house, rule(f"rule {number}")) for number in range(5)), return_exceptions=True
    )
    written = [each for each in done if isinstance(each, RuleSet)]
    refused = [each for each in done if isinstance(each, Refused)]
    assert (len(written), len(refused)) == (1, 4)
    assert {each.why for each in refused} == {Refusal.CHANGED_MEANWHILE}
    with pytest.raises(Refused) as caught:
        await write(house, seen=0)
    assert refusal(caught)[0] is Refusal.CHANGED_MEANWHILE
    with pytest.raises(Refused):
        await write(house, seen=7)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": " "}, "name: "),
        ({"users": ("nobody",)}, "users: nobody"),
        ({"except_users": ("nobody",)}, "users: nobody"),
        ({"groups": ("g9",)}, "groups: g9"),
        ({"applications": ("nowhere",)}, "applications: nowhere"),
        ({"places": ("somewhere",)}, "places: somewhere"),
        ({"except_places": ("192.0.2.1/24",)}, "places: 192.0.2.1/24"),
        ({"effect": Effect.REQUIRE, "methods": ("telepathy",)}, "methods: telepathy"),
        ({"methods": ("totp",)}, "effect: deny"),
        ({"effect": Effect.SKIP, "within_minutes": 5}, "effect: skip"),
        ({"effect": Effect.REQUIRE, "within_minutes": -1}, "within_minutes: -1"),
    ],
)
async def test_what_a_rule_cannot_be_is_said_with_its_name(
    house: TestHouse, fields: dict[str, Any], told: str
) -> None:
    """All or nothing: of rules with one broken among them nothing is written."""
    with pytest.raises(Refused) as caught:
        await write(house, rule("sound"), msgspec.structs.replace(rule("broken"), **fields))
    assert refusal(caught)[0] is Refusal.RULE_INVALID
    assert refusal(caught)[1].endswith(told)
    assert house.services.rule_sets.current(SYSTEM, TENANT).version == 0


async def test_people_of_another_tenant_are_nobody(house: TestHouse) -> None:
    """TEN-01."""
    stranger = await house.add_person("Mallory", tenant_id=SYSTEM_TENANT)
    with pytest.raises(Refused):
        await write(house, rule(users=(stranger.user.user_id,)))


async def test_a_group_that_a_rule_names_stays(house: TestHouse) -> None:
    """Without it the rule would mean somebody else."""
    group_id = await in_group(house, "Guests")
    await write(house, rule(except_groups=(group_id,)))
    with pytest.raises(Refused) as caught:
        await house.services.groups.remove(SYSTEM, TENANT, group_id)
    assert refusal(caught) == (Refusal.NAMED_BY_RULE, "rule")
    await write(house, seen=1)
    await house.services.groups.remove(SYSTEM, TENANT, group_id)


async def test_a_rehearsal_says_what_would_be_decided_and_changes_nothing(house: TestHouse) -> None:
    await house.add_person("Alice")
    sets = house.services.rule_sets
    asked: dict[str, Any] = {"username": "ALICE", "application_id": "vpn"}
    assert (await sets.rehearse(SYSTEM, TENANT, **asked)).outcome == "require"
    trial = (rule("no", except_places=("192.0.2.0/24",)),)
    denied = await sets.rehearse(SYSTEM, TENANT, **asked, address=ELSEWHERE, rules=trial)
    assert (denied.outcome, denied.reason) == ("deny", Reason.ACCESS_DENIED)
    allowed = await sets.rehearse(SYSTEM, TENANT, **asked, address=HERE, rules=trial)
    assert (allowed.outcome, allowed.methods) == ("require", ("totp",))
    assert sets.current(SYSTEM, TENANT).version == 0
    assert await house.attempts() == []
    for wrong, why in (
        ({"username": "nobody"}, Refusal.NOT_FOUND),
        ({"application_id": "nowhere"}, Refusal.NOT_FOUND),
        ({"address": "somewhere"}, Refusal.ADDRESS_INVALID),
    ):
        with pytest.raises(Refused) as caught:
            await sets.rehearse(SYSTEM, TENANT, **(asked | wrong))
        assert refusal(caught)[0] is why


async def test_a_rehearsal_knows_what_a_sign_in_knows(house: TestHouse) -> None:
    """Whom the registration policy asks is not let in, and is told for the same reason."""
    await house.add_bare_person("Alice")
    await house.change_settings(registration_policy=Whom.EVERYBODY, registration_skip_days=0)
    found = await house.services.rule_sets.rehearse(SYSTEM, TENANT, username="alice", application_id="vpn")
    assert found.reason is Reason.REGISTRATION_REQUIRED
    assert (await house.start("alice")).reason is found.reason


async def administrator(house: TestHouse, name: str = "grace", **fields: Any) -> tuple[Person, Actor]:
    person = await house.add_person(name, tenant_id=SYSTEM_TENANT, role=Role.ADMINISTRATOR, **fields)
    rights = frozenset({Right.ADMINISTER, Right.SELF})
    return person, Actor(actor_id=person.user.user_id, name=name, tenant_id="", rights=rights)


async def test_who_would_lock_himself_out_is_told_first(house: TestHouse) -> None:
    _, grace = await administrator(house)
    sets = house.services.rule_sets
    for harmful in (rule(except_places=(HERE,)), rule(effect=Effect.REQUIRE, methods=("voice",))):
        with pytest.raises(Refused) as caught:
            await sets.write(grace, SYSTEM_TENANT, (harmful,), seen=0, address=ELSEWHERE)
        assert refusal(caught) == (Refusal.LOCKS_OUT, "grace")
    assert sets.current(SYSTEM, SYSTEM_TENANT).version == 0
    at_home = (rule(except_places=(HERE,)),)
    assert (await sets.write(grace, SYSTEM_TENANT, at_home, seen=0, address=HERE)).version == 1
    quiet = (rule(state=RuleState.REPORT_ONLY),)
    assert (await sets.write(grace, SYSTEM_TENANT, quiet, seen=1, address=HERE)).version == 2
    anyway = await sets.write(grace, SYSTEM_TENANT, (rule(),), seen=2, address=HERE, anyway=True)
    assert anyway.version == 3


async def test_rules_of_another_tenant_do_not_lock_an_administrator_out(house: TestHouse) -> None:
    _, grace = await administrator(house)
    written = await house.services.rule_sets.write(grace, TENANT, (rule(),), seen=0, address=HERE)
    assert written.version == 1


async def test_a_break_glass_account_is_marked_and_is_kept_out_by_no_rule(house: TestHouse) -> None:
    keeper, actor = await administrator(house, "keeper")
    plain = await house.add_person("Plain", tenant_id=SYSTEM_TENANT)
    mark = house.services.break_glass.mark
    with pytest.raises(Refused) as caught:
        await mark(SYSTEM, SYSTEM_TENANT, plain.user.user_id, is_break_glass=True)
    assert refusal(caught)[0] is Refusal.NOT_POSSIBLE
    await mark(SYSTEM, SYSTEM_TENANT, keeper.user.user_id, is_break_glass=True)
    assert not await house.services.rule_sets.locks_out(
        actor, RuleSet(tenant_id=SYSTEM_TENANT, version=1, rules=(rule(),)), ELSEWHERE
    )
    await mark(SYSTEM, SYSTEM_TENANT, keeper.user.user_id, is_break_glass=False)
    assert await house.services.rule_sets.locks_out(
        actor, RuleSet(tenant_id=SYSTEM_TENANT, version=1, rules=(rule(),)), ELSEWHERE
    )
    events = await house.store.read(lambda tx: tx.events(SYSTEM_TENANT, "break_glass", Page()))
    assert {event.kind for event in events.rows} == {"break_glass.unmarked", "break_glass.marked"}


async def test_each_use_of_a_break_glass_account_is_recorded_to_be_told(house: TestHouse) -> None:
    keeper, _ = await administrator(house, "keeper", is_break_glass=True)
    await house.services.rule_sets.write(SYSTEM, SYSTEM_TENANT, (rule(),), seen=0)
    snapshot = house.services.configuration.current
    peer = snapshot.peers[built_in_client_id(SYSTEM_TENANT, CONSOLE_APPLICATION)]
    origin = Origin(peer=peer, channel="console", claimed_username="keeper", user_address=HERE)
    passcode = keeper.passcode(house.clock.now())
    entered = await house.services.verifications.start(origin, Secret(PASSWORD), passcode)
    assert entered.reason is Reason.PASSCODE_VERIFIED
    await house.services.sessions.begin(entered.verification)
    events = await house.store.read(lambda tx: tx.events(SYSTEM_TENANT, "break_glass.used", Page()))
    assert [(event.subject_name, event.facts["address"]) for event in events.rows] == [("keeper", HERE)]
    assert alerted("break_glass.used", {ALERTS: ("it@example.org",)}) == ("it@example.org",)
