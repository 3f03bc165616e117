"""Configuration: one snapshot, changed on versions, and a number that tells when it is out of date."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import (
    application,
    client,
    client_secret,
    directory,
    tenant,
)
from vestibule.interfaces.store import AlreadyExists, Conflict, Store
from vestibule.interfaces.transaction.configuration import Configuration
from vestibule.model.application import ClientKind, FirstFactor, SecondFactor
from vestibule.model.tenant import TenantSettings

Maker = Callable[..., Any]


@pytest.fixture
async def own(own_url: str, opened: Opened) -> Store:
    store = await opened(own_url)
    await store.transact(lambda tx: tx.put(tenant("acme")))
    return store


async def put(store: Store, *records: Any) -> None:
    for record in records:
        await store.transact(lambda tx, record=record: tx.put(record))


async def configuration(store: Store) -> Configuration:
    return await store.read(lambda tx: tx.configuration())


async def test_a_snapshot_is_all_there_is(own: Store) -> None:
    full = (
        application(
            "acme",
            first_factor=FirstFactor.DIRECTORY,
            directory_id="ldap",
            second_factor=SecondFactor.IF_ENROLLED,
            methods=("totp", "hotp"),
            is_enabled=False,
        ),
        client(
            "acme",
            kind=ClientKind.API,
            address="192.0.2.0/24",
            settings={"mode": "challenge", "nested": {"a": [1]}},
            scopes=("verify", "admin"),
            is_enabled=False,
        ),
        client_secret("acme", token_hash="hash", hint="wxyz", not_after=9, sealed=b"\0\xff"),
        directory("acme", settings={"url": "ldaps://x"}, secret=b"\0"),
        tenant("other", settings=TenantSettings(language="de", lockout_threshold=3)),
    )
    await put(own, *full)
    for run in (own.transact, own.read):
        found = await run(lambda tx: tx.configuration())
        assert found.applications == (full[0],)
        assert found.clients == (full[1],)
        assert found.secrets == (full[2],)
        assert found.directories == (full[3],)
        assert found.tenants == (tenant("acme"), full[4])


async def test_the_generation_grows_with_every_change(own: Store) -> None:
    async def generation() -> int:
        own_number = await own.transact(lambda tx: tx.generation())
        assert (await configuration(own)).generation == own_number
        return own_number

    numbers = [await generation()]
    first = application("acme")
    for step in (
        lambda tx: tx.put(first),
        lambda tx: tx.put(msgspec.structs.replace(first, name="New")),
        lambda tx: tx.put(client("acme")),
        lambda tx: tx.put(client_secret("acme")),
        lambda tx: tx.put(directory("acme")),
        lambda tx: tx.put(msgspec.structs.replace(tenant("acme"), name="New")),
        lambda tx: tx.remove(client_secret("acme")),
        lambda tx: tx.remove(first),
    ):
        await own.transact(step)
        numbers.append(await generation())
    assert numbers == sorted(set(numbers))
    assert not await own.transact(lambda tx: tx.remove(first))
    assert await generation() == numbers[-1], "nothing has changed"


@pytest.mark.parametrize("make", [application, client, directory, tenant])
async def test_a_record_is_replaced_on_its_version(own: Store, make: Maker) -> None:
    await put(own, application("acme"))
    record = make("acme", version=1)
    await own.transact(lambda tx: tx.remove(record) if make is not tenant else tx.generation())
    if make is client:
        await put(own, application("acme", version=1)) if not (
            await configuration(own)
        ).applications else None
    if make is not tenant:
        await put(own, record)
    await put(own, msgspec.structs.replace(record, name="Second"))
    with pytest.raises(Conflict):
        await put(own, msgspec.structs.replace(record, name="Late"))
    with pytest.raises(Conflict):
        await put(own, msgspec.structs.replace(record, name="Early", version=3))
    await put(own, msgspec.structs.replace(record, name="Third", version=2))
    found = await configuration(own)
    stored = next(
        each
        for each in (*found.applications, *found.clients, *found.directories, *found.tenants)
        if type(each) is type(record)
    )
    assert stored == msgspec.structs.replace(record, name="Third", version=3)


async def test_a_new_record_has_version_1(own: Store) -> None:
    with pytest.raises(Conflict):
        await put(own, application("acme", version=2))
    assert (await configuration(own)).applications == ()


@pytest.mark.parametrize("make", [application, client, directory])
async def test_a_name_is_taken_once_in_its_tenant(own: Store, make: Maker) -> None:
    await put(own, tenant("other"))
    if make is client:
        await put(own, application("acme"), application("other"))
    await put(own, make("acme", "one", name="Name"), make("acme", "two", name="Other"))
    for record in (make("acme", "three", name="Name"), make("acme", "two", name="Name")):
        with pytest.raises(AlreadyExists) as taken:
            await put(own, record)
        assert taken.value.key == "Name"
    await put(own, make("other", "one", name="Name"))


async def test_a_tenant_name_is_taken_once(own: Store) -> None:
    with pytest.raises(AlreadyExists, match="tenant 'ACME'"):
        await put(own, tenant("other", name="ACME"))


async def test_a_secret_has_no_version_and_is_replaced(own: Store) -> None:
    await put(own, application("acme"), client("acme"), client_secret("acme"))
    ended = client_secret("acme", not_after=5)
    await put(own, ended)
    assert (await configuration(own)).secrets == (ended,)


async def test_what_belongs_to_a_record_goes_with_it(own: Store) -> None:
    await put(own, application("acme"), application("acme", "web"))
    await put(own, client("acme"), client("acme", "second"), client("acme", "third", application_id="web"))
    await put(own, client_secret("acme"), client_secret("acme", "of-third", client_id="third"))
    assert await own.transact(lambda tx: tx.remove(client("acme")))
    assert [each.secret_id for each in (await configuration(own)).secrets] == ["of-third"]
    assert await own.transact(lambda tx: tx.remove(application("acme")))
    found = await configuration(own)
    assert [each.client_id for each in found.clients] == ["third"]
    assert [each.application_id for each in found.applications] == ["web"]


async def test_a_client_needs_its_application_and_a_secret_its_client(own: Store) -> None:
    """What a record hangs on has gone: read again."""
    for orphan in (client("acme"), client_secret("acme"), application("nobody")):
        with pytest.raises(Conflict):
            await put(own, orphan)


async def test_notes_are_facts_about_the_installation(own: Store) -> None:
    assert await own.read(lambda tx: tx.note("key")) is None
    await own.transact(lambda tx: tx.put_note("key", "one"))
    await own.transact(lambda tx: tx.put_note("key", "two"))
    await own.transact(lambda tx: tx.put_note("other", ""))
    for run in (own.transact, own.read):
        assert await run(lambda tx: tx.note("key")) == "two"
        assert await run(lambda tx: tx.note("other")) == ""
