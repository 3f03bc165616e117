"""Threats LD-01 to LD-10: nobody is let in as somebody else, or without what proves him."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable

import pytest

from tests.integration.ldap_proxy.asking import PEOPLE_SEARCH, asked_upstream, bound, code, lines, who
from tests.integration.ldap_proxy.conftest import Opening, ProxyHouse, dn
from tests.peers.openldap import BASE_DN, PEOPLE, OpenLdap
from vestibule.model.verification import Reason, VerificationState
from vestibule.wire.ldap.filters import Equality, Extensible, Filter, Not, Or, Present
from vestibule.wire.ldap.messages import (
    BindRequest,
    Sasl,
    Scope,
    SearchRequest,
    Simple,
)


async def test_a_name_without_a_password_proves_nothing(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-01"""
    await proxy.add_person()
    since = lines(openldap)
    status, _ = await proxy.tool("ldapwhoami", "-D", dn("alice"), "-w", "")
    assert status == 53
    assert "alice" not in asked_upstream(openldap, since)
    assert await proxy.house.attempts() == []


async def test_an_anonymous_connection_reads_only_where_it_may(proxy: ProxyHouse) -> None:
    """LD-02"""
    assert (await proxy.tool("ldapsearch", "-b", BASE_DN))[0] == 48
    client = await proxy.connect()
    client.send(PEOPLE_SEARCH)
    assert code(await client.receive()) == 8
    await proxy.change_client(allow_anonymous=True)
    client.send(PEOPLE_SEARCH)
    assert code(await client.receive()) == 32, "the directory's own rules"
    assert await bound(client, "", "") == 0
    assert await who(client) == "refused 8"
    assert await proxy.house.attempts() == []


async def test_what_comes_behind_a_bind_waits_for_its_end(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-03"""
    await proxy.add_person()
    since = lines(openldap)
    client = await proxy.connect()
    client.bind(dn("alice"), PEOPLE["alice"])
    search = client.send(PEOPLE_SEARCH)
    gateway = asyncio.create_task(proxy.phones.far.arrived.get())
    arrived = await gateway
    assert 'filter="(uid=*)"' not in asked_upstream(openldap, since)
    proxy.phones.far.arrived.put_nowait(arrived)
    await proxy.approve()
    assert code(await client.receive()) == 0
    answer = await client.receive()
    assert answer is not None
    assert (answer.message_id, code(answer)) == (search, 32), "alice may not read"
    assert 'filter="(uid=*)"' in asked_upstream(openldap, since)


async def test_what_comes_behind_a_refused_bind_is_nobodys(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-03"""
    await proxy.add_person()
    since = lines(openldap)
    client = await proxy.connect()
    client.bind(dn("alice"), PEOPLE["alice"])
    client.send(PEOPLE_SEARCH)
    await proxy.hang_up()
    assert [code(await client.receive()) for _ in range(2)] == [49, 8]
    assert 'filter="(uid=*)"' not in asked_upstream(openldap, since)


async def test_more_than_is_kept_behind_a_bind_ends_the_connection(proxy: ProxyHouse) -> None:
    """LD-03, LD-15: the line is short."""
    await proxy.add_person()
    client = await proxy.connect()
    client.bind(dn("alice"), PEOPLE["alice"])
    for _ in range(100):
        client.send(PEOPLE_SEARCH)
    notice = await client.receive()
    assert notice is not None
    assert (notice.message_id, code(notice)) == (0, 51)
    assert await client.receive() is None


@pytest.mark.parametrize("second", ["wrong password", "no password", "SASL", "second factor"])
async def test_a_refused_bind_leaves_nobody_bound(proxy: ProxyHouse, second: str) -> None:
    """LD-04"""
    alice = await proxy.add_person()
    await proxy.change_client(allow_anonymous=True)
    client = await proxy.connect()
    client.bind(dn("alice"), PEOPLE["alice"])
    await proxy.approve()
    assert code(await client.receive()) == 0
    assert await who(client) == f"dn:{dn('alice')}"
    match second:
        case "wrong password":
            assert await bound(client, dn("alice"), "wrong") == 49
        case "no password":
            assert await bound(client, dn("alice"), "") == 53
        case "SASL":
            client.send(BindRequest(3, "", Sasl("PLAIN", b"\0alice\0x")))
            assert code(await client.receive()) == 7
        case _:
            client.bind(dn("alice"), PEOPLE["alice"])
            await proxy.hang_up()
            assert code(await client.receive()) == 49
    assert await who(client) == "refused 8"
    assert alice


EXEMPT = f"cn=reader,{BASE_DN}"


NAMES_OF_EXEMPT = (EXEMPT, "CN = Reader , DC=Example,dc=ORG", r"cn=\72eader,dc=example,dc=org")
LOOK_ALIKES = (
    f"cn=reader2,{BASE_DN}",
    f"cn=reader,{BASE_DN},dc=evil",
    f"uid=x,{EXEMPT}",
    "cn=reader",
    r"cn=reader\,dc=example,dc=org",
)


async def test_an_exempt_account_is_known_by_its_exact_name(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-05"""
    await proxy.change_client(exempt_binds=[f"127.0.0.0/8 {EXEMPT}"])
    client = await proxy.connect()
    for name in NAMES_OF_EXEMPT:
        assert await bound(client, name, openldap.service_password) == 0
        assert await who(client) == f"dn:{EXEMPT}"
    assert await proxy.house.attempts() == []
    for name in LOOK_ALIKES:
        assert await bound(client, name, openldap.service_password) == 49
    assert len(await proxy.house.attempts()) == len(LOOK_ALIKES)


async def test_an_exempt_account_is_exempt_where_it_lives(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-05: from another address it is anybody."""
    await proxy.change_client(exempt_binds=[f"192.0.2.1 {EXEMPT}"])
    client = await proxy.connect()
    assert await bound(client, EXEMPT, openldap.service_password) == 49
    (attempt,) = await proxy.house.attempts()
    assert attempt.reason is Reason.UNKNOWN_USER


SAME = (
    "alice",
    "ALICE ",
    "alice@example.org",
    "CORP\\alice",
    dn("alice"),
    f"UID=ALICE, ou=people , {BASE_DN}",
    rf"uid=\61lice,ou=people,{BASE_DN}",
    f"0.9.2342.19200300.100.1.1=alice,ou=people,{BASE_DN}",
)
NOBODY = ("Alice Example", "uid=alice", f"cn=Alice,ou=people,{BASE_DN}", "alice@elsewhere.example")


async def test_every_form_of_a_name_is_the_same_person_or_nobody(proxy: ProxyHouse) -> None:
    """LD-06: with the second factor in each, and bound as himself."""
    await proxy.change_client(passcodes="appended")
    alice = await proxy.house.add_person("alice", "hotp")
    client = await proxy.connect()
    for name in SAME:
        assert await bound(client, name, PEOPLE["alice"] + "000000") == 49, name
        assert await bound(client, name, PEOPLE["alice"] + alice.passcode(0).reveal()) == 0, name
        assert await who(client) == f"dn:{dn('alice')}", name
    for name in NOBODY:
        assert await bound(client, name, PEOPLE["alice"] + alice.passcode(0).reveal()) == 49, name
    users = Counter(attempt.username for attempt in await proxy.house.attempts())
    assert users == {"alice": 2 * len(SAME), "": len(NOBODY)}


async def test_who_is_no_user_is_let_in_only_where_that_is_said(proxy: ProxyHouse) -> None:
    """LD-06: without a match the directory decides; whoever has a match is asked, however he writes it."""
    await proxy.add_person()
    client = await proxy.connect()
    assert await bound(client, dn("bob"), PEOPLE["bob"]) == 49
    await proxy.change_client(require_user_match=False)
    assert await bound(client, dn("bob"), PEOPLE["bob"]) == 0
    assert await who(client) == f"dn:{dn('bob')}"
    assert await bound(client, dn("bob"), "wrong") == 49
    states = Counter(attempt.state for attempt in await proxy.house.attempts())
    assert states == {VerificationState.APPROVED: 1, VerificationState.DENIED: 2}
    for name in NOBODY:
        assert await bound(client, name, PEOPLE["alice"]) == 49, name
    client.bind("alice@example.org", PEOPLE["alice"])
    await proxy.hang_up()
    assert code(await client.receive()) == 49


async def test_a_renamed_person_stays_himself(proxy: ProxyHouse) -> None:
    """LD-06: once he is tied to his entry, another name of it is no way around his second factor."""
    await proxy.change_client(require_user_match=False)
    alice = await proxy.add_person()
    client = await proxy.connect()
    client.bind(dn("alice"), PEOPLE["alice"])
    await proxy.approve()
    assert code(await client.receive()) == 0
    await proxy.house.change_user(alice, username="Mrs Liddell", names=("mrs liddell",))
    client.bind(dn("alice"), PEOPLE["alice"])
    await proxy.hang_up()
    assert code(await client.receive()) == 49


async def test_a_name_that_was_given_to_another_entry_is_nobodys(proxy: ProxyHouse) -> None:
    """LD-06: the person is who he was at his first sign-in."""
    alice = await proxy.add_person()
    await proxy.house.change_user(alice, directory_reference="another entry")
    await proxy.change_client(require_user_match=False)
    client = await proxy.connect()
    assert await bound(client, dn("alice"), PEOPLE["alice"]) == 49
    assert not proxy.phones.far.errands


async def test_a_sasl_bind_is_refused(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-07"""
    since = lines(openldap)
    client = await proxy.connect()
    for mechanism in ("PLAIN", "GSSAPI", "EXTERNAL", "DIGEST-MD5", "SCRAM-SHA-256", "GSS-SPNEGO"):
        client.send(BindRequest(3, "", Sasl(mechanism, b"\0alice\0" + PEOPLE["alice"].encode())))
        assert code(await client.receive()) == 7
    assert "mech=" not in asked_upstream(openldap, since)


def password_filters() -> Iterable[Filter]:
    secret = PEOPLE["alice"].encode()
    yield Equality("userPassword", secret)
    yield Equality("2.5.4.35", secret)
    yield Equality("USERPASSWORD;x-option", secret)
    yield Not(Or((Present("uid"), Equality("userpassword", secret))))
    yield Extensible(secret, "octetStringMatch")


async def test_a_password_is_neither_compared_nor_searched_for(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-08: an account that need not prove a second factor is no way round it."""
    await proxy.change_client(exempt_binds=[f"127.0.0.1 {EXEMPT}"])
    reader = {"who": EXEMPT, "password": openldap.service_password}
    for attribute in ("userPassword", "2.5.4.35", "userpassword;x"):
        status, shown = await proxy.tool(
            "ldapcompare", dn("alice"), f"{attribute}:{PEOPLE['alice']}", **reader
        )
        assert status == 53, shown
    assert (await proxy.tool("ldapcompare", dn("alice"), "sn:Example", **reader))[0] == 6, "compareTrue"
    client = await proxy.connect()
    assert await bound(client, EXEMPT, openldap.service_password) == 0
    for filter_ in password_filters():
        client.send(SearchRequest(BASE_DN, Scope.SUBTREE, filter_, ("1.1",)))
        assert code(await client.receive()) == 53
    guess = f"userPassword={PEOPLE['alice']}"
    for control in (f"!assert=({guess})", f"!mv=(({guess}))"):
        option = "-e" if "assert" in control else "-E"
        status, shown = await proxy.tool("ldapsearch", option, control, "-b", dn("alice"), **reader)
        assert status == 53, shown
    harmless = await proxy.tool("ldapsearch", "-e", "!assert=(sn=Example)", "-b", dn("alice"), **reader)
    assert harmless[0] == 0


async def test_nobody_acts_as_somebody_else(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-08: proxied authorization."""
    await proxy.change_client(exempt_binds=[f"127.0.0.1 {EXEMPT}"])
    reader = {"who": EXEMPT, "password": openldap.service_password}
    status, shown = await proxy.tool(
        "ldapsearch", "-e", f"!authzid=dn:{dn('alice')}", "-b", BASE_DN, **reader
    )
    assert status == 123
    assert "Nobody acts as somebody else here" in shown, "the directory is not asked"


async def test_passwords_are_changed_by_who_has_proven_both_factors(
    open_proxy: Opening, own_openldap: OpenLdap
) -> None:
    """LD-08: password modify with the old password proves nothing by itself."""
    proxy = await open_proxy(own_openldap, allow_anonymous=True, passcodes="appended")
    alice = await proxy.house.add_person("alice", "hotp")
    change = ("-a", PEOPLE["alice"], "-s", "A new password 1")
    assert (await proxy.tool("ldappasswd", *change, dn("alice")))[0] != 0
    proof = PEOPLE["alice"] + alice.passcode(0).reveal()
    assert (await proxy.tool("ldappasswd", *change, who=dn("alice"), password=proof))[0] == 0
    old = PEOPLE["alice"] + alice.passcode(0).reveal()
    assert (await proxy.whoami(password=old))[0] == 49
    new = "A new password 1" + alice.passcode(0).reveal()
    assert (await proxy.whoami(password=new))[0] == 0


async def test_each_connection_has_its_own_identity(proxy: ProxyHouse) -> None:
    """LD-09"""
    await proxy.change_client(passcodes="appended")
    people = {name: await proxy.house.add_person(name, "hotp") for name in ("alice", "bob")}

    def proof(name: str) -> str:
        return PEOPLE[name] + people[name].passcode(0).reveal()

    one, other = await proxy.connect(), await proxy.connect()
    assert await bound(one, dn("alice"), proof("alice")) == 0
    assert await who(other) == "refused 8"
    assert await bound(other, dn("bob"), proof("bob")) == 0
    assert (await who(one), await who(other)) == (f"dn:{dn('alice')}", f"dn:{dn('bob')}")
    assert await bound(one, dn("bob"), proof("bob")) == 0
    assert (await who(one), await who(other)) == (f"dn:{dn('bob')}", f"dn:{dn('bob')}")


NO_NAMES = (
    "*",
    "alice)(uid=*",
    "*)(uid=*))(|(uid=*",
    "al*",
    r"\2a",
    "alice\0",
    "alice\0bob",
    "alice,ou=people",
    f"uid=alice,ou=people,{BASE_DN},ou=",
    f"uid=*,ou=people,{BASE_DN}",
    f"ou=people,{BASE_DN}",
    "=",
    "alice\nbob",
)


async def test_a_name_is_a_name_and_nothing_else(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-10"""
    await proxy.add_person()
    since = lines(openldap)
    client = await proxy.connect()
    for name in NO_NAMES:
        client.send(BindRequest(3, name, Simple(PEOPLE["alice"].encode())))
        assert code(await client.receive()) == 49, name
    assert not proxy.phones.far.errands
    asked = asked_upstream(openldap, since)
    assert 'filter="(&(objectClass=person)(|(uid=\\2A)(mail=\\2A)))"' in asked
    assert not any(
        "=*" in line for line in asked.splitlines() if "filter=" in line and "objectClass=*" not in line
    )
    assert f'BIND dn="{dn("alice")}"' not in asked
