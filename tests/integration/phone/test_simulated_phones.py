"""Simulated phones show every passcode, so: in the demonstration only, to its administrators and its link."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.houses import TENANT, TestHouse, open_house
from tests.integration.phone.conftest import NUMBER
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Simulates
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.tenant import DEMONSTRATION_TENANT
from vestibule.services.demonstration import PHONE, USERNAME


@dataclass(slots=True)
class Demo:
    house: TestHouse

    @property
    def phones(self) -> Simulates:
        found = self.house.services.simulated_phones.of_tenant(SYSTEM, DEMONSTRATION_TENANT)
        assert found is not None
        return found


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    async with open_house(tmp_path) as house:
        await house.services.demonstrations.make({}, "127.0.0.1/32")
        yield Demo(house)


async def test_the_demonstration_has_a_phone_that_is_found_again(demo: Demo, tmp_path: Path) -> None:
    assert [phone.number for phone in demo.phones.phones()] == [PHONE]
    subject = await demo.house.store.read(lambda tx: tx.subject_by_names(DEMONSTRATION_TENANT, (USERNAME,)))
    assert subject is not None
    numbers = {held.method: held.parameters.get("number") for held in subject.authenticators}
    assert numbers == {"totp": None, "sms": PHONE, "voice": PHONE}
    link = demo.house.services.simulated_phones.link()
    assert link is not None
    assert len(link) >= 43
    assert demo.house.services.simulated_phones.by_link(link.reveal()) is demo.phones
    async with open_house(tmp_path) as second:
        assert second.services.simulated_phones.link() == link


@pytest.mark.parametrize("token", ["", "x", "•"])
async def test_another_link_opens_nothing(demo: Demo, token: str) -> None:
    assert demo.house.services.simulated_phones.by_link(token) is None


async def test_an_administrator_of_another_tenant_sees_nothing(demo: Demo) -> None:
    """TEN-01."""
    phones = demo.house.services.simulated_phones
    theirs = Actor(actor_id="a", name="somebody", tenant_id=TENANT, rights=frozenset({Right.ADMINISTER}))
    with pytest.raises(NotAllowed):
        phones.of_tenant(theirs, DEMONSTRATION_TENANT)
    assert phones.of_tenant(SYSTEM, TENANT) is None


async def test_no_other_tenant_gets_one_whoever_writes_it_into_the_database(demo: Demo) -> None:
    services = demo.house.services
    kind = services.configuration.current.gateways[
        next(key for key in services.configuration.current.gateways if key[0] == DEMONSTRATION_TENANT)
    ].kind
    record = GatewayConfiguration(
        tenant_id=TENANT, gateway_id="smuggled", kind=kind, name="smuggled", created_at=1
    )
    await demo.house.store.transact(lambda tx: tx.put(record))
    await services.configuration.refresh()
    assert services.gateways.all(TENANT) == ()
    assert services.gateways.find(TENANT, "smuggled") is None
    assert services.simulated_phones.of_tenant(SYSTEM, TENANT) is None
    problem = await services.gateways.problem(kind, {"numbers": [NUMBER]}, Secret(""))
    assert problem.startswith("kind:")


async def test_a_house_without_a_demonstration_has_no_link(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        assert house.services.simulated_phones.link() is None
        assert house.services.simulated_phones.by_link("") is None


async def test_news_are_waited_for_until_something_changes(demo: Demo) -> None:
    phones = demo.phones
    known = phones.version
    waiting = asyncio.create_task(phones.changed(known))
    await asyncio.sleep(0)
    assert not waiting.done()
    phones.be_busy(PHONE, True)
    async with asyncio.timeout(10):
        assert await waiting != known
