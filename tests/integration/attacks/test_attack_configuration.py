"""Tenants that reach into one another, and configuration that is put over what is there."""

from __future__ import annotations

from functools import partial

import msgspec
import pytest

from tests.houses import TENANT, TestHouse
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.application import ClientKind, ClientSecret, FirstFactor, SecondFactor
from vestibule.model.tenant import TenantSettings
from vestibule.model.verification import Reason
from vestibule.services.refusal import Refusal, Refused

OWN = Actor(actor_id="k", name="k", tenant_id=TENANT, rights=frozenset({Right.ADMINISTER}))


async def beta(house: TestHouse) -> None:
    applications = house.services.applications
    await applications.add_tenant(SYSTEM, "beta", "Beta")
    await applications.add_application(SYSTEM, "beta", "vpn", application_id="vpn")


async def test_nothing_is_added_over_what_is_there(house: TestHouse) -> None:
    """TEN-02: adding never replaces, whatever identifier is named."""
    services = house.services
    await services.setup.ensure_portal(TENANT)
    await beta(house)
    before = services.configuration.current
    applications = services.applications
    taken = [
        applications.add_tenant(SYSTEM, TENANT, "Mine", TenantSettings(lockout_threshold=100)),
        applications.add_application(OWN, TENANT, "x", application_id="vpn"),
        applications.add_client(OWN, TENANT, "vpn", ClientKind.API, "x", client_id=house.doors["vpn"]),
        applications.add_client(
            SYSTEM, "beta", "vpn", ClientKind.API, "x", client_id=house.doors["vpn"], scopes=("admin",)
        ),
    ]
    for adding in taken:
        with pytest.raises(Refused) as refused:
            await adding
        assert refused.value.why is Refusal.NAME_TAKEN
    open_door = applications.add_application(
        OWN, TENANT, "x", application_id="portal", first_factor=FirstFactor.CLIENT
    )
    with pytest.raises(Refused):
        await open_door
    after = services.configuration.current
    assert after.tenants == before.tenants
    assert after.applications == before.applications
    assert after.peers.keys() == before.peers.keys()


@pytest.mark.parametrize("name", ["portal", "console"])
async def test_a_built_in_door_is_never_made_without_a_lock(house: TestHouse, name: str) -> None:
    """BF-02, ENR-03: before it is there no more than later."""
    with pytest.raises(Refused) as refused:
        await house.services.applications.add_application(
            OWN,
            TENANT,
            name,
            application_id=name,
            first_factor=FirstFactor.CLIENT,
            second_factor=SecondFactor.IF_ENROLLED,
        )
    assert refused.value.why is Refusal.NOT_POSSIBLE


@pytest.mark.parametrize(
    "settings",
    [
        TenantSettings(lockout_threshold=0),
        TenantSettings(hard_stop=10**6),
        TenantSettings(lockout_threshold=50, hard_stop=10),
        TenantSettings(challenge_tries=0),
    ],
)
async def test_a_tenant_begins_within_the_bounds_that_hold_later(
    house: TestHouse, settings: TenantSettings
) -> None:
    """BF-12: no limit of 0, which would divide by it, and none of a million."""
    with pytest.raises(Refused) as refused:
        await house.services.applications.add_tenant(SYSTEM, "beta", "Beta", settings)
    assert refused.value.why is Refusal.OUT_OF_BOUNDS


async def test_no_password_is_asked_for_that_nobody_looks_at(house: TestHouse) -> None:
    """Password and passcode in one field, at an application that leaves the password to its client,
    would let in whoever has the passcode. Refused from both sides."""
    applications, combined = house.services.applications, {"mode": "combined"}
    await house.add_application("checked", first_factor=FirstFactor.CLIENT)
    add = partial(applications.add_client, SYSTEM, TENANT, kind=ClientKind.RADIUS)
    with pytest.raises(Refused) as refused:
        await add("checked", name="a", address="10.1.0.1", settings=combined)
    assert refused.value.why is Refusal.COMBINED_UNCHECKED
    client = await add("checked", name="b", address="10.1.0.2", settings={"mode": "passcode_only"})
    with pytest.raises(Refused):
        await applications.change_client(SYSTEM, msgspec.structs.replace(client, settings=combined))
    await add("vpn", name="c", address="10.1.0.3", settings=combined)
    vpn = applications.snapshot.applications[TENANT, "vpn"]
    with pytest.raises(Refused):
        await applications.change_application(
            SYSTEM, msgspec.structs.replace(vpn, first_factor=FirstFactor.CLIENT)
        )
    await beta(house)
    theirs = applications.snapshot.applications["beta", "vpn"]
    left = await applications.change_application(
        SYSTEM, msgspec.structs.replace(theirs, first_factor=FirstFactor.CLIENT)
    )
    assert left.first_factor is FirstFactor.CLIENT, "another tenant's clients are no obstacle (TEN-01)"


async def test_a_tenant_takes_no_concentrator_of_another(house: TestHouse) -> None:
    """TEN-03: the more specific network would get the other's requests, and drop them."""
    await beta(house)
    applications = house.services.applications
    add = applications.add_client
    wide = await add(SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "wide", address="10.0.0.0/24")
    await add(SYSTEM, TENANT, "vpn", ClientKind.RADIUS, "special", address="10.0.0.9")
    for address in ("10.0.0.5", "10.0.0.0/25", "10.0.0.0/24", "10.0.0.0/8", "0.0.0.0/0"):
        with pytest.raises(Refused) as refused:
            await add(SYSTEM, "beta", "vpn", ClientKind.RADIUS, "theirs", address=address)
        assert refused.value.why is Refusal.ADDRESS_TAKEN, address
    theirs = await add(SYSTEM, "beta", "vpn", ClientKind.RADIUS, "theirs", address="10.0.1.1")
    await add(SYSTEM, "beta", "vpn", ClientKind.RADIUS, "six", address="::/0")
    with pytest.raises(Refused):
        await applications.change_client(SYSTEM, msgspec.structs.replace(theirs, address="10.0.0.7"))
    with pytest.raises(Refused):
        await applications.change_client(SYSTEM, msgspec.structs.replace(wide, address="10.0.0.0/16"))


async def test_an_actor_of_one_tenant_changes_nothing_of_another(house: TestHouse) -> None:
    """TEN-01, TEN-05."""
    await beta(house)
    services = house.services
    application = services.configuration.current.applications["beta", "vpn"]
    client = await services.applications.add_client(SYSTEM, "beta", "vpn", ClientKind.API, "theirs")
    attempts = [
        services.applications.change_application(OWN, application),
        services.applications.change_client(OWN, client),
        services.applications.add_api_key(OWN, "beta", client.client_id),
        services.applications.remove_client(OWN, "beta", client.client_id),
        services.applications.add_tenant(OWN, "gamma", "Gamma"),
        services.users.unlock(OWN, "beta", "x"),
        services.enrollments.assign(OWN, "beta", "x", "T1"),
    ]
    for attempt in attempts:
        with pytest.raises(NotAllowed):
            await attempt
    with pytest.raises(Refused):
        await services.applications.add_api_key(OWN, TENANT, client.client_id)


async def test_a_secret_that_does_not_open_delays_no_revocation(house: TestHouse) -> None:
    """KEY-02: nobody's unreadable secret keeps an application open for everybody."""
    alice = await house.add_person("Alice")
    vpn = house.doors["vpn"]
    spoilt = ClientSecret(tenant_id=TENANT, secret_id="s", client_id=vpn, sealed=b"\x01" * 40, created_at=1)

    async def spoil(tx: Transaction) -> None:
        await tx.put(spoilt)

    await house.store.transact(spoil)
    await house.services.configuration.refresh()
    application = house.services.configuration.current.applications[TENANT, "vpn"]
    closed = msgspec.structs.replace(application, is_enabled=False)
    await house.services.applications.change_application(SYSTEM, closed)
    progress = await house.start("alice", passcode=alice.passcode(house.clock.now()))
    assert progress.reason is Reason.APPLICATION_DISABLED
    assert house.services.configuration.current.peers[vpn].secrets == ()
