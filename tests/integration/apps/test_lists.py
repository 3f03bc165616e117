"""What an app asks for: the lists of all its accounts in one request, and what is told with them."""

from __future__ import annotations

import asyncio

import pytest

from tests.houses import TENANT
from tests.integration.apps.conftest import AppHouse
from tests.peers.app_device import AppDevice, AppError
from tests.until import until
from vestibule.model.actor import self_of


async def ten(apps: AppHouse) -> list[AppDevice]:
    """Return the accounts of ten people."""
    devices = []
    for number in range(10):
        person = await apps.house.add_bare_person(f"person{number}")
        person.secret = b""
        devices.append(await apps.activated(await apps.session_of(person), f"Phone {number}"))
    return devices


async def test_one_request_waits_for_ten_accounts(apps: AppHouse) -> None:
    first, *others = await ten(apps)
    lists = await first.lists_with(*others)
    assert [each["account"] for each in lists] == [f"person{n}" for n in range(10)]
    waiting = asyncio.create_task(first.lists_with(*others, wait=20))
    await until(lambda: len(apps.house.services.app_lists) == 10)
    progress = await apps.house.start("person7", user_address="192.0.2.7")
    assert progress.challenge is not None
    async with asyncio.timeout(10):
        lists = await waiting
    assert [[each["id"] for each in one["requests"]] for one in lists] == [
        [progress.challenge.challenge_id] if n == 7 else [] for n in range(10)
    ]
    request = lists[7]["requests"][0]
    assert (await others[6].approve(request, progress.challenge.number))["outcome"] == "approved"


async def test_an_account_that_is_closed_does_not_close_the_others(apps: AppHouse) -> None:
    """S73: it is told so, at once, in its place."""
    _, (phone, tablet) = await apps.alice("Phone", "Tablet")
    await phone.lists_with(tablet)
    waiting = asyncio.create_task(phone.lists_with(tablet, wait=20))
    await until(lambda: len(apps.house.services.app_lists))
    await tablet.remove()
    async with asyncio.timeout(10):
        open_list, closed = await waiting
    assert open_list["requests"] == []
    assert closed == {
        "code": "not_activated",
        "message": "Authentication request is not for an activated account",
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"accounts": []},
        {"accounts": [{"token": 1}]},
        {"accounts": [{"token": "x"}], "wait": -1},
        {"accounts": [{"token": "x"}] * 51},
    ],
)
async def test_what_is_not_as_described_is_refused(apps: AppHouse, body: dict[str, object]) -> None:
    with pytest.raises(AppError) as error:
        await apps.device()._ask("POST", "/app/v1/requests", body)
    assert error.value.code == "malformed"


async def test_the_list_tells_whether_there_is_another_way_in(apps: AppHouse) -> None:
    alice, (phone,) = await apps.alice("Phone")
    await phone.requests()
    assert phone.list["other_way"] is False
    actor = self_of(TENANT, alice.user.user_id, "alice")
    await apps.house.services.enrollments.new_recovery_codes(actor, TENANT, alice.user.user_id)
    await phone.requests()
    assert phone.list["other_way"] is True


async def test_a_second_device_is_another_way_in(apps: AppHouse) -> None:
    _, (phone, tablet) = await apps.alice("Phone", "Tablet")
    lists = await phone.lists_with(tablet)
    assert [each["other_way"] for each in lists] == [True, True]


async def test_the_list_tells_the_key_that_pushes_are_signed_with(apps: AppHouse) -> None:
    _, (phone,) = await apps.alice("Phone")
    await phone.requests()
    assert phone.list["push_key"] == phone.account["push_key"]
