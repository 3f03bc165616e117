"""Disabled, enabled, enforced: set for one and for many, and raised by the registration itself."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.houses import PASSWORD, TENANT
from tests.integration.registration.desk import Desk
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.application import FirstFactor, SecondFactor
from vestibule.model.tenant import Whom
from vestibule.model.user import Requirement
from vestibule.model.verification import Reason


async def requirement(desk: Desk, name: str) -> Requirement:
    found = await desk.house.store.read(lambda tx: tx.subject_by_names("acme", (name,)))
    assert found is not None
    return found.user.requirement


async def test_enabled_becomes_enforced_with_the_registration(desk: Desk) -> None:
    """Inventory 1.10: automatically, and in the same transaction."""
    alice = await desk.house.add_bare_person("Alice")
    await desk.require(Requirement.ENABLED, "alice")
    signed_in = await desk.sign_in("alice")
    await desk.register_app(signed_in)
    assert await requirement(desk, "alice") is Requirement.ENABLED
    await desk.keep_codes(signed_in)
    assert (await desk.house.services.registrations.finish(signed_in, "totp")).requirement == "enforced"
    assert await requirement(desk, "alice") is Requirement.ENFORCED
    (event,) = await desk.events("registration.finished")
    assert event.facts["requirement"] == "enforced"
    assert (await desk.user(alice)).default_method == "totp"


@pytest.mark.parametrize("first_factor", [FirstFactor.LOCAL, FirstFactor.CLIENT])
async def test_s71_his_time_runs_from_his_first_sign_in_at_any_door(
    desk: Desk, first_factor: FirstFactor
) -> None:
    """S71: who never comes to the portal is no way round the policy; nor is a wrong password his first time,
    nor is anybody given more time by signing in again."""
    house = desk.house
    await house.add_application("mail", first_factor)
    mail = house.services.configuration.current.applications[TENANT, "mail"]
    await house.services.applications.change_application(
        SYSTEM, replace(mail, second_factor=SecondFactor.BY_RULES)
    )
    await house.change_settings(registration_policy=Whom.EVERYBODY, registration_skip_days=3)
    alice = await house.add_bare_person("Alice")
    password = PASSWORD if first_factor is FirstFactor.LOCAL else None
    await house.start("alice", "wrong")
    assert (await desk.user(alice)).registering_since == 0
    for _ in range(2):
        assert (await house.start("alice", password, door="mail")).is_approved
        house.clock.advance(3 * 24 * 3600 / 2 - 1)
    assert (await house.start("alice", password, door="mail")).is_approved
    house.clock.advance(2)
    denied = await house.start("alice", password, door="mail")
    assert denied.reason is Reason.REGISTRATION_REQUIRED
    await desk.sign_in("alice")  # the portal lets him in, to register
    assert {line.facts.get("why") for line in denied.verification.trace} >= {"policy"}


async def test_disabling_keeps_methods_and_enabling_again_enforces_nothing(desk: Desk) -> None:
    """Inventory 1.10: who had registered stays enabled until he registers anew."""
    alice = await desk.house.add_bare_person("Alice")
    await desk.require(Requirement.ENABLED, "alice")
    await desk.register(await desk.sign_in("alice"))
    await desk.require(Requirement.DISABLED, "alice")
    held = (await desk.subject(alice.user)).authenticators
    assert {each.method for each in held} == {"totp", "recovery_code"}
    await desk.require(Requirement.ENABLED, "alice")
    assert await requirement(desk, "alice") is Requirement.ENABLED


async def test_enforcing_who_has_registered_nothing_is_told(desk: Desk) -> None:
    """Inventory 1.10: it breaks his legacy clients, so the administrator is warned, also by a rehearsal."""
    await desk.house.add_bare_person("Alice")
    await desk.house.add_person("Bob")
    for dry_run in (True, False):
        change = await desk.require(Requirement.ENFORCED, "ALICE", "bob", dry_run=dry_run)
        assert change.changed == ("Alice", "Bob")
        assert change.unregistered == ("Alice",)
        assert (await requirement(desk, "alice") is Requirement.ENFORCED) is not dry_run


async def test_many_are_changed_together_or_not_at_all(desk: Desk) -> None:
    await desk.house.add_person("Alice")
    await desk.house.add_person("Bob")
    change = await desk.require(Requirement.ENABLED, "alice", "nobody", "bob", "\x00")
    assert change.unknown == ("nobody", "\x00")
    assert await requirement(desk, "alice") is Requirement.DISABLED
    assert (await desk.require(Requirement.ENABLED, "alice", "alice ")).changed == ("Alice",)
    again = await desk.require(Requirement.ENABLED, "alice", "bob")
    assert (again.changed, again.unchanged) == (("Bob",), ("Alice",))
    assert len(await desk.events("user.requirement")) == 2


async def test_nobody_but_an_administrator_of_the_tenant_requires_anything(desk: Desk) -> None:
    """TEN-01."""
    alice = await desk.house.add_person("Alice")
    requirements = desk.house.services.requirements
    oneself = Actor(
        actor_id=alice.user.user_id, name="alice", tenant_id="acme", rights=frozenset({Right.SELF})
    )
    stranger = Actor(
        actor_id="x", name="x", tenant_id="other", rights=frozenset({Right.ADMINISTER, Right.SELF})
    )
    for actor in (oneself, stranger):
        with pytest.raises(NotAllowed):
            await requirements.require(actor, "acme", ["alice"], Requirement.DISABLED)
        with pytest.raises(NotAllowed):
            await requirements.demand_registration(actor, "acme", alice.user.user_id)
        with pytest.raises(NotAllowed):
            await requirements.withdraw_demand(actor, "acme", alice.user.user_id)


async def test_who_is_required_and_has_registered_nothing_is_sent_to_register(desk: Desk) -> None:
    """S66: at a door that can show nothing he is denied, with a reason of its own."""
    vpn = desk.house.services.configuration.current.applications[TENANT, "vpn"]
    by_rules = replace(vpn, second_factor=SecondFactor.BY_RULES)
    await desk.house.services.applications.change_application(SYSTEM, by_rules)
    await desk.house.add_bare_person("Alice")
    assert (await desk.house.start("alice")).is_approved
    await desk.require(Requirement.ENABLED, "alice")
    assert (await desk.house.start("alice")).reason is Reason.REGISTRATION_REQUIRED
    await desk.register(await desk.sign_in("alice"))
    assert (await desk.house.start("alice")).reason is Reason.PASSCODE_PENDING


async def test_many_are_required_and_told_to_register_anew_in_bulk(desk: Desk) -> None:
    """Inventory 1.9, 1.10, S39: from the list of people, tried first."""
    alice, bob = await desk.house.add_person("Alice"), await desk.house.add_person("Bob")
    bulk, both = desk.house.services.bulk, [alice.user.user_id, bob.user.user_id]
    tried = await bulk.run(SYSTEM, "acme", "require_enabled", both, is_dry_run=True)
    assert (tried.changed, await requirement(desk, "bob")) == (2, Requirement.DISABLED)
    assert (await bulk.run(SYSTEM, "acme", "require_enabled", both)).changed == 2
    assert (await bulk.run(SYSTEM, "acme", "require_enabled", both)).unchanged == 2
    assert (await bulk.run(SYSTEM, "acme", "register_anew", both[:1])).changed == 1
    assert [(await desk.user(each)).must_register for each in (alice, bob)] == [True, False]
