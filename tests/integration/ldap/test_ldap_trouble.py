"""Directories that hang, die, come back, or talk nonsense: nobody gets in, and nobody else waits."""

from __future__ import annotations

import asyncio
import logging
import socket
import threading
from typing import Any

import pytest

from tests.integration.ldap.conftest import Opening, settings_for, user
from tests.integration.ldap.scripted import ALICE as ALICE_ENTRY
from tests.integration.ldap.scripted import ScriptedDirectory, obliging, silence, with_bind
from tests.peers.openldap import PEOPLE, OpenLdap
from vestibule.crypto.secret import Secret
from vestibule.directories.ldap import DirectoryUnavailable, LdapDirectory
from vestibule.interfaces.directory import PasswordVerdict, PasswordVerdictKind
from vestibule.wire.ldap import encode
from vestibule.wire.ldap.messages import (
    BindRequest,
    BindResponse,
    ExtendedResponse,
    Message,
    Result,
    SearchRequest,
    SearchResultDone,
    SearchResultReference,
)

MATCH, MISMATCH = PasswordVerdictKind.MATCH, PasswordVerdictKind.MISMATCH
UNAVAILABLE = PasswordVerdictKind.UNAVAILABLE
ALICE = Secret(PEOPLE["alice"])


async def _check(directory: LdapDirectory, name: str = "alice", password: str = "") -> PasswordVerdict:
    return await directory.check_password(user(name), name, Secret(password or PEOPLE[name]))


def _why(verdict: PasswordVerdict) -> tuple[PasswordVerdictKind, str]:
    return verdict.kind, verdict.detail.rpartition(".")[2]


async def test_a_listener_that_never_answers(open_directory: Opening) -> None:
    """DEP-01: the deadline ends the check, and the person is not let in."""
    async with ScriptedDirectory(silence) as server:
        verdict = await _check(open_directory(server, timeout_seconds=0.2))
    assert _why(verdict) == (UNAVAILABLE, "timed_out")


async def test_a_listener_that_does_not_even_accept(open_directory: Opening) -> None:
    """DEP-01: the kernel takes the connection, no program does."""
    with socket.create_server(("127.0.0.1", 0), backlog=1) as listener:
        async with ScriptedDirectory(obliging) as server:
            url = f"ldap://127.0.0.1:{listener.getsockname()[1]}"
            verdict = await _check(open_directory(server, urls=(url,), timeout_seconds=0.2))
    assert _why(verdict) == (UNAVAILABLE, "timed_out")


async def test_a_stopped_server_hangs_and_goes_on(own_openldap: OpenLdap, open_directory: Opening) -> None:
    """DEP-01, LD-19: while slapd is stopped nobody gets in; when it goes on they do."""
    directory = open_directory(own_openldap, timeout_seconds=1.0)
    assert (await _check(directory)).kind is MATCH
    own_openldap.pause()
    assert _why(await _check(directory)) == (UNAVAILABLE, "timed_out")
    with pytest.raises(DirectoryUnavailable, match="timed_out"):
        await directory.find("alice")
    own_openldap.resume()
    patient = open_directory(own_openldap)
    assert (await _check(patient)).kind is MATCH
    assert (await _check(directory)).kind is MATCH


async def test_a_hanging_directory_holds_up_nobody_else(openldap: OpenLdap, open_directory: Opening) -> None:
    """DEP-01: a hundred checks hang in one directory, the other answers as if nothing were."""
    async with ScriptedDirectory(silence) as server:
        hanging = open_directory(server, timeout_seconds=50.0, max_connections=16)
        waiting = [asyncio.create_task(_check(hanging)) for _ in range(100)]
        await server.news.wait()
        healthy = open_directory(openldap)
        verdicts = await asyncio.gather(*(_check(healthy) for _ in range(20)))
        assert {verdict.kind for verdict in verdicts} == {MATCH}
        assert not any(task.done() for task in waiting)
        assert server.connections <= 16
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_the_line_before_a_hanging_directory_is_bounded(open_directory: Opening) -> None:
    """DEP-01: who comes when the line is full is told so at once."""
    async with ScriptedDirectory(silence) as server:
        directory = open_directory(server, timeout_seconds=50.0, max_connections=1)
        waiting = [asyncio.create_task(_check(directory)) for _ in range(17)]
        await server.news.wait()
        assert _why(await _check(directory)) == (UNAVAILABLE, "overloaded")
        assert server.connections == 1
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        # The places are free again.
        again = asyncio.create_task(_check(directory))
        server.news.clear()
        await server.news.wait()
        assert not again.done()
        again.cancel()


async def test_a_server_that_hangs_again_and_again_is_left_alone(open_directory: Opening) -> None:
    """LD-19: after three hangs in a row the fourth person is told at once, without a connection."""
    async with ScriptedDirectory(silence) as server:
        directory = open_directory(server, timeout_seconds=0.1)
        for _ in range(3):
            assert _why(await _check(directory)) == (UNAVAILABLE, "timed_out")
        assert _why(await _check(directory)) == (UNAVAILABLE, "suspended")
        assert server.connections == 3


async def test_a_server_that_dies_and_comes_back(own_openldap: OpenLdap, open_directory: Opening) -> None:
    """LD-19, DEP-01: recovery needs nobody's help."""
    directory = open_directory(own_openldap)
    assert (await _check(directory)).kind is MATCH
    own_openldap.kill()
    for _ in range(4):
        assert _why(await _check(directory)) == (UNAVAILABLE, "unreachable")
    own_openldap.start()
    assert (await _check(directory)).kind is MATCH
    assert (await _check(directory, password="wrong")).kind is MISMATCH


async def test_a_restart_between_two_checks_is_not_noticed(
    own_openldap: OpenLdap, open_directory: Opening
) -> None:
    """Connections that were kept and then closed by the server are replaced."""
    directory = open_directory(own_openldap)
    assert (await _check(directory)).kind is MATCH
    own_openldap.stop()
    own_openldap.start()
    assert (await _check(directory)).kind is MATCH


@pytest.mark.parametrize("fault", ["dead", "hanging", "garbled", "busy"])
async def test_the_next_server_answers(openldap: OpenLdap, open_directory: Opening, fault: str) -> None:
    """DEP-01: servers are asked in order until one answers."""

    def script(message: Message) -> Any:
        match fault, message.operation:
            case "hanging", _:
                return ()
            case "garbled", _:
                return (b"HTTP/1.1 400 Bad Request\r\n\r\n",)
            case _, SearchRequest():
                return (SearchResultDone(Result(51)),)
            case _:
                return obliging(message)

    async with ScriptedDirectory(script) as first:
        url = "ldap://127.0.0.1:1" if fault == "dead" else first.url
        directory = open_directory(openldap, urls=(url, openldap.url), timeout_seconds=2.0)
        assert (await _check(directory)).kind is MATCH
        assert (await _check(directory, password="wrong")).kind is MISMATCH


def _diagnostic(code: str) -> str:
    comment = "comment: AcceptSecurityContext error"
    return f"80090308: LdapErr: DSID-0C090447, {comment}, data {code}, v3839\x00"


@pytest.mark.parametrize(
    ("code", "kind", "why"),
    [
        ("52e", MISMATCH, "wrong_password"),
        ("525", MISMATCH, "wrong_password"),
        ("530", PasswordVerdictKind.REFUSED, "not_at_this_time"),
        ("531", PasswordVerdictKind.REFUSED, "not_from_here"),
        ("532", PasswordVerdictKind.EXPIRED, "password_expired"),
        ("533", PasswordVerdictKind.REFUSED, "account_disabled"),
        ("701", PasswordVerdictKind.REFUSED, "account_expired"),
        ("773", PasswordVerdictKind.EXPIRED, "must_change_password"),
        ("775", PasswordVerdictKind.REFUSED, "account_locked"),
        ("80090346", MISMATCH, "wrong_password"),
    ],
)
async def test_active_directory_tells_why(
    open_directory: Opening, code: str, kind: PasswordVerdictKind, why: str
) -> None:
    async with ScriptedDirectory(
        with_bind(lambda request, message: (BindResponse(Result(49, "", _diagnostic(code))),))
    ) as server:
        verdict = await _check(open_directory(server))
    assert _why(verdict) == (kind, why)


@pytest.mark.parametrize("code", [1, 2, 7, 8, 10, 12, 13, 14, 32, 34, 48, 50, 53, 80, 4096])
async def test_every_other_result_of_a_bind_is_no_answer(open_directory: Opening, code: int) -> None:
    """Only success is a match, only invalid credentials are a mismatch."""
    diagnostic = _diagnostic("533")
    async with ScriptedDirectory(
        with_bind(lambda request, message: (BindResponse(Result(code, "", diagnostic)),))
    ) as server:
        assert _why(await _check(open_directory(server))) == (UNAVAILABLE, "bind_refused")


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (lambda message: None, "closed"),
        (lambda message: (b"\x16\x03\x01\x02\x00",), "garbled"),
        (lambda message: (b"\x30\x84\xff\xff\xff\xff",), "garbled"),
        (lambda message: (encode(Message(message.message_id + 1, BindResponse(Result(0)))),), "garbled"),
        (lambda message: (encode(Message(message.message_id - 1, BindResponse(Result(0)))),), "closed"),
        (lambda message: (SearchResultDone(Result(0)),), "garbled"),
        (lambda message: (BindResponse(Result(0)), BindResponse(Result(49))), "garbled"),
        (lambda message: (BindResponse(Result(0)), b"\x00"), "garbled"),
        (lambda message: (ALICE_ENTRY,) * 200, "garbled"),
        (
            lambda message: (encode(Message(0, ExtendedResponse(Result(52), "1.3.6.1.4.1.1466.20036"))),),
            "closed",
        ),
    ],
)
async def test_an_answer_that_is_none_lets_nobody_in(open_directory: Opening, answer: Any, why: str) -> None:
    """What does not answer the question that was asked is no answer."""
    async with ScriptedDirectory(with_bind(lambda request, message: answer(message))) as server:
        verdict = await _check(open_directory(server))
    assert _why(verdict) == (UNAVAILABLE, why)


async def test_referrals_are_not_followed(open_directory: Opening) -> None:
    """LD-18: another server's address is no reason to send it a password."""
    async with ScriptedDirectory(silence) as elsewhere:

        def script(message: Message) -> Any:
            address = f"{elsewhere.url}/dc=x"
            match message.operation:
                case SearchRequest():
                    return (
                        SearchResultReference((address,)),
                        SearchResultDone(Result(10, referrals=(address,))),
                    )
                case _:
                    return obliging(message)

        async with ScriptedDirectory(script) as server:
            assert _why(await _check(open_directory(server))) == (UNAVAILABLE, "search_refused")
        assert elsewhere.connections == 0


async def test_closing_does_not_take_the_answer_from_a_check_under_way(
    own_openldap: OpenLdap, open_directory: Opening
) -> None:
    """Settings may change, and with them the directory, while somebody signs in."""
    directory = open_directory(own_openldap, urls=(f"ldap://localhost:{own_openldap.port}",))
    own_openldap.pause()
    check = asyncio.create_task(_check(directory))
    await asyncio.wait([check], timeout=0.05)
    await directory.close()
    own_openldap.resume()
    assert (await check).kind is MATCH
    assert (await _check(directory)).kind is MATCH
    assert (await _check(directory, password="wrong")).kind is MISMATCH


async def test_a_canceled_check_leaves_nothing_to_the_next_one(
    own_openldap: OpenLdap, open_directory: Opening
) -> None:
    """LD-09: the answer to a check that was given up is never taken for the answer to another."""
    directory = open_directory(own_openldap, max_connections=1)
    assert (await _check(directory)).kind is MATCH
    own_openldap.pause()
    given_up = asyncio.create_task(_check(directory))
    await asyncio.wait([given_up], timeout=0.05)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    own_openldap.resume()
    assert (await _check(directory, "bob", "wrong")).kind is MISMATCH


async def test_a_dead_name_server_holds_up_nobody_else(
    openldap: OpenLdap, open_directory: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DEP-01: look-ups that hang in the system's resolver take no thread that anyone else needs."""
    end = threading.Event()
    ask = socket.getaddrinfo

    def hang(host: str, *rest: Any, **more: Any) -> Any:
        if host == "ldap.dead.example":
            end.wait()
            raise socket.gaierror("no answer")
        return ask(host, *rest, **more)

    monkeypatch.setattr("vestibule.directories.ldap.resolver.socket.getaddrinfo", hang)
    dead = open_directory(openldap, urls=("ldap://ldap.dead.example",), timeout_seconds=0.2)
    waiting = [asyncio.create_task(_check(dead)) for _ in range(8)]
    healthy = open_directory(openldap, urls=(f"ldap://localhost:{openldap.port}",))
    assert (await _check(healthy)).kind is MATCH
    assert await asyncio.to_thread(lambda: "a thread for others") == "a thread for others"
    verdicts = await asyncio.gather(*waiting)
    assert {_why(verdict) for verdict in verdicts} == {(UNAVAILABLE, "timed_out")}
    end.set()


async def test_nothing_secret_is_logged_or_shown(
    open_directory: Opening, caplog: pytest.LogCaptureFixture
) -> None:
    """LOG-02: passwords, the service account's included, appear in no log, verdict or representation."""
    caplog.set_level(logging.DEBUG)
    canary = "canary-pässword-77"
    settings: Any = None
    seen = []
    scripts: list[Any] = [
        obliging,
        with_bind(lambda request, message: (BindResponse(Result(49, "", canary)),)),
        with_bind(lambda request, message: (BindResponse(Result(1, "", canary)),)),
        with_bind(lambda request, message: None),
        with_bind(lambda request, message: (b"\x00",)),
        lambda message: (b"\x30\x03\x02\x01",),
    ]
    for script in scripts:
        async with ScriptedDirectory(script) as server:
            changes = {"bind_password": Secret(canary), "timeout_seconds": 0.3}
            settings = settings_for(server, **changes)
            verdict = await _check(open_directory(server, **changes), password=canary)
            seen.append(repr(verdict))
            assert any(isinstance(message.operation, BindRequest) for message in server.received)
    shown = "\n".join([*seen, repr(settings), caplog.text])
    assert "canary" not in shown
    assert "directory server ldap://127.0.0.1" in caplog.text


async def test_one_line_in_the_log_for_one_change(
    own_openldap: OpenLdap, open_directory: Opening, caplog: pytest.LogCaptureFixture
) -> None:
    """DOS-04: a directory that is down is reported once, and once when it is back."""
    caplog.set_level(logging.INFO, logger="vestibule.directories.ldap")
    directory = open_directory(own_openldap)
    own_openldap.kill()
    for _ in range(5):
        await _check(directory)
    own_openldap.start()
    for _ in range(5):
        await _check(directory)
    texts = [record.getMessage().partition(": ")[2] or "answers" for record in caplog.records]
    assert texts == ["unreachable", "answers"]
