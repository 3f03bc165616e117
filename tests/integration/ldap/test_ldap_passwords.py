"""Passwords checked by a real OpenLDAP server."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
import uvloop

from tests.integration.ldap.conftest import Opening, settings_for, user
from tests.peers.openldap import PEOPLE, OpenLdap
from tests.peers.program import find_program, run_well
from vestibule.crypto.secret import Secret
from vestibule.directories.ldap import LdapDirectory
from vestibule.interfaces.directory import PasswordVerdictKind

MATCH, MISMATCH = PasswordVerdictKind.MATCH, PasswordVerdictKind.MISMATCH
UNAVAILABLE = PasswordVerdictKind.UNAVAILABLE
ALICE = Secret(PEOPLE["alice"])
ALICE_DN = "uid=alice,ou=people,dc=example,dc=org"


def _transport(server: OpenLdap, name: str) -> dict[str, Any]:
    transports: dict[str, dict[str, Any]] = {
        "clear": {"start_tls": False},
        "StartTLS": {"start_tls": True, "ca_file": server.ca_file},
        "ldaps": {"urls": (server.tls_url,), "ca_file": server.ca_file},
        "by name": {
            "urls": (f"ldap://localhost:{server.port}",),
            "start_tls": True,
            "ca_file": server.ca_file,
        },
    }
    return transports[name]


@pytest.mark.parametrize("transport", ["clear", "StartTLS", "ldaps", "by name"])
async def test_the_right_password_and_a_wrong_one(
    openldap: OpenLdap, open_directory: Opening, transport: str
) -> None:
    directory = open_directory(openldap, **_transport(openldap, transport))
    right = await directory.check_password(user("alice"), "alice", ALICE)
    wrong = await directory.check_password(user("alice"), "alice", Secret("not " + ALICE.reveal()))
    assert (right.kind, wrong.kind) == (MATCH, MISMATCH)
    assert right.reference == wrong.reference == _reference(openldap, "alice")


def _reference(server: OpenLdap, name: str) -> str:
    """Ask OpenLDAP's own tool for the identifier."""
    tool = [find_program("ldapsearch"), "-x", "-LLL", "-H", server.url, "-b", server.base_dn]
    account = ["-D", server.service_dn, "-w", server.service_password]
    found = re.search(r"^entryUUID: (\S+)$", run_well([*tool, *account, f"(uid={name})", "entryUUID"]), re.M)
    assert found is not None
    return found[1]


@pytest.mark.parametrize(
    ("claimed", "name", "password"),
    [
        ("alice@example.org", "alice", PEOPLE["alice"]),
        (" ALICE ", "alice", PEOPLE["alice"]),
        ("EXAMPLE\\alice", "alice", PEOPLE["alice"]),
        ("bob", "bob", PEOPLE["bob"]),
        ("jörg", "jörg", "Straße 7"),
    ],
)
async def test_names_and_passwords_of_all_sorts(
    openldap: OpenLdap, open_directory: Opening, claimed: str, name: str, password: str
) -> None:
    """LD-06: other spellings of the name lead to the same entry, or to none."""
    verdict = await open_directory(openldap).check_password(user(name), claimed, Secret(password))
    assert verdict.kind is MATCH


@pytest.mark.parametrize(
    "password", ["", "\x00", "\x00x", ALICE.reveal() + "\x00", "x" * 1025, "\udcff"], ids=ascii
)
async def test_a_password_that_proves_nothing_never_arrives(
    own_openldap: OpenLdap, open_directory: Opening, password: str
) -> None:
    """LD-01, OTP-20: the server is not even connected to."""
    directory = open_directory(own_openldap)
    verdict = await directory.check_password(user("alice"), "alice", Secret(password))
    assert verdict.kind is MISMATCH
    own_openldap.flush_log()
    assert ALICE_DN not in own_openldap.log
    assert own_openldap.service_dn not in own_openldap.log


INJECTIONS = (
    "*",
    "ali*",
    "*)(uid=*",
    "alice)(|(uid=*",
    "alice)(objectClass=*",
    "\\61lice",
    "\\2a",
    "alice,ou=people,dc=example,dc=org",
    ALICE_DN,
    "alice\x00",
    "(uid=alice)",
    "twin@example.org",
    "nobody",
    "x" * 256,
    "\udcff",
    "",
)


@pytest.mark.parametrize("name", INJECTIONS, ids=ascii)
@pytest.mark.parametrize("password", [ALICE.reveal(), "erin-pw"])
async def test_a_name_that_is_not_exactly_one_person_is_nobody(
    openldap: OpenLdap, open_directory: Opening, name: str, password: str
) -> None:
    """LD-10: whatever the name, it is one value in a filter; nobody or two people are nobody."""
    directory = open_directory(openldap)
    verdict = await directory.check_password(user(name), name, Secret(password))
    assert verdict.kind is MISMATCH
    assert await directory.find(name) is None


async def test_the_server_sees_an_injected_name_as_one_escaped_value(
    own_openldap: OpenLdap, open_directory: Opening
) -> None:
    """LD-10: proven by the server's own log."""
    await open_directory(own_openldap, object_class="").check_password(None, "*)(uid=*", ALICE)
    own_openldap.flush_log()
    assert 'filter="(&(|(uid=\\2A\\29\\28uid=\\2A)(mail=\\2A\\29\\28uid=\\2A)))"' in own_openldap.log


async def test_somebody_unknown_here_costs_the_same_and_sends_no_real_password(
    own_openldap: OpenLdap, open_directory: Opening
) -> None:
    """BF-14: as many exchanges as for someone known; the right password of someone unknown does nothing."""
    directory = open_directory(own_openldap)
    for person, name in ((user("alice"), "alice"), (None, "alice"), (None, "nobody"), (user("x"), "nobody")):
        verdict = await directory.check_password(person, name, Secret("wrong" if person else ALICE.reveal()))
        assert verdict.kind is MISMATCH
    own_openldap.flush_log()
    searches = re.findall(r'SRCH base="dc=example', own_openldap.log)
    binds = re.findall(r'BIND dn="([^"]*)" method=128', own_openldap.log)
    binds = [dn for dn in binds if dn not in ("", own_openldap.service_dn)]
    assert (len(searches), len(binds)) == (4, 4)
    assert binds.count(ALICE_DN) == 1


async def test_a_known_reference_is_the_person_whatever_the_name(
    openldap: OpenLdap, open_directory: Opening
) -> None:
    """A name given to someone else does not open the old user's door, and a renamed user still gets in."""
    directory = open_directory(openldap)
    reference = _reference(openldap, "alice")

    async def kind(name: str, person_reference: str, password: str) -> PasswordVerdictKind:
        return (await directory.check_password(user(name, person_reference), name, Secret(password))).kind

    assert await kind("alice", reference, ALICE.reveal()) is MATCH
    assert await kind("renamed", reference, ALICE.reveal()) is MATCH
    assert await kind("bob", reference, PEOPLE["bob"]) is MISMATCH
    assert await kind("bob", reference, ALICE.reveal()) is MATCH
    assert await kind("alice", _reference(openldap, "bob"), ALICE.reveal()) is MISMATCH
    assert await kind("alice", "no such reference", ALICE.reveal()) is MISMATCH


async def test_finding_a_person(openldap: OpenLdap, open_directory: Opening) -> None:
    directory = open_directory(openldap)
    found = await directory.find("alice@example.org")
    assert found is not None
    assert found.reference == _reference(openldap, "alice")
    assert (found.username, found.given_name, found.family_name) == ("alice", "Alice", "Example")
    assert (found.email, found.phone) == ("alice@example.org", "")
    assert await directory.find("nobody") is None
    assert await directory.find("reader") is None, "the service account is no person"


def _connections(server: OpenLdap) -> int:
    """Count the connections on which anyone bound with a name."""
    server.flush_log()
    return len(set(re.findall(r'conn=(\d+) op=\d+ BIND dn="[^"]', server.log)))


async def test_connections_are_kept(own_openldap: OpenLdap, open_directory: Opening) -> None:
    """Twenty checks one after the other need one connection to search and one to prove."""
    directory = open_directory(own_openldap)
    for number in range(20):
        password = ALICE if number % 2 else Secret("wrong")
        verdict = await directory.check_password(user("alice"), "alice", password)
        assert verdict.kind is (MATCH if number % 2 else MISMATCH)
    assert _connections(own_openldap) == 2


async def test_many_people_at_once_get_their_own_verdicts(
    own_openldap: OpenLdap, open_directory: Opening
) -> None:
    """LD-09: connections are shared one after the other, verdicts are not."""
    directory = open_directory(own_openldap, max_connections=4)
    right = [(name, password, MATCH) for name, password in PEOPLE.items()]
    wrong = [(name, "x", MISMATCH) for name in PEOPLE]
    cases = (right + wrong) * 10
    verdicts = await asyncio.gather(
        *(directory.check_password(user(name), name, Secret(password)) for name, password, _ in cases)
    )
    assert [verdict.kind for verdict in verdicts] == [expected for _, _, expected in cases]
    assert _connections(own_openldap) <= 8


async def test_a_wrong_service_account_is_tried_once(own_openldap: OpenLdap, open_directory: Opening) -> None:
    """The directory may lock an account that is refused again and again."""
    directory = open_directory(own_openldap, bind_password=Secret("outdated"))
    for _ in range(5):
        verdict = await directory.check_password(user("alice"), "alice", ALICE)
        assert (verdict.kind, verdict.detail) == (UNAVAILABLE, "ldap.trouble.account_refused")
    own_openldap.flush_log()
    assert own_openldap.log.count(f'BIND dn="{own_openldap.service_dn}"') == 1
    assert ALICE_DN not in own_openldap.log


async def test_a_wrong_base_is_no_answer(openldap: OpenLdap, open_directory: Opening) -> None:
    verdict = await open_directory(openldap, base_dn="dc=elsewhere").check_password(
        user("alice"), "alice", ALICE
    )
    assert (verdict.kind, verdict.detail) == (UNAVAILABLE, "ldap.trouble.search_refused")


async def test_a_reference_that_cannot_be_read_is_no_answer(
    openldap: OpenLdap, open_directory: Opening
) -> None:
    directory = open_directory(openldap, reference_attribute="employeeNumber")
    verdict = await directory.check_password(user("alice"), "alice", ALICE)
    assert (verdict.kind, verdict.detail) == (UNAVAILABLE, "ldap.trouble.no_reference")


def test_it_works_on_the_other_event_loop(openldap: OpenLdap) -> None:
    """StartTLS changes the transport under a running protocol, and uvloop has transports of its own."""

    async def checks() -> list[PasswordVerdictKind]:
        directory = LdapDirectory(settings_for(openldap, start_tls=True, ca_file=openldap.ca_file))
        try:
            passwords = (ALICE, Secret("wrong"), ALICE)
            return [(await directory.check_password(user("alice"), "alice", it)).kind for it in passwords]
        finally:
            await directory.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(checks()) == [MATCH, MISMATCH, MATCH]
