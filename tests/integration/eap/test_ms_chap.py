"""MS-CHAPv2 that ends here, with the proof that RFC 2759 §9.2 has as its example."""

from __future__ import annotations

import asyncio
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from tests.houses import TENANT, Person
from tests.integration.eap.conftest import CLIENT_SECRET, Scene, scene
from tests.integration.phone.conftest import NUMBER
from tests.integration.proxy.conftest import Vpn
from tests.integration.proxy.test_proxied_passwords import approve
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.tenant import TenantSettings
from vestibule.model.verification import Reason
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.users import UserFields
from vestibule.wire.radius import Attribute, Message, vendor_attributes
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_REJECT,
    NAS_IDENTIFIER,
    STATE,
    USER_NAME,
    VENDOR_MICROSOFT,
)

NAME, PASSWORD = "User", "clientPass"
CHALLENGE = bytes.fromhex("5b5d7c7d7b3f2f3e3c2c602132262628")
PEER_CHALLENGE = bytes.fromhex("21402324255e262a28295f2b3a337c7e")
RESPONSE = bytes.fromhex("82309ecd8d708b5ea08faa3981cd83544233114a3d85d6df")
CONFIRMATION = b"\x01S=407A5589115FD0D6209F510FE9C04566932CDA56"
SEND_KEY = bytes.fromhex("8b7cdc149b993a1ba118cb153f56dccb")


def proof(response: bytes = RESPONSE, name: str = NAME) -> list[Attribute]:
    values = {11: CHALLENGE, 25: b"\1\0" + PEER_CHALLENGE + bytes(8) + response}
    parts = [bytes((number, len(value) + 2)) + value for number, value in values.items()]
    return [(USER_NAME, name.encode()), *((26, b"\0\0\1\x37" + part) for part in parts)]


async def switch(made: Scene, *, is_on: bool, knows: bool = True) -> TenantSettings:
    services = made.house.services
    settings = services.configuration.current.tenants[TENANT].settings
    wanted = msgspec.structs.replace(settings, nt_hashes=is_on)
    changed = await services.applications.change_settings(SYSTEM, TENANT, wanted, knows_nt_hashes=knows)
    return changed.settings


async def set_password(made: Scene, person: Person, password: str = PASSWORD) -> None:
    users = made.house.services.users
    await users.edit(SYSTEM, TENANT, person.user.user_id, UserFields(), Secret(password))


async def add_caller(made: Scene) -> Person:
    person = await made.house.add_bare_person(NAME)
    await made.house.add_phone(person, "voice", number=NUMBER)
    await set_password(made, person)
    return person


async def ask(made: Scene, *attributes: Attribute) -> tuple[Message, dict[int, bytes]]:
    """Ask once, and return the answer and Microsoft's attributes in it, opened."""
    with closing(Vpn(made.port, CLIENT_SECRET)) as vpn:
        reply = await vpn.ask(*attributes)
        opened = {value[4]: value[6:] for number, value in vpn.opened(reply) if number == 26}
        assert set(opened) == {number for number, _ in vendor_attributes(reply, VENDOR_MICROSOFT)}
        return reply, opened


async def test_a_proof_and_a_call_let_in_with_keys(tmp_path: Path) -> None:
    """RFC 2759 §9.2, RFC 3079 §3.5.3: the client sees that we know the password, and gets the keys."""
    async with scene(tmp_path) as made:
        await switch(made, is_on=True)
        await add_caller(made)
        asked = asyncio.create_task(ask(made, *proof()))
        await approve(made)
        reply, given = await asked
        (attempt,) = await made.house.attempts()
    assert reply.code == ACCESS_ACCEPT
    assert given[26] == CONFIRMATION
    assert given[16] == SEND_KEY
    assert len(given[17]) == 16
    assert attempt.reason is Reason.CALL_CONFIRMED


@pytest.mark.parametrize("version", ["1.2", "1.3"])
async def test_peap_with_ms_chapv2_as_windows_has_it(tmp_path: Path, version: str) -> None:
    """By a supplicant that people use: proof, call, confirmation, and the keys of the tunnel."""
    async with scene(tmp_path) as made:
        await switch(made, is_on=True)
        await add_caller(made)
        entering = made.enter("peap-mschapv2", name=NAME, password=PASSWORD, version=version)
        asked = asyncio.create_task(entering)
        await approve(made)
        seen = await asked
        wrong = await made.enter("peap-mschapv2", name=NAME, password="of somebody else")
        attempts = await made.house.attempts()
    assert seen.is_let_in, seen.output[-3000:]
    assert "MPPE keys OK: 1  mismatch: 0" in seen.output
    assert not wrong.is_let_in
    assert {each.reason for each in attempts} == {Reason.CALL_CONFIRMED, Reason.PASSWORD_WRONG}


async def test_a_wrong_proof_is_one_attempt_and_rings_nobody(tmp_path: Path) -> None:
    """RFC 2548 §2.1.5: the error that clients understand. Who is nobody is told the same."""
    async with scene(tmp_path) as made:
        await switch(made, is_on=True)
        await add_caller(made)
        for wrong in (proof(bytes(24)), proof(name="nobody")):
            reply, given = await ask(made, *wrong)
            assert reply.code == ACCESS_REJECT
            assert given[2].startswith(b"\x01E=691 R=0 C=")
            assert list(given) == [2]
        attempts = await made.house.attempts()
    assert {each.reason for each in attempts} == {Reason.PASSWORD_WRONG, Reason.UNKNOWN_USER}
    assert made.phones.far.errands == []


async def test_ra_17_a_proof_of_one_who_holds_only_a_passcode(tmp_path: Path) -> None:
    """RA-17: nothing can be typed, so the right proof alone is rejected."""
    async with scene(tmp_path) as made:
        await switch(made, is_on=True)
        await set_password(made, await made.house.add_person(NAME))
        reply, given = await ask(made, *proof())
        (attempt,) = await made.house.attempts()
    assert reply.code == ACCESS_REJECT
    assert list(given) == [2]
    assert attempt.is_first_factor_proven


async def test_ra_17_nothing_is_spoken_while_it_is_off(tmp_path: Path) -> None:
    """RA-17: off as it is from the first day, and off again, a clear rejection and no look at anybody."""
    async with scene(tmp_path) as made:
        person = await add_caller(made)
        assert (await ask(made, *proof()))[0].code == ACCESS_REJECT
        await switch(made, is_on=True)
        await set_password(made, person)
        await switch(made, is_on=False)
        assert (await ask(made, *proof(), (NAS_IDENTIFIER, b"again")))[0].code == ACCESS_REJECT
        attempts = await made.house.attempts()
    assert [each.reason for each in attempts] == [Reason.PROTOCOL_UNSUPPORTED] * 2


@pytest.mark.parametrize(
    "attributes",
    [
        proof()[:2],
        [*proof(), proof()[2]],
        [*proof(), (26, b"\0\0\1\x37\1\x34" + bytes(50))],
        [proof()[0], (26, b"\0\0\1\x37\1\x34" + bytes(50))],
    ],
)
async def test_ra_17_broken_and_older_proofs_are_refused(tmp_path: Path, attributes: list[Attribute]) -> None:
    """RA-17: without its challenge, twice, beside one of version 1, or of version 1 alone."""
    async with scene(tmp_path) as made:
        await switch(made, is_on=True)
        await add_caller(made)
        reply, _ = await ask(made, *attributes)
        (attempt,) = await made.house.attempts()
    assert reply.code == ACCESS_REJECT
    assert attempt.reason in (Reason.PROTOCOL_UNSUPPORTED, Reason.PASSWORD_MISSING)


async def test_a_state_leads_nowhere(tmp_path: Path) -> None:
    """Nothing was asked, so nothing is answered."""
    async with scene(tmp_path) as made:
        await switch(made, is_on=True)
        await add_caller(made)
        reply, given = await ask(made, *proof(), (STATE, bytes(32)))
        (attempt,) = await made.house.attempts()
    assert reply.code == ACCESS_REJECT
    assert list(given) == [2]
    assert attempt.reason is Reason.CHALLENGE_UNKNOWN


async def test_it_is_switched_on_by_who_has_read_why_not(tmp_path: Path) -> None:
    """The service itself demands it, whatever face the administrator has used."""
    async with scene(tmp_path) as made:
        with pytest.raises(Refused) as refused:
            await switch(made, is_on=True, knows=False)
        assert refused.value.why is Refusal.NT_HASHES_UNREAD
        assert (await switch(made, is_on=True)).nt_hashes
        assert (await switch(made, is_on=True, knows=False)).nt_hashes, "he has read it"
        assert not (await switch(made, is_on=False, knows=False)).nt_hashes


async def test_a_hash_lives_as_long_as_its_password_and_the_switch(tmp_path: Path) -> None:
    """Made when a password is set, of no use after the next one however that is written, gone with the
    switch."""
    async with scene(tmp_path) as made:
        hashes, store = made.house.services.nt_hashes, made.house.store
        person = await made.house.add_bare_person(NAME)
        await set_password(made, person)
        assert await kept(made, person) is None
        await switch(made, is_on=True)
        assert await kept(made, person) is None
        await set_password(made, person)
        first = await kept(made, person)
        assert first is not None
        assert first.reveal().hex() == "44ebba8d5312b8d611474411f56989ae"
        await made.house.change_user(person, password_hash="written past the services")
        assert await kept(made, person) is None
        await set_password(made, person)
        assert await kept(made, person) == first
        await switch(made, is_on=False)
        assert await store.read(lambda tx: tx.nt_hash(TENANT, person.user.user_id)) is None
        assert not hashes.are_kept(TENANT)


async def kept(made: Scene, person: Person) -> Secret[bytes] | None:
    subject = await made.house.store.read(lambda tx: tx.subject(TENANT, person.user.user_id))
    assert subject is not None
    return await made.house.services.nt_hashes.of(TENANT, subject.user)
