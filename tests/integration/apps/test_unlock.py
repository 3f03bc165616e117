"""The unlock of the device beside the number: made at the activation, good for one answer, hard to fake."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.webauthn import AuthenticatorData

from tests.houses import TENANT
from tests.integration.apps.conftest import PLACE, AppHouse
from tests.integration.apps.test_approval import another, number_of
from tests.peers.app_device import AppDevice, AppError
from vestibule.model.app_check import AppCheck
from vestibule.services.outcome import Progress

FLAG = AuthenticatorData.FLAG


async def asked(apps: AppHouse) -> tuple[Progress, AppDevice, dict[str, Any]]:
    """Let Alice sign in, whose device was activated where the unlock is asked for."""
    await apps.house.change_settings(app_check=AppCheck.UNLOCK)
    _, (device,) = await apps.alice()
    progress = await apps.sign_in()
    return progress, device, await device.next_request()


async def refused(device: AppDevice, request: dict[str, Any], number: str, **given: Any) -> str:
    """Return why this approval is refused, having seen that it cost nothing and decided nothing."""
    with pytest.raises(AppError) as error:
        await device.approve(request, number, **given)
    (still,) = await device.requests()
    assert still["tries_left"] == 3
    return str(error.value.code)


async def test_the_unlock_opens_the_door_with_the_number(apps: AppHouse) -> None:
    progress, device, request = await asked(apps)
    assert (request["unlock"], request["hindrance"]) == ("use", "")
    wrong = await device.approve(request, another(number_of(progress)))
    assert wrong["outcome"] == "number_wrong"
    assert (await device.approve(request, number_of(progress)))["outcome"] == "approved"


LIES: dict[str, dict[str, Any]] = {
    "not verified": {"flags": FLAG.UP},
    "nobody present": {"flags": FLAG.UV},
    "another site": {"origin": "https://vestibule.test.example"},
    "plain instead of TLS": {"origin": "https://vestibule.test"},
    "another host": {"host": "test"},
    "another key": {"key": ec.generate_private_key(ec.SECP256R1())},
    "a weak curve": {"key": ec.generate_private_key(ec.SECP192R1())},
}


@pytest.mark.parametrize("lie", sorted(LIES))
async def test_a_false_assertion_proves_nothing(apps: AppHouse, lie: str) -> None:
    """PU-08, PU-11: flags, origin, relying party and key are checked."""
    progress, device, request = await asked(apps)
    for name, value in LIES[lie].items():
        setattr(device.platform, name, value)
    assert await refused(device, request, number_of(progress)) == "unlock_wrong"


async def test_an_altered_assertion_proves_nothing(apps: AppHouse) -> None:
    """PU-07: none, garbage, one of its parts from elsewhere, and a new credential in its place."""
    progress, device, request = await asked(apps)
    number = number_of(progress)
    good = device.answer_body(request, "approve", number)["unlock"]
    made = device.platform.make(b"another text")
    empty = {"client_data": "", "authenticator_data": "", "signature": ""}
    for bad in (
        None,
        empty,
        good | {"signature": good["signature"][:-8] + "AAAAAAAA"},
        good | {"authenticator_data": "AAAA"},
        good | {"client_data": made["client_data"]},
        good | {"client_data": "ß"},
        made,
    ):
        assert await refused(device, request, number, unlock=bad) == "unlock_wrong", bad
    assert (await device.approve(request, number))["outcome"] == "approved"


async def test_an_assertion_is_good_for_its_own_answer_only(apps: AppHouse) -> None:
    """PU-06, PU-07: not with another number, not as it was for another request, and not twice."""
    progress, device, request = await asked(apps)
    number = number_of(progress)
    for_another_number = device.answer_body(request, "approve", another(number))["unlock"]
    assert await refused(device, request, number, unlock=for_another_number) == "unlock_wrong"
    used = device.answer_body(request, "approve", number)
    await device.send(request, used)
    with pytest.raises(AppError, match="over"):
        await device.send(request, used)
    await apps.house.wait("alice", progress, user_address=PLACE)
    apps.house.clock.advance(1)
    following = await apps.sign_in()
    body = await device.next_request()
    assert await refused(device, body, number_of(following), unlock=used["unlock"]) == "unlock_wrong"


async def test_an_assertion_of_another_device_proves_nothing(apps: AppHouse) -> None:
    """PU-08: of the same person, for the same request."""
    await apps.house.change_settings(app_check=AppCheck.UNLOCK)
    _, (device, other) = await apps.alice("Phone", "Tablet")
    progress = await apps.sign_in()
    request, number = await device.next_request(), number_of(progress)
    lines = device.answer_lines(request, "approve", number)
    text = "".join(f"{line}\n" for line in lines).encode()
    assert await refused(device, request, number, unlock=other.platform.use(text)) == "unlock_wrong"


async def test_a_copied_credential_is_noticed_by_its_counter(apps: AppHouse) -> None:
    progress, device, request = await asked(apps)
    device.platform.counter = 7
    wrong = await device.approve(request, another(number_of(progress)))
    assert wrong["outcome"] == "number_wrong"
    with pytest.raises(AppError) as error:
        await device.approve(request, number_of(progress))
    assert error.value.code == "unlock_wrong"
    device.platform.counter = 8
    assert (await device.approve(request, number_of(progress)))["outcome"] == "approved"


async def test_a_device_from_before_cannot_approve_but_deny(apps: AppHouse) -> None:
    """It is told what to do, and cannot make its credential at a sign-in."""
    _, (device,) = await apps.alice()
    await apps.house.change_settings(app_check=AppCheck.UNLOCK)
    progress = await apps.sign_in()
    request = await device.next_request()
    assert (request["unlock"], request["hindrance"]) == ("", "no_unlock")
    number = number_of(progress)
    text = "".join(f"{line}\n" for line in device.answer_lines(request, "approve", number)).encode()
    for unlock in (None, device.platform.use(text), device.platform.make(text)):
        assert await refused(device, request, number, unlock=unlock) == "no_unlock"
    assert (await device.answer(request, "deny"))["outcome"] == "denied"


@pytest.mark.parametrize("lie", ["not verified", "another site", "another host", "a weak curve"])
async def test_a_false_credential_activates_nothing(apps: AppHouse, lie: str) -> None:
    """PU-10, PU-11."""
    await apps.house.change_settings(app_check=AppCheck.UNLOCK)
    alice = await apps.house.add_bare_person("alice")
    alice.secret = b""
    signed_in = await apps.session_of(alice)
    pending, code = await apps.begin(signed_in)
    device = apps.device()
    await device.activate(code)
    request = await device.next_request()
    assert request["unlock"] == "make"
    stage = await apps.house.services.app_activations.stage(signed_in, pending)
    right = dict(vars(device.platform))
    for name, value in LIES[lie].items():
        setattr(device.platform, name, value)
    assert await refused(device, request, stage.number) == "unlock_wrong"
    assert await refused(device, request, stage.number, unlock=None) == "unlock_wrong"
    vars(device.platform).update(right)
    assert (await device.approve(request, stage.number))["outcome"] == "approved"
    held = await apps.house.store.read(lambda tx: tx.authenticator(TENANT, pending))
    assert held is not None
    assert hashlib.sha256(stage.number.encode()).hexdigest() not in str(held.parameters)
