"""A password, CHAP or MS-CHAPv2 that FreeRADIUS judges, and a second factor that is asked for here."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from tests.integration.phone.test_calls import Handset
from tests.integration.proxy.conftest import PASSWORD, Scene, Vpn, scene
from tests.peers.freeradius_eap import SECRET, FreeRadiusEap
from vestibule.model.user import UserStatus
from vestibule.model.verification import Reason
from vestibule.wire.radius import Attribute, Message
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    CHAP_PASSWORD,
    PROXY_STATE,
    STATE,
    USER_NAME,
    VENDOR_SPECIFIC,
)

ALICE = (USER_NAME, b"alice")
MICROSOFT = (311).to_bytes(4, "big")
# RFC 2759 §9.2: what "User" with the password "clientPass" answers.
MS_CHAP_2 = (
    (USER_NAME, b"User"),
    (VENDOR_SPECIFIC, MICROSOFT + b"\x0b\x12" + bytes.fromhex("5B5D7C7D7B3F2F3E3C2C602132262628")),
    (
        VENDOR_SPECIFIC,
        MICROSOFT
        + b"\x19\x34\x01\x00"
        + bytes.fromhex("21402324255E262A28295F2B3A337C7E")
        + bytes(8)
        + bytes.fromhex("82309ECD8D708B5EA08FAA3981CD83544233114A3D85D6DF"),
    ),
)


def chap(authenticator: bytes) -> Attribute:
    """CHAP whose challenge is the authenticator of the request (RFC 2865 §2.2)."""
    return CHAP_PASSWORD, b"\x07" + hashlib.md5(b"\x07" + PASSWORD.encode() + authenticator).digest()


async def approve(made: Scene) -> None:
    gateway, call = await made.phones.far.next_call()
    handset = Handset(gateway, call.delivery_id)
    await handset.answer()
    await handset.press("#")


async def told_directly(
    server: FreeRadiusEap, *attributes: Attribute, password: str = ""
) -> tuple[Attribute, ...]:
    """What FreeRADIUS itself answers to a client of its own."""
    with closing(Vpn(server.port, SECRET)) as vpn:
        typed = [vpn.password(password)] if password else []
        reply = await vpn.ask(*attributes, *typed)
        assert reply.code == ACCESS_ACCEPT
        return vpn.opened(reply)


def state_of(reply: Message) -> Attribute:
    assert reply.code == ACCESS_CHALLENGE
    (state,) = reply.values(STATE)
    return STATE, state


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
async def test_every_attribute_survives_a_challenge_and_another_node(
    request: pytest.FixtureRequest, tmp_path: Path, freeradius_eap: FreeRadiusEap, engine: str
) -> None:
    """RA-20, inventory 1.20: what the server has granted reaches the client after the passcode, in order,
    Tunnel-Password readable; the node that asked is gone by then."""
    url = request.getfixturevalue("postgres_url") if engine == "postgresql" else None
    direct = await told_directly(freeradius_eap, ALICE, password=PASSWORD)
    assert any(b"tunnel's own password" in value for _, value in direct)
    async with scene(tmp_path, freeradius_eap.name, url=url) as first:
        alice = await first.phones.house.add_person("alice")
        with closing(Vpn(first.port)) as vpn:
            challenge = await vpn.ask(ALICE, vpn.password(PASSWORD))
        state = state_of(challenge)
        assert [number for number, _ in challenge.attributes if number not in (18, 24, 80)] == []
        now = first.phones.house.clock.now()
    async with scene(tmp_path, url=url) as second:
        with closing(Vpn(second.port)) as vpn:
            accept = await vpn.ask(ALICE, vpn.password(alice.passcode(now).reveal()), state)
            assert accept.code == ACCESS_ACCEPT
            assert vpn.opened(accept) == direct
        (attempt,) = await second.phones.house.attempts()
        assert attempt.reason is Reason.PASSCODE_VERIFIED


async def test_ms_chap_v2_waits_for_the_call_and_brings_its_keys(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """RA-20, RFC 2548: the keys for encryption and MS-CHAP2-Success reach the client, readable by it."""
    direct = await told_directly(freeradius_eap, *MS_CHAP_2)
    kinds = {value[4] for number, value in direct if number == VENDOR_SPECIFIC and value[:4] == MICROSOFT}
    assert {16, 17, 26} <= kinds
    async with scene(tmp_path, freeradius_eap.name) as made:
        await made.add_caller("User")
        with closing(Vpn(made.port)) as vpn:
            asked = asyncio.create_task(vpn.ask(*MS_CHAP_2, (PROXY_STATE, b"one"), (PROXY_STATE, b"two")))
            await approve(made)
            accept = await asked
            assert accept.code == ACCESS_ACCEPT
            assert accept.values(PROXY_STATE) == [b"one", b"two"]
            assert vpn.opened(accept)[:-2] == direct


async def test_chap_whose_challenge_is_the_authenticator(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """RFC 2865 §2.2: the server is asked with another authenticator, so the challenge stands beside it."""
    async with scene(tmp_path, freeradius_eap.name) as made:
        await made.add_caller("alice")
        with closing(Vpn(made.port)) as vpn:
            authenticator = bytes(range(16))
            asked = asyncio.create_task(vpn.ask(ALICE, chap(authenticator), authenticator=authenticator))
            await approve(made)
            assert (await asked).code == ACCESS_ACCEPT
            wrong = await vpn.ask(ALICE, chap(bytes(16)), authenticator=authenticator)
            assert wrong.code == ACCESS_REJECT
        reasons = {each.reason for each in await made.phones.house.attempts()}
    assert reasons == {Reason.CALL_CONFIRMED, Reason.PASSWORD_WRONG}


@pytest.mark.parametrize("attributes", [(ALICE, chap(bytes(16))), MS_CHAP_2], ids=["chap", "ms-chap"])
async def test_ra_17_no_proof_without_a_place_for_a_passcode_gets_in_on_one_factor(
    tmp_path: Path, freeradius_eap: FreeRadiusEap, attributes: tuple[Attribute, ...]
) -> None:
    """RA-17: who holds nothing but a passcode is rejected there, and is asked for none."""
    async with scene(tmp_path, freeradius_eap.name) as made:
        for name in ("alice", "User"):
            await made.phones.house.add_person(name)
        with closing(Vpn(made.port)) as vpn:
            reply = await vpn.ask(*attributes, authenticator=bytes(16))
            assert reply.code == ACCESS_REJECT
            stated = await vpn.ask(*attributes, (STATE, b"x" * 32), authenticator=bytes(16))
            assert stated.code == ACCESS_REJECT
        attempts = {each.reason: each for each in await made.phones.house.attempts()}
    assert attempts.keys() == {Reason.PASSCODE_MALFORMED, Reason.CHALLENGE_UNKNOWN}
    assert attempts[Reason.PASSCODE_MALFORMED].is_first_factor_proven
    assert not any(each.is_authenticated for each in attempts.values())


async def test_ra_19_nothing_that_a_client_sends_is_granted(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """RA-19: the acceptance holds what the server has granted, whatever the request asks for."""
    wishes = ((11, b"administrators"), (25, b"class"), (27, (99).to_bytes(4, "big")))
    direct = await told_directly(freeradius_eap, ALICE, password=PASSWORD)
    async with scene(tmp_path, freeradius_eap.name) as made:
        alice = await made.phones.house.add_person("alice")
        with closing(Vpn(made.port)) as vpn:
            challenge = await vpn.ask(ALICE, vpn.password(PASSWORD), *wishes)
            typed = alice.passcode(made.phones.house.clock.now()).reveal()
            accept = await vpn.ask(ALICE, vpn.password(typed), state_of(challenge), *wishes)
            assert vpn.opened(accept) == direct


async def test_wrong_unknown_and_locked_look_alike(tmp_path: Path, freeradius_eap: FreeRadiusEap) -> None:
    """BF-14: one rejection for all; whoever is unknown here or locked costs the server a question about
    nobody, and no proof of his reaches it."""
    async with scene(tmp_path, freeradius_eap.name) as made:
        await made.phones.house.add_person("alice")
        replies, before = [], freeradius_eap.output
        with closing(Vpn(made.port)) as vpn:
            for name, typed in [
                (b"mallory", "of mallory"),
                *[(b"alice", "wrong")] * 11,
                (b"alice", PASSWORD),
            ]:
                reply = await vpn.ask((USER_NAME, name), vpn.password(typed))
                replies.append([each for each in reply.attributes if each[0] != 80])
        assert all(each == replies[0] for each in replies)
        reasons = Counter([each.reason for each in await made.phones.house.attempts()])
    assert reasons == {Reason.UNKNOWN_USER: 1, Reason.PASSWORD_WRONG: 10, Reason.LOCKED_OUT: 2}
    assert "mallory" not in freeradius_eap.output[len(before) :]


async def test_without_user_match_a_stranger_gets_in_and_nobody_who_is_known(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """Inventory 1.20, 1.36: who is nobody here passes by what the server says, with a reason of his own; who
    is known and disabled or blocked does not, and neither does a wrong password."""
    async with scene(tmp_path, freeradius_eap.name, require_user_match=False) as made:
        house = made.phones.house
        await house.add_person("mallory", status=UserStatus.DISABLED)
        await house.add_person("User", blocked_until=house.clock.now() + 60_000)
        direct = await told_directly(freeradius_eap, ALICE, password=PASSWORD)
        with closing(Vpn(made.port)) as vpn:
            accept = await vpn.ask(ALICE, vpn.password(PASSWORD))
            assert (accept.code, vpn.opened(accept)) == (ACCESS_ACCEPT, direct)
            assert (await vpn.ask(ALICE, vpn.password("wrong"))).code == ACCESS_REJECT
            mallory = await vpn.ask((USER_NAME, b"MALLORY"), vpn.password("of mallory"))
            assert mallory.code == ACCESS_REJECT
            blocked = await vpn.ask((USER_NAME, b"User"), vpn.password("clientPass"))
            assert blocked.code == ACCESS_REJECT
        reasons = Counter([each.reason for each in await house.attempts()])
    assert reasons == {
        Reason.NOT_MATCHED: 1,
        Reason.UNKNOWN_USER: 1,
        Reason.USER_DISABLED: 1,
        Reason.USER_BLOCKED: 1,
    }
