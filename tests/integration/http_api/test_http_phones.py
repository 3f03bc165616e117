"""Phones in the REST API: given to users, asked at a verification, chosen, and waited for."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.houses import PASSWORD, TENANT
from tests.integration.http_api.house import API, HttpHouse
from tests.peers.far_end import FarEndKind
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.model.gateway import GatewayConfiguration
from vestibule.worker.rounds import make_rounds

NUMBER = "+4930123456"


@pytest.fixture
async def far(house: HttpHouse) -> AsyncIterator[FarEndKind]:
    """A far end for texts and calls, and the worker of the house."""
    kind = FarEndKind()
    services = house.inside.services
    services.gateways.kinds = {kind.name: kind}
    record = GatewayConfiguration(
        tenant_id=TENANT, gateway_id="first", kind=kind.name, name="first", created_at=1
    )
    await house.inside.store.transact(lambda tx: tx.put(record))
    await services.configuration.refresh()
    rounds = asyncio.create_task(make_rounds(services))
    try:
        yield kind
    finally:
        rounds.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await rounds


async def add_alice(house: HttpHouse, *phones: dict[str, Any]) -> str:
    alice = await house.inside.add_bare_person("alice")
    async with house.caller(await house.add_key("admin")) as office:
        for phone in phones:
            house.inside.clock.advance(0.001)
            added = await office.post(f"{API}/users/{alice.user.user_id}/phones", json=phone)
            assert added.status_code == 201, added.text
            assert added.json()["status"] == "active"
    return alice.user.user_id


TEXT = {"method": "sms", "number": "+49 30 123456"}
CALL = {"method": "voice", "number": "+49 30 123456 x12", "label": "Office"}


async def test_phones_are_added_listed_and_removed(house: HttpHouse) -> None:
    user_id = await add_alice(house, TEXT, CALL)
    users = f"{API}/users/{user_id}"
    async with house.caller(await house.add_key("admin")) as office:
        held = (await office.get(f"{users}/authenticators")).json()["items"]
        shown = [(one["method"], one["phone"]) for one in held if one["phone"]]
        assert shown == [("sms", NUMBER), ("voice", f"{NUMBER} x12")]
        for wrong, status in (
            ({"method": "sms", "number": "12"}, 422),
            ({"method": "fax", "number": NUMBER}, 400),
            ({"method": "voice", "number": NUMBER, "with_pin": True}, 404),
            ({"method": "sms", "number": "+1 900 234 5678"}, 422),
            ({"method": "sms", "number": "+48 22 1234567"}, 422),
        ):
            assert (await office.post(f"{users}/phones", json=wrong)).status_code == status, wrong
        assert (await office.put(f"{users}/default-method", json={"method": "voice"})).status_code == 204
        assert (await office.get(users)).json()["default_method"] == "voice"
        assert (await office.put(f"{users}/default-method", json={"method": "totp"})).status_code == 422
        assert (await office.put(f"{users}/default-method", json={})).status_code == 204
        gone = [one["id"] for one in held if one["method"] == "sms"]
        assert (await office.delete(f"{users}/authenticators/{gone[0]}")).status_code == 204


async def test_the_choices_are_told_and_another_way_is_chosen(house: HttpHouse, far: FarEndKind) -> None:
    """S37: numbers are masked to applications."""
    await add_alice(house, TEXT, CALL)
    async with house.caller(await house.add_key("verify")) as shop:
        begun = await shop.post(f"{API}/verifications", json={"username": "alice", "password": PASSWORD})
        told = begun.json()
        assert (told["state"], told["reason"]) == ("pending", "text_pending")
        assert (told["challenge"]["channel"], told["challenge"]["method"]) == ("typed", "sms")
        assert NUMBER not in begun.text
        assert [(way["method"], way["keyword"], way["phone"][-2:]) for way in told["choices"]] == [
            ("sms", "sms", "56"),
            ("voice", "call", "56"),
        ]
        await far.next_text()
        path = f"{API}/verifications/{told['id']}"
        way = {"challenge_id": told["challenge"]["id"], "way": told["choices"][1]["way"]}
        chosen = (await shop.post(f"{path}/choose", json=way)).json()
        assert (chosen["id"], chosen["challenge"]["channel"]) == (told["id"], "call")
        assert (await shop.post(f"{path}/choose", json=way)).status_code == 409, "that challenge is over"
        gateway, call = await far.next_call()
        waiting = asyncio.create_task(shop.get(path, params={"wait": 25}))
        await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.ANSWERED))
        await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.KEYS, "", True))
        ended = (await waiting).json()
        assert (ended["approved"], ended["reason"], ended["challenge"]) == (True, "call_confirmed", None)


async def test_an_approval_that_was_read_lets_no_repeat_in(house: HttpHouse, far: FarEndKind) -> None:
    """CH-08: the same start, with the password alone, a moment after the approval."""
    await add_alice(house, CALL)
    wanted = {"username": "alice", "password": PASSWORD, "user_address": "203.0.113.9"}
    async with house.caller(await house.add_key("verify")) as shop:
        told = (await shop.post(f"{API}/verifications", json=wanted)).json()
        gateway, call = await far.next_call()
        await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.ANSWERED))
        await gateway.inbox.on_call(call.delivery_id, CallEvent(CallEventKind.KEYS, "", True))
        assert (await shop.get(f"{API}/verifications/{told['id']}")).json()["approved"] is True
        again = (await shop.post(f"{API}/verifications", json=wanted)).json()
        assert again["state"] == "pending"
        await far.next_call()


async def test_a_typed_answer_to_a_text(house: HttpHouse, far: FarEndKind) -> None:
    await add_alice(house, TEXT)
    async with house.caller(await house.add_key("verify")) as shop:
        told = (
            await shop.post(f"{API}/verifications", json={"username": "alice", "password": PASSWORD})
        ).json()
        _, text = await far.next_text()
        found = re.search(r"\d{6}", text.body.reveal())
        assert found is not None
        answer = {"challenge_id": told["challenge"]["id"], "passcode": found[0]}
        ended = await shop.post(f"{API}/verifications/{told['id']}/answer", json=answer)
        assert (ended.json()["approved"], ended.json()["method"]) == (True, "sms")


async def test_check_without_a_passcode_asks_and_is_pending(house: HttpHouse, far: FarEndKind) -> None:
    await add_alice(house, CALL)
    async with house.caller(await house.add_key("verify")) as shop:
        answer = (await shop.post(f"{API}/check", json={"username": "alice", "password": PASSWORD})).json()
        assert (answer["approved"], answer["state"], answer["reason"]) == (False, "pending", "call_pending")
        await far.next_call()
        found = (await shop.get(f"{API}/verifications/{answer['id']}")).json()
        assert found["challenge"]["channel"] == "call"


async def test_one_client_waits_in_so_many_requests_and_no_more(house: HttpHouse, far: FarEndKind) -> None:
    """CH-09: who finds no place is answered at once."""
    await add_alice(house, CALL)
    async with house.caller(await house.add_key("verify")) as shop:
        told = (
            await shop.post(f"{API}/verifications", json={"username": "alice", "password": PASSWORD})
        ).json()
        path = f"{API}/verifications/{told['id']}"
        await far.next_call()
        waiting = [asyncio.create_task(shop.get(path, params={"wait": 25})) for _ in range(60)]
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED, timeout=20)
        assert done
        while len(done) < 10:
            more, _ = await asyncio.wait(set(waiting) - done, return_when=asyncio.FIRST_COMPLETED, timeout=20)
            assert more
            done |= more
        canceled = await shop.delete(path)
        assert canceled.json()["state"] == "canceled"
        answers = await asyncio.gather(*waiting)
        assert sum(one.json()["state"] == "pending" for one in answers) == 10
