"""`vestibule try` against FreeRADIUS, and against servers that misbehave in one way each."""

import io
import os
import pty
import select
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.peers.freeradius import FreeRadius, StaticChallenge
from vestibule.cli.radius_peer import Endpoint, RadiusPeer
from vestibule.cli.try_ import ACCEPTED, REJECTED, UNUSABLE, Script, Terminal, app, ask_status, sign_in
from vestibule.wire.radius import Message, SharedSecret, decode, reply_messages
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    PROMPT,
    PROXY_STATE,
    STATE,
)

SECRET = "a secret for tests only"
SHARED = SharedSecret(SECRET.encode())
RUN = [sys.executable, "-c", "from vestibule.cli.try_ import app; app()"]

Respond = Callable[[Message], bytes | None]


@contextmanager
def server(respond: Respond) -> Iterator[tuple[int, list[bytes]]]:
    """A server on 127.0.0.1 that answers each datagram as it is told; gives its port and what it received."""
    received: list[bytes] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                datagram, source = listener.recvfrom(4096)
                if not datagram:
                    return
                received.append(datagram)
                message = decode(datagram)
                assert isinstance(message, Message)
                if reply := respond(message):
                    listener.sendto(reply, source)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield listener.getsockname()[1], received
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stopper:
                stopper.sendto(b"", listener.getsockname())
            thread.join()


def attempt(
    port: int,
    script: Script,
    typed: str = "",
    secret: str = SECRET,
    language: str = "en",
    is_verbose: bool = False,
    seconds: float = 0.2,
    tries: int = 2,
) -> tuple[int, str]:
    target = io.StringIO()
    terminal = Terminal(language, io.StringIO(typed), target, is_verbose)
    peer = RadiusPeer(Endpoint("127.0.0.1", port), SharedSecret(secret.encode()), os.urandom, seconds, tries)
    with peer:
        code = sign_in(peer, terminal, script)
    return code, target.getvalue()


ALICE = Script("alice", "Wonderland-7", "123456")


@pytest.fixture
def radius(freeradius: Callable[..., FreeRadius]) -> FreeRadius:
    return freeradius(
        users={"alice": "Wonderland-7", "combined": "Wonderland-7123456"},
        challenges={"carol": StaticChallenge("424242", "Type the number on your card: ")},
        replies={"alice": 'Reply-Message := "Good morning."'},
        require_message_authenticator=True,
        secret=SECRET,
    )


def test_freeradius_accepts_rejects_and_challenges(radius: FreeRadius) -> None:
    """A server by somebody else that demands a signature understands us, and we it."""
    code, words = attempt(radius.port, ALICE, seconds=5)
    assert code == ACCEPTED
    assert "ACCEPTED\nThe server says: Good morning.\n" in words
    code, words = attempt(radius.port, Script("alice", "wrong"), seconds=5)
    assert code == REJECTED
    assert "REJECTED" in words
    code, words = attempt(radius.port, Script("carol", "any", "424242"), seconds=5)
    assert code == ACCEPTED
    assert "CHALLENGE\nThe server says: Type the number on your card:" in words
    code, words = attempt(radius.port, Script("carol", "any"), typed="111111\n", seconds=5)
    assert code == REJECTED
    code, words = attempt(radius.port, Script("combined", "Wonderland-7", "123456", True), seconds=5)
    assert code == ACCEPTED


def test_unsigned_replies_of_freeradius_are_a_finding(radius: FreeRadius) -> None:
    """RA-08 seen from the client: FreeRADIUS 3.2.1 signs no replies, and the administrator is told."""
    _, words = attempt(radius.port, ALICE, seconds=5)
    assert "Finding: the answer carries no Message-Authenticator." in words


def test_status() -> None:
    with server(lambda message: SHARED.encode_reply(ACCESS_ACCEPT, message, [])) as (port, received):
        target = io.StringIO()
        with RadiusPeer(Endpoint("127.0.0.1", port), SHARED, os.urandom) as peer:
            assert ask_status(peer, Terminal("en", io.StringIO(), target)) == ACCEPTED
    assert "ALIVE" in target.getvalue()
    assert received[0][0] == 12
    assert SHARED.has_signed(decoded(received[0]))


def decoded(datagram: bytes) -> Message:
    message = decode(datagram)
    assert isinstance(message, Message)
    return message


def test_wrong_secret_is_explained(freeradius: Callable[..., FreeRadius]) -> None:
    """A server that demands no signature answers with its own secret; one that does is silent."""
    radius = freeradius(users={"alice": "Wonderland-7"}, secret=SECRET)
    unsigned_secret = SharedSecret(b"another secret")
    with server(lambda message: unsigned_secret.encode_reply(ACCESS_REJECT, message, [])) as (port, _):
        code, words = attempt(port, ALICE)
    assert code == UNUSABLE
    assert "another shared secret" in words
    code, words = attempt(radius.port, ALICE, secret="not the right secret")
    assert code == UNUSABLE
    assert "NO ANSWER" in words
    assert "2. The shared secret differs" in words


def test_silence_is_repeated_with_the_same_octets_and_explained() -> None:
    """RFC 2865 §2.5: a repeat is the same request, so a server can recognize it."""
    with server(lambda _: None) as (port, received):
        code, words = attempt(port, ALICE, seconds=0.05, tries=3)
    assert code == UNUSABLE
    assert len(received) == 3
    assert len(set(received)) == 1
    assert "The server does not know 127.0.0.1 as a client" in words
    assert f"UDP port {port}" in words


def test_late_first_answer_is_still_the_answer() -> None:
    count = iter(range(10))

    def second_only(message: Message) -> bytes | None:
        return SHARED.encode_reply(ACCESS_ACCEPT, message, []) if next(count) else None

    with server(second_only) as (port, _):
        code, words = attempt(port, ALICE, is_verbose=True)
    assert code == ACCEPTED
    assert "2 sent" in words


def test_closed_port_is_told_apart_from_silence(free_port: Callable[[], int]) -> None:
    code, words = attempt(free_port(), ALICE, seconds=0.01)
    assert code == UNUSABLE
    assert "NOTHING LISTENS" in words


def test_forged_answers_do_not_end_the_wait() -> None:
    """RA-10: a forgery first, the genuine answer second: the genuine one counts."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))

        def serve() -> None:
            datagram, source = listener.recvfrom(4096)
            message = decoded(datagram)
            listener.sendto(SharedSecret(b"attacker").encode_reply(ACCESS_ACCEPT, message, []), source)
            listener.sendto(b"garbage", source)
            listener.sendto(SHARED.encode_reply(ACCESS_REJECT, message, []), source)

        thread = threading.Thread(target=serve)
        thread.start()
        code, words = attempt(listener.getsockname()[1], ALICE, seconds=5)
        thread.join()
    assert code == REJECTED
    assert "no reason" in words


def changed(message: Message, position: int) -> bytes:
    reply = bytearray(SHARED.encode_reply(ACCESS_ACCEPT, message, []))
    reply[position] ^= 1
    return bytes(reply)


@pytest.mark.parametrize(
    ("respond", "words"),
    [
        (lambda _: b"HTTP/1.1 400 Bad Request", "no RADIUS packet"),
        (lambda message: SHARED.encode_reply(5, message, []), "accounting port"),
        (lambda message: changed(message, 1), "OTHER REQUESTS"),
        (lambda message: changed(message, 30), "another shared secret"),
    ],
)
def test_every_unsound_answer_has_its_own_words(respond: Respond, words: str) -> None:
    with server(respond) as (port, _):
        code, shown = attempt(port, ALICE, tries=1)
    assert code == UNUSABLE
    assert words in shown


def test_state_goes_back_and_prompt_decides_about_echo() -> None:
    """RFC 2865 §5.24: State unchanged, a new identifier, nothing else of the challenge."""
    rounds: list[Message] = []

    def respond(message: Message) -> bytes:
        rounds.append(message)
        if len(rounds) == 1:
            attributes = [
                (STATE, b"opaque"),
                (PROMPT, bytes(4)),
                (PROXY_STATE, b"x"),
                *reply_messages("Code?"),
            ]
            return SHARED.encode_reply(ACCESS_CHALLENGE, message, attributes)
        return SHARED.encode_reply(ACCESS_ACCEPT, message, [])

    with server(respond) as (port, _):
        code, words = attempt(port, Script("alice", "pw"), typed="654321\n")
    assert code == ACCEPTED
    assert "Code?" in words
    first, second = rounds
    assert first.values(STATE) == []
    assert second.values(STATE) == [b"opaque"]
    assert second.values(PROXY_STATE) == []
    assert first.identifier != second.identifier
    assert first.authenticator != second.authenticator
    hidden = second.first(2)
    assert hidden is not None
    assert SHARED.reveal(hidden, second.authenticator) == b"654321"


def test_server_that_only_challenges_is_left() -> None:
    with server(lambda message: SHARED.encode_reply(ACCESS_CHALLENGE, message, [(STATE, b"s")])) as (port, _):
        code, words = attempt(port, ALICE, typed="1\n" * 20)
    assert code == UNUSABLE
    assert "asked 10 times" in words


def test_script_whose_passcode_is_not_taken_is_rejected() -> None:
    """A script must tell a wrong passcode from a server that does not answer."""
    with server(lambda message: SHARED.encode_reply(ACCESS_CHALLENGE, message, [(STATE, b"s")])) as (
        port,
        received,
    ):
        code, words = attempt(port, ALICE)
    assert code == REJECTED
    assert "the passcode was not accepted" in words
    assert len(received) == 2


def test_verbose_shows_attributes_but_no_password() -> None:
    with server(lambda message: SHARED.encode_reply(ACCESS_REJECT, message, reply_messages("No."))) as (
        port,
        _,
    ):
        code, words = attempt(port, ALICE, is_verbose=True)
    assert code == REJECTED
    assert "→ Access-Request" in words
    assert "User-Name = alice" in words
    assert "User-Password = ***" in words
    assert "← Access-Reject" in words
    assert "Wonderland-7" not in words
    assert "123456" not in words


def test_german() -> None:
    with server(lambda message: SHARED.encode_reply(ACCESS_REJECT, message, [])) as (port, _):
        _, words = attempt(port, ALICE, language="de")
    assert "ABGELEHNT\nDer Server nennt keinen Grund." in words


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["alice", "--password", "Wonderland-7"], ACCEPTED, "ACCEPTED"),
        (["alice", "--password", "no"], REJECTED, "REJECTED"),
        (["carol", "--password", "", "--passcode", "424242"], ACCEPTED, "ACCEPTED"),
        (["alice", "--password", "x" * 129], UNUSABLE, "at most 128 octets"),
        (["a" * 254, "--password", "x"], UNUSABLE, "at most 253 octets"),
        (["\udcff", "--password", "x"], REJECTED, "REJECTED"),
        (["alice", "--password", "x", "--server", "a..b"], UNUSABLE, "CANNOT SEND"),
        (["alice", "--password", "x", "--attribute", "Nonsense=1"], UNUSABLE, "--attribute Nonsense=1"),
        (["alice", "--password", "x", "--tries", "0"], UNUSABLE, "above zero"),
        (["alice"], UNUSABLE, "needs an answer"),
        (["alice", "--server", "a:b"], UNUSABLE, "host:port"),
    ],
)
def test_command_and_its_exit_status(
    radius: FreeRadius,
    arguments: list[str],
    status: int,
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("VESTIBULE_TRY_SECRET", SECRET)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    own = [] if "--server" in arguments else ["--server", f"127.0.0.1:{radius.port}"]
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    with pytest.raises(SystemExit) as ended:
        app([*own, *arguments])
    assert ended.value.code == status
    assert words in capsys.readouterr().out


def test_person_at_a_terminal_is_asked_and_the_password_not_echoed(radius: FreeRadius) -> None:
    control, terminal = pty.openpty()
    environment = {**os.environ, "LC_ALL": "C.UTF-8", "TERM": "dumb"}
    command = [*RUN, "--server", f"127.0.0.1:{radius.port}", "--language", "en"]
    with subprocess.Popen(
        command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment, start_new_session=True
    ) as process:
        os.close(terminal)
        shown = ""
        for question, answer in (
            ("Shared secret: ", SECRET),
            ("User name: ", "carol"),
            ("Password (hidden): ", "Wonderland-7"),
            ("Your answer: ", "424242"),
        ):
            shown += read_until(control, question)
            os.write(control, answer.encode() + b"\n")
        shown += read_until(control, "ACCEPTED")
        assert process.wait(10) == ACCEPTED
    os.close(control)
    assert "424242" in shown
    assert SECRET not in shown
    assert "Wonderland-7" not in shown


def read_until(control: int, words: str) -> str:
    shown = ""
    while words not in shown:
        ready, _, _ = select.select([control], [], [], 20)
        assert ready, f"no {words!r} after {shown!r}"
        shown += os.read(control, 1000).decode()
    return shown
