"""BF-08: one passcode or password on very many people is seen in the sum, and slowed down for everybody."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, TestHouse
from tests.integration.http_api.house import http_house
from tests.integration.registration.browser import ROOT, browsing
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor
from vestibule.model.event import Event
from vestibule.model.self_service import PasswordReset
from vestibule.model.spraying import WINDOW_MS, Scope
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.services import spraying
from vestibule.services.passwords import NewPassword
from vestibule.services.refusal import Refused
from vestibule.services.spraying import LONGEST_SECONDS

ENOUGH = 20
OTHER = "globex"


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that attempts waited; nobody really does."""
    waited: list[float] = []

    async def note(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(spraying, "sleep", note)
    return waited


async def spray(house: TestHouse, times: int, **fields: str) -> None:
    """Try one password on as many people; half of the names are nobody's."""
    for number in range(times):
        await house.start(f"person{number}", "Summer-2026", **fields)


async def told(house: TestHouse, tenant_id: str = TENANT) -> list[Event]:
    listed = await house.services.attempts.events(SYSTEM, tenant_id, "spraying.noticed", Page())
    return list(listed.rows)


async def prepare(house: TestHouse, pause: int = 2) -> None:
    await house.change_settings(spraying_failures=ENOUGH, spraying_pause_seconds=pause)
    for number in range(0, ENOUGH, 2):
        await house.add_person(f"Person{number}")


async def test_bf_08_a_spray_raises_one_alarm_and_slows_everybody_down(
    house: TestHouse, pauses: list[float]
) -> None:
    """BF-08: at the tenant's own number, not before; nobody is locked, and who is right goes in."""
    await prepare(house)
    alice = await house.add_person("Alice")
    await spray(house, ENOUGH - 1)
    await house.services.spraying.look()
    assert await told(house) == []
    await spray(house, 1)
    await house.services.spraying.look()
    (event,) = await told(house)
    assert event.facts == {"scope": "tenant", "failures": ENOUGH, "minutes": 10}
    assert pauses == []
    assert (await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))).is_approved
    assert not (await house.start("alice", PASSWORD, "000000")).is_approved
    assert pauses == [2.0, 2.0], "right or wrong, so that the wait tells nothing"
    await spray(house, ENOUGH)
    await house.services.spraying.look()
    assert len(await told(house)) == 1
    (alarm,) = await house.services.spraying.alarms(SYSTEM, TENANT)
    assert (alarm.scope, alarm.failures) == (Scope.TENANT, 2 * ENOUGH + 1)


async def test_bf_08_the_alarm_ends_by_itself_and_is_told_anew(house: TestHouse, pauses: list[float]) -> None:
    """BF-08: what failed more than ten minutes ago raises none."""
    await prepare(house)
    await spray(house, ENOUGH)
    await house.services.spraying.look()
    house.clock.advance(WINDOW_MS / 1000 + 60)
    await spray(house, ENOUGH - 1)
    await house.services.spraying.look()
    assert not house.services.spraying.slows(TENANT)
    await spray(house, 1)
    await house.services.spraying.look()
    assert house.services.spraying.slows(TENANT)
    assert len(await told(house)) == 2
    assert len(pauses) == ENOUGH - 1


async def test_bf_08_one_sum_over_all_channels(house: TestHouse, pauses: list[float]) -> None:
    """BF-08, BF-02: passwords and passcodes, at doors of every kind, and at the reset of a password."""
    await prepare(house)
    await house.change_settings(password_reset=PasswordReset.ALL)
    await house.add_application("checked", FirstFactor.CLIENT)
    for number in range(ENOUGH // 4):
        await house.start(f"person{4 * number}", "Summer-2026")
        await house.start(f"person{4 * number}", None, "123456", door="checked")
        asked = await house.start(f"person{4 * number + 2}")
        if asked.challenge is not None:
            await house.answer(f"person{4 * number + 2}", asked.challenge.challenge_id, "123456")
        with pytest.raises(Refused):
            await house.services.password_resets.reset(
                TENANT, f"person{number}", (Secret("123456"), Secret("")), new_password()
            )
    await house.services.spraying.look()
    (event,) = await told(house)
    assert event.facts["failures"] == ENOUGH
    with pytest.raises(Refused):
        await house.services.password_resets.reset(
            TENANT, "person0", (Secret("123456"), Secret("")), new_password()
        )
    assert len(pauses) == 1


async def test_bf_08_the_portal_counts_and_waits_as_other_doors_do(
    tmp_path: Path, pauses: list[float]
) -> None:
    """BF-08: forms of a browser, sent by a script."""
    async with http_house(tmp_path) as place, browsing(place) as browser:
        house = place.inside
        await house.services.setup.ensure_portal(TENANT)
        await house.services.configuration.refresh()
        await prepare(house)
        for number in range(ENOUGH):
            await browser.post(f"{ROOT}/sign-in", username=f"person{number}", password="Summer-2026")
        await house.services.spraying.look()
        assert (len(await told(house)), pauses) == (1, [])
        await browser.post(f"{ROOT}/sign-in", username="person0", password=PASSWORD)
        assert len(pauses) == 1


async def test_bf_08_a_sign_in_costs_no_query_and_no_commit_more(
    house: TestHouse, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """BF-08: neither what fails nor what waits, however long an alarm holds."""
    await prepare(house)
    await house.add_application("checked", FirstFactor.CLIENT)
    calls: list[str] = []

    def count(name: str) -> None:
        real = getattr(house.store, name)

        def counted(*arguments: Any) -> Any:
            calls.append(name)
            return real(*arguments)

        monkeypatch.setattr(house.store, name, counted)

    count("transact")
    count("read")
    await house.start("person0", None, "123456", door="checked")
    assert calls == ["transact"]
    await spray(house, ENOUGH)
    await house.services.spraying.look()
    calls.clear()
    await house.start("person4", None, "123456", door="checked")
    assert (calls, len(pauses)) == (["transact"], 1)


async def test_bf_08_what_was_not_judged_and_who_types_nothing_count_nowhere(
    house: TestHouse, pauses: list[float]
) -> None:
    """BF-08: guesses at one locked person are no spray, nor are questions that are still open."""
    await prepare(house)
    for _ in range(3 * ENOUGH):
        await house.start("person0", "Summer-2026")
        await house.start("person2")
    await house.services.spraying.look()
    assert await told(house) == []


async def test_bf_08_attempts_from_one_place_come_in_turn(
    house: TestHouse, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """BF-08: ten within a pause; who is elsewhere does not wait for them, and nobody waits for ever."""

    class Standing:
        def time(self) -> float:
            return 1000.0

    monkeypatch.setattr(spraying, "get_running_loop", Standing)
    await prepare(house)
    await spray(house, ENOUGH)
    await house.services.spraying.look()
    await spray(house, 30, user_address="198.51.100.9")
    assert pauses == [pytest.approx(2 + number / 5) for number in range(30)]
    pauses.clear()
    await spray(house, 1, user_address="192.0.2.7")
    assert pauses == [2]
    await spray(house, 30, user_address="198.51.100.9")
    assert max(pauses) == LONGEST_SECONDS


async def test_bf_08_the_pause_can_be_switched_off(house: TestHouse, pauses: list[float]) -> None:
    """BF-08: the alarm is raised all the same."""
    await prepare(house, pause=0)
    await spray(house, ENOUGH)
    await house.services.spraying.look()
    await spray(house, 1)
    assert (len(await told(house)), pauses) == (1, [])


async def test_bf_08_two_nodes_have_one_sum_and_one_alarm(
    nodes: tuple[TestHouse, TestHouse], pauses: list[float]
) -> None:
    """BF-08, BF-02: half of the spray at each; both slow down, and one of them tells."""
    first, second = nodes
    await prepare(first)
    await second.services.configuration.refresh()
    await spray(first, ENOUGH // 2)
    await spray(second, ENOUGH // 2)
    for house in (first, second, first):
        await house.services.spraying.look()
    assert [house.services.spraying.slows(TENANT) for house in nodes] == [True, True]
    assert len(await told(first)) == 1


async def test_bf_08_a_spray_over_many_tenants_alarms_the_service(
    house: TestHouse, pauses: list[float]
) -> None:
    """BF-08: too few in each tenant, enough in all together; one tenant alone slows down no other."""
    await prepare(house)
    applications, configuration = house.services.applications, house.services.configuration
    system = configuration.current.tenants[SYSTEM_TENANT].settings
    both = msgspec.structs.replace(system, service_spraying_failures=ENOUGH + 10)
    await applications.change_settings(SYSTEM, SYSTEM_TENANT, both)
    await applications.add_tenant(SYSTEM, OTHER, "Globex", configuration.current.tenants[TENANT].settings)
    await spray(house, 2 * ENOUGH)
    await house.services.spraying.look()
    assert [house.services.spraying.slows(each) for each in (TENANT, OTHER)] == [True, False]
    for _ in range(10):
        house.services.spraying.failed(OTHER)
    await house.services.spraying.look()
    assert house.services.spraying.slows(OTHER)
    (event,) = await told(house, SYSTEM_TENANT)
    assert event.facts == {"scope": "service", "failures": ENOUGH + 10, "minutes": 10}
    assert await told(house, OTHER) == []


def new_password() -> NewPassword:
    return NewPassword(Secret("Looking-Glass-1871"), Secret("Looking-Glass-1871"))
