"""Limits of what is sent: held by all sign-ins together, and told when they bite (SMS-04, VOI-09)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
import structlog
from prometheus_client import generate_latest

from tests.houses import BOUNDLESS, TENANT, Person
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from tests.integration.phone.test_adding_a_phone import newcomer
from tests.integration.phone.test_gateway_checks import installation
from tests.peers.far_end import FarEnd, takes
from tests.until import until_read
from vestibule.catalog import text
from vestibule.cli.checks import gateways as checks
from vestibule.cli.checks.findings import Grade
from vestibule.cli.doctor import line
from vestibule.interfaces.gateway import Errand, NotSent, Sending, Unsure
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor
from vestibule.model.delivery import Carries, DeliveryState
from vestibule.model.event import Event
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.sending_limit import LimitKind
from vestibule.model.verification import Reason, TraceLine, VerificationState
from vestibule.services.outcome import Progress
from vestibule.services.phones import NewPhone
from vestibule.services.refusal import Refusal, Refused

PREFIX = "+491761234"
DOOR = "gate"
"""An application whose client has proven the first factor itself: no password is hashed in these tests."""
UNLIMITED = BOUNDLESS | {"texts_per_hour": 100}


async def people(phones: PhoneHouse, count: int, method: str = "sms") -> list[str]:
    """Add people whose numbers differ in their last four digits only."""
    await phones.house.add_application(DOOR, FirstFactor.CLIENT)
    names = [f"p{number}" for number in range(count)]
    for number, name in enumerate(names):
        person = await phones.house.add_bare_person(name)
        await phones.house.add_phone(person, method, number=f"{PREFIX}{number:04d}")
    return names


async def sign_in(phones: PhoneHouse, name: str, place: int = 0) -> Progress:
    """Come from a place of its own, so that nothing joins what was begun before."""
    return await phones.house.start(
        name, None, door=DOOR, user_address=f"198.51.{place // 250}.{place % 250}"
    )


async def events(phones: PhoneHouse) -> list[Event]:
    listed = await phones.house.store.read(lambda tx: tx.events(TENANT, "limit.reached", Page()))
    return list(listed.rows)


async def delivered(phones: PhoneHouse) -> list[Any]:
    """Wait until everything was handed over, and return all deliveries."""
    listed = await until_read(
        lambda: phones.house.store.read(
            lambda tx: tx.deliveries(TENANT, DeliveryFilter(), Page(limit=100_000))
        ),
        lambda listed: all(
            one.state not in (DeliveryState.WAITING, DeliveryState.TAKEN) for one in listed.rows
        ),
        seconds=600,
    )
    return list(listed.rows)


def metric(phones: PhoneHouse, limit: str) -> float:
    exposed = generate_latest(phones.house.services.metrics.registry).decode()
    wanted = f'vestibule_sendings_refused_total{{limit="{limit}"}} '
    return next(float(row.removeprefix(wanted)) for row in exposed.splitlines() if row.startswith(wanted))


def limit_in(progress: Progress) -> list[str]:
    return [row.facts["limit"] for row in progress.verification.trace if row.result == "not_allowed"]


async def test_pumping_to_one_prefix_is_cut_at_the_limit(
    phones: PhoneHouse, proof: Callable[[int, int], int]
) -> None:
    """SMS-04: some hundred sign-ins (10,000 in the long form) to one prefix, all at once."""
    names = await people(phones, proof(30, 200))
    await phones.house.change_settings(**(UNLIMITED | {"texts_per_prefix": 40}))
    rounds = proof(10, 50)
    reasons: Counter[Reason] = Counter()
    for place in range(rounds):
        done = await asyncio.gather(*(sign_in(phones, name, place) for name in names))
        reasons.update(one.reason for one in done)
    total = len(names) * rounds
    assert reasons == {Reason.TEXT_PENDING: 40, Reason.TEXT_NOT_SENT: total - 40}
    assert len(await delivered(phones)) == 40
    assert len(phones.far.texts) <= 40
    assert metric(phones, "prefix") == total - 40
    assert [one.facts["limit"] for one in await events(phones)] == ["prefix"], "told once, not each time"


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("texts_per_hour", LimitKind.USER),
        ("texts_per_number", LimitKind.NUMBER),
        ("texts_per_prefix", LimitKind.PREFIX),
        ("texts_per_tenant", LimitKind.TENANT),
    ],
)
async def test_each_limit_bites_names_itself_and_ends_with_its_hour(
    phones: PhoneHouse, setting: str, kind: LimitKind
) -> None:
    """SMS-04."""
    (name,) = await people(phones, 1)
    await phones.house.change_settings(**(UNLIMITED | {setting: 2}))
    done = await asyncio.gather(*(sign_in(phones, name, place) for place in range(6)))
    refused = [one for one in done if not one.is_pending]
    assert len(refused) == 4
    assert {one.verification.legacy_result for one in refused} == {"FAILED_SMS_NOT_SENT"}
    assert {tuple(limit_in(one)) for one in refused} == {(kind.value,)}
    phones.house.clock.advance(3600)
    assert (await sign_in(phones, name, 7)).is_pending


async def test_what_a_wide_limit_refuses_counts_in_no_narrow_one(phones: PhoneHouse) -> None:
    """Who raises the limit that refused finds the others as they were."""
    (name,) = await people(phones, 1)
    await phones.house.change_settings(**(UNLIMITED | {"texts_per_hour": 3, "texts_per_tenant": 1}))
    assert [(await sign_in(phones, name, place)).is_pending for place in range(6)] == [True] + [False] * 5
    await phones.house.change_settings(texts_per_tenant=0)
    assert [(await sign_in(phones, name, 10 + place)).is_pending for place in range(3)] == [True, True, False]


async def test_a_closed_country_is_refused_when_something_is_to_be_sent(phones: PhoneHouse) -> None:
    """SMS-04: a number that was entered while its country was open."""
    (name,) = await people(phones, 1)
    await phones.house.change_settings(calling_codes=("43",))
    ended = await sign_in(phones, name)
    assert (ended.state, ended.reason) == (VerificationState.DENIED, Reason.TEXT_NOT_SENT)
    assert limit_in(ended) == ["country"]
    await phones.house.change_settings(country_code="49", calling_codes=())
    assert (await sign_in(phones, name)).is_pending, "the country of numbers without one is open"


async def test_nothing_is_open_by_itself(phones: PhoneHouse) -> None:
    """SMS-04: closed until an administrator opens a country."""
    (name,) = await people(phones, 1)
    await phones.house.change_settings(calling_codes=())
    assert not (await sign_in(phones, name)).is_pending
    finding = (await checks.limits(installation(phones)))[0]
    assert finding.key == "gateways.nothing_open"
    assert finding.grade is Grade.PROBLEM
    assert "settings change --open-country" in line(finding, "en")


async def test_a_closed_country_is_refused_when_a_phone_is_entered(phones: PhoneHouse) -> None:
    """SMS-04, VOI-09: whoever enters it; nothing is sent, and the way on is told."""
    person, signed_in = await newcomer(phones)
    wanted = NewPhone(method="sms", typed="+48 22 1234567")
    services = phones.house.services
    tried = (
        services.activations.begin(signed_in, wanted),
        services.phones.add(SYSTEM, TENANT, person.user.user_id, wanted),
        services.gateway_settings.send_test(SYSTEM, TENANT, "first", wanted.typed, Carries.TEXT),
    )
    for one in tried:
        with pytest.raises(Refused) as refused:
            await one
        assert (refused.value.why, refused.value.key) == (Refusal.COUNTRY_CLOSED, "+48")
        for language in ("en", "de"):
            assert "--open-country +48" in text(language, "refusal.country_closed", key=refused.value.key)
    assert phones.far.errands == []


async def test_an_activation_beyond_a_limit_sends_nothing_and_raises_the_alarm(phones: PhoneHouse) -> None:
    """SMS-04: the road that proves a new number has the same limits."""
    await phones.house.change_settings(texts_per_number=1)
    _, signed_in = await newcomer(phones)
    wanted = NewPhone(method="sms", typed=NUMBER)
    await phones.house.services.activations.begin(signed_in, wanted)
    with pytest.raises(Refused) as refused:
        await phones.house.services.activations.begin(signed_in, wanted)
    assert refused.value.why is Refusal.NOTHING_SENT
    assert [one.facts["limit"] for one in await events(phones)] == ["number"]
    assert len(await delivered(phones)) == 1


@pytest.mark.parametrize("method", ["sms", "voice"])
async def test_nothing_leaves_and_nothing_is_counted_before_the_first_factor(
    phones: PhoneHouse, method: str
) -> None:
    """SMS-10: a wrong password sends no text, places no call, and costs nobody a place in a limit."""
    await phones.house.change_settings(**(UNLIMITED | {"texts_per_tenant": 1}))
    alice = await phones.house.add_bare_person("Alice")
    await phones.house.add_phone(alice, method, number=NUMBER)
    for _ in range(3):
        assert not (await phones.house.start("alice", password="wrong")).is_pending
        assert not (await phones.house.start("alice", password=None)).is_pending
    assert phones.far.errands == []
    assert await delivered(phones) == []
    assert (await phones.house.start("alice")).is_pending


async def _priced(phones: PhoneHouse, first: str, second: str, cap: int) -> None:
    """Give the first gateway a price and add a dearer one behind it."""
    service = phones.house.services.gateway_settings
    await phones.add_gateway("second", priority=20)
    for gateway_id, price in (("first", first), ("second", second)):
        found = service.find(SYSTEM, TENANT, gateway_id)
        await service.change(SYSTEM, _with_prices(found, price))
    await phones.house.change_settings(**(UNLIMITED | {"daily_cost_cap": cap}))


def _with_prices(found: GatewayConfiguration, price: str) -> GatewayConfiguration:
    return msgspec.structs.replace(found, text_price=price, call_price=price)


async def _cannot(gateway: FarEnd, errand: Errand) -> Sending:
    return NotSent("no") if gateway.gateway_id == "first" else await takes(gateway, errand)


async def _cannot_tell(gateway: FarEnd, errand: Errand) -> Sending:
    return Unsure("perhaps") if gateway.gateway_id == "first" else await takes(gateway, errand)


@pytest.mark.parametrize(
    ("answer", "may_have_left"), [(_cannot, {"second"}), (_cannot_tell, {"first", "second"})]
)
async def test_the_cap_holds_when_the_next_gateway_takes_over(
    phones: PhoneHouse, answer: Callable[..., Any], may_have_left: set[str]
) -> None:
    """VOI-09, SMS-05: what both gateways may charge for, together, is within the day's cap."""
    names = await people(phones, 12)
    await _priced(phones, "0.10", "0.07 49:0.25", 1)
    sent: list[str] = []

    async def counts(gateway: FarEnd, errand: Errand) -> Sending:
        sent.append(gateway.gateway_id)
        result: Sending = await answer(gateway, errand)
        return result

    phones.far.answer = counts
    done = await asyncio.gather(*(sign_in(phones, name) for name in names))
    assert {row for one in done for row in limit_in(one)} == {"cost"}
    await delivered(phones)
    prices = {"first": 10, "second": 25}
    assert 0 < sum(prices[one] for one in sent if one in may_have_left) <= 100
    standing = await phones.house.services.sending_limits.standing(SYSTEM, TENANT)
    assert (standing.shown_cost, standing.shown_cap) == ("1.00", "1.00")
    phones.house.clock.advance(24 * 3600)
    assert (await sign_in(phones, names[-1], 1)).is_pending, "a new day"


async def test_a_call_that_costs_more_than_a_day_is_not_placed(phones: PhoneHouse) -> None:
    """VOI-09."""
    (name,) = await people(phones, 1, "voice")
    await _priced(phones, "1.5", "0.10", 1)
    ended = await sign_in(phones, name)
    assert not ended.is_pending
    assert limit_in(ended) == ["cost"]
    assert phones.far.errands == []


async def test_a_limit_that_bites_is_seen_everywhere(phones: PhoneHouse) -> None:
    """SMS-04: in the list of events, in the log, in the metrics, by doctor, and where the gateways are."""
    (name,) = await people(phones, 1)
    await phones.house.change_settings(**(UNLIMITED | {"texts_per_hour": 1}))
    assert [metric(phones, kind.value) for kind in LimitKind] == [0] * len(LimitKind), "shown from the start"
    with structlog.testing.capture_logs() as logged:
        for place in range(4):
            await sign_in(phones, name, place)
    assert metric(phones, "user") == 3
    warnings = [row for row in logged if row["event"] == "a sending limit refuses"]
    assert [(row["log_level"], row["limit"]) for row in warnings] == [("warning", "user")]
    (event,) = await events(phones)
    assert (event.subject_name, event.facts) == (name, {"limit": "user", "window": "hour"})
    standing = await phones.house.services.sending_limits.standing(SYSTEM, TENANT)
    assert [one.kind for one in standing.reached] == [LimitKind.USER]
    (finding,) = await checks.limits(installation(phones))
    assert (finding.grade, finding.key) == (Grade.WARNING, "gateways.limit_reached")
    assert "Texts and calls to one user in an hour" in line(finding, "en")
    phones.house.clock.advance(3600)
    for place in range(2):
        await sign_in(phones, name, 10 + place)
    assert len(await events(phones)) == 2, "once more in a new window"
    phones.house.clock.advance(24 * 3600)
    assert await checks.limits(installation(phones)) == []


async def test_a_way_that_a_limit_refuses_leads_to_the_next(phones: PhoneHouse) -> None:
    """The person types what his app shows; the trace says why he was not texted."""
    person: Person = await phones.house.add_person("alice")
    await phones.house.add_phone(person, "sms", number=NUMBER)
    await phones.house.change_user(person, default_method="sms")
    await phones.house.change_settings(calling_codes=("43",))
    progress = await phones.house.start("alice")
    assert progress.is_pending
    assert limit_in(progress) == ["country"]
    assert isinstance(progress.verification.trace[-1], TraceLine)
    assert metric(phones, "country") == 1


async def test_a_cap_without_prices_is_warned_of(phones: PhoneHouse) -> None:
    await phones.house.change_settings(daily_cost_cap=5)
    (finding,) = await checks.limits(installation(phones))
    assert (finding.grade, finding.key) == (Grade.WARNING, "gateways.unpriced")
    assert "first" in line(finding, "en")
    service = phones.house.services.gateway_settings
    await service.change(SYSTEM, _with_prices(service.find(SYSTEM, TENANT, "first"), "0,1"))
    assert service.find(SYSTEM, TENANT, "first").text_price == "0.10"
    assert await checks.limits(installation(phones)) == []
    with pytest.raises(Refused) as refused:
        await service.change(SYSTEM, _with_prices(service.find(SYSTEM, TENANT, "first"), "cheap"))
    assert (refused.value.why, refused.value.key) == (Refusal.PRICE_INVALID, "text_price: cheap")


async def test_tests_of_a_gateway_count_too(phones: PhoneHouse) -> None:
    """SMS-04: whoever has an administrator's session has no free road to a number."""
    await phones.house.change_settings(texts_per_number=1)
    service = phones.house.services.gateway_settings
    await service.send_test(SYSTEM, TENANT, "first", NUMBER, Carries.TEXT)
    with pytest.raises(Refused) as refused:
        await service.send_test(SYSTEM, TENANT, "first", NUMBER, Carries.TEXT)
    assert refused.value.why is Refusal.NOTHING_SENT
    assert len(phones.far.errands) == 1
