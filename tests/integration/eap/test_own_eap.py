"""EAP that ends here, by a supplicant that people use."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.eap.conftest import scene
from tests.integration.proxy.test_proxied_passwords import approve
from tests.peers.eapol_test import Seen
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.verification import Reason
from vestibule.runtime.clock import SystemClock
from vestibule.services.reply_attributes import WantedReply

OWN = ["ttls-pap", "peap-gtc"]


async def test_a_device_is_let_in_with_keys_that_fit(tmp_path: Path) -> None:
    """RFC 9190, RFC 9427: in each version of TLS the access point has the keys that the device has made."""
    async with scene(tmp_path, mode="combined") as made:
        alice = await made.house.add_person("alice", "hotp")
        for kind in OWN:
            for version in ("1.2", "1.3"):
                seen = await made.enter(kind, password=PASSWORD + made.passcode(alice), version=version)
                assert seen.is_let_in, seen.output[-3000:]
                assert "MPPE keys OK: 1  mismatch: 0" in seen.output
                assert f"Using TLS version TLSv{version}" in seen.output
        attempts = await made.house.attempts()
    assert [each.reason for each in attempts] == [Reason.PASSCODE_VERIFIED] * 4
    assert {each.username for each in attempts} == {"alice"}


@pytest.mark.parametrize("kind", OWN)
async def test_a_call_comes_while_the_device_waits(tmp_path: Path, kind: str) -> None:
    """A password alone leads to whatever is answered on another road, and to nothing else."""
    async with scene(tmp_path) as made:
        await made.add_caller("alice")
        asked = asyncio.create_task(made.enter(kind))
        await approve(made)
        seen = await asked
        (attempt,) = await made.house.attempts()
    assert seen.is_let_in, seen.output[-3000:]
    assert attempt.reason is Reason.CALL_CONFIRMED
    assert attempt.is_first_factor_proven


async def test_a_person_is_asked_for_the_passcode_inside_the_tunnel(tmp_path: Path) -> None:
    """EAP-GTC asks as an Access-Challenge does, also again after a wrong passcode."""
    async with scene(tmp_path) as made:
        alice = await made.house.add_person("alice", "hotp")
        typed = [PASSWORD, "000000", made.passcode(alice)]
        shown: list[str] = []

        async def answers(question: str) -> str:
            shown.append(question)
            return typed[len(shown) - 1]

        seen = await made.enter_by_hand(answers)
        (attempt,) = await made.house.attempts()
    assert seen.is_let_in, seen.output[-3000:]
    assert shown == [
        "[Enter your password:]",
        "[Enter your passcode:]",
        "[That passcode was not accepted. Enter the next one:]",
    ]
    assert attempt.reason is Reason.PASSCODE_VERIFIED
    assert len(_lines(seen, "(Session-Timeout)")) == 2, "a person takes longer than a device (RFC 3580 §3.17)"


async def test_ra_17_ttls_of_one_who_holds_only_a_passcode(tmp_path: Path) -> None:
    """RA-17: where nothing more can be typed, the right password alone is rejected, with an EAP-Failure."""
    async with scene(tmp_path) as made:
        await made.house.add_person("alice")
        seen = await made.enter("ttls-pap")
        (attempt,) = await made.house.attempts()
    _assert_failed(seen)
    assert attempt.is_first_factor_proven
    assert not attempt.is_authenticated


@pytest.mark.parametrize("kind", ["md5", "mschapv2", "peap", "tls"])
async def test_ra_17_methods_that_are_not_spoken(tmp_path: Path, kind: str) -> None:
    """RA-17: a device that wants nothing but another method is rejected at once, and never let in on less."""
    async with scene(tmp_path) as made:
        await made.house.add_person("alice")
        certificate, key = made.authority.issue("alice", "alice", for_client=True)
        seen = await made.enter(kind, certificate=str(certificate), key=str(key))
        (attempt,) = await made.house.attempts()
    _assert_failed(seen)
    assert attempt.reason is Reason.PROTOCOL_UNSUPPORTED


@pytest.mark.parametrize("version", ["1.2", "1.3"])
@pytest.mark.parametrize("kind", OWN)
async def test_ra_18_a_session_is_never_resumed(tmp_path: Path, kind: str, version: str) -> None:
    """RA-18 (CVE-2017-9148): who comes back proves password and passcode again; the old one does not do."""
    async with scene(tmp_path, mode="combined") as made:
        alice = await made.house.add_person("alice", "hotp")
        password = PASSWORD + made.passcode(alice)
        seen = await made.enter(kind, password=password, version=version, arguments=["-r", "1"])
        attempts = await made.house.attempts()
    assert not seen.is_let_in, seen.output[-3000:]
    assert "resumed=0" in seen.output
    assert "resumed=1" not in seen.output
    assert {each.reason for each in attempts} == {Reason.PASSCODE_VERIFIED, Reason.PASSCODE_REPLAYED}


@pytest.mark.parametrize("kind", OWN)
async def test_a_wrong_password_is_one_attempt_and_rings_nobody(tmp_path: Path, kind: str) -> None:
    async with scene(tmp_path) as made:
        await made.add_caller("alice")
        seen = await made.enter(kind, password="wrong")
        attempts = await made.house.attempts()
    _assert_failed(seen)
    assert [each.reason for each in attempts] == [Reason.PASSWORD_WRONG]
    assert made.phones.far.errands == []


async def test_the_name_inside_is_the_person(tmp_path: Path) -> None:
    """Who calls himself by his own name outside is still the one whose password he typed inside; the access
    point learns that name."""
    async with scene(tmp_path, mode="combined") as made:
        alice = await made.house.add_person("alice")
        await made.house.add_person("mallory")
        typed = PASSWORD + made.passcode(alice)
        seen = await made.enter("ttls-pap", name="ALICE", outside="mallory", password=typed)
        (attempt,) = await made.house.attempts()
    assert seen.is_let_in
    assert attempt.username == "alice"
    assert seen.output.rindex("Value: 'ALICE'") > seen.output.rindex("Access-Accept")


async def test_attributes_of_policy_go_with_the_keys_or_nobody_goes_in(tmp_path: Path) -> None:
    """Who has more of them than a packet holds is rejected, and his device hears it in EAP."""
    async with scene(tmp_path, mode="combined") as made:
        alice = await made.house.add_person("alice", "hotp")

        async def add(value: str) -> None:
            wanted = WantedReply(attribute="Filter-Id", value=Secret(value), adds=True)
            await made.house.services.reply_attributes.add(SYSTEM, TENANT, wanted)

        await add("staff")
        seen = await made.enter("ttls-pap", password=PASSWORD + made.passcode(alice))
        assert seen.is_let_in, seen.output[-3000:]
        assert "MPPE keys OK: 1  mismatch: 0" in seen.output
        assert "Attribute 11 (?Unknown?) length=7" in seen.output  # Filter-Id, which it has no name for
        for number in range(17):
            await add(f"{number:03}" * 80)
        _assert_failed(await made.enter("ttls-pap", password=PASSWORD + made.passcode(alice)))


async def test_tls_comes_in_small_pieces_both_ways(tmp_path: Path) -> None:
    """RFC 5216 §2.1.5: no packet is larger than the client's Framed-MTU, and the device's pieces are put
    together."""
    async with scene(tmp_path, mode="combined") as made:
        alice = await made.house.add_person("alice")
        password = PASSWORD + made.passcode(alice)
        seen = await made.enter("small-ttls-pap", password=password, arguments=["-N", "12:d:200"])
    assert seen.is_let_in, seen.output[-3000:]
    sizes = [int(line.split("len=")[1].split(")")[0]) for line in _lines(seen, "decapsulated EAP packet")]
    assert max(sizes) <= 196
    assert len(sizes) > 6


async def test_a_device_that_does_not_trust_the_certificate(tmp_path: Path) -> None:
    """The attempt says that EAP has failed; nobody's password was told."""
    async with scene(tmp_path) as made:
        await made.house.add_person("alice")
        seen = await made.enter("ttls-pap", authority=str(tmp_path / "certificates" / "server.pem"))
        (attempt,) = await made.house.attempts()
    _assert_failed(seen)
    assert attempt.reason is Reason.EAP_FAILED
    assert attempt.claimed_username == "anonymous"


async def test_ra_17_without_a_certificate_there_is_no_eap(tmp_path: Path) -> None:
    """RA-17: a clear rejection; no device is led into a tunnel that cannot be."""
    async with scene(tmp_path, has_files=False) as made:
        seen = await made.enter("ttls-pap")
        (attempt,) = await made.house.attempts()
    _assert_failed(seen)
    assert attempt.reason is Reason.PROTOCOL_UNSUPPORTED


async def test_the_authority_of_the_installation_does(tmp_path: Path) -> None:
    """Its newest certificate is what devices see, from the next conversation on."""
    async with scene(tmp_path, has_files=False, mode="combined") as made:
        made.house.clock.time = SystemClock().now()  # the device has a clock of its own
        alice = await made.house.add_person("alice", "hotp")
        certificates = made.house.services.certificates
        await certificates.make_authority(SYSTEM, "Example")
        trusted = tmp_path / "trusted.pem"
        trusted.write_bytes(certificates.trusted_by_clients())
        for name in ("first.example.org", "second.example.org"):
            await certificates.issue_server(SYSTEM, [name])
            made.house.clock.advance(1)
            password = PASSWORD + made.passcode(alice)
            seen = await made.enter("ttls-pap", password=password, authority=str(trusted))
            assert seen.is_let_in, seen.output[-3000:]
            assert name in seen.output


def _lines(seen: Seen, words: str) -> list[str]:
    return [line for line in seen.output.splitlines() if words in line]


def _assert_failed(seen: Seen) -> None:
    assert not seen.is_let_in
    assert "EAP: Received EAP-Failure" in seen.output
