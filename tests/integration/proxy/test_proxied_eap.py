"""EAP that goes through to FreeRADIUS, by a supplicant that people use; the call comes at the end."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.proxy.conftest import CLIENT_SECRET, PASSWORD, Scene, scene
from tests.integration.proxy.test_proxied_passwords import approve
from tests.peers.eapol_test import Seen, sign_in
from tests.peers.freeradius_eap import FreeRadiusEap
from vestibule.model.verification import Reason


async def enter(
    made: Scene, folder: Path, server: FreeRadiusEap, kind: str, password: str = PASSWORD, **facts: str
) -> Seen:
    certificate, key = server.authority.issue("alice", "alice", for_client=True)
    given = {
        "name": "alice",
        "password": password,
        "authority": str(server.authority.ca_file),
        "certificate": str(certificate),
        "key": str(key),
    }
    return await sign_in(folder, kind, made.port, CLIENT_SECRET, given | facts)


@pytest.mark.parametrize("kind", ["md5", "mschapv2", "peap", "ttls", "tls"])
async def test_ra_20_eap_ends_in_a_call_and_keys_that_fit(
    tmp_path: Path, freeradius_eap: FreeRadiusEap, kind: str
) -> None:
    """RA-20: many rounds pass through; the supplicant's keys are those that the server sent by RADIUS."""
    async with scene(tmp_path, freeradius_eap.name) as made:
        await made.add_caller("alice")
        asked = asyncio.create_task(enter(made, tmp_path, freeradius_eap, kind))
        await approve(made)
        seen = await asked
        attempts = await made.phones.house.attempts()
    assert seen.is_let_in, seen.output[-2000:]
    assert ("MPPE keys OK: 1  mismatch: 0" in seen.output) is (kind != "md5")
    assert [each.reason for each in attempts] == [Reason.CALL_CONFIRMED]
    assert attempts[0].is_first_factor_proven


@pytest.mark.parametrize("kind", ["md5", "peap"])
async def test_a_wrong_password_is_one_attempt_and_rings_nobody(
    tmp_path: Path, freeradius_eap: FreeRadiusEap, kind: str
) -> None:
    """Only the last round counts, whatever number of rounds there were."""
    async with scene(tmp_path, freeradius_eap.name) as made:
        await made.add_caller("alice")
        seen = await enter(made, tmp_path, freeradius_eap, kind, "wrong")
        attempts = await made.phones.house.attempts()
    assert not seen.is_let_in
    assert [each.reason for each in attempts] == [Reason.PASSWORD_WRONG]
    assert made.phones.far.errands == []


@pytest.mark.parametrize("kind", ["md5", "ttls"])
async def test_ra_17_eap_of_one_who_holds_only_a_passcode(
    tmp_path: Path, freeradius_eap: FreeRadiusEap, kind: str
) -> None:
    """RA-17: the right password alone is rejected, with an EAP-Failure, at once."""
    async with scene(tmp_path, freeradius_eap.name) as made:
        await made.phones.house.add_person("alice")
        seen = await enter(made, tmp_path, freeradius_eap, kind)
        (attempt,) = await made.phones.house.attempts()
    assert not seen.is_let_in
    assert "EAP-Failure" in seen.output or "EAP: Received EAP-Failure" in seen.output
    assert attempt.is_first_factor_proven
    assert not attempt.is_authenticated


async def test_whom_the_server_accepted_inside_the_tunnel_is_asked(
    tmp_path: Path, freeradius_eap: FreeRadiusEap
) -> None:
    """Who knows the password of somebody else and calls himself by his own name outside is not asked in his
    place: the call goes to whom the server has named."""
    async with scene(tmp_path, freeradius_eap.name) as made:
        await made.add_caller("alice")
        await made.phones.house.add_person("mallory")
        asked = asyncio.create_task(enter(made, tmp_path, freeradius_eap, "ttls", outside="mallory"))
        await approve(made)
        seen = await asked
        (attempt,) = await made.phones.house.attempts()
    assert seen.is_let_in
    assert attempt.username == "alice"


async def test_a_server_that_does_not_name_whom_it_accepted_lets_nobody_in(
    tmp_path: Path, unnamed: FreeRadiusEap
) -> None:
    """The name outside a tunnel is anybody's. Where an administrator trusts it, it counts."""
    async with scene(tmp_path / "strict", unnamed.name) as made:
        await made.add_caller("alice")
        assert not (await enter(made, tmp_path, unnamed, "ttls")).is_let_in
        (attempt,) = await made.phones.house.attempts()
        assert attempt.reason is Reason.DIRECTORY_REFUSED
    async with scene(tmp_path / "trusting", unnamed.name, require_inner_name=False) as made:
        await made.add_caller("alice")
        asked = asyncio.create_task(enter(made, tmp_path, unnamed, "ttls"))
        await approve(made)
        assert (await asked).is_let_in
