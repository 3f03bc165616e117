"""OpenLDAP's own programs bind through the proxy: what the directory says reaches them once the person has
answered, and nothing does before."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from tests.houses import TENANT
from tests.integration.ldap_proxy.asking import bound, code
from tests.integration.ldap_proxy.conftest import NUMBER, WIKI, Opening, ProxyHouse, dn
from tests.integration.phone.test_texts import passcode_in
from tests.peers.openldap import BASE_DN, PEOPLE, OpenLdap, person
from tests.until import until_read
from vestibule.interfaces.gateway import Reply
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Caching
from vestibule.model.verification import Reason, VerificationState


async def test_a_bind_waits_for_the_call_and_leads_to_the_directory(proxy: ProxyHouse) -> None:
    await proxy.add_person()
    asked = asyncio.create_task(proxy.whoami())
    await proxy.approve()
    status, shown = await asked
    assert (status, shown.strip()) == (0, f"dn:{dn('alice')}")
    (attempt,) = await proxy.house.attempts()
    assert (attempt.channel, attempt.username, attempt.reason) == ("ldap", "alice", Reason.CALL_CONFIRMED)


async def test_whoever_hangs_up_is_not_let_in(proxy: ProxyHouse) -> None:
    await proxy.add_person()
    asked = asyncio.create_task(proxy.whoami())
    await proxy.hang_up()
    status, shown = await asked
    assert status == 49
    assert "Invalid credentials" in shown
    (attempt,) = await proxy.house.attempts()
    assert attempt.state is VerificationState.DENIED


async def test_a_reply_to_a_text_lets_in(proxy: ProxyHouse) -> None:
    await proxy.add_person("bob", "sms", two_way=True)
    asked = asyncio.create_task(proxy.whoami("bob"))
    gateway, sent = await proxy.phones.far.next_text()
    await gateway.inbox.reply(Reply(sender=NUMBER, recipient="", body=passcode_in(sent)))
    assert await asked == (0, f"dn:{dn('bob')}\n")


async def test_a_wrong_password_calls_nobody(proxy: ProxyHouse) -> None:
    await proxy.add_person()
    status, _ = await proxy.whoami(password="not hers")
    assert status == 49
    assert not proxy.phones.far.errands
    (attempt,) = await proxy.house.attempts()
    assert attempt.reason is Reason.PASSWORD_WRONG


async def test_a_passcode_behind_the_password_lets_in_once(proxy: ProxyHouse) -> None:
    await proxy.change_client(passcodes="appended")
    alice = await proxy.house.add_person("alice")
    passcode = alice.passcode(proxy.house.clock.now()).reveal()
    assert await proxy.whoami(password=PEOPLE["alice"] + passcode) == (0, f"dn:{dn('alice')}\n")
    for proof in (PEOPLE["alice"] + passcode, PEOPLE["alice"], passcode, "x" + passcode):
        status, _ = await proxy.whoami(password=proof)
        assert status == 49


async def test_protected_by_starttls_and_by_ldaps(proxy: ProxyHouse) -> None:
    await proxy.change_client(demand_tls=True, passcodes="appended")
    alice = await proxy.house.add_person("alice", "hotp")
    for arguments, url in ((("-ZZ",), proxy.url), ((), proxy.tls_url)):
        password = PEOPLE["alice"] + alice.passcode(0).reveal()
        found = await proxy.tool("ldapwhoami", *arguments, who=dn("alice"), password=password, url=url)
        assert found == (0, f"dn:{dn('alice')}\n")


async def test_who_is_bound_searches_as_himself_and_no_more(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-05: the account that is exempt sees what the directory lets it see, a person what it lets him."""
    await proxy.change_client(exempt_binds=[f"127.0.0.1 {openldap.service_dn}"], passcodes="appended")
    alice = await proxy.house.add_person("alice", "hotp")
    bob = ("-b", BASE_DN, "(mail=bob*)", "cn")
    reader = {"who": openldap.service_dn, "password": openldap.service_password}
    status, shown = await proxy.tool("ldapsearch", *bob, **reader)
    assert status == 0
    assert f"dn: {dn('bob')}" in shown
    password = PEOPLE["alice"] + alice.passcode(0).reveal()
    assert (await proxy.tool("ldapsearch", *bob, who=dn("alice"), password=password))[0] == 32


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_an_answer_after_the_application_gave_up_lets_in_its_next_bind_once(
    open_proxy: Opening, openldap: OpenLdap, engine: str
) -> None:
    """LD-17: where it is allowed. The answer is good for the right password only, and for one bind."""
    proxy = await open_proxy(openldap, engine=engine, keep_asking=True)
    await proxy.add_person()
    hasty = await proxy.connect()
    hasty.bind(dn("alice"), PEOPLE["alice"])
    call = await proxy.phones.far.next_call()
    await hasty.close()
    proxy.phones.far.arrived.put_nowait(call)
    await proxy.approve()
    clients = [await proxy.connect() for _ in range(4)]
    assert await bound(clients[0], dn("alice"), "wrong") == 49
    proof = dn("alice"), PEOPLE["alice"]
    binds = [asyncio.create_task(bound(client, *proof)) for client in clients[1:]]
    first, _ = await asyncio.wait(binds, return_when=asyncio.FIRST_COMPLETED)
    assert [done.result() for done in first].count(0) == 1
    await proxy.hang_up()
    codes = await asyncio.gather(*binds)
    assert sorted(codes) == [0, 49, 49]
    assert len(proxy.phones.far.errands) == 2


async def test_without_that_nobody_is_let_in_by_a_late_answer(proxy: ProxyHouse) -> None:
    """LD-17"""
    await proxy.add_person()
    hasty = await proxy.connect()
    hasty.bind(dn("alice"), PEOPLE["alice"])
    call = await proxy.phones.far.next_call()
    await hasty.close()
    await until_read(proxy.house.attempts, lambda found: found[0].state is VerificationState.CANCELED)
    proxy.phones.far.arrived.put_nowait(call)
    await proxy.approve()
    client = await proxy.connect()
    client.bind(dn("alice"), PEOPLE["alice"])
    await proxy.hang_up()
    assert code(await client.receive()) == 49
    assert len(proxy.phones.far.errands) == 2


async def remember_proofs(proxy: ProxyHouse) -> None:
    wiki = proxy.house.services.configuration.current.applications[TENANT, WIKI]
    cached = msgspec.structs.replace(wiki, caching=Caching.APPLICATION, caching_seconds=600)
    await proxy.house.services.applications.change_application(SYSTEM, cached)


async def test_a_proof_counts_for_a_while_where_that_is_said_and_the_password_never(
    open_proxy: Opening, own_openldap: OpenLdap
) -> None:
    """LD-20: what is kept is that the second factor was proven, for this person and application. The
    directory judges every password; a block, or anything else that voids proofs, ends it at once."""
    proxy = await open_proxy(own_openldap)
    alice = await proxy.add_person()
    await remember_proofs(proxy)
    client = await proxy.connect()
    client.bind(dn("alice"), PEOPLE["alice"])
    await proxy.approve()
    assert code(await client.receive()) == 0
    assert await bound(client, dn("alice"), PEOPLE["alice"]) == 0
    assert await bound(client, dn("alice"), "x" * 80 + PEOPLE["alice"]) == 49
    change = ("-a", PEOPLE["alice"], "-s", "A new password 1")
    changed = await proxy.tool("ldappasswd", *change, who=dn("alice"), password=PEOPLE["alice"])
    assert changed[0] == 0
    assert await bound(client, dn("alice"), PEOPLE["alice"]) == 49
    assert len(proxy.phones.far.errands) == 1
    await proxy.house.change_user(alice, void_before=proxy.house.clock.now())
    client.bind(dn("alice"), "A new password 1")
    await proxy.hang_up()
    assert code(await client.receive()) == 49
    assert len(proxy.phones.far.errands) == 2


async def test_a_proof_of_somebody_with_the_same_long_beginning_is_not_his(
    open_proxy: Opening, tmp_path: Path
) -> None:
    """LD-20: of a name and of a password every character counts, however many there are."""
    names, password = ("l" * 200 + "a", "l" * 200 + "b"), "p" * 100
    people = tuple([person(name, password) for name in names])
    with OpenLdap(tmp_path / "openldap", extra=people) as server:
        proxy = await open_proxy(server)
        await remember_proofs(proxy)
        for name in names:
            await proxy.add_person(name)
        client = await proxy.connect()
        client.bind(dn(names[0]), password)
        await proxy.approve()
        assert code(await client.receive()) == 0
        assert await bound(client, dn(names[0]), password) == 0
        assert await bound(client, dn(names[0]), password + "p") == 49
        client.bind(dn(names[1]), password)
        await proxy.hang_up()
        assert code(await client.receive()) == 49
        assert len(proxy.phones.far.errands) == 2
