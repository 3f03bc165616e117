"""Editions: every feature in every edition, through its own service, and what happens when one changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from tests.houses import TENANT, TestHouse, open_house
from tests.integration.app_passwords.scene import signed_in
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.application import Application, Client, ClientKind, Purpose
from vestibule.model.edition import EDITIONS, Edition, Feature, has, lacking, needed
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Requirement, Role
from vestibule.model.verification import Reason
from vestibule.model.voice_message import MessageType
from vestibule.services.bypasses import NewBypass
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import UserFields
from vestibule.wire.sound import write_wav

ADMINS, SUITE, FULL = Edition


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[TestHouse]:
    async with open_house(tmp_path / "state") as opened:
        yield opened


async def put(house: TestHouse, edition: Edition, tenant_id: str = TENANT) -> None:
    """Give the tenant an edition, whatever it uses: so each feature is tried by itself."""
    tenant = house.services.configuration.current.tenants[tenant_id]
    await house.store.transact(lambda tx: tx.put(msgspec.structs.replace(tenant, edition=edition)))
    await house.services.configuration.refresh()


# --- what each feature is, tried through the service that has it ------------------------------------------


async def add_suite_service(house: TestHouse, name: str = "door", **fields: object) -> Application:
    """Add a service of the suite, with any fields it may have."""
    application = Application(
        tenant_id=TENANT,
        application_id=name,
        name=name,
        created_at=house.clock.now(),
        **({"purpose": Purpose.SUITE_SERVICE} | fields),  # type: ignore[arg-type] - any field at all
    )
    await house.store.transact(lambda tx: tx.put(application))
    await house.services.configuration.refresh()
    return application


async def change(house: TestHouse, **fields: object) -> None:
    door = house.services.configuration.current.applications[TENANT, "door"]
    changed = msgspec.structs.replace(door, **fields)
    await house.services.applications.change_application(SYSTEM, changed)


async def add_client(house: TestHouse, kind: ClientKind) -> None:
    await house.services.applications.add_client(
        SYSTEM, TENANT, "door", kind, kind.value, address="192.0.2.1", scopes=("verify",)
    )


async def add_voice_message(house: TestHouse) -> None:
    await house.services.voice_messages.add(
        SYSTEM, TENANT, write_wav(bytes(1600)), language="en", message_type=MessageType.DENIED
    )


async def make_app_password(house: TestHouse) -> None:
    person = await house.add_person("alice", requirement=Requirement.ENFORCED)
    await house.services.app_passwords.make(await signed_in(house, person), "Mail", ("door",))


async def set_pin(house: TestHouse) -> None:
    person = await house.add_person("pia")
    await house.services.pins.set(SYSTEM, TENANT, person.user.user_id)


async def make_bypass(house: TestHouse) -> None:
    person = await house.add_person("ben")
    await house.services.bypasses.make(SYSTEM, TENANT, person.user.user_id, NewBypass(reason="lost"))


async def report_fraud(house: TestHouse) -> None:
    """On by default, so nothing is refused: it has no effect."""
    if not house.services.configuration.current.tenants[TENANT].takes_fraud_reports:
        raise Refused(Refusal.EDITION_NEEDED, FULL)


USES: dict[Feature, Callable[[TestHouse], Awaitable[object]]] = {
    Feature.SUITE_SERVICES: lambda house: house.services.users.add(
        SYSTEM, TENANT, UserFields(username="bob")
    ),
    Feature.OTHER_USERS: lambda house: change(house, purpose=Purpose.SIGN_IN),
    Feature.ON_PREMISES_APPLICATIONS: lambda house: add_client(house, ClientKind.RADIUS),
    Feature.API: lambda house: add_client(house, ClientKind.API),
    Feature.PIN_MODE: set_pin,
    Feature.FRAUD_ALERT: report_fraud,
    Feature.REPORTS: lambda house: house.services.attempts.report(
        SYSTEM, TENANT, VerificationFilter(), Page()
    ),
    Feature.VOICE_MESSAGES: add_voice_message,
    Feature.CALLER_ID: lambda house: house.change_settings(caller_id="+4930901820"),
    Feature.TRUSTED_ADDRESSES: lambda house: house.change_settings(trusted_addresses=("192.0.2.0/24",)),
    Feature.APP_PASSWORDS: make_app_password,
    Feature.BYPASS: make_bypass,
}
"""What needs each feature. Those of an application are tried below."""


@pytest.mark.parametrize("edition", Edition)
async def test_every_feature_in_every_edition(house: TestHouse, edition: Edition) -> None:
    """Inventory 1.28, B6: what is outside is refused, with the edition that has it; the rest is not."""
    await house.change_settings(app_passwords=True)
    await add_suite_service(house, is_legacy=True)
    await put(house, edition)
    for feature, use in USES.items():
        if has(edition, feature):
            await use(house)
            continue
        with pytest.raises(Refused) as refused:
            await use(house)
        expected = (Refusal.EDITION_NEEDED, needed(feature).value)
        assert (refused.value.why, refused.value.key) == expected, feature


async def test_what_an_application_needs(house: TestHouse) -> None:
    """Inventory 1.28: method control and remembering are in all editions, trusted addresses are not."""
    await add_suite_service(house)
    await put(house, SUITE)
    await change(house, methods=("totp",), remember_days=14)
    for fields in (
        {"trusted_addresses": ("192.0.2.0/24",)},
        {"skips_trusted": True},
        {"purpose": Purpose.SIGN_IN},
    ):
        with pytest.raises(Refused) as refused:
            await change(house, **fields)
        assert (refused.value.why, refused.value.key) == (Refusal.EDITION_NEEDED, FULL.value), fields


def test_the_table() -> None:
    """Inventory 1.28: the full one has all; app passwords, method control and remembering are in each."""
    assert set(EDITIONS) == set(Feature)
    assert all(FULL in editions for editions in EDITIONS.values())
    free = {feature for feature in Feature if has(ADMINS, feature)}
    assert free == {Feature.APP_PASSWORDS, Feature.METHOD_CONTROL, Feature.REMEMBERED_BROWSERS}
    assert {feature for feature in Feature if has(SUITE, feature)} == free | {Feature.SUITE_SERVICES}
    assert lacking(FULL) == {}
    assert lacking(ADMINS)["suite_services"] == "free-suite"


# --- the rules ------------------------------------------------------------------------------------------


async def test_s17_administrators_have_the_free_subset(house: TestHouse) -> None:
    """S17: without the full version they sign in to the console with a second factor, and have no more."""
    await put(house, ADMINS, SYSTEM_TENANT)
    grace = await house.add_person("grace", tenant_id=SYSTEM_TENANT, role=Role.ADMINISTRATOR)
    console = next(
        peer
        for peer in house.services.configuration.current.peers.values()
        if peer.application.application_id == "console"
    )
    house.doors["console"] = console.client.client_id
    asked = await house.start("grace", door="console")
    assert (asked.reason, asked.challenge is not None) == (Reason.PASSCODE_PENDING, True)
    assert asked.challenge is not None
    passcode = grace.passcode(house.clock.now())
    entered = await house.answer("grace", asked.challenge.challenge_id, passcode, door="console")
    assert entered.is_approved
    with pytest.raises(Refused) as refused:
        await house.services.pins.set(SYSTEM, SYSTEM_TENANT, grace.user.user_id)
    assert (refused.value.why, refused.value.key) == (Refusal.EDITION_NEEDED, FULL.value)


async def test_s18_with_the_full_edition_everybody_has_everything(house: TestHouse) -> None:
    """S18: when a provider is created, this one change upgrades all administrators and users at once."""
    await put(house, SUITE)
    bob = await house.services.users.add(SYSTEM, TENANT, UserFields(username="bob"))
    with pytest.raises(Refused):
        await house.services.pins.set(SYSTEM, TENANT, bob.user_id)
    changed = await house.services.editions.change(SYSTEM, TENANT, FULL)
    assert changed.edition is FULL
    assert (await house.services.pins.set(SYSTEM, TENANT, bob.user_id)).is_changed
    await house.add_application("vpn")
    assert (await house.start("bob")).reason is not Reason.FAULT
    events = (await house.store.read(lambda tx: tx.events(TENANT, "tenant.", Page()))).rows
    assert [event.facts for event in events if event.kind == "tenant.edition_changed"] == [
        {"edition": "full", "before": "free-suite"}
    ]


async def test_s19_users_of_the_suite_have_the_free_subset_at_its_services(house: TestHouse) -> None:
    """S19: a second factor at a service of the suite, nowhere else; with the full version it makes no
    difference which service it is."""
    await put(house, SUITE)
    added = await house.services.applications.add_application(SYSTEM, TENANT, "Suite", application_id="suite")
    assert added.purpose is Purpose.SUITE_SERVICE
    client = Client(
        tenant_id=TENANT,
        client_id="c-suite",
        application_id="suite",
        kind=ClientKind.BUILT_IN,
        name="suite",
        created_at=house.clock.now(),
    )
    await house.store.transact(lambda tx: tx.put(client))
    await house.services.configuration.refresh()
    house.doors["suite"] = "c-suite"
    alice = await house.add_person("alice")
    asked = await house.start("alice", door="suite")
    assert asked.challenge is not None
    passcode = alice.passcode(house.clock.now())
    assert (await house.answer("alice", asked.challenge.challenge_id, passcode, door="suite")).is_approved
    vpn = msgspec.structs.replace(added, purpose=Purpose.SIGN_IN)
    with pytest.raises(Refused) as refused:
        await house.services.applications.change_application(SYSTEM, vpn)
    assert (refused.value.why, refused.value.key) == (Refusal.EDITION_NEEDED, FULL.value)
    await house.services.editions.change(SYSTEM, TENANT, FULL)
    await house.services.applications.change_application(SYSTEM, vpn)


# --- changing -------------------------------------------------------------------------------------------


async def test_a_tenant_is_in_the_full_edition_until_it_is_given_another(house: TestHouse) -> None:
    assert house.services.configuration.current.tenants[TENANT].edition is FULL
    for edition in (ADMINS, SUITE, FULL):
        await house.services.editions.change(SYSTEM, TENANT, edition)
        assert house.services.configuration.current.tenants[TENANT].edition is edition


async def test_an_edition_that_lacks_what_is_in_use_is_refused(house: TestHouse) -> None:
    """B6: a tenant has nothing that its edition has not; the refusal names what is in the way."""
    alice = await house.add_person("alice")
    await house.services.pins.set(SYSTEM, TENANT, alice.user.user_id)
    await add_voice_message(house)
    await add_suite_service(house, "vpn", purpose=Purpose.SIGN_IN, skips_trusted=True)
    await house.add_application("shop")
    await house.change_settings(caller_id="+4930901820")
    with pytest.raises(Refused) as refused:
        await house.services.editions.change(SYSTEM, TENANT, ADMINS)
    assert refused.value.why is Refusal.EDITION_EXCEEDED
    assert refused.value.key.split(", ") == sorted(
        [
            "api",
            "caller_id",
            "other_users",
            "pin_mode",
            "suite_services",
            "trusted_addresses",
            "voice_messages",
        ]
    )
    assert house.services.configuration.current.tenants[TENANT].edition is FULL


async def test_no_tenant_chooses_its_own_edition(house: TestHouse) -> None:
    """TEN-05"""
    own = Actor(actor_id="k", name="key", tenant_id=TENANT, rights=frozenset({Right.ADMINISTER}))
    with pytest.raises(NotAllowed):
        await house.services.editions.change(own, TENANT, FULL)
