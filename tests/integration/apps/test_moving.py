"""A person moves to a new phone: the old one begins, and shows the number that the new one asks for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.houses import TENANT, Person
from tests.integration.apps.conftest import AppHouse
from tests.peers.app_device import AppDevice, AppError
from tests.until import until
from vestibule.model.actor import SYSTEM
from vestibule.model.app_check import AppCheck
from vestibule.model.authenticator import AuthenticatorStatus

FIVE_MINUTES_MS = 5 * 60 * 1000


async def refused(asked: Any) -> str:
    with pytest.raises(AppError) as error:
        await asked
    return error.value.code


async def labels(apps: AppHouse, person: Person) -> list[str]:
    subject = await apps.house.store.read(lambda tx: tx.subject(TENANT, person.user.user_id))
    assert subject is not None
    held = subject.authenticators
    return sorted(each.label for each in held if each.status is AuthenticatorStatus.ACTIVE)


async def scanned(apps: AppHouse, old: AppDevice, becomes: str = "remove") -> tuple[AppDevice, str]:
    """Return a new phone that has used the code, and the number that the old one shows."""
    new = apps.device("New phone")
    await new.activate(await old.begin_move(becomes))
    stage = await old.move_stage()
    assert (stage["stage"], stage["device"]) == ("number", "New phone")
    return new, stage["number"]


async def test_the_new_phone_takes_the_place_of_the_old(apps: AppHouse) -> None:
    alice, (old,) = await apps.alice("Old phone")
    code = await old.begin_move()
    assert await old.move_stage() == {"stage": "code", "device": "", "number": ""}
    waiting = asyncio.create_task(old.move_stage("code", wait=20))
    await until(lambda: len(apps.house.services.app_lists))
    new = apps.device("New phone")
    await new.activate(code)
    async with asyncio.timeout(10):
        stage = await waiting
    assert await labels(apps, alice) == ["Old phone"], "the old one works until the new one is proven"
    request = await new.next_request()
    assert (request["kind"], len(stage["number"])) == ("activation", 2)
    assert (await new.approve(request, stage["number"]))["outcome"] == "approved"
    assert (await old.move_stage())["stage"] == "active"
    assert await labels(apps, alice) == ["New phone"]
    assert await refused(old.requests()) == "not_activated"
    assert (await apps.sign_in()).is_pending
    assert (await new.next_request())["application_id"] == "vpn"


async def test_the_old_phone_stays_if_that_is_wanted(apps: AppHouse) -> None:
    alice, (old,) = await apps.alice("Old phone")
    new, number = await scanned(apps, old, "keep")
    assert (await new.approve(await new.next_request(), number))["outcome"] == "approved"
    assert await labels(apps, alice) == ["New phone", "Old phone"]
    assert await old.requests() == []


async def test_who_stole_the_code_gets_nothing(apps: AppHouse) -> None:
    """PU-10: he does not see the number, the rightful phone learns that its code was used, and the old
    phone works on."""
    alice, (old,) = await apps.alice("Old phone")
    code = await old.begin_move()
    thief = apps.device("Thief")
    await thief.activate(code)
    assert await refused(apps.device("New phone").activate(code)) == "activation_unknown"
    right = (await old.move_stage())["number"]
    request = await thief.next_request()
    for guess in [f"{n:02d}" for n in range(100) if f"{n:02d}" != right][:3]:
        assert (await thief.approve(request, guess))["outcome"] == "number_wrong"
    assert await refused(thief.approve(request, right)) == "activation_failed"
    assert (await old.move_stage())["stage"] == "over"
    assert await labels(apps, alice) == ["Old phone"]


async def test_who_does_not_know_the_new_phone_cancels(apps: AppHouse) -> None:
    """PU-10: the number is of no use any more, and the old phone stays."""
    alice, (old,) = await apps.alice("Old phone")
    new, number = await scanned(apps, old)
    request = await new.next_request()
    await old.cancel_move()
    assert await refused(new.approve(request, number)) == "not_activated"
    assert (await old.move_stage())["stage"] == "over"
    assert await labels(apps, alice) == ["Old phone"]


async def test_what_is_over_is_not_canceled(apps: AppHouse) -> None:
    alice, (old,) = await apps.alice("Old phone")
    new, number = await scanned(apps, old, "keep")
    await new.approve(await new.next_request(), number)
    await old.cancel_move()
    assert await labels(apps, alice) == ["New phone", "Old phone"]


async def test_the_token_of_the_list_neither_begins_nor_sees_a_move(apps: AppHouse) -> None:
    """PU-06, PU-07: a move is signed, with all that it does; a signature counts once, for a few minutes."""
    _, (old,) = await apps.alice("Old phone")
    await old.requests()
    now = old.list["now"]
    body = old.move_body(now)
    for altered in ({"signature": ""}, {"old": "keep"}, {"at": now + 1}):
        assert await refused(old.send_move(body | altered)) == "signature_wrong"
    for malformed in ({"old": "both"}, {"at": "now"}, {"at": -1}, {"at": 2**60}):
        assert await refused(old.send_move(body | malformed)) == "malformed"
    for wrong in (now - FIVE_MINUTES_MS, now + FIVE_MINUTES_MS):
        assert await refused(old.send_move(old.move_body(wrong))) == "over"
    await old.send_move(body)
    assert await refused(old.send_move(body)) == "over"
    mine = old.move
    for token in (old.account["token"], mine[:-1] + ("0" if mine[-1] != "0" else "1"), "x"):
        old.move = token
        assert await refused(old.move_stage()) == "not_activated"


async def test_a_phone_that_is_not_active_begins_no_move(apps: AppHouse) -> None:
    _, (old,) = await apps.alice("Old phone")
    new, _ = await scanned(apps, old)
    assert await refused(new.begin_move()) == "not_activated"


async def test_a_phone_that_was_removed_meanwhile_moves_nowhere(apps: AppHouse) -> None:
    """PU-08: an administrator takes a stolen phone away, while the thief moves to his own."""
    alice, (stolen, tablet) = await apps.alice("Stolen", "Tablet")
    new, number = await scanned(apps, stolen)
    device = stolen.account["authenticator"]
    await apps.house.services.enrollments.remove(SYSTEM, TENANT, alice.user.user_id, device)
    assert (await new.approve(await new.next_request(), number))["outcome"] == "refused"
    assert await labels(apps, alice) == ["Tablet"]
    assert await tablet.requests() == []


async def test_a_move_ends_after_a_quarter_of_an_hour(apps: AppHouse) -> None:
    _, (old,) = await apps.alice("Old phone")
    code = await old.begin_move()
    apps.house.clock.advance(15 * 60)
    assert (await old.move_stage())["stage"] == "over"
    assert await refused(apps.device().activate(code)) == "activation_unknown"


async def test_who_holds_as_many_as_there_can_be_still_moves(apps: AppHouse) -> None:
    """What is to be replaced does not count; beside it there is no place."""
    alice, (phone, _) = await apps.alice("Phone", "Tablet")
    await apps.house.change_settings(app_devices=2)
    assert await refused(phone.begin_move("keep")) == "too_many_authenticators"
    apps.house.clock.advance(1)
    new, number = await scanned(apps, phone)
    assert (await new.approve(await new.next_request(), number))["outcome"] == "approved"
    assert await labels(apps, alice) == ["New phone", "Tablet"]


async def test_where_the_unlock_is_asked_for_a_move_needs_it(apps: AppHouse) -> None:
    """PU-08: a new phone makes a credential of its own, so who found this one unlocked gets no further."""
    await apps.house.change_settings(app_check=AppCheck.UNLOCK)
    alice, (old,) = await apps.alice("Old phone")
    await old.requests()
    body = old.move_body(old.list["now"])
    elsewhere = old.move_body(old.list["now"], "keep")["unlock"]
    for unlock in (None, elsewhere, old.platform.make(b"another text")):
        assert await refused(old.send_move(body | {"unlock": unlock})) == "unlock_wrong"
    new = apps.device("New phone")
    await new.activate(await old.send_move(body))
    request = await new.next_request()
    assert (await new.approve(request, (await old.move_stage())["number"]))["outcome"] == "approved"
    assert await labels(apps, alice) == ["New phone"]
    await apps.house.change_settings(app_check=AppCheck.NOTHING)
    await new.requests()
    assert new.list["move_credential"] == "", "nothing is asked for any more"
    await new.begin_move()


async def test_a_phone_from_before_the_unlock_was_asked_for_moves_nowhere(apps: AppHouse) -> None:
    _, (old,) = await apps.alice("Old phone")
    await apps.house.change_settings(app_check=AppCheck.UNLOCK)
    assert await refused(old.begin_move()) == "no_unlock"


async def test_s39_a_phone_that_counts_no_more_makes_no_other_that_does(apps: AppHouse) -> None:
    """S39: whoever has the lost phone moves nothing, neither begun before the demand nor after it."""
    alice, (old,) = await apps.alice("Old phone")
    await apps.house.services.setup.ensure_portal(TENANT)
    new, number = await scanned(apps, old, "keep")
    requirements = apps.house.services.requirements
    await requirements.demand_registration(SYSTEM, TENANT, alice.user.user_id)
    apps.house.clock.advance(1)
    request = await new.next_request()
    assert (await new.approve(request, number))["outcome"] != "approved"
    assert await labels(apps, alice) == ["Old phone"]
    assert await refused(old.begin_move()) == "over"
