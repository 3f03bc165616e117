"""RADIUS servers of others as a first factor: what counts as their word, and what does not."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.houses import PASSWORD, TENANT, open_house
from tests.peers.freeradius import FreeRadius, StaticChallenge
from tests.peers.ports import free_port
from vestibule.crypto.secret import Secret
from vestibule.directories.radius import DIRECTORY
from vestibule.interfaces.directory import PasswordVerdict, PasswordVerdictKind
from vestibule.model.actor import SYSTEM
from vestibule.model.application import DirectoryConfiguration, FirstFactor
from vestibule.model.user import User
from vestibule.model.verification import Reason, VerificationState
from vestibule.wire.radius import Message, SharedSecret, decode, read_access_request
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    ACCESS_REQUEST,
    MESSAGE_AUTHENTICATOR,
    NAS_IDENTIFIER,
    STATE,
)

SECRET = "a secret of tests, long enough"
MATCH, MISMATCH, UNAVAILABLE = (
    PasswordVerdictKind.MATCH,
    PasswordVerdictKind.MISMATCH,
    PasswordVerdictKind.UNAVAILABLE,
)
ALICE = User(tenant_id="t", user_id="u", username="alice", names=("alice",), created_at=0, updated_at=0)

Answers = Callable[[Message], list[bytes]]


class Scripted(asyncio.DatagramProtocol):
    """A server that answers each request as it is told."""

    def __init__(self, answers: Answers) -> None:
        self._answers = answers
        self.heard: list[bytes] = []
        self.ports: list[int] = []
        """From which it was asked."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.heard.append(data)
        self.ports.append(addr[1])
        request = decode(data)
        assert isinstance(request, Message)
        for answer in self._answers(request):
            self._transport.sendto(answer, addr)


class Server:
    """A scripted server, for as long as it is entered."""

    def __init__(self, answers: Answers) -> None:
        self.script = Scripted(answers)

    async def __aenter__(self) -> Server:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self.script, local_addr=("127.0.0.1", 0)
        )
        self.name = "127.0.0.1:{}".format(self._transport.get_extra_info("sockname")[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        self._transport.close()


def signed(code: int, secret: str = SECRET) -> Answers:
    return lambda request: [SharedSecret(secret.encode()).encode_reply(code, request, [(STATE, b"x")])]


def unsigned(code: int) -> Answers:
    """Genuine by its Response Authenticator alone (RFC 2865 §3)."""

    def answers(request: Message) -> list[bytes]:
        head = bytes((code, request.identifier, 0, 20))
        return [head + hashlib.md5(head + request.authenticator + SECRET.encode()).digest()]

    return answers


async def check(*servers: str, user: User | None = ALICE, **settings: Any) -> PasswordVerdict:
    settings = {"servers": servers, "timeout_seconds": 0.6, "tries": 2} | settings
    async with opened(settings) as directory:
        return await directory.check_password(user, "alice", Secret("correct horse"))


@asynccontextmanager
async def opened(settings: Any) -> AsyncIterator[Any]:
    directory = DIRECTORY.open(settings, Secret(SECRET))
    try:
        yield directory
    finally:
        await directory.close()


@pytest.mark.parametrize(
    ("answers", "kind", "detail"),
    [
        (signed(ACCESS_ACCEPT), MATCH, ""),
        (signed(ACCESS_REJECT), MISMATCH, "radius.verdict.rejected"),
        (signed(ACCESS_CHALLENGE), MISMATCH, "radius.verdict.challenged"),
        (signed(ACCESS_ACCEPT, "another secret, long enough"), UNAVAILABLE, "radius.trouble.not_genuine"),
        (unsigned(ACCESS_ACCEPT), UNAVAILABLE, "radius.trouble.not_signed"),
        (lambda _: [b"", b"\x02", bytes(20), bytes(5000)], UNAVAILABLE, "radius.trouble.not_genuine"),
        (lambda _: [], UNAVAILABLE, "radius.trouble.timed_out"),
    ],
    ids=["accept", "reject", "challenge", "other secret", "unsigned", "garbage", "silence"],
)
async def test_what_an_answer_means(answers: Answers, kind: PasswordVerdictKind, detail: str) -> None:
    """RFC 2865 §3, RFC 2869 §5.14, CVE-2024-3596: an accept counts if it is genuine and signed."""
    async with Server(answers) as server:
        assert await check(server.name) == PasswordVerdict(kind, detail=detail)


async def test_who_is_told_that_it_may_takes_an_unsigned_answer() -> None:
    async with Server(unsigned(ACCESS_ACCEPT)) as server:
        found = await check(server.name, require_message_authenticator=False)
    assert found.kind is MATCH


async def test_a_forged_answer_does_not_end_the_wait() -> None:
    """The accept of somebody without the secret comes first; the reject that follows is the word."""
    forged, true = signed(ACCESS_ACCEPT, "what an attacker guesses"), signed(ACCESS_REJECT)
    async with Server(lambda request: forged(request) + true(request)) as server:
        assert (await check(server.name)).kind is MISMATCH


async def test_a_crowd_of_forged_answers_does_not_either() -> None:
    forged, true = signed(ACCESS_ACCEPT, "what an attacker guesses"), signed(ACCESS_ACCEPT)
    async with Server(lambda request: forged(request) * 40 + true(request)) as server:
        assert (await check(server.name)).kind is MATCH


async def test_a_socket_that_is_done_with_is_used_again_and_not_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One that an answer could still come to is closed."""
    monkeypatch.setattr("vestibule.directories.radius.udp_road._MOST_USES", 2)
    verdicts = [MATCH, MATCH, MATCH, UNAVAILABLE, MATCH, MATCH, MATCH, MATCH]
    script = [1, 1, 0, 2, 1, 1, 1, 1]

    def answers(request: Message) -> list[bytes]:
        number = len(ports) - 1
        true = signed(ACCESS_ACCEPT)(request)
        return [signed(ACCESS_ACCEPT, "another secret, long enough")(request)[0]] * (script[number] != 1) + (
            true if script[number] != 2 else []
        )

    server = Server(answers)
    ports = server.script.ports
    async with server, opened({"servers": [server.name], "timeout_seconds": 0.5, "tries": 1}) as directory:
        for number, verdict in enumerate(verdicts):
            if number == 7:
                monkeypatch.setattr("vestibule.directories.radius.udp_road._LONGEST_SECONDS", 0.0)
            assert (await directory.check_password(ALICE, "alice", Secret("x"))).kind is verdict
    same = [ports[number] == ports[number - 1] for number in range(1, 8)]
    assert same == [True, False, False, False, True, False, False]


async def test_a_network_that_takes_nothing_is_a_server_out_of_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    class Down(socket.socket):
        def send(self, data: Any, flags: int = 0) -> int:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")

    monkeypatch.setattr(socket, "socket", Down)
    assert (await check("127.0.0.1:1812")).detail == "radius.trouble.unreachable"


async def test_a_server_is_asked_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is looked up beside the event loop; who is unknown is not reached."""
    known, looked_up_in = socket.getaddrinfo, set[threading.Thread]()

    def looked_up(
        host: str, port: int, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        if host.replace(".", "").isdigit():
            return known(host, port, family, type, proto, flags)
        if flags & socket.AI_NUMERICHOST or host != "radius.example":
            raise socket.gaierror
        looked_up_in.add(threading.current_thread())
        return known("127.0.0.1", port, family, type, proto, flags)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    async with Server(signed(ACCESS_ACCEPT)) as server:
        port = server.name.rpartition(":")[2]
        async with opened({"servers": [f"radius.example:{port}"], "timeout_seconds": 0.6}) as directory:
            for _ in range(2):
                assert (await directory.check_password(ALICE, "alice", Secret("x"))).kind is MATCH
        assert len(set(server.script.ports)) == 2, "the name may lead elsewhere next time"
        assert (await check(f"unknown.example:{port}")).detail == "radius.trouble.unreachable"
    assert looked_up_in
    assert threading.main_thread() not in looked_up_in


async def test_an_answer_to_another_request_is_none() -> None:
    """What was accepted once is no answer to the next request."""
    kept: list[bytes] = []

    def replayed(request: Message) -> list[bytes]:
        if not kept:
            kept.extend(signed(ACCESS_ACCEPT)(request))
        return kept

    async with Server(replayed) as server:
        assert (await check(server.name)).kind is MATCH
        assert (await check(server.name)).kind is UNAVAILABLE


async def test_the_next_server_is_asked_where_one_is_silent() -> None:
    """RFC 2865 §2.5: the same octets again, then another server, all within the time of one check."""
    async with Server(lambda _: []) as silent, Server(signed(ACCESS_ACCEPT)) as other:
        closed = f"127.0.0.1:{free_port()}"
        assert (await check(closed, silent.name, other.name, timeout_seconds=1.2)).kind is MATCH
        asked = [octets for octets in silent.script.heard if octets[0] == ACCESS_REQUEST]
        assert len(asked) == 2
        assert len(set(asked)) == 1
        assert other.script.heard[0] != silent.script.heard[0], "another server, another authenticator"
        assert (await check(closed)).detail == "radius.trouble.unreachable"


async def test_a_request_is_signed_and_says_who_asks() -> None:
    async with Server(signed(ACCESS_ACCEPT)) as server:
        await check(server.name, nas_identifier="mfa1")
        request = decode(server.script.heard[0])
    assert isinstance(request, Message)
    secret = SharedSecret(SECRET.encode())
    assert request.attributes[0][0] == MESSAGE_AUTHENTICATOR
    assert secret.has_signed(request)
    assert request.first(NAS_IDENTIFIER) == b"mfa1"
    asked = read_access_request(request)
    assert asked.user_name == "alice"  # type: ignore[union-attr] # a request that could be read
    hidden = asked.hidden_password  # type: ignore[union-attr] # as above
    assert hidden is not None
    assert secret.reveal(hidden, request.authenticator) == b"correct horse"


async def test_somebody_unknown_is_asked_for_under_nobodys_name() -> None:
    """BF-14: the same exchange, and no password of a stranger leaves the house."""
    async with Server(signed(ACCESS_ACCEPT)) as server:
        found = await check(server.name, user=None)
        asked = read_access_request(decode(server.script.heard[0]))  # type: ignore[arg-type] # well-formed
    assert found.kind is MISMATCH
    assert asked.user_name.startswith("nobody-")  # type: ignore[union-attr] # as above


@contextmanager
def challenging(folder: Path) -> Iterator[FreeRadius]:
    server = FreeRadius(
        folder, users={"alice": "x"}, challenges={"alice": StaticChallenge("1")}, secret=SECRET
    )
    server.start()
    yield server
    server.stop()


async def test_freeradius_that_asks_for_more_is_a_mismatch(tmp_path: Path) -> None:
    """Releases before 3.2.5 sign no answer, and are told apart by that."""
    with challenging(tmp_path / "freeradius") as server:
        name, patience = f"127.0.0.1:{server.port}", {"timeout_seconds": 10, "tries": 1}
        assert (await check(name, **patience)).kind is not MATCH
        found = await check(name, require_message_authenticator=False, **patience)
    assert found == PasswordVerdict(MISMATCH, detail="radius.verdict.challenged")


async def test_a_person_signs_in_with_the_password_that_freeradius_knows(tmp_path: Path) -> None:
    """The first factor there, the second here; the shared secret is sealed."""
    freeradius = FreeRadius(tmp_path / "freeradius", users={"alice": "open sesame"}, secret=SECRET)
    freeradius.start()
    async with open_house(tmp_path / "state") as house:
        await house.services.applications.put_directory(
            SYSTEM,
            DirectoryConfiguration(
                tenant_id=TENANT,
                directory_id="head",
                kind="radius",
                name="Head office",
                settings={
                    "servers": [f"127.0.0.1:{freeradius.port}"],
                    "require_message_authenticator": False,
                    "timeout_seconds": 30,
                },
                created_at=1,
            ),
            Secret(SECRET),
        )
        await house.add_application(first_factor=FirstFactor.DIRECTORY, directory_id="head")
        alice = await house.add_person("alice")
        passcode = alice.passcode(house.clock.now())
        wrong = await house.start("alice", PASSWORD, passcode)
        right = await house.start("alice", "open sesame", passcode)
        kept = (await house.store.read(lambda tx: tx.configuration())).directories
        attempts = await house.attempts()
    freeradius.stop()
    assert [each.reason for each in attempts] == [Reason.PASSWORD_WRONG, Reason.PASSCODE_VERIFIED]
    assert (wrong.state, right.state) == (VerificationState.DENIED, VerificationState.APPROVED)
    assert SECRET.encode() not in b"".join(each.secret for each in kept)


@pytest.mark.parametrize(
    ("wrong", "secret", "named"),
    [
        ({}, SECRET, "servers"),
        ({"servers": []}, SECRET, "servers"),
        ({"servers": ["host:0"]}, SECRET, "servers"),
        ({"servers": ["host:x"]}, SECRET, "servers"),
        ({"servers": [":1812"]}, SECRET, "servers"),
        ({"servers": ["h"]}, "short", "shared_secret"),
        ({"servers": ["h"], "tries": 0}, SECRET, "tries"),
        ({"servers": ["h"], "timeout_seconds": 0}, SECRET, "timeout_seconds"),
        ({"servers": ["h"], "nas_identifier": ""}, SECRET, "nas_identifier"),
        ({"servers": "h"}, SECRET, "servers"),
    ],
)
def test_a_wrong_setting_is_named(wrong: dict[str, Any], secret: str, named: str) -> None:
    with pytest.raises(ValueError, match=f"^{named}: "):
        DIRECTORY.open(wrong, Secret(secret))


@pytest.mark.parametrize(
    ("text", "shown"),
    [("h", "h:1812"), ("192.0.2.1:1645", "192.0.2.1:1645"), ("2001:db8::1", "[2001:db8::1]:1812"),
     ("[2001:db8::1]:99", "[2001:db8::1]:99")],
)  # fmt: skip
def test_a_server_is_a_host_with_or_without_port(text: str, shown: str) -> None:
    directory = DIRECTORY.open({"servers": [text]}, Secret(SECRET))
    assert directory.servers == (shown,)
