"""Certificates: of one tenant each, part of the configuration, gone with their client."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import START, application, client, tenant
from vestibule.interfaces.store import AlreadyExists, Store
from vestibule.model.certificate import Certificate, CertificateKind


def certificate(tenant_id: str, certificate_id: str, **fields: Any) -> Certificate:
    usual = {
        "kind": CertificateKind.CLIENT,
        "client_id": "gateway",
        "name": "CN=vpn",
        "pem": "-----BEGIN",
        "not_before": START,
        "not_after": START + 1000,
        "created_at": START,
    }
    return Certificate(tenant_id=tenant_id, certificate_id=certificate_id, **(usual | fields))


@pytest.fixture
async def own(own_url: str, opened: Opened) -> Store:
    store = await opened(own_url)
    for tenant_id in ("a", "b"):
        for record in (tenant(tenant_id), application(tenant_id), client(tenant_id)):
            await store.transact(lambda tx, record=record: tx.put(record))
    return store


async def all_of(store: Store) -> tuple[Certificate, ...]:
    return (await store.read(lambda tx: tx.configuration())).certificates


async def test_what_is_written_is_read_and_can_be_revoked(own: Store) -> None:
    server = certificate("a", "s", kind=CertificateKind.SERVER, client_id="", hosts=("h", "i"), key=b"\0\xff")
    before = await own.read(lambda tx: tx.generation())
    await own.transact(lambda tx: tx.put(server))
    assert await all_of(own) == (server,)
    assert await own.read(lambda tx: tx.generation()) > before
    revoked = msgspec.structs.replace(server, revoked_at=START + 5, key=b"")
    await own.transact(lambda tx: tx.put(revoked))
    assert await all_of(own) == (revoked,)


async def test_no_two_tenants_have_the_same(own: Store) -> None:
    """RA-22: a certificate says whose a connection is."""
    await own.transact(lambda tx: tx.put(certificate("a", "one")))
    with pytest.raises(AlreadyExists):
        await own.transact(lambda tx: tx.put(certificate("b", "one")))
    (kept,) = await all_of(own)
    assert kept.tenant_id == "a"


async def test_they_go_with_their_client(own: Store) -> None:
    for one in (certificate("a", "one"), certificate("b", "two"), certificate("a", "three", client_id="")):
        await own.transact(lambda tx, one=one: tx.put(one))
    assert await own.transact(lambda tx: tx.remove(client("a")))
    assert [each.certificate_id for each in await all_of(own)] == ["three", "two"]
