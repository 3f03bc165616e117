"""Ceilings: what the operator lets a tenant send in a day, whatever its own settings say (VOI-09)."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.houses import TENANT
from tests.integration.phone.conftest import PhoneHouse
from tests.integration.phone.test_sending_limits import (
    UNLIMITED,
    delivered,
    events,
    limit_in,
    metric,
    people,
    sign_in,
)
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.tenant import TenantSettings
from vestibule.services.refusal import Refusal, Refused

OWN = Actor(actor_id="own", name="own", tenant_id=TENANT, rights=frozenset(Right) - {Right.TENANTS})
"""An administrator of the tenant, who may do there what there is to do."""
DAY = 24 * 3600


async def ceiling(phones: PhoneHouse, sendings: int = 0, cost: int = 0) -> None:
    await phones.house.services.ceilings.change(SYSTEM, TENANT, sendings=sendings, cost=cost)


async def change_own(phones: PhoneHouse, **fields: int) -> None:
    tenant = phones.house.services.configuration.current.tenants[TENANT]
    settings: TenantSettings = msgspec.structs.replace(tenant.settings, **fields)
    await phones.house.services.applications.change_settings(OWN, TENANT, settings)


async def test_a_ceiling_holds_whatever_the_tenant_sets(phones: PhoneHouse) -> None:
    """However many ask at once; the attempt names the operator's limit."""
    names = await people(phones, 8)
    await phones.house.change_settings(**UNLIMITED)
    await ceiling(phones, sendings=5)
    await change_own(phones, texts_per_day=10_000_000, daily_cost_cap=0)
    done = await asyncio.gather(*(sign_in(phones, name, place) for place, name in enumerate(names)))
    assert sum(one.is_pending for one in done) == 5
    assert {row for one in done for row in limit_in(one)} == {"ceiling"}
    await delivered(phones)
    assert len(phones.far.texts) == 5
    (event,) = await events(phones)
    assert event.facts == {"limit": "ceiling", "window": "day"}
    assert metric(phones, "ceiling") == 3
    phones.house.clock.advance(DAY)
    assert (await sign_in(phones, names[0], 20)).is_pending


async def test_a_lower_limit_of_the_tenants_own_is_named_as_its_own(phones: PhoneHouse) -> None:
    names = await people(phones, 2)
    await phones.house.change_settings(**(UNLIMITED | {"texts_per_day": 1}))
    await ceiling(phones, sendings=5)
    assert (await sign_in(phones, names[0], 0)).is_pending
    assert limit_in(await sign_in(phones, names[1], 1)) == ["day"]


async def test_a_ceiling_of_cost_holds_at_once_and_with_what_is_spent_already(phones: PhoneHouse) -> None:
    names = await people(phones, 8)
    await phones.add_gateway("first", version=1, text_price="0.25")
    await phones.house.change_settings(**UNLIMITED)
    for place, name in enumerate(names[:2]):
        assert (await sign_in(phones, name, place)).is_pending
    await ceiling(phones, cost=1)
    await change_own(phones, daily_cost_cap=1_000_000)
    done = await asyncio.gather(*(sign_in(phones, name, 9 + place) for place, name in enumerate(names[2:])))
    assert sum(one.is_pending for one in done) == 2
    assert {row for one in done for row in limit_in(one)} == {"cost_ceiling"}
    standing = await phones.house.services.sending_limits.standing(OWN, TENANT)
    assert (standing.shown_cost, standing.shown_cap, standing.cost_ceiling) == ("1.00", "1.00", 1)
    assert [one.kind.value for one in standing.reached] == ["cost_ceiling"]
    await change_own(phones, daily_cost_cap=1)
    assert limit_in(await sign_in(phones, names[2], 40)) == ["cost"], "the same, and its own"


async def test_no_tenant_moves_its_ceiling_nor_what_its_texts_are_said_to_cost(phones: PhoneHouse) -> None:
    """TEN-05."""
    services = phones.house.services
    await phones.add_gateway("first", version=1, text_price="0.25")
    await ceiling(phones, cost=1)
    with pytest.raises(NotAllowed):
        await services.ceilings.change(OWN, TENANT, sendings=0, cost=0)
    found = services.gateway_settings.find(OWN, TENANT, "first")
    for cheaper in ({"text_price": ""}, {"call_price": "0.01"}):
        with pytest.raises(Refused) as refused:
            await services.gateway_settings.change(OWN, msgspec.structs.replace(found, **cheaper))
        assert refused.value.why is Refusal.PRICES_OF_OPERATOR
    renamed = await services.gateway_settings.change(OWN, msgspec.structs.replace(found, name="Mine"))
    await services.gateway_settings.change(SYSTEM, msgspec.structs.replace(renamed, text_price="0.30"))
    await ceiling(phones, sendings=7)
    dearer = services.gateway_settings.find(OWN, TENANT, "first")
    await services.gateway_settings.change(OWN, msgspec.structs.replace(dearer, text_price="0.40"))
    for wrong in ({"sendings": -1, "cost": 0}, {"sendings": 0, "cost": 1_000_001}):
        with pytest.raises(Refused):
            await services.ceilings.change(SYSTEM, TENANT, **wrong)
