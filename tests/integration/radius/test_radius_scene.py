"""The whole scene: a VPN, a password, a passcode, and the list of attempts; real services on SQLite behind
the door.
"""

from __future__ import annotations

import asyncio
import io
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.radius.house import PASSWORD, SECRET, TENANT, House, living_house
from tests.integration.radius.test_radius_listener import Station
from tests.peers.freeradius import DICTIONARIES
from tests.peers.program import find_program, run
from tests.peers.sshd_pam_radius import SshdPamRadius
from vestibule.cli.radius_peer import Endpoint, RadiusPeer
from vestibule.cli.try_ import ACCEPTED, REJECTED, Script, Terminal, sign_in
from vestibule.frontends.radius import RadiusFrontend
from vestibule.interfaces.directory import PasswordVerdictKind
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor
from vestibule.model.verification import Reason, VerificationState
from vestibule.wire.radius import CheckedReply, Message, SharedSecret, Signature, check_reply, decode
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    ACCESS_REQUEST,
    CHAP_PASSWORD,
    REPLY_MESSAGE,
    STATE,
    USER_NAME,
    USER_PASSWORD,
)

SHARED = SharedSecret(SECRET)


class Concentrator:
    """A VPN concentrator: sends sign-ins from one address, a new identifier and authenticator for each."""

    def __init__(
        self, house: House, source: str = "127.0.0.1", secret: bytes = SECRET, port: int = 0
    ) -> None:
        self.station = Station("127.0.0.1", port or house.port, source)
        self.secret = SharedSecret(secret)
        self.identifier = 0
        self.last = b""

    def request(self, username: str, typed: str | bytes | None, *attributes: tuple[int, bytes]) -> bytes:
        self.identifier = (self.identifier + 1) % 256
        authenticator = os.urandom(16)
        octets = typed.encode() if isinstance(typed, str) else typed
        hidden = [] if octets is None else [(USER_PASSWORD, self.secret.hide(octets, authenticator))]
        body = [(USER_NAME, username.encode()), *hidden, *attributes]
        self.last = self.secret.encode_request(ACCESS_REQUEST, self.identifier, authenticator, body)
        return self.last

    async def sign_in(
        self, username: str, typed: str | bytes | None, *attributes: tuple[int, bytes]
    ) -> Message:
        return self.check(await self.station.ask(self.request(username, typed, *attributes)))

    def check(self, reply: bytes) -> Message:
        """I9: every reply verifies and is signed first."""
        request = decode(self.last)
        assert isinstance(request, Message)
        checked = check_reply(reply, request, self.secret)
        assert isinstance(checked, CheckedReply)
        assert checked.signature is Signature.FIRST
        return checked.message


def state_of(reply: Message) -> tuple[int, bytes]:
    assert reply.code == ACCESS_CHALLENGE
    (state,) = reply.values(STATE)
    return STATE, state


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with living_house(tmp_path) as living:
        await living.add_user("alice")
        yield living


@pytest.fixture
def concentrator(house: House) -> Iterator[Concentrator]:
    made = Concentrator(house)
    yield made
    made.station.socket.close()


async def ended(house: House) -> list[tuple[VerificationState, Reason]]:
    return [(attempt.state, attempt.reason) for attempt in await house.attempts()]


async def test_password_then_passcode(house: House, concentrator: Concentrator) -> None:
    await house.add_client()
    challenge = await concentrator.sign_in("alice", PASSWORD)
    accepted = await concentrator.sign_in("alice", house.tokens["alice"].press(), state_of(challenge))
    assert accepted.code == ACCESS_ACCEPT
    (attempt,) = await house.attempts()
    assert (attempt.state, attempt.reason) == (VerificationState.APPROVED, Reason.PASSCODE_VERIFIED)
    assert (attempt.channel, attempt.username, attempt.client_address) == ("radius", "alice", "127.0.0.1")


async def test_wrong_password_and_unknown_user_look_alike(house: House, concentrator: Concentrator) -> None:
    """BF-14, BF-15: no challenge, no delivery, the same words; the list of attempts knows the difference."""
    await house.add_client()
    wrong = await concentrator.sign_in("alice", "wrong")
    unknown = await concentrator.sign_in("nobody", PASSWORD)
    empty = await concentrator.sign_in("alice", "")
    assert {reply.code for reply in (wrong, unknown, empty)} == {ACCESS_REJECT}
    assert wrong.values(REPLY_MESSAGE) == unknown.values(REPLY_MESSAGE) == empty.values(REPLY_MESSAGE)
    assert [reason for _, reason in await ended(house)] == [
        Reason.PASSWORD_WRONG,
        Reason.UNKNOWN_USER,
        Reason.PASSWORD_MISSING,
    ]


async def test_passcode_works_once(house: House, concentrator: Concentrator) -> None:
    """OTP-01."""
    await house.add_client()
    passcode = house.tokens["alice"].press()
    challenge = await concentrator.sign_in("alice", PASSWORD)
    assert (await concentrator.sign_in("alice", passcode, state_of(challenge))).code == ACCESS_ACCEPT
    challenge = await concentrator.sign_in("alice", PASSWORD)
    again = await concentrator.sign_in("alice", passcode, state_of(challenge))
    assert again.code == ACCESS_CHALLENGE
    fresh = house.tokens["alice"].press()
    assert (await concentrator.sign_in("alice", fresh, state_of(again))).code == ACCESS_ACCEPT


async def test_three_wrong_passcodes_end_the_sign_in(house: House, concentrator: Concentrator) -> None:
    await house.add_client()
    reply = await concentrator.sign_in("alice", PASSWORD)
    state = state_of(reply)
    for code in (ACCESS_CHALLENGE, ACCESS_CHALLENGE, ACCESS_REJECT):
        assert (await concentrator.sign_in("alice", "000000", state)).code == code
    late = await concentrator.sign_in("alice", house.tokens["alice"].press(), state)
    assert late.code == ACCESS_REJECT


@pytest.mark.parametrize(
    "junk", ["", "1", "12345", "1234567", "１２３４５６", "+12345", "12 456", "123456\n", b"\xff"]
)
async def test_what_is_no_passcode_is_none(
    house: House, concentrator: Concentrator, junk: str | bytes
) -> None:
    """OTP-06, OTP-13: neither accepted nor a fault; afterwards the right one still works."""
    await house.add_client()
    state = state_of(await concentrator.sign_in("alice", PASSWORD))
    assert (await concentrator.sign_in("alice", junk, state)).code in {ACCESS_CHALLENGE, ACCESS_REJECT}
    assert (await concentrator.sign_in("alice", house.tokens["alice"].press(), state)).code == ACCESS_ACCEPT


async def test_retransmission_after_the_answer_is_no_replay(house: House, concentrator: Concentrator) -> None:
    """RA-02: the same octets, one attempt in the list, for the challenge and for the acceptance."""
    await house.add_client()
    challenge = await concentrator.sign_in("alice", PASSWORD)
    assert await concentrator.station.ask(concentrator.last) == challenge.octets
    accepted = await concentrator.sign_in("alice", house.tokens["alice"].press(), state_of(challenge))
    for _ in range(3):
        assert await concentrator.station.ask(concentrator.last) == accepted.octets
    assert await ended(house) == [(VerificationState.APPROVED, Reason.PASSCODE_VERIFIED)]


async def test_combined_asks_no_directory_about_an_empty_password(
    house: House, concentrator: Concentrator
) -> None:
    """OTP-20: what the directory was asked, word for word."""
    await house.add_client(first_factor=FirstFactor.DIRECTORY, mode="combined")
    token = house.tokens["alice"]
    assert (await concentrator.sign_in("alice", token.press())).code == ACCESS_REJECT
    assert (await concentrator.sign_in("alice", "")).code == ACCESS_REJECT
    assert (await concentrator.sign_in("alice", None)).code == ACCESS_REJECT
    assert house.directory.asked == []
    assert (await concentrator.sign_in("alice", PASSWORD + token.press())).code == ACCESS_ACCEPT
    assert house.directory.asked == [("alice", PASSWORD)]
    wrong_password = await concentrator.sign_in("alice", "wrong" + token.press())
    wrong_passcode = await concentrator.sign_in("alice", PASSWORD + "000000")
    assert wrong_password.code == wrong_passcode.code == ACCESS_REJECT
    assert wrong_password.values(REPLY_MESSAGE) == wrong_passcode.values(REPLY_MESSAGE)


async def test_password_that_reads_like_a_passcode(house: House, concentrator: Concentrator) -> None:
    """OTP-20: PASSWORD ends in digits; without a passcode behind it, its own digits are no passcode."""
    await house.add_client(mode="combined")
    assert (await concentrator.sign_in("alice", PASSWORD)).code == ACCESS_REJECT
    assert (
        await concentrator.sign_in("alice", PASSWORD + house.tokens["alice"].press())
    ).code == ACCESS_ACCEPT


async def test_combined_with_longer_passcodes(house: House, concentrator: Concentrator) -> None:
    await house.add_user("bob", digits=8)
    await house.add_client(mode="combined", passcode_length=8)
    assert (await concentrator.sign_in("bob", PASSWORD + house.tokens["bob"].press())).code == ACCESS_ACCEPT


async def test_passcode_only(house: House, concentrator: Concentrator) -> None:
    """The client has checked the password; an empty or missing field leads to the question."""
    await house.add_client(first_factor=FirstFactor.CLIENT, mode="passcode_only")
    token = house.tokens["alice"]
    assert (await concentrator.sign_in("alice", token.press())).code == ACCESS_ACCEPT
    assert (await concentrator.sign_in("alice", "000000")).code == ACCESS_REJECT
    for nothing in ("", None):
        challenge = await concentrator.sign_in("alice", nothing)
        assert (await concentrator.sign_in("alice", token.press(), state_of(challenge))).code == ACCESS_ACCEPT


async def test_passcode_only_where_the_password_is_ours_to_check(
    house: House, concentrator: Concentrator
) -> None:
    """A client that claims to have checked what the application wants checked here is not believed."""
    await house.add_client(mode="passcode_only")
    assert (await concentrator.sign_in("alice", house.tokens["alice"].press())).code == ACCESS_REJECT
    assert (await concentrator.sign_in("alice", "")).code == ACCESS_REJECT


async def test_state_is_bound_to_user_and_client(house: House, concentrator: Concentrator) -> None:
    """RA-15: another user's, another client's, changed, cut, none, and used ones."""
    await house.add_client()
    other_secret = b"the_secret_of_the_other_client"
    await house.add_client("Other VPN", address="127.0.0.2/32", secret=other_secret)
    await house.add_user("mallory")
    other = Concentrator(house, "127.0.0.2", other_secret)
    alice, mallory = house.tokens["alice"], house.tokens["mallory"]
    number, state = state_of(await concentrator.sign_in("alice", PASSWORD))
    forged = [
        await concentrator.sign_in("mallory", mallory.press(), (number, state)),
        await other.sign_in("alice", alice.press(), (number, state)),
        await concentrator.sign_in("alice", alice.press(), (number, state[:-1])),
        await concentrator.sign_in("alice", alice.press(), (number, state + b"\0")),
        await concentrator.sign_in("alice", alice.press(), (number, bytes(253))),
        await concentrator.sign_in("alice", alice.press(), (number, b"")),
        await concentrator.sign_in("alice", alice.press()),
    ]
    assert {reply.code for reply in forged} == {ACCESS_REJECT}
    assert (await concentrator.sign_in("alice", alice.press(), (number, state))).code == ACCESS_ACCEPT
    assert (await concentrator.sign_in("alice", alice.press(), (number, state))).code == ACCESS_REJECT
    other.station.socket.close()


async def test_other_spellings_are_the_same_user(house: House, concentrator: Concentrator) -> None:
    """BF-05: one user, one token, one count, however the name is written."""
    await house.add_client()
    for name in ("ALICE", "CORP\\alice", " alice "):
        challenge = await concentrator.sign_in(name, PASSWORD)
        accepted = await concentrator.sign_in(name, house.tokens["alice"].press(), state_of(challenge))
        assert accepted.code == ACCESS_ACCEPT


async def test_too_late_is_too_late(house: House, concentrator: Concentrator) -> None:
    await house.add_client()
    state = state_of(await concentrator.sign_in("alice", PASSWORD))
    house.clock.time += 181_000
    assert (await concentrator.sign_in("alice", house.tokens["alice"].press(), state)).code == ACCESS_REJECT


async def test_chap_is_refused_and_recorded(house: House, concentrator: Concentrator) -> None:
    """RA-17."""
    await house.add_client()
    reply = await concentrator.sign_in("alice", None, (CHAP_PASSWORD, bytes(17)))
    assert reply.code == ACCESS_REJECT
    assert await ended(house) == [(VerificationState.DENIED, Reason.PROTOCOL_UNSUPPORTED)]


async def test_directory_that_does_not_answer_lets_nobody_in(
    house: House, concentrator: Concentrator
) -> None:
    """I8."""
    await house.add_client(first_factor=FirstFactor.DIRECTORY)
    house.directory.verdict = PasswordVerdictKind.UNAVAILABLE
    assert (await concentrator.sign_in("alice", PASSWORD)).code == ACCESS_REJECT
    assert await ended(house) == [(VerificationState.DENIED, Reason.DIRECTORY_UNAVAILABLE)]


async def test_locked_user_hears_the_same_as_a_wrong_password(
    house: House, concentrator: Concentrator
) -> None:
    """BF-10."""
    await house.add_client()
    await house.change_settings(lockout_threshold=3)
    replies = [await concentrator.sign_in("alice", "wrong") for _ in range(3)]
    replies.append(await concentrator.sign_in("alice", PASSWORD))
    assert {reply.code for reply in replies} == {ACCESS_REJECT}
    assert len({tuple(reply.values(REPLY_MESSAGE)) for reply in replies}) == 1
    assert (await ended(house))[-1] == (VerificationState.DENIED, Reason.LOCKED_OUT)


async def test_secret_is_rotated_without_a_pause(house: House, concentrator: Concentrator) -> None:
    """RA-27: old and new side by side, also within one sign-in; then the old one is over."""
    application = await house.add_client()
    client = next(
        peer.client
        for peer in house.configuration.current.peers.values()
        if peer.application.application_id == application.application_id
    )
    (old,) = await house.applications.secrets(SYSTEM, TENANT, client.client_id)
    new = await house.applications.add_shared_secret(SYSTEM, TENANT, client.client_id)
    renewed = Concentrator(house, secret=new.reveal().encode())
    token = house.tokens["alice"]
    challenge = await concentrator.sign_in("alice", PASSWORD)
    assert (await renewed.sign_in("alice", token.press(), state_of(challenge))).code == ACCESS_ACCEPT
    challenge = await renewed.sign_in("alice", PASSWORD)
    assert (await concentrator.sign_in("alice", token.press(), state_of(challenge))).code == ACCESS_ACCEPT
    end = house.clock.now() + 1000
    await house.applications.end_secret(SYSTEM, TENANT, client.client_id, old.secret_id, end)
    assert (await concentrator.sign_in("alice", "wrong")).code == ACCESS_REJECT
    house.clock.time = end
    concentrator.station.send(concentrator.request("alice", PASSWORD))
    assert (await renewed.sign_in("alice", PASSWORD)).code == ACCESS_CHALLENGE
    assert concentrator.station.has_nothing()
    renewed.station.socket.close()


async def test_start_here_finish_there(house: House, concentrator: Concentrator) -> None:
    """RA-03: the concentrator moves to another node between password and passcode."""
    await house.add_client()
    second = RadiusFrontend(
        house.frontend._mapping._verifications,
        house.configuration,
        house.clock,
        house.metrics,
        [("127.0.0.1", 0)],
    )
    await second.start()
    there = Concentrator(house, port=int(second.addresses()[0].rpartition(":")[2]))
    state = state_of(await concentrator.sign_in("alice", PASSWORD))
    assert (await there.sign_in("alice", house.tokens["alice"].press(), state)).code == ACCESS_ACCEPT
    # The very same first packet at both: one attempt, one challenge.
    first = state_of(await concentrator.sign_in("alice", PASSWORD))
    there.last = concentrator.last
    assert state_of(there.check(await there.station.ask(there.last))) == first
    there.station.socket.close()
    await second.stop(1)


async def test_vestibule_try(house: House) -> None:
    await house.add_client()
    passcode = house.tokens["alice"].press()

    def attempt(passcode: str) -> tuple[int, str]:
        target = io.StringIO()
        with RadiusPeer(Endpoint("127.0.0.1", house.port), SHARED, os.urandom) as peer:
            script = Script("alice", PASSWORD, passcode)
            return sign_in(peer, Terminal("en", io.StringIO(), target), script), target.getvalue()

    code, words = await asyncio.to_thread(attempt, passcode)
    assert code == ACCEPTED
    assert words.endswith("ACCEPTED\n")
    code, words = await asyncio.to_thread(attempt, passcode)
    assert code == REJECTED
    assert "Finding" not in words


async def test_radclient(house: House) -> None:
    await house.add_client()

    async def ask(*attributes: str) -> str:
        command = [find_program("radclient"), "-x", "-r", "1", "-t", "5", "-D", DICTIONARIES]
        lines = "\n".join(['User-Name = "alice"', "Message-Authenticator = 0x00", *attributes])
        full = [*command, f"127.0.0.1:{house.port}", "auth", SECRET.decode()]
        return (await asyncio.to_thread(run, full, text=lines)).stdout

    shown = await ask(f'User-Password = "{PASSWORD}"')
    assert "Received Access-Challenge" in shown
    state = shown.rpartition("State = ")[2].split()[0]
    passcode = house.tokens["alice"].press()
    assert "Received Access-Accept" in await ask(f'User-Password = "{passcode}"', f"State = {state}")
    assert "Received Access-Reject" in await ask('User-Password = "wrong"')


async def test_sshd(house: House, sshd_pam_radius: Callable[..., SshdPamRadius]) -> None:
    """A real sshd with pam_radius_auth: password, question, passcode; approved, and denied twice.

    pam_radius_auth 2 cannot sign its requests, so this client must be allowed not to (RA-06).
    """
    await house.add_client(message_authenticator="observe")
    sshd = await asyncio.to_thread(
        sshd_pam_radius, radius_port=house.port, secret=SECRET.decode(), users=["alice"], timeout_seconds=5
    )
    passcode = house.tokens["alice"].press()
    approved = await asyncio.to_thread(sshd.sign_in, "alice", [PASSWORD, passcode])
    assert approved.is_accepted, approved.output
    assert len(approved.questions) == 2
    assert "passcode" in approved.questions[1]
    replayed = await asyncio.to_thread(sshd.sign_in, "alice", [PASSWORD, passcode])
    assert not replayed.is_accepted
    wrong = await asyncio.to_thread(sshd.sign_in, "alice", ["wrong", house.tokens["alice"].press()])
    assert not wrong.is_accepted
    assert len(wrong.questions) == 1
