"""Providers: what is bought by usage, for whom, and what its end takes away."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from tests.conformance.stores.records import activated_server
from tests.houses import TENANT, Person, TestHouse
from vestibule.cli.checks.editions import editions
from vestibule.cli.checks.findings import OpenInstallation
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Reach, Right
from vestibule.model.application import ClientKind, DirectoryConfiguration
from vestibule.model.day import day_at
from vestibule.model.edition import Edition
from vestibule.model.event import Event
from vestibule.model.licence import LicenceKind
from vestibule.model.provider import Provider, UsageModel
from vestibule.model.replication import ReplicationGroup
from vestibule.model.tenant import SYSTEM_TENANT, Tenant
from vestibule.model.verification import Reason
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import UserFields

PER_USER, PER_AUTHENTICATION = UsageModel


async def create(house: TestHouse, model: UsageModel = PER_USER, tenant_id: str = TENANT) -> Provider:
    return await house.services.providers.create(SYSTEM, "Sign-ins", model, "EUR", tenant_id)


async def delete(house: TestHouse, provider: Provider) -> None:
    await house.services.providers.delete(SYSTEM, provider.provider_id)


async def license_all(house: TestHouse, quantity: int) -> None:
    today = day_at(house.clock.now())
    await house.services.licences.add(SYSTEM, TENANT, LicenceKind.OWN, quantity, today, today)


def tenant(house: TestHouse, tenant_id: str = TENANT) -> Tenant:
    return house.services.configuration.current.tenants[tenant_id]


async def make_free(house: TestHouse) -> None:
    """Give the tenant the free edition before anything is set up in it."""
    await house.services.editions.change(SYSTEM, TENANT, Edition.FREE_ADMINS)


async def sign_in(house: TestHouse, person: Person) -> Reason:
    house.clock.advance(30)
    asked = await house.start(person.user.username, passcode=person.passcode(house.clock.now()))
    return asked.verification.reason


async def why(act: Awaitable[object]) -> tuple[Refusal, str]:
    with pytest.raises(Refused) as refused:
        await act
    return refused.value.why, refused.value.key


async def kinds(house: TestHouse, tenant_id: str) -> list[str]:
    listed = await house.store.read(lambda tx: tx.events(tenant_id, "", Page()))
    return [event.kind for event in listed.rows if isinstance(event, Event)]


async def test_s18_a_provider_gives_the_full_edition_to_everybody(house: TestHouse) -> None:
    """S18: all administrators and users of the tenant, at once."""
    await make_free(house)
    refused = await why(house.services.users.add(SYSTEM, TENANT, UserFields(username="ann")))
    assert refused == (Refusal.EDITION_NEEDED, Edition.FREE_SUITE)
    await create(house)
    assert tenant(house).edition is Edition.FULL
    await house.add_application()
    assert await sign_in(house, await house.add_person("alice")) is Reason.PASSCODE_VERIFIED
    assert "tenant.edition_changed" in await kinds(house, TENANT)
    chosen = await why(house.services.editions.change(SYSTEM, TENANT, Edition.FREE_SUITE))
    assert chosen == (Refusal.EDITION_GIVEN, "Acme")


async def test_s20_the_usage_model_of_a_provider_never_changes(house: TestHouse) -> None:
    """S20."""
    made = await create(house)
    change = house.services.providers.change
    refused = change(SYSTEM, made.provider_id, name="Other", usage_model=PER_AUTHENTICATION)
    assert await why(refused) == (Refusal.MODEL_FIXED, "Sign-ins")
    renamed = await change(SYSTEM, made.provider_id, name="Other", usage_model=PER_USER, version=1)
    assert (renamed.name, renamed.usage_model, renamed.version) == ("Other", PER_USER, 2)
    late = change(SYSTEM, made.provider_id, name="Late", version=1)
    assert (await why(late))[0] is Refusal.CHANGED_MEANWHILE


async def test_s21_another_provider_may_have_the_other_model(house: TestHouse) -> None:
    """S21."""
    first = await create(house)
    assert (await why(create(house)))[0] is Refusal.PROVIDER_THERE
    await delete(house, first)
    second = await create(house, PER_AUTHENTICATION)
    assert house.services.providers.find(SYSTEM, second.provider_id).usage_model is PER_AUTHENTICATION
    ever = {each.provider_id: each.deleted_at for each in await house.services.providers.of(SYSTEM, TENANT)}
    assert ever == {first.provider_id: house.clock.now(), second.provider_id: None}


async def test_s22_a_provider_need_not_be_linked(house: TestHouse) -> None:
    """S22: a tenant of its own is made with it."""
    made = await create(house, tenant_id="")
    own = tenant(house, made.tenant_id)
    assert (made.is_linked, own.is_standalone, own.name) == (False, True, "Sign-ins")
    taken = house.services.providers.create(SYSTEM, "Sign-ins", PER_USER, "EUR")
    assert (await why(taken))[0] is Refusal.NAME_TAKEN
    for tenant_id in ("nobody", SYSTEM_TENANT):
        assert (await why(create(house, tenant_id=tenant_id)))[0] is Refusal.NOT_FOUND
    euros = house.services.providers.create(SYSTEM, "More", PER_USER, "euro")
    assert await why(euros) == (Refusal.CURRENCY_INVALID, "euro")


async def test_s23_what_a_linked_tenant_has_outlives_its_provider(house: TestHouse) -> None:
    """S23: users and settings are intact; until the next one nobody gets in by what the edition lacks."""
    await make_free(house)
    first = await create(house)
    await house.add_application()
    alice = await house.add_person("alice")
    await house.change_settings(caller_id="+4930901820")
    ending = await house.services.providers.ending(SYSTEM, first.provider_id)
    assert (ending.edition, ending.closed, ending.lost) == (Edition.FREE_ADMINS, ("vpn",), {})
    await delete(house, first)
    assert tenant(house).edition is Edition.FREE_ADMINS
    assert await sign_in(house, alice) is Reason.EDITION_LACKING
    seen = await editions(OpenInstallation(house.house.settings, "en", None, house.house, house.clock.now()))
    assert [(each.key, each.placeholders["names"]) for each in seen] == [("editions.closed", "vpn")]
    await create(house, PER_AUTHENTICATION)
    assert await sign_in(house, alice) is Reason.PASSCODE_VERIFIED
    assert tenant(house).settings.caller_id == "+4930901820"


async def test_s24_with_a_licence_for_everybody_nothing_stops(house: TestHouse) -> None:
    """S24, S31: the provider may be deleted, and everybody goes on."""
    await make_free(house)
    provider = await create(house)
    await house.add_application()
    people = [await house.add_person(name) for name in ("alice", "bob")]
    await license_all(house, 2)
    ending = await house.services.providers.ending(SYSTEM, provider.provider_id)
    assert (ending.edition, ending.closed, ending.coverage.is_complete) == (Edition.FULL, (), True)
    await delete(house, provider)
    assert {await sign_in(house, person) for person in people} == {Reason.PASSCODE_VERIFIED}


async def test_s25_an_unlinked_tenant_ends_with_its_provider(house: TestHouse) -> None:
    """S25: nothing is carried over into the next one, and no other tenant is touched."""
    first = await create(house, tenant_id="")
    applications = house.services.applications
    await applications.add_application(SYSTEM, first.tenant_id, "VPN", application_id="vpn")
    await applications.add_client(SYSTEM, first.tenant_id, "vpn", ClientKind.API, "Key", scopes=("verify",))
    branches = ReplicationGroup(
        tenant_id=first.tenant_id, group_id="g1", provider_id=first.provider_id, name="Branches", created_at=0
    )
    await house.store.transact(lambda tx: tx.add_replication_group(branches))
    await house.store.transact(lambda tx: tx.add_activated_server(activated_server(first.tenant_id)))
    ending = await house.services.providers.delete(SYSTEM, first.provider_id)
    assert await house.store.read(lambda tx: tx.activated_servers(first.tenant_id)) == ()
    assert ending.lost == {"applications": 1, "clients": 1, "gateways": 0, "voice_messages": 0, "servers": 1}
    snapshot = house.services.configuration.current
    assert first.tenant_id not in snapshot.tenants
    assert not any(key[0] == first.tenant_id for key in snapshot.applications)
    second = await create(house, tenant_id="")
    assert second.tenant_id != first.tenant_id
    assert not any(key[0] == second.tenant_id for key in house.services.configuration.current.applications)
    again = applications.add_tenant(SYSTEM, first.tenant_id, "Somebody else")
    assert (await why(again))[0] is Refusal.NAME_TAKEN
    assert (await kinds(house, SYSTEM_TENANT)).count("provider.deleted") == 1
    assert TENANT in house.services.configuration.current.tenants


async def test_s25_settings_stay_with_the_tenant_and_go_to_no_other(house: TestHouse) -> None:
    """S25: a provider linked to another tenant finds nothing of the first."""
    await delete(house, await create(house))
    await house.add_person("alice")
    await house.services.applications.add_tenant(SYSTEM, "other", "Other")
    await create(house, tenant_id="other")
    assert await house.services.users.count(SYSTEM, "other") == 0
    assert await house.services.users.count(SYSTEM, TENANT) == 1


async def test_s34_no_directory_is_needed_to_pay_by_usage(house: TestHouse) -> None:
    """S34: whichever usage model."""
    for model in UsageModel:
        made = await house.services.providers.create(SYSTEM, model.value, model, "EUR")
        assert (made.is_linked, made.usage_model) == (False, model)
        assert house.services.configuration.current.providers[made.tenant_id] == made


async def test_s35_what_needs_people_is_refused_without_a_directory(house: TestHouse) -> None:
    """S35: programs work, and what needs people at the service says why it is refused."""
    made = await create(house, tenant_id="")
    of, services = made.tenant_id, house.services
    directory = DirectoryConfiguration(
        tenant_id=of, directory_id="d", kind="ldap", name="D", created_at=house.clock.now()
    )
    await services.applications.add_application(SYSTEM, of, "VPN", application_id="vpn")
    for act in (
        services.users.add(SYSTEM, of, UserFields(username="ann"), Secret("Looking-Glass-1871")),
        services.groups.add(SYSTEM, of, "Sales"),
        services.rule_sets.write(SYSTEM, of, (), seen=0),
        services.applications.put_directory(SYSTEM, directory, None),
        services.applications.add_client(SYSTEM, of, "vpn", ClientKind.RADIUS, "Gate", address="192.0.2.1"),
        services.licences.add(SYSTEM, of, LicenceKind.OWN, 1, "2027-01-01", "2027-12-31"),
    ):
        assert await why(act) == (Refusal.NO_PEOPLE_HERE, "Sign-ins")
    key = await services.applications.add_client(
        SYSTEM, of, "vpn", ClientKind.API, "Program", scopes=("verify",)
    )
    assert key.client_id in services.configuration.current.peers


async def test_only_the_operator_buys_and_a_tenant_sees_its_own(house: TestHouse) -> None:
    """TEN-05: whoever administers a tenant reads its own provider and changes none."""
    made = await create(house)
    reach = Reach(rights=frozenset({Right.ADMINISTER}), tenant_id=TENANT)
    own = Actor(actor_id="u", name="u", tenant_id=TENANT, rights=frozenset(), reaches=(reach,))
    providers = house.services.providers
    assert await providers.of(own, TENANT) == (made,)
    for act in (
        providers.create(own, "Mine", PER_USER, "EUR", TENANT),
        providers.change(own, made.provider_id, name="Mine"),
        providers.delete(own, made.provider_id),
        providers.of(own, "other"),
        house.services.licences.add(own, TENANT, LicenceKind.OWN, 1, "2027-01-01", "2027-12-31"),
    ):
        with pytest.raises(NotAllowed):
            await act
    with pytest.raises(NotAllowed):
        await providers.list(own)
    assert made == providers.find(SYSTEM, made.provider_id)
