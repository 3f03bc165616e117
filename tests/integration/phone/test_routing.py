"""Several gateways as one service: who carries what and why, and ranges in which nobody answers (SMS-04)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.houses import TENANT, open_house
from tests.integration.phone.conftest import PhoneHouse
from tests.integration.phone.test_sending_limits import delivered, limit_in, metric, people, sign_in
from tests.integration.phone.test_texts import passcode_in
from tests.peers.far_end import FarEndKind
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.delivery import Carries
from vestibule.model.event import Event
from vestibule.model.range_breaker import BreakerState
from vestibule.policy.routing import Because
from vestibule.services.range_breakers import RangeBreakers
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sending_outcomes import SendingOutcomes

RANGE = "+491761234"
HOUR = 3600


@pytest.fixture(params=["sqlite", "postgresql"])
async def phones(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[PhoneHouse]:
    """A house that sends, and looks at what became of it when the test says so."""
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    async with open_house(tmp_path, url) as house:
        far = FarEndKind()
        house.services.gateways.kinds = {far.name: far}
        made = PhoneHouse(house, far)
        await made.add_gateway()
        sending = asyncio.create_task(house.services.deliveries.run())
        try:
            yield made
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending


async def is_over(phones: PhoneHouse) -> None:
    """Let the time of all that was sent be over, and be looked at."""
    await delivered(phones)
    phones.house.clock.advance(310)
    await phones.house.services.housekeeping.expire()
    await phones.house.services.range_breakers.look()


async def told(phones: PhoneHouse) -> list[Event]:
    listed = await phones.house.store.read(lambda tx: tx.events(TENANT, "breaker.", Page()))
    return list(listed.rows)


async def state(phones: PhoneHouse) -> BreakerState:
    (one,), now = await phones.house.services.range_breakers.all(SYSTEM, TENANT)
    assert one.prefix == RANGE
    return one.state(now)


async def answer(phones: PhoneHouse, name: str, place: int) -> bool:
    """Sign in and type what arrives; tell whether anything does."""
    progress = await sign_in(phones, name, place)
    if progress.challenge is None:
        return False
    await delivered(phones)
    number = f"{RANGE}{int(name[1:]):04d}"
    passcode = passcode_in(next(one for one in reversed(phones.far.texts) if one.to == number))
    return (
        await phones.house.answer(name, progress.challenge.challenge_id, passcode, door="gate")
    ).is_approved


async def opened(phones: PhoneHouse) -> list[str]:
    """Have three people of one range asked who do not answer, where three are enough."""
    names = await people(phones, 4)
    await phones.house.change_settings(breaker_unanswered=3)
    for place, name in enumerate(names[:3]):
        assert (await sign_in(phones, name, place)).is_pending
    await is_over(phones)
    return names


async def test_the_gateway_is_chosen_by_range_priority_and_cost(phones: PhoneHouse) -> None:
    """By country, then cost; what one does not serve it is never given."""
    for name, fields in {
        "second": {"text_price": "0.05 49:0.20"},
        "third": {"serves": "49", "priority": 900},
        "fourth": {"serves": "43"},
    }.items():
        await phones.add_gateway(name, **fields)
    service = phones.house.services.gateway_settings

    def routes(number: str) -> list[tuple[str, Because]]:
        _, found = service.routes(SYSTEM, TENANT, number, Carries.TEXT)
        return [(one.name, one.because) for one in found]

    assert routes("+4930123456") == [
        ("third", Because.RANGE),
        ("first", Because.COST),
        ("second", Because.LAST),
    ]
    assert [name for name, _ in routes("+431234567")] == ["fourth", "first", "second"]
    (name,) = await people(phones, 1)
    await sign_in(phones, name)
    (sent,) = await delivered(phones)
    assert sent.gateway_id == "third"
    with pytest.raises(Refused) as refused:
        await service.send_test(SYSTEM, TENANT, "fourth", "+4930123456", Carries.TEXT)
    assert refused.value.why is Refusal.NOT_SERVED


async def test_a_gateway_whose_texts_nobody_answers_comes_after_the_others(phones: PhoneHouse) -> None:
    """By the success rate of the last hour, and only of that."""
    names = await people(phones, 20)
    await phones.house.change_settings(breaker_unanswered=0)
    for place, name in enumerate(names):
        await sign_in(phones, name, place)
    await is_over(phones)
    await phones.add_gateway("second", priority=20)

    def first() -> tuple[str, Because]:
        routes = phones.house.services.gateways.routes(TENANT, Carries.TEXT, f"{RANGE}0000")
        return routes[0].name, routes[0].because

    assert first() == ("second", Because.ANSWERED)
    phones.house.clock.advance(HOUR + 60)
    await phones.house.services.range_breakers.look()
    assert first() == ("first", Because.PRIORITY)


async def test_a_range_in_which_nobody_answers_rests_and_is_told_once(phones: PhoneHouse) -> None:
    """SMS-04: nothing goes there any more, the attempt says why, and administrators are told."""
    await phones.add_gateway("first", version=1, text_price="0.07")
    names = await opened(phones)
    assert await state(phones) is BreakerState.OPEN
    (event,) = await told(phones)
    assert (event.kind, event.subject_name) == ("breaker.opened", f"{RANGE}…")
    assert event.facts == {"unanswered": 3, "cost": "0.21"}
    refused = await sign_in(phones, names[3], 9)
    assert limit_in(refused) == ["breaker"]
    assert metric(phones, "breaker") == 1
    assert len(phones.far.texts) == 3
    await phones.house.services.range_breakers.look()
    assert len(await told(phones)) == 1


async def test_a_rested_range_is_tried_and_an_answer_closes_it(phones: PhoneHouse) -> None:
    names = await opened(phones)
    phones.house.clock.advance(HOUR)
    assert await state(phones) is BreakerState.HALF_OPEN
    await sign_in(phones, names[0], 10)
    await is_over(phones)
    assert await state(phones) is BreakerState.OPEN, "nobody answered: twice as long"
    phones.house.clock.advance(HOUR + 60)
    assert await state(phones) is BreakerState.OPEN
    phones.house.clock.advance(HOUR)
    assert await state(phones) is BreakerState.HALF_OPEN
    tried = [(await sign_in(phones, name, 20)).is_pending for name in names[:3]]
    assert tried == [True] * 3
    assert limit_in(await sign_in(phones, names[3], 20)) == ["breaker"], "a few, and no more within the hour"
    phones.house.clock.advance(HOUR)
    assert await answer(phones, names[3], 30)
    await is_over(phones)
    assert await state(phones) is BreakerState.CLOSED
    assert [one.kind for one in await told(phones)] == ["breaker.closed", "breaker.opened"]
    assert await answer(phones, names[0], 31)


async def test_an_answer_within_the_hour_keeps_a_range_open(phones: PhoneHouse) -> None:
    names = await people(phones, 4)
    await phones.house.change_settings(breaker_unanswered=3)
    for place, name in enumerate(names):
        if place == 2:
            assert await answer(phones, name, place)
        else:
            await sign_in(phones, name, place)
    await is_over(phones)
    assert await told(phones) == []


async def test_an_administrator_closes_a_range_and_old_silence_counts_no_more(phones: PhoneHouse) -> None:
    names = await opened(phones)
    breakers = phones.house.services.range_breakers
    phones.house.clock.advance(1)
    await breakers.close(SYSTEM, TENANT, RANGE.removeprefix("+"))
    with pytest.raises(Refused):
        await breakers.close(SYSTEM, TENANT, RANGE)
    assert (await sign_in(phones, names[3], 9)).is_pending
    await is_over(phones)
    house = phones.house
    started = RangeBreakers(house.store, house.services.configuration, SendingOutcomes(house.store))
    await started.look()
    assert await state(phones) is BreakerState.CLOSED, "nor for a node that has just started"
    assert [one.kind for one in await told(phones)] == ["breaker.closed", "breaker.opened"]


async def test_a_day_has_a_limit_of_its_own(phones: PhoneHouse) -> None:
    (name,) = await people(phones, 1)
    await phones.house.change_settings(texts_per_day=2)
    done = []
    for place in range(3):
        done.append(await sign_in(phones, name, place))
        phones.house.clock.advance(HOUR)
    assert [one.is_pending for one in done] == [True, True, False]
    assert limit_in(done[2]) == ["day"]
    phones.house.clock.advance(24 * HOUR)
    assert (await sign_in(phones, name, 9)).is_pending
