"""Active Directory behind the proxy, served by Samba: the forms of names it takes, changes of passwords."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.integration.ldap_proxy.asking import bound, code
from tests.integration.ldap_proxy.conftest import Opening, ProxyHouse, RawClient
from tests.peers.samba_ad import DOMAIN, REALM, SambaAd
from vestibule.crypto.tokens import new_id
from vestibule.wire.ldap.filters import Present
from vestibule.wire.ldap.messages import (
    OpaqueOperation,
    Scope,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
)
from vestibule.wire.ldap.passwords import unicode_password

PASSWORD = "Wonder-land 1"


@pytest.fixture
async def proxy(open_proxy: Opening, samba_ad: SambaAd) -> ProxyHouse:
    directory: dict[str, Any] = dict(samba_ad.settings)
    return await open_proxy(directory=directory, password=samba_ad.service_password, passcodes="appended")


def add_person(samba_ad: SambaAd) -> tuple[str, str]:
    """Return the name and the distinguished name of somebody whom no other test has."""
    name = f"alice-{new_id()[:8]}"
    return name, samba_ad.add_person(name, PASSWORD)


async def test_every_form_of_a_name_is_the_same_person_or_nobody(
    proxy: ProxyHouse, samba_ad: SambaAd
) -> None:
    """LD-06: with the second factor in each, and bound as himself."""
    name, dn = add_person(samba_ad)
    alice = await proxy.house.add_person(name, "hotp")
    client = await proxy.connect()

    def proof() -> str:
        return PASSWORD + alice.passcode(0).reveal()

    same = (name, f"{name} ", name.upper(), f"{DOMAIN}\\{name}", f"{name}@{REALM}", dn, dn.lower())
    for form in same:
        assert await bound(client, form, PASSWORD + "000000") == 49, form
        assert await bound(client, form, proof()) == 0, form
        own = await found(client, dn)
        assert (await found(client, ""))["tokenGroups"] == own["objectSid"], form
    guid = own["objectGUID"].hex()
    others = (
        *(f"<GUID={guid}>", f"{{{guid}}}", f"{REALM}/Users/{name.title()} Example"),
        *(f"{name.title()} Example", f"{name}@elsewhere.example", f"{name}$", f"{DOMAIN}\\{name}\\x"),
    )
    for form in others:
        answer = await bound(client, form, proof())
        is_she = not answer and (await found(client, ""))["tokenGroups"] == own["objectSid"]
        assert answer == 49 or is_she, form
        assert await bound(client, form, PASSWORD) == 49, form


async def found(client: RawClient, dn: str) -> dict[str, bytes]:
    """Return the first values of an entry; the nameless one tells by `tokenGroups` who is bound."""
    wanted = ("objectGUID", "objectSid", "tokenGroups")
    client.send(SearchRequest(dn, Scope.BASE, Present("objectClass"), wanted))
    entry, done = await client.receive(), await client.receive()
    assert code(done) == 0
    assert entry is not None
    assert isinstance(entry.operation, SearchResultEntry)
    return {each.name: each.values[0] for each in entry.operation.attributes}


async def test_a_search_of_the_whole_domain_leads_nowhere_else(proxy: ProxyHouse, samba_ad: SambaAd) -> None:
    """LD-18: Active Directory answers it with references to other naming contexts."""
    name, dn = add_person(samba_ad)
    alice = await proxy.house.add_person(name, "hotp")
    client = await proxy.connect()
    assert await bound(client, dn, PASSWORD + alice.passcode(0).reveal()) == 0
    base = str(samba_ad.settings["base_dn"])
    client.send(SearchRequest(base, Scope.SUBTREE, Present("sAMAccountName"), ("1.1",)))
    answers = [await client.receive()]
    while answers[-1] is not None and not isinstance(answers[-1].operation, SearchResultDone):
        answers.append(await client.receive())
    assert code(answers.pop()) == 0
    assert {type(each.operation) for each in answers if each} == {SearchResultEntry}


async def test_a_person_changes_his_password_through_the_proxy(proxy: ProxyHouse, samba_ad: SambaAd) -> None:
    """LD-08: `unicodePwd` passes for who has proven both factors, on a protected connection to the domain."""
    name, dn = add_person(samba_ad)
    alice = await proxy.house.add_person(name, "hotp")
    client = await proxy.connect()
    change = unicode_password(dn, PASSWORD.encode(), b"Looking-glass 2")
    client.send(change)
    refused = await client.receive()
    assert refused is not None
    assert isinstance(refused.operation, OpaqueOperation)
    assert refused.operation.content.startswith(b"\x0a\x01\x08")
    assert await bound(client, dn, PASSWORD + alice.passcode(0).reveal()) == 0
    client.send(change)
    changed = await asyncio.wait_for(client.receive(), 20)
    assert changed is not None
    assert isinstance(changed.operation, OpaqueOperation)
    assert changed.operation.content.startswith(b"\x0a\x01\x00")
    assert await bound(client, dn, "Looking-glass 2" + alice.passcode(0).reveal()) == 0
