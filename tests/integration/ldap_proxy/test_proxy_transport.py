"""Threats LD-11 to LD-19: streams, certificates, hostile octets, and a directory that fails."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.houses import TENANT
from tests.integration.ldap_proxy.asking import PEOPLE_SEARCH, asked_upstream, bound, code, lines, who
from tests.integration.ldap_proxy.conftest import WIKI, Opening, ProxyHouse, RawClient, dn, settings_of
from tests.peers.ldif import entry
from tests.peers.openldap import BASE_DN, PEOPLE, OpenLdap
from tests.peers.ports import free_port
from tests.until import until, until_read
from vestibule.crypto.secret import Secret
from vestibule.frontends.ldap.connection import Connection
from vestibule.model.actor import SYSTEM
from vestibule.model.application import ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.model.verification import Reason, VerificationState
from vestibule.wire.ldap import encode
from vestibule.wire.ldap.ber import element
from vestibule.wire.ldap.messages import (
    START_TLS_OID,
    AbandonRequest,
    ExtendedRequest,
    Message,
    OpaqueOperation,
    Scope,
    SearchRequest,
    SearchResultEntry,
    SearchResultReference,
    UnbindRequest,
)

EXEMPT = f"cn=reader,{BASE_DN}"


def connection(proxy: ProxyHouse) -> Connection:
    """Return the one connection that is open."""
    door = proxy.frontend._door
    assert door is not None
    (found,) = door.connections
    assert isinstance(found, Connection)
    return found


async def test_what_is_slipped_in_behind_starttls_ends_the_connection(proxy: ProxyHouse) -> None:
    """LD-11"""
    client = await proxy.connect()
    request = encode(Message(1, ExtendedRequest(START_TLS_OID)))
    client.send_bytes(request + encode(Message(2, PEOPLE_SEARCH)))
    answers = [await client.receive(), await client.receive()]
    assert answers[1] is None
    assert answers[0] is None or answers[0].message_id == 1


async def test_nothing_passes_in_the_clear_where_tls_is_demanded(
    proxy: ProxyHouse, openldap: OpenLdap
) -> None:
    """LD-12"""
    await proxy.change_client(demand_tls=True, allow_anonymous=True, exempt_binds=[f"127.0.0.1 {EXEMPT}"])
    since = lines(openldap)
    client = await proxy.connect()
    assert await bound(client, dn("alice"), PEOPLE["alice"]) == 13
    assert await bound(client, EXEMPT, openldap.service_password) == 13
    client.send(PEOPLE_SEARCH)
    assert code(await client.receive()) == 13
    assert await who(client) == "refused 13"
    asked = asked_upstream(openldap, since)
    assert "reader" not in asked
    assert "alice" not in asked


@pytest.mark.parametrize("wrong", ["another name", "expired", "nobody's"])
async def test_a_directory_that_does_not_prove_itself_is_not_asked(
    open_proxy: Opening, tmp_path_factory: pytest.TempPathFactory, wrong: str
) -> None:
    """LD-13"""
    kinds: dict[str, dict[str, Any]] = {
        "another name": {"certificate_names": ("directory.example",)},
        "expired": {"has_expired_certificate": True},
        "nobody's": {},
    }
    with OpenLdap(tmp_path_factory.mktemp("openldap"), **kinds[wrong]) as server:
        trusted = {"ca_file": ""} if wrong == "nobody's" else {}
        proxy = await open_proxy(server, trusted, exempt_binds=[f"127.0.0.1 {EXEMPT}"])
        await proxy.add_person()
        client = await proxy.connect()
        assert await bound(client, dn("alice"), PEOPLE["alice"]) == 52
        assert await bound(client, EXEMPT, server.service_password) == 52
        assert not proxy.phones.far.errands
        server.flush_log()
        assert "BIND dn" not in server.log.replace('BIND dn=""', "")


def deep_filter(depth: int) -> bytes:
    """Return a search whose filter is so many negations of one another."""
    filter_ = b"\x87\x03uid"
    for _ in range(depth):
        filter_ = element(0xA2, filter_)
    limits = b"\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00"
    return element(0x30, b"\x02\x01\x01" + element(0x63, limits + filter_ + b"\x30\x00"))


BOMBS = {
    "a length of 4 GiB": b"\x30\x84\xff\xff\xff\xff\x02\x01\x01",
    "more than is allowed": b"\x30\x84\x00\x50\x00\x00\x02\x01\x01",
    "an indefinite length": b"\x30\x80\x02\x01\x01\x00\x00",
    "no sequence": b"GET / HTTP/1.1\r\n\r\n",
    "a filter of 20,000 levels": deep_filter(20_000),
    "an oid with long arcs": encode(Message(1, ExtendedRequest("1." + "9" * 250))).replace(b"1.9", b"1.."),
    "a response": b"\x30\x0c\x02\x01\x01\x61\x07\x0a\x01\x00\x04\x00\x04\x00",
    "no id": encode(Message(0, PEOPLE_SEARCH)),
}


async def test_bombs_end_their_own_connection(proxy: ProxyHouse) -> None:
    """LD-14: and nothing else; memory stays as it is."""
    await proxy.change_client(allow_anonymous=True)
    other = await proxy.connect()
    tracemalloc.start()
    for name, bomb in BOMBS.items():
        client = await proxy.connect()
        client.send_bytes(bomb + b"\x00" * 70_000)
        answers = [answer for answer in [await client.receive(), await client.receive()] if answer]
        assert [answer.message_id for answer in answers] in ([0], []), name
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 * 1024 * 1024
    other.send(PEOPLE_SEARCH)
    assert code(await other.receive()) == 32


async def test_a_million_attributes_are_refused(proxy: ProxyHouse) -> None:
    """LD-14"""
    client = await proxy.connect()
    search = SearchRequest(BASE_DN, Scope.BASE, PEOPLE_SEARCH.filter, ("a",) * 1_000_000)
    client.send_bytes(encode(Message(1, search)))
    answer = await client.receive()
    assert answer is not None
    assert (answer.message_id, code(answer)) == (0, 2)


async def test_who_is_slow_or_silent_is_closed(proxy: ProxyHouse) -> None:
    """LD-15: one octet now and then does not keep a connection; nor does saying nothing."""
    loop = asyncio.get_running_loop()
    slow = await proxy.connect()
    slow.send_bytes(encode(Message(1, PEOPLE_SEARCH))[:1])
    await until(lambda: proxy.frontend._door and proxy.frontend._door.connections)
    held = connection(proxy)
    await until(lambda: held._partial_since)
    slow.send_bytes(b"\x20")
    await until(lambda: held._stream.pending_bytes == 2)
    held.review(loop.time() + 29)
    assert not held.is_closed
    held.review(loop.time() + 31)
    assert held.is_closed
    silent = await proxy.connect()
    await until(lambda: proxy.frontend._door and proxy.frontend._door.connections)
    connection(proxy).review(loop.time() + 61)
    answer = await silent.receive()
    assert answer is not None
    assert (answer.message_id, code(answer)) == (0, 52)
    assert await silent.receive() is None


async def test_many_silent_connections_keep_nobody_out(
    proxy: ProxyHouse, proof: Callable[[int, int], int]
) -> None:
    """LD-15: one source is given half of the room at most. After a minute they are closed; who is bound
    stays."""
    proxy.client = msgspec.structs.replace(proxy.client, address="127.0.0.0/8")
    await proxy.change_client(passcodes="appended")
    alice = await proxy.house.add_person("alice", "hotp")
    silent = [await proxy.connect("127.0.0.2") for _ in range(proof(100, 2_000))]
    client = await proxy.connect()
    assert await bound(client, dn("alice"), PEOPLE["alice"] + alice.passcode(0).reveal()) == 0
    door = proxy.frontend._door
    assert door is not None
    assert len(door.connections) == min(len(silent), door.most_connections // 2) + 1
    for each in list(door.connections):
        assert isinstance(each, Connection)
        each.review(asyncio.get_running_loop().time() + 61)
    answers = [await each.receive() for each in silent]
    assert {code(answer) for answer in answers if answer is not None} == {52}
    assert len(door.connections) == 1
    assert await who(client) == f"dn:{dn('alice')}"


async def test_one_source_leaves_room_for_others(proxy: ProxyHouse) -> None:
    """LD-15: and whoever has no room is told so by a closed connection."""
    assert proxy.frontend._door is not None
    proxy.frontend._door.most_connections = 8
    clients = [await proxy.connect() for _ in range(6)]
    for client in clients:
        client.send(PEOPLE_SEARCH)
    answers = [await client.receive() for client in clients]
    assert [answer is None for answer in answers] == [False] * 4 + [True] * 2


async def test_a_stranger_is_not_heard(proxy: ProxyHouse) -> None:
    """TEN-03: an address that is no client's gets no answer."""
    applications = proxy.house.services.applications
    await applications.remove_client(SYSTEM, proxy.client.tenant_id, proxy.client.client_id)
    client = await proxy.connect()
    client.send(PEOPLE_SEARCH)
    assert await client.receive() is None


@pytest.mark.parametrize("what", ["client", "application", "directory"])
async def test_who_is_bound_is_it_no_more_when_his_client_changes(
    proxy: ProxyHouse, openldap: OpenLdap, what: str
) -> None:
    """TEN-01: what is taken away is taken from open connections, too."""
    await proxy.change_client(exempt_binds=[f"127.0.0.1 {EXEMPT}"])
    client = await proxy.connect()
    assert await bound(client, EXEMPT, openldap.service_password) == 0
    applications = proxy.house.services.applications
    wiki = proxy.house.services.configuration.current.applications[TENANT, WIKI]
    match what:
        case "client":
            await applications.change_client(SYSTEM, msgspec.structs.replace(proxy.client, is_enabled=False))
        case "application":
            await applications.change_application(SYSTEM, msgspec.structs.replace(wiki, is_enabled=False))
        case _:
            other = DirectoryConfiguration(
                tenant_id=TENANT,
                directory_id="other",
                kind="ldap",
                name="Other",
                settings=settings_of(openldap),
                created_at=1,
            )
            await applications.put_directory(SYSTEM, other, Secret(openldap.service_password))
            elsewhere = msgspec.structs.replace(wiki, directory_id="other")
            await applications.change_application(SYSTEM, elsewhere)
    client.send(PEOPLE_SEARCH)
    notice = await client.receive()
    assert notice is not None
    assert (notice.message_id, code(notice)) == (0, 52)
    assert await client.receive() is None


async def test_a_critical_control_that_is_unknown_is_told(proxy: ProxyHouse, openldap: OpenLdap) -> None:
    """LD-16: in the directory's own words."""
    await proxy.change_client(exempt_binds=[f"127.0.0.1 {EXEMPT}"])
    reader = {"who": EXEMPT, "password": openldap.service_password}
    assert (await proxy.tool("ldapsearch", "-e", "!1.2.3", "-b", BASE_DN, **reader))[0] == 12
    assert (await proxy.tool("ldapsearch", "-e", "1.2.3", "-b", BASE_DN, **reader))[0] == 0
    status, shown = await proxy.tool("ldapsearch", "-E", "pr=2/noprompt", "-b", BASE_DN, "uid", **reader)
    assert status == 0
    assert shown.count("\nuid:") == len(PEOPLE)


@pytest.mark.parametrize("how", ["closes", "unbinds", "abandons"])
async def test_whoever_leaves_while_the_phone_rings_cancels(proxy: ProxyHouse, how: str) -> None:
    """LD-17: a late answer then admits nobody."""
    await proxy.add_person()
    client = await proxy.connect()
    number = client.bind(dn("alice"), PEOPLE["alice"])
    call = await proxy.phones.far.next_call()
    match how:
        case "closes":
            await client.close()
        case "unbinds":
            client.send(UnbindRequest())
        case _:
            client.send(AbandonRequest(number))
    (attempt,) = await until_read(
        proxy.house.attempts, lambda found: found[0].state is not VerificationState.PENDING
    )
    assert (attempt.state, attempt.reason) == (VerificationState.CANCELED, Reason.CANCELED)
    proxy.phones.far.arrived.put_nowait(call)
    await proxy.approve()
    (attempt,) = await proxy.house.attempts()
    assert attempt.state is VerificationState.CANCELED
    if how == "abandons":
        assert await who(client) == "refused 8"


async def test_a_referral_leads_nobody_past_the_proxy(
    open_proxy: Opening, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """LD-18: references are left out, and a result that is a referral is refused."""
    subtree = f"ou=elsewhere,{BASE_DN}"
    elsewhere = entry(
        subtree, objectClass=("referral", "extensibleObject"), ou="elsewhere", ref="ldap://real.example/ou=x"
    )
    with OpenLdap(tmp_path_factory.mktemp("openldap"), extra=(elsewhere,)) as server:
        proxy = await open_proxy(server, exempt_binds=[f"127.0.0.1 {EXEMPT}"])
        client = await proxy.connect()
        assert await bound(client, EXEMPT, server.service_password) == 0
        found = []
        client.send(PEOPLE_SEARCH)
        while isinstance((found_now := await client.receive()), Message):
            found.append(found_now.operation)
            if not isinstance(found_now.operation, SearchResultEntry):
                break
        assert not any(isinstance(each, SearchResultReference) for each in found)
        assert len(found) == len(PEOPLE) + 1
        client.send(SearchRequest(f"uid=x,{subtree}", Scope.BASE, PEOPLE_SEARCH.filter))
        answer = await client.receive()
        assert code(answer) == 53
        assert answer is not None
        assert "real.example" not in str(answer)
        client.send(OpaqueOperation(0x4A, f"uid=x,{subtree}".encode()))
        deleted = await client.receive()
        assert deleted is not None
        assert isinstance(deleted.operation, OpaqueOperation)
        assert deleted.operation.content.startswith(b"\x0a\x01\x35")
        assert await bound(client, f"uid=x,{subtree}", "x") == 49


async def test_a_directory_that_hangs_dies_and_comes_back(
    open_proxy: Opening, own_openldap: OpenLdap
) -> None:
    """LD-19: binds and requests end in `unavailable`, and all is well afterwards without anybody's help."""
    directory = {"timeout_seconds": 1.0}
    proxy = await open_proxy(own_openldap, directory, exempt_binds=[f"127.0.0.1 {EXEMPT}"])
    await proxy.add_person()
    client, other = await proxy.connect(), await proxy.connect()
    password = own_openldap.service_password
    assert await bound(client, EXEMPT, password) == 0
    own_openldap.pause()
    assert await bound(other, EXEMPT, password) == 52
    assert await bound(other, dn("alice"), PEOPLE["alice"]) == 52
    search = client.send(PEOPLE_SEARCH)
    own_openldap.kill()
    answer = await client.receive()
    assert answer is not None
    assert (answer.message_id, code(answer)) == (search, 52)
    notice = await client.receive()
    assert notice is not None
    assert (notice.message_id, code(notice)) == (0, 52)
    assert await client.receive() is None, "who was bound is told that he is it no more"
    assert await bound(other, EXEMPT, password) == 52
    assert not proxy.phones.far.errands
    own_openldap.start()

    async def came_back() -> bool:
        return await bound(other, EXEMPT, password) == 0

    assert await until_read(came_back, bool)
    assert await who(other) == f"dn:{EXEMPT}"


async def test_a_directory_that_hangs_costs_only_its_own_clients(
    open_proxy: Opening, own_openldap: OpenLdap, openldap: OpenLdap
) -> None:
    """LD-19: whoever has another directory is answered while many wait for the one that hangs."""
    proxy = await open_proxy(own_openldap, {"timeout_seconds": 3.0})
    applications = proxy.house.services.applications
    other = DirectoryConfiguration(
        tenant_id=TENANT,
        directory_id="other",
        kind="ldap",
        name="Other",
        settings=settings_of(openldap),
        created_at=1,
    )
    await applications.put_directory(SYSTEM, other, Secret(openldap.service_password))
    await proxy.house.add_application("printers", FirstFactor.DIRECTORY, directory_id="other")
    settings = {"demand_tls": False, "passcodes": "appended"}
    await applications.add_client(
        SYSTEM, TENANT, "printers", ClientKind.LDAP, "printers", address="127.0.0.2", settings=settings
    )
    alice = await proxy.house.add_person("alice", "hotp")
    own_openldap.pause()
    waiting = [await proxy.connect() for _ in range(20)]
    binds = [asyncio.create_task(bound(client, dn("alice"), PEOPLE["alice"])) for client in waiting]
    client = await proxy.connect("127.0.0.2")
    assert await bound(client, dn("alice"), PEOPLE["alice"] + alice.passcode(0).reveal()) == 0
    assert not any(bind.done() for bind in binds)
    assert set(await asyncio.gather(*binds)) == {52}


async def test_a_second_server_stands_in(open_proxy: Opening, openldap: OpenLdap) -> None:
    """LD-19: the next server takes the place of one that does not answer."""
    urls = [f"ldap://127.0.0.1:{free_port()}", openldap.tls_url]
    proxy = await open_proxy(openldap, {"urls": urls}, passcodes="appended")
    alice = await proxy.house.add_person("alice", "hotp")
    client = await proxy.connect()
    assert await bound(client, dn("alice"), PEOPLE["alice"] + alice.passcode(0).reveal()) == 0


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_one_passcode_admits_one_of_many_binds(
    open_proxy: Opening, openldap: OpenLdap, engine: str
) -> None:
    """OTP-01: as at every door."""
    proxy = await open_proxy(openldap, engine=engine, passcodes="appended")
    alice = await proxy.house.add_person("alice", "hotp")
    proof = PEOPLE["alice"] + alice.passcode(0).reveal()
    clients: list[RawClient] = [await proxy.connect() for _ in range(8)]
    codes = await asyncio.gather(*(bound(client, dn("alice"), proof) for client in clients))
    assert sorted(codes) == [0] + [49] * 7


async def test_a_password_that_was_changed_is_wrong_at_once(
    open_proxy: Opening, own_openldap: OpenLdap, tmp_path: Path
) -> None:
    """LD-20: nothing is remembered, so the directory is asked each time, and so is the person."""
    proxy = await open_proxy(own_openldap, passcodes="appended")
    alice = await proxy.house.add_person("alice", "hotp")
    client = await proxy.connect()
    proof = PEOPLE["alice"] + alice.passcode(0).reveal()
    assert await bound(client, dn("alice"), proof) == 0
    assert await bound(client, dn("alice"), proof) == 49, "the second factor counts once"
    changed = await proxy.tool(
        "ldappasswd",
        *("-a", PEOPLE["alice"], "-s", "A new password 1"),
        who=dn("alice"),
        password=PEOPLE["alice"] + alice.passcode(0).reveal(),
    )
    assert changed[0] == 0
    assert await bound(client, dn("alice"), PEOPLE["alice"] + alice.passcode(0).reveal()) == 49
    assert await bound(client, dn("alice"), "A new password 1" + alice.passcode(0).reveal()) == 0
