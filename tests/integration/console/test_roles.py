"""Roles: nobody gets round his own, and what is done to people with roles needs two."""

from __future__ import annotations

import asyncio
import base64

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, Person
from tests.integration.console.desk import ConsoleWindow, at_console, words
from tests.integration.http_api.house import API, HttpHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, Actor, Forbidden, NotAllowed, Right
from vestibule.model.application import ClientKind
from vestibule.model.proposal import ProposalState
from vestibule.model.role import ADMINISTRATOR, EVERYTHING, Grant, reach_of
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role, UserStatus
from vestibule.services.bypasses import NewBypass
from vestibule.services.phones import NewPhone
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import UserFields
from vestibule.wire.oath import totp

OTHER = "umbrella"
LONG = Secret("Looking-Glass-1871-x")
PHONE = NewPhone(method="sms", typed="+4930123456")
HELP_DESK = Grant(role_id="help_desk", tenant_id=TENANT)


async def an_administrator(house: HttpHouse, name: str, *grants: Grant) -> Person:
    """Add somebody with these roles; without any, an administrator of everything."""
    role = Role.LIMITED if grants else Role.ADMINISTRATOR
    person = await house.inside.add_person(name, tenant_id=SYSTEM_TENANT, role=role)
    if grants:
        await house.inside.store.transact(
            lambda tx: tx.replace_grants(SYSTEM_TENANT, person.user.user_id, grants)
        )
    return person


def actor_of(person: Person, *grants: Grant) -> Actor:
    reaches = tuple(reach_of(grant, {}) for grant in grants or (EVERYTHING,))
    user = person.user
    return Actor(
        actor_id=user.user_id,
        name=user.username,
        tenant_id=SYSTEM_TENANT,
        rights=frozenset(),
        reaches=reaches,
    )


async def kinds(house: HttpHouse, tenant_id: str = SYSTEM_TENANT) -> set[str]:
    listed = await house.inside.store.read(lambda tx: tx.events(tenant_id, "", Page(limit=200)))
    return {event.kind for event in listed.rows}


# --- the help desk --------------------------------------------------------------------------------------


async def test_a_help_desk_helps_and_never_sees_a_secret(house: HttpHouse) -> None:
    """C9: no code of a new app, no recovery codes, no shared secret; what it does is recorded (ENR-08)."""
    alice = await house.add_person("alice")
    helper = actor_of(await an_administrator(house, "helper", HELP_DESK), HELP_DESK)
    services, user_id = house.inside.services, alice.user.user_id
    for refused in (
        services.enrollments.begin(helper, TENANT, user_id, "totp"),
        services.enrollments.new_recovery_codes(helper, TENANT, user_id),
        services.applications.add_shared_secret(helper, TENANT, "any"),
        services.applications.add_api_key(helper, TENANT, "any"),
    ):
        with pytest.raises(Forbidden):
            await refused
    await services.users.unlock(helper, TENANT, user_id)
    await services.users.edit(helper, TENANT, user_id, UserFields(), Secret("Looking-Glass-1871"))
    await services.phones.add(helper, TENANT, user_id, PHONE)
    await services.enrollments.remove(helper, TENANT, user_id, alice.authenticator_id)
    assert {"user.unlocked", "user.changed", "phone.added"} <= await kinds(house, TENANT)


async def test_a_help_desk_cannot_touch_people_with_roles_or_itself(house: HttpHouse) -> None:
    """BYP-03: neither an administrator, nor another helper, nor itself, though its role holds everywhere."""
    everywhere = Grant(role_id="help_desk")
    root = await an_administrator(house, "root")
    other = await an_administrator(house, "other", everywhere)
    person = await an_administrator(house, "helper", everywhere)
    helper, services = actor_of(person, everywhere), house.inside.services
    for victim in (root, other, person):
        user_id = victim.user.user_id
        for refused in (
            services.users.unlock(helper, SYSTEM_TENANT, user_id),
            services.users.edit(helper, SYSTEM_TENANT, user_id, UserFields(), LONG),
            services.pins.set(helper, SYSTEM_TENANT, user_id),
            services.phones.add(helper, SYSTEM_TENANT, user_id, PHONE),
            services.enrollments.remove(helper, SYSTEM_TENANT, user_id, victim.authenticator_id),
        ):
            with pytest.raises(NotAllowed):
                await refused
    assert await kinds(house) <= {"tenant.added", "application.added"}


async def test_a_helper_of_a_group_sees_and_helps_its_people_only(house: HttpHouse) -> None:
    """TEN-05: who is not in the group is not there, in no list and under no identifier."""
    alice, bob = await house.add_person("alice"), await house.add_person("bob")
    services = house.inside.services
    group = await services.groups.add(SYSTEM, TENANT, "Sales")
    await house.inside.store.transact(lambda tx: tx.add_member(TENANT, group.group_id, alice.user.user_id))
    grant = Grant(role_id="help_desk", tenant_id=TENANT, groups=(group.group_id,))
    person = await an_administrator(house, "helper", grant)
    async with at_console(house, person.user) as window:
        listed = words(await window.get("users"))
        assert ("alice" in listed, "bob" in listed) == (True, False)
        assert (await window.get(f"users/{alice.user.user_id}")).status_code == 200
        assert (await window.get(f"users/{bob.user.user_id}")).status_code == 404
        assert (await window.post(f"users/{alice.user.user_id}/unlock")).status_code == 200
        assert (await window.post(f"users/{bob.user.user_id}/unlock")).status_code == 404
        assert (await window.get(f"attempts?user_id={bob.user.user_id}")).status_code == 404
        assert (await window.get("settings")).status_code == 403


LISTS = (
    "attempts",
    "attempts.csv",
    "attempts?text=bo",
    "blocks",
    "blocks?text=bo",
    "bypasses",
    "bypasses?text=bo",
)


async def test_a_helper_of_a_group_sees_what_happened_to_its_people_only(house: HttpHouse) -> None:
    """TEN-05: in no list, no search, no export and no count is anything of somebody else, nor of nobody."""
    alice, bob = await house.add_person("alice"), await house.add_person("bob")
    services = house.inside.services
    group, other = [await services.groups.add(SYSTEM, TENANT, name) for name in ("Sales", "Legal")]
    for person, of in ((alice, group), (bob, other)):
        user_id = person.user.user_id
        await house.inside.store.transact(
            lambda tx, of=of, user_id=user_id: tx.add_member(TENANT, of.group_id, user_id)
        )
        await services.bypasses.make(SYSTEM, TENANT, user_id, NewBypass(reason="Forgotten"))
        await services.blocks.block(SYSTEM, TENANT, user_id, "Stolen")
    await house.inside.add_application("vpn")
    for name in ("alice", "bob", "bobby-is-nobody"):
        await house.inside.start(name)
    grant = Grant(role_id="help_desk", tenant_id=TENANT, groups=(group.group_id,))
    helper = await an_administrator(house, "helper", grant)
    async with at_console(house, helper.user) as window:
        for path in LISTS:
            answer = await window.get(path)
            assert answer.status_code == 200, path
            assert ("alice" in answer.text) == ("text" not in path), path
            assert "bob" not in answer.text.replace("text=bo", "").replace('value="bo"', ""), path
        theirs = await house.inside.attempts(user_id=bob.user.user_id)
        assert (await window.get(f"attempts/{theirs[0].verification_id}")).status_code == 404
        home = (await window.get("")).text
        for path in ("events", "outbox", "deliveries", "tokens"):
            assert (await window.get(path)).status_code == 403, path
            assert f'/{path}"' not in home, path
    actor = actor_of(helper, grant)
    assert set(await services.groups.sizes(actor, TENANT, (group, other))) == {group.group_id}
    listed = await services.attempts.list(actor, TENANT, VerificationFilter(), Page())
    assert {one.username for one in listed.rows} == {"alice"}


async def test_what_a_role_does_not_allow_is_recorded_once_an_hour(house: HttpHouse) -> None:
    """ENR-08, C13: whoever tries is seen, and fills no record by trying; to look is no act."""
    alice, services = await house.add_person("alice"), house.inside.services
    auditor = await an_administrator(house, "auditor", Grant(role_id="auditor"))
    key = await house.add_key("admin")
    [client] = services.applications.clients(SYSTEM, TENANT, ClientKind.API)
    await services.applications.change_client(SYSTEM, msgspec.structs.replace(client, role_id="auditor"))
    user_id = alice.user.user_id

    async def refused(tenant_id: str) -> list[tuple[str, str]]:
        await services.refused_acts.close()
        listed = await house.inside.store.read(lambda tx: tx.events(tenant_id, "act.refused", Page()))
        return [(event.actor_name, event.facts["act"]) for event in listed.rows]

    async with at_console(house, auditor.user) as window, house.caller(key) as caller:
        for _ in range(3):
            assert (await window.post(f"users/{user_id}/unlock")).status_code == 403
            assert (await window.post(f"users/{'0' * 32}/unlock")).status_code == 403
            assert (await window.get("users/new")).status_code == 403
            assert (await caller.delete(f"{API}/users/{user_id}")).status_code == 403
        unlock = ("auditor", "POST /console/tenants/{tenant}/users/{user}/unlock")
        assert await refused(SYSTEM_TENANT) == [unlock]
        assert await refused(TENANT) == [(client.name, "DELETE /api/v1/users/{user_id}")]
        house.inside.clock.advance(3600)
    async with at_console(house, auditor.user) as window:
        await window.post(f"users/{user_id}/unlock")
        assert await refused(SYSTEM_TENANT) == [unlock, unlock]
        shown = words(await window.get("events", SYSTEM_TENANT))
        assert "somebody tried what his role does not give" in shown


async def test_pages_hide_what_one_may_not_do(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    auditor = await an_administrator(house, "auditor", Grant(role_id="auditor"))
    async with at_console(house, auditor.user) as window:
        page = (await window.get(f"users/{alice.user.user_id}")).text
        assert "alice" in page
        assert "/disable" not in page
        assert "/edit" not in page
        assert "Administration" not in page
        nav = words(await window.get(""))
        assert ("Changes" in nav, "Administrators" in nav) == (True, False)
        assert "<fieldset" in (await window.get("settings")).text


# --- nobody gets more than he has ------------------------------------------------------------------------


async def test_nobody_gives_what_he_has_not(house: HttpHouse) -> None:
    """TEN-05: by a role, an own role, an invitation or an API key, of one's own tenant or another's."""
    await house.add_tenant(OTHER)
    helper = await an_administrator(house, "helper", HELP_DESK)
    manager = Actor(
        actor_id="m", name="m", tenant_id="", rights=frozenset({Right.ADMINISTRATORS, Right.READ_PEOPLE})
    )
    roles, user_id = house.inside.services.roles, helper.user.user_id
    for grant in (EVERYTHING, Grant(role_id="help_desk"), Grant(role_id="auditor", tenant_id=TENANT)):
        with pytest.raises(NotAllowed):
            await roles.give(manager, user_id, (grant,))
        with pytest.raises(NotAllowed):
            await roles.invite(manager, (grant,))
    with pytest.raises(NotAllowed):
        await roles.give(manager, user_id, ())  # nor takes it
    with pytest.raises(NotAllowed):
        await roles.add(manager, "More", ("settings.change",))
    own = await roles.add(manager, "Readers", ("people.read",))
    assert own.rights == ("people.read",)

    keeper = Actor(
        actor_id="k", name="k", tenant_id=TENANT, rights=frozenset({Right.API_KEYS, Right.READ_CONFIGURATION})
    )
    key = await house.add_key("admin")
    applications = house.inside.services.applications
    for refused in (
        applications.add_client(
            keeper,
            TENANT,
            key.application_id,
            ClientKind.API,
            "more",
            scopes=("admin",),
            role_id=ADMINISTRATOR,
        ),
        applications.add_api_key(keeper, TENANT, key.client_id),
    ):
        with pytest.raises(NotAllowed):
            await refused
    await applications.add_client(
        keeper, TENANT, key.application_id, ClientKind.API, "check", scopes=("verify",)
    )


async def test_an_administrator_of_one_tenant_is_nobody_in_another(house: HttpHouse) -> None:
    """TEN-05: own subtree only; elsewhere everything is as if it were not there."""
    await house.add_tenant(OTHER)
    alice = await house.add_person("alice", OTHER)
    reseller = await an_administrator(house, "reseller", Grant(role_id=ADMINISTRATOR, tenant_id=TENANT))
    async with at_console(house, reseller.user) as window:
        assert (await window.get("users")).status_code == 200
        for path in ("", "users", f"users/{alice.user.user_id}", "settings", "api-keys"):
            assert (await window.get(path, OTHER)).status_code == 404
        assert (await window.post(f"users/{alice.user.user_id}/disable", tenant_id=OTHER)).status_code == 404
        assert (await window.get("administrators", SYSTEM_TENANT)).status_code == 404
        assert OTHER not in (await window.get("tenants")).text


# --- two persons -----------------------------------------------------------------------------------------


async def test_what_is_done_to_an_administrator_needs_a_second_one(house: HttpHouse) -> None:
    """BYP-03: proposed by one, confirmed by another, done once by the first; nobody confirms his own."""
    root, second, victim = [await an_administrator(house, name) for name in ("root", "second", "victim")]
    services, user_id = house.inside.services, victim.user.user_id
    first, other = actor_of(root), actor_of(second)

    async def add(typed: NewPhone = PHONE) -> Refusal | None:
        try:
            await services.phones.add(first, SYSTEM_TENANT, user_id, typed)
        except Refused as refused:
            return refused.why
        return None

    await allow_germany(house)
    assert await add() is Refusal.SECOND_NEEDED
    assert await add() is Refusal.SECOND_NEEDED, "a repeat is no second proposal"
    [proposal] = await services.proposals.list(first)
    with pytest.raises(Refused) as own:
        await services.proposals.confirm(first, proposal.proposal_id)
    assert own.value.why is Refusal.OWN_PROPOSAL
    await services.proposals.confirm(other, proposal.proposal_id)
    elsewhere = NewPhone(method="sms", typed="+4930999999")
    assert await add(elsewhere) is Refusal.SECOND_NEEDED, "only what was agreed to"
    assert await add() is None
    assert await add() is Refusal.SECOND_NEEDED, "and only once"
    assert {"proposal.made", "proposal.confirmed", "proposal.done", "phone.added"} <= await kinds(house)


async def test_what_was_agreed_to_is_used_up_by_the_act_and_not_by_its_failure(house: HttpHouse) -> None:
    """BYP-03: in one transaction with it; at once twice it is done once."""
    root, second, victim = [await an_administrator(house, name) for name in ("root", "second", "victim")]
    services, user_id = house.inside.services, victim.user.user_id
    first, other = actor_of(root), actor_of(second)

    async def add() -> Refusal | None:
        try:
            await services.phones.add(first, SYSTEM_TENANT, user_id, PHONE)
        except Refused as refused:
            return refused.why
        return None

    assert await add() is Refusal.SECOND_NEEDED
    [proposal] = await services.proposals.list(first)
    await services.proposals.confirm(other, proposal.proposal_id)
    assert await add() is Refusal.COUNTRY_CLOSED
    [still] = await services.proposals.list(first)
    assert still.state is ProposalState.CONFIRMED, "he is told why, and may do it when that is settled"
    await allow_germany(house)
    outcomes = await asyncio.gather(add(), add())
    assert sorted(map(str, outcomes)) == sorted(map(str, (None, Refusal.SECOND_NEEDED)))
    assert [each for each in await kinds(house) if each == "proposal.done"] == ["proposal.done"]
    held = await house.inside.store.read(lambda tx: tx.subject(SYSTEM_TENANT, user_id))
    assert held is not None
    assert len([each for each in held.authenticators if each.method == "sms"]) == 1


async def allow_germany(house: HttpHouse) -> None:
    """Open a country for the phones of administrators."""
    applications = house.inside.services.applications
    settings = house.inside.services.configuration.current.tenants[SYSTEM_TENANT].settings
    await applications.change_settings(
        SYSTEM, SYSTEM_TENANT, msgspec.structs.replace(settings, calling_codes=("49",))
    )


async def test_a_proposal_is_over_after_a_day(house: HttpHouse) -> None:
    """Neither is it confirmed late, nor is what was confirmed done late."""
    root, second, victim = [await an_administrator(house, name) for name in ("root", "second", "victim")]
    services, user_id = house.inside.services, victim.user.user_id
    for waits in (True, False):
        with pytest.raises(Refused):
            await services.users.unlock(actor_of(root), SYSTEM_TENANT, user_id)
        [proposal] = await services.proposals.list(actor_of(root))
        if not waits:
            await services.proposals.confirm(actor_of(second), proposal.proposal_id)
        house.inside.clock.advance(24 * 3600 + 1)
        assert await services.proposals.list(actor_of(root)) == ()
        with pytest.raises(Refused) as late:
            await services.proposals.confirm(actor_of(second), proposal.proposal_id)
        assert late.value.why is Refusal.NOT_FOUND


async def test_one_administrator_alone_is_never_locked(house: HttpHouse) -> None:
    """With nobody who could confirm nothing is asked for, and the command line asks for nobody at all."""
    root = await an_administrator(house, "root")
    helper = await an_administrator(house, "helper", HELP_DESK)
    services = house.inside.services
    await services.users.unlock(actor_of(root), SYSTEM_TENANT, helper.user.user_id)
    second = await an_administrator(house, "second")
    with pytest.raises(Refused):
        await services.users.unlock(actor_of(root), SYSTEM_TENANT, second.user.user_id)
    await services.users.unlock(SYSTEM, SYSTEM_TENANT, second.user.user_id)


async def test_shutting_somebody_out_waits_for_nobody_and_frees_nobody(house: HttpHouse) -> None:
    """An emergency is no time to wait; but who disables all others still needs one of them."""
    root, second = await an_administrator(house, "root"), await an_administrator(house, "second")
    helper = await an_administrator(house, "helper", HELP_DESK)
    services = house.inside.services
    off = UserFields(status=UserStatus.DISABLED)
    await services.users.edit(actor_of(root), SYSTEM_TENANT, second.user.user_id, off)
    with pytest.raises(Refused) as refused:
        await services.roles.give(actor_of(root), helper.user.user_id, (EVERYTHING,))
    assert refused.value.why is Refusal.SECOND_NEEDED


async def test_the_second_person_is_not_switched_off_alone(house: HttpHouse, console: ConsoleWindow) -> None:
    await an_administrator(house, "second")
    services = house.inside.services
    settings = services.configuration.current.tenants[SYSTEM_TENANT].settings
    off = msgspec.structs.replace(settings, two_administrators=False)
    with pytest.raises(Refused) as refused:
        await services.applications.change_settings(
            actor_of(Person(console.user, b"", "", "")), SYSTEM_TENANT, off
        )
    assert refused.value.why is Refusal.SECOND_NEEDED
    await services.applications.change_settings(SYSTEM, SYSTEM_TENANT, off)
    shown = words(await console.post("administrators/invite", {"role_id": ADMINISTRATOR}, SYSTEM_TENANT))
    assert "/console/setup/" in shown


async def test_two_administrators_agree_at_the_console(house: HttpHouse, console: ConsoleWindow) -> None:
    """The whole way over the pages: give a role, see the proposal, confirm it as another, repeat."""
    second = await an_administrator(house, "second")
    helper = await an_administrator(house, "helper", HELP_DESK)
    give = f"administrators/{helper.user.user_id}/give"
    role = {"role_id": "auditor", "tenant_id": TENANT}
    assert "A second administrator must agree" in words(await console.post(give, role, SYSTEM_TENANT))
    [proposal] = await house.inside.services.proposals.list(SYSTEM)
    decide = f"administrators/proposals/{proposal.proposal_id}/confirm"
    own = await console.post(decide, tenant_id=SYSTEM_TENANT)
    assert "You have proposed this yourself" in words(own)
    async with at_console(house, second.user) as other:
        shown = words(await other.get("administrators", SYSTEM_TENANT))
        assert "Give other roles: helper" in shown
        assert "Confirmed" in words(await other.post(decide, tenant_id=SYSTEM_TENANT))
    await console.post(give, role, SYSTEM_TENANT)
    holder = await house.inside.services.roles.of(SYSTEM, helper.user.user_id)
    assert {grant.role_id for grant in holder.grants} == {"help_desk", "auditor"}


async def test_a_key_does_nothing_to_people_with_roles_while_two_are_asked_for(house: HttpHouse) -> None:
    """Whoever made the key could agree to what it proposes; so it proposes nothing."""
    root = await an_administrator(house, "root")
    await an_administrator(house, "second")
    async with house.caller(await house.add_key("admin", tenant_id=SYSTEM_TENANT)) as caller:
        for answer in (
            await caller.post(f"{API}/users/{root.user.user_id}/password", json={"password": "x" * 20}),
            await caller.put(f"{API}/administrators/{root.user.user_id}/roles", json={"roles": []}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert (await caller.get(f"{API}/proposals")).json()["items"] == []


# --- taking roles away -----------------------------------------------------------------------------------


async def test_who_loses_a_role_is_out_at_once(house: HttpHouse) -> None:
    """His sessions end, and the console does not open again."""
    await an_administrator(house, "root")
    helper = await an_administrator(house, "helper", HELP_DESK)
    async with at_console(house, helper.user) as window:
        assert (await window.get("users")).status_code == 200
        await house.inside.services.roles.give(SYSTEM, helper.user.user_id, ())
        assert "/sign-in" in (await window.get("users")).headers["location"]
    assert "administrator.roles" in await kinds(house)


async def test_the_last_administrator_of_everything_stays(house: HttpHouse) -> None:
    root = await an_administrator(house, "root")
    await an_administrator(house, "helper", HELP_DESK)
    services = house.inside.services
    for attempt in (
        services.roles.give(SYSTEM, root.user.user_id, (HELP_DESK,)),
        services.users.remove(SYSTEM, SYSTEM_TENANT, root.user.user_id),
    ):
        with pytest.raises(Refused) as refused:
            await attempt
        assert refused.value.why is Refusal.LAST_ADMINISTRATOR


async def test_a_role_or_group_in_use_stays(house: HttpHouse) -> None:
    services = house.inside.services
    await an_administrator(house, "root")
    helper = await an_administrator(house, "helper", HELP_DESK)
    group = await services.groups.add(SYSTEM, TENANT, "Sales")
    role = await services.roles.add(SYSTEM, "Front desk", ("people.read", "pins.change"))
    grant = Grant(role_id=role.role_id, tenant_id=TENANT, groups=(group.group_id,))
    await services.roles.give(SYSTEM, helper.user.user_id, (grant,))
    with pytest.raises(Refused) as in_use:
        await services.roles.remove(SYSTEM, role.role_id)
    assert in_use.value.why is Refusal.IN_USE
    with pytest.raises(Refused) as limits:
        await services.groups.remove(SYSTEM, TENANT, group.group_id)
    assert limits.value.why is Refusal.LIMITS_A_ROLE


async def test_an_invitation_gives_the_role_it_was_made_for(house: HttpHouse) -> None:
    services = house.inside.services
    await an_administrator(house, "root")
    token = await services.roles.invite(SYSTEM, (HELP_DESK,))
    prepared = await services.setup.prepare(token.reveal(), "")
    assert prepared is not None
    secret = prepared.shown[1].reveal()
    user = await services.setup.complete(
        token.reveal(), prepared.sealed, "newcomer", Secret("Looking-Glass-1871-x"), passcode(house, secret)
    )
    assert (await services.roles.of(SYSTEM, user.user_id)).grants == (HELP_DESK,)
    assert PASSWORD not in repr(user)


def passcode(house: HttpHouse, typed_secret: str) -> Secret[str]:
    padded = typed_secret + "=" * (-len(typed_secret) % 8)
    return Secret(totp(base64.b32decode(padded), house.inside.clock.now()))
