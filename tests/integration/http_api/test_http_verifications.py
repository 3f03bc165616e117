"""The part of the API that applications use, end to end: real services, methods and store."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.integration.http_api.house import API, PASSWORD, HttpHouse
from vestibule.model.application import FirstFactor


async def test_check_approves_once(house: HttpHouse) -> None:
    """A passcode opens one door once (OTP-07), whoever asks."""
    alice = await house.add_person("alice")
    typed = house.typed(alice)
    async with house.caller(await house.add_key("verify")) as shop:
        first = await shop.post(f"{API}/check", json=typed)
        again = await shop.post(f"{API}/check", json=typed)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == {
        "approved": True,
        "state": "approved",
        "reason": "passcode_verified",
        "id": first.json()["id"],
        "user_id": alice.user.user_id,
        "username": "alice",
        "method": "hotp",
    }
    assert (again.json()["approved"], again.json()["reason"]) == (False, "passcode_replayed")


async def test_check_says_why_not(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    changes: dict[str, dict[str, Any]] = {
        "passcode_wrong": {"passcode": "000000"},
        "passcode_malformed": {"passcode": "12345a"},
        "password_wrong": {"password": "wrong"},
        "password_missing": {"password": None},
        "unknown_user": {"username": "nobody"},
    }
    async with house.caller(await house.add_key("verify")) as shop:
        for reason, change in changes.items():
            answer = await shop.post(f"{API}/check", json=house.typed(alice) | change)
            assert answer.status_code == 200
            assert (answer.json()["approved"], answer.json()["reason"]) == (False, reason)


async def test_check_for_a_client_that_has_checked_the_password(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    key = await house.add_key("verify", first_factor=FirstFactor.CLIENT)
    async with house.caller(key) as shop:
        answer = await shop.post(
            f"{API}/check",
            json={
                "username": "alice",
                "passcode": house.passcode(alice),
                "user_address": "203.0.113.9",
            },
        )
    assert answer.json()["approved"] is True
    attempt = (await house.inside.attempts())[-1]
    assert attempt.application_id == key.application_id
    assert (attempt.client_address, attempt.user_address) == ("127.0.0.1", "203.0.113.9")
    assert attempt.channel == "api"


async def test_one_passcode_from_sixteen_callers_opens_once(house: HttpHouse) -> None:
    """OTP-07, CH-09: sixteen at once, one accept, each of them on record."""
    alice = await house.add_person("alice")
    key = await house.add_key("verify", first_factor=FirstFactor.CLIENT)
    await house.inside.change_settings(lockout_threshold=100)
    async with house.caller(key) as shop:
        for _ in range(5):
            typed = {"username": "alice", "passcode": house.passcode(alice)}
            answers = await asyncio.gather(*(shop.post(f"{API}/check", json=typed) for _ in range(16)))
            assert [answer.status_code for answer in answers] == [200] * 16
            assert sum(answer.json()["approved"] for answer in answers) == 1
    assert len(await house.inside.attempts()) == 5 * 16


async def test_challenge_is_answered(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    async with house.caller(await house.add_key("verify")) as shop:
        begun = await shop.post(f"{API}/verifications", json={"username": "ALICE", "password": PASSWORD})
        pending = begun.json()
        assert begun.status_code == 200
        assert (pending["state"], pending["approved"]) == ("pending", False)
        assert pending["challenge"]["tries_left"] == 3
        path = f"{API}/verifications/{pending['id']}"
        challenge_id = pending["challenge"]["id"]

        wrong = await shop.post(f"{path}/answer", json={"challenge_id": challenge_id, "passcode": "000000"})
        assert (wrong.json()["state"], wrong.json()["challenge"]["tries_left"]) == ("pending", 2)

        answer = {"challenge_id": challenge_id, "passcode": house.passcode(alice)}
        right = await shop.post(f"{path}/answer", json=answer)
        assert (right.json()["state"], right.json()["approved"]) == ("approved", True)
        assert right.json()["challenge"] is None

        late = await shop.post(f"{path}/answer", json=answer)
        assert (late.status_code, late.json()["code"]) == (409, "not_pending")
        assert (await shop.get(path)).json() == right.json()
        canceled = await shop.delete(path)
        assert canceled.json()["state"] == "approved"


async def test_canceled_stays_canceled(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    async with house.caller(await house.add_key("verify")) as shop:
        pending = (
            await shop.post(f"{API}/verifications", json={"username": "alice", "password": PASSWORD})
        ).json()
        path = f"{API}/verifications/{pending['id']}"
        assert (await shop.delete(path)).json()["state"] == "canceled"
        late = await shop.post(
            f"{path}/answer",
            json={"challenge_id": pending["challenge"]["id"], "passcode": house.passcode(alice)},
        )
        assert late.status_code == 409


async def test_wait_ends_with_the_answer(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    async with house.caller(await house.add_key("verify")) as shop:
        pending = (
            await shop.post(f"{API}/verifications", json={"username": "alice", "password": PASSWORD})
        ).json()
        path = f"{API}/verifications/{pending['id']}"
        waiting = asyncio.create_task(shop.get(path, params={"wait": 20}))
        await asyncio.sleep(0)
        await shop.post(
            f"{path}/answer",
            json={"challenge_id": pending["challenge"]["id"], "passcode": house.passcode(alice)},
        )
        async with asyncio.timeout(5):
            assert (await waiting).json()["state"] == "approved"
        too_long = await shop.get(path, params={"wait": 3600})
        assert too_long.status_code == 400


async def test_verification_is_seen_by_its_client_only(house: HttpHouse) -> None:
    """CH-07: another client of the same tenant, and of the same application's tenant, finds nothing."""
    alice = await house.add_person("alice")
    mine, other = await house.add_key("verify"), await house.add_key("verify")
    async with house.caller(mine) as shop, house.caller(other) as stranger:
        pending = (
            await shop.post(f"{API}/verifications", json={"username": "alice", "password": PASSWORD})
        ).json()
        path = f"{API}/verifications/{pending['id']}"
        answer = {"challenge_id": pending["challenge"]["id"], "passcode": house.passcode(alice)}
        assert (await stranger.get(path)).status_code == 404
        assert (await stranger.delete(path)).status_code == 404
        assert (await stranger.post(f"{path}/answer", json=answer)).status_code == 404
        assert (await shop.get(path)).json()["state"] == "pending"
        assert (await shop.post(f"{path}/answer", json=answer)).json()["approved"] is True


async def test_challenge_of_another_verification_is_no_answer(house: HttpHouse) -> None:
    """CH-06: a challenge belongs to the verification in the path."""
    alice = await house.add_person("alice")
    async with house.caller(await house.add_key("verify")) as shop:
        start = {"username": "alice", "password": PASSWORD}
        first = (await shop.post(f"{API}/verifications", json=start)).json()
        second = (await shop.post(f"{API}/verifications", json=start)).json()
        answer = {"challenge_id": second["challenge"]["id"], "passcode": house.passcode(alice)}
        crossed = await shop.post(f"{API}/verifications/{first['id']}/answer", json=answer)
        assert crossed.status_code == 409


async def test_the_same_request_again_is_answered_and_not_decided_again(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    typed = house.typed(alice)
    headers = {"Idempotency-Key": "3f0c-1"}
    async with house.caller(await house.add_key("verify")) as shop:
        first = await shop.post(f"{API}/verifications", json=typed, headers=headers)
        again = await shop.post(f"{API}/verifications", json=typed, headers=headers)
    assert first.json()["approved"] is True
    assert again.json() == first.json()
    assert len(await house.inside.attempts()) == 1


async def test_the_same_key_with_another_passcode_is_another_request(house: HttpHouse) -> None:
    """An approval is never handed out again because a client uses one key for everything."""
    alice, bob = await house.add_person("alice"), await house.add_person("bob")
    headers = {"Idempotency-Key": "always-the-same"}
    async with house.caller(await house.add_key("verify")) as shop:

        async def ask(typed: dict[str, Any]) -> bool:
            answer = await shop.post(f"{API}/verifications", json=typed, headers=headers)
            return bool(answer.json()["approved"])

        assert await ask(house.typed(alice))
        assert not await ask(house.typed(alice, passcode="000000"))
        assert not await ask(house.typed(alice, password="wrong"))
        assert not await ask(house.typed(bob, passcode="000000"))
        assert await ask(house.typed(bob))


async def test_sixteen_of_the_same_request_are_one(house: HttpHouse) -> None:
    alice = await house.add_person("alice")
    key = await house.add_key("verify", first_factor=FirstFactor.CLIENT)
    typed = {"username": "alice", "passcode": house.passcode(alice)}
    async with house.caller(key) as shop:
        answers = await asyncio.gather(
            *(
                shop.post(f"{API}/verifications", json=typed, headers={"Idempotency-Key": "once"})
                for _ in range(16)
            )
        )
    assert {answer.json()["id"] for answer in answers} == {answers[0].json()["id"]}
    assert all(answer.json()["approved"] for answer in answers)
    assert len(await house.inside.attempts()) == 1


async def test_guessing_locks_and_the_right_passcode_is_denied_then(house: HttpHouse) -> None:
    """BF-01, BF-10: the tenth failure locks, and then the right passcode looks like any other denial."""
    alice = await house.add_person("alice")
    key = await house.add_key("verify", first_factor=FirstFactor.CLIENT)
    async with house.caller(key) as shop:
        guesses = await asyncio.gather(
            *(
                shop.post(f"{API}/check", json={"username": "alice", "passcode": f"{guess:06d}"})
                for guess in range(40)
            )
        )
        judged = [answer for answer in guesses if answer.json()["reason"] != "locked_out"]
        assert len(judged) <= 10
        late = await shop.post(f"{API}/check", json={"username": "alice", "passcode": house.passcode(alice)})
        assert (late.json()["approved"], late.json()["reason"]) == (False, "locked_out")
