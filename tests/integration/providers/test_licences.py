"""Licences: so many users for a period, and who of them has one."""

from __future__ import annotations

from collections.abc import Awaitable

import pytest

from tests.houses import TENANT, Person, TestHouse
from vestibule.model.actor import SYSTEM
from vestibule.model.day import DAY_MS, day_at
from vestibule.model.edition import Edition
from vestibule.model.licence import Coverage, Licence, LicenceKind
from vestibule.model.provider import Provider, UsageModel
from vestibule.services.entitlement import GRACE_DAYS
from vestibule.services.refusal import Refusal, Refused

OWN = LicenceKind.OWN


def day(house: TestHouse, days: int = 0) -> str:
    return day_at(house.clock.now() + days * DAY_MS)


async def add(house: TestHouse, quantity: int, first: int = 0, last: int = 364) -> Licence:
    return await house.services.licences.add(
        SYSTEM, TENANT, OWN, quantity, day(house, first), day(house, last)
    )


async def provide(house: TestHouse) -> Provider:
    return await house.services.providers.create(SYSTEM, "Sign-ins", UsageModel.PER_USER, "EUR", TENANT)


async def assign(house: TestHouse, licence: Licence, person: Person) -> None:
    await house.services.licences.assign(SYSTEM, TENANT, licence.licence_id, person.user.user_id)


async def coverage(house: TestHouse) -> Coverage:
    return await house.services.licences.coverage(SYSTEM, TENANT)


async def why(act: Awaitable[object]) -> tuple[Refusal, str]:
    with pytest.raises(Refused) as refused:
        await act
    return refused.value.why, refused.value.key


def edition(house: TestHouse) -> Edition:
    return house.services.configuration.current.tenants[TENANT].edition


async def test_s16_licences_alone_give_everything_and_usage_adds_nothing(house: TestHouse) -> None:
    """S16: there is no provider, so nothing is there that usage could be billed to."""
    await house.services.editions.change(SYSTEM, TENANT, Edition.FREE_ADMINS)
    await house.services.licences.add(
        SYSTEM, TENANT, LicenceKind.BUNDLE, 1, day(house), day(house, 364), "Suite"
    )
    assert edition(house) is Edition.FULL
    await house.add_application()
    alice = await house.add_person("alice")
    assert (await house.start("alice", passcode=alice.passcode(house.clock.now()))).is_approved
    assert await house.services.providers.of(SYSTEM, TENANT) == ()
    assert house.services.configuration.current.tenants[TENANT].own_edition is Edition.FREE_ADMINS


async def test_s29_licensed_users_are_not_counted(house: TestHouse) -> None:
    """S29, S30: an unlicensed user may be added beside them, and counts."""
    await provide(house)
    alice, bob = await house.add_person("alice"), await house.add_person("bob")
    bought = await add(house, 2)
    await assign(house, bought, alice)
    assert await coverage(house) == Coverage(configured=2, licensed=1, licences=2)
    await assign(house, bought, bob)
    assert (await coverage(house)).unlicensed == 0


async def test_s30_an_unlicensed_user_is_allowed_and_counted(house: TestHouse) -> None:
    """S30."""
    await provide(house)
    bought = await add(house, 1)
    await assign(house, bought, await house.add_person("alice"))
    await house.add_application()
    bob = await house.add_person("bob")
    assert (await house.start("bob", passcode=bob.passcode(house.clock.now()))).is_approved
    assert (await coverage(house)).unlicensed == 1
    assert await why(assign(house, bought, bob)) == (Refusal.LICENCES_SPENT, "1")


async def without_provider(house: TestHouse) -> None:
    """Let everybody be licensed, and the provider go."""
    await house.services.editions.change(SYSTEM, TENANT, Edition.FREE_ADMINS)
    provider = await provide(house)
    await assign(house, await add(house, 1), await house.add_person("alice"))
    ending = await house.services.providers.delete(SYSTEM, provider.provider_id)
    assert (ending.closed, ending.lost) == ((), {})


async def standing(house: TestHouse) -> list[str]:
    """Return the providers of the tenant that are not deleted."""
    found = await house.services.providers.of(SYSTEM, TENANT)
    return [each.provider_id for each in found if each.deleted_at is None]


async def test_s31_when_all_are_licensed_the_provider_may_go(house: TestHouse) -> None:
    """S31: nothing is lost by it."""
    await without_provider(house)
    assert await standing(house) == []
    assert edition(house) is Edition.FULL


async def test_s32_with_more_users_than_licences_there_may_be_another_provider(house: TestHouse) -> None:
    """S32: per user again; who has no licence counts for it, who has one does not."""
    await without_provider(house)
    await house.add_person("bob")
    assert await coverage(house) == Coverage(configured=2, licensed=1, licences=1)
    again = await provide(house)
    assert await standing(house) == [again.provider_id]
    assert (again.usage_model, again.is_linked, edition(house)) == (UsageModel.PER_USER, True, Edition.FULL)
    house.clock.advance((GRACE_DAYS + 1) * 86_400)
    await house.services.licences.follow()
    assert edition(house) is Edition.FULL, "for good: it is the provider that gives it"
    assert (await coverage(house)).unlicensed == 1


async def test_s36_no_licence_without_a_directory(house: TestHouse) -> None:
    """S36: even a bundle that had come into such a tenant could be given to nobody."""
    made = await house.services.providers.create(SYSTEM, "Servers", UsageModel.PER_USER, "EUR")
    refused = house.services.licences.assign(SYSTEM, made.tenant_id, "any", "anybody")
    assert await why(refused) == (Refusal.NO_PEOPLE_HERE, "Servers")


async def test_nobody_has_two_for_one_day_and_next_year_follows(house: TestHouse) -> None:
    alice = await house.add_person("alice")
    now, other, later = await add(house, 1), await add(house, 1, 1), await add(house, 1, 365, 700)
    await assign(house, now, alice)
    assert (await why(assign(house, other, alice)))[0] is Refusal.LICENSED_ALREADY
    await assign(house, later, alice)
    held = await house.services.licences.of_user(SYSTEM, TENANT, alice.user.user_id)
    assert [each.licence_id for each in held] == [now.licence_id, later.licence_id]
    await house.services.licences.take(SYSTEM, TENANT, now.licence_id, alice.user.user_id)
    await assign(house, other, alice)
    taken = house.services.licences.take(SYSTEM, TENANT, now.licence_id, alice.user.user_id)
    assert (await why(taken))[0] is Refusal.NOT_FOUND


async def test_a_bundle_reaches_as_far_as_it_goes(house: TestHouse) -> None:
    people = [await house.add_person(name) for name in ("carol", "alice", "bob")]
    bought, licences = await add(house, 2), house.services.licences
    assert await licences.assign_all(SYSTEM, TENANT, bought.licence_id) == 2
    assert await licences.assign_all(SYSTEM, TENANT, bought.licence_id) == 0
    holders = await licences.holders(SYSTEM, TENANT, bought.licence_id, "", 9)
    assert {user.user_id for user in holders} == {person.user.user_id for person in people[1:]}
    fewer = licences.change(SYSTEM, TENANT, bought.licence_id, 1, day(house, 30))
    assert await why(fewer) == (Refusal.LICENCES_GIVEN, "2")
    more = await licences.change(SYSTEM, TENANT, bought.licence_id, 3, day(house, 30))
    assert (more.quantity, more.last_day) == (3, day(house, 30))
    assert await licences.assign_all(SYSTEM, TENANT, bought.licence_id) == 1


async def test_what_was_good_stays_so_and_what_ends_goes_on_until_tonight(house: TestHouse) -> None:
    begun, coming = await add(house, 2, -9), await add(house, 2, 9)
    licences = house.services.licences
    ended = await licences.end(SYSTEM, TENANT, begun.licence_id)
    await licences.end(SYSTEM, TENANT, coming.licence_id)
    left = await licences.list(SYSTEM, TENANT)
    assert [(each.licence.licence_id, each.licence.last_day) for each in left] == [
        (begun.licence_id, day(house))
    ]
    assert ended.is_good_on(day(house))
    assert not ended.is_good_on(day(house, 1))
    house.clock.advance(86_400)
    for act in (
        licences.end(SYSTEM, TENANT, begun.licence_id),
        licences.change(SYSTEM, TENANT, begun.licence_id, 9, day(house, 9)),
        licences.assign(SYSTEM, TENANT, begun.licence_id, "anybody"),
    ):
        assert await why(act) == (Refusal.LICENCE_OVER, day(house, -1))


async def test_what_can_be_no_bundle_is_refused(house: TestHouse) -> None:
    for kind, quantity, first, last, refusal in (
        (OWN, 0, "2027-01-01", "2027-12-31", Refusal.QUANTITY_INVALID),
        (OWN, 1, "2027-12-31", "2027-01-01", Refusal.PERIOD_INVALID),
        (OWN, 1, "20270101", "2027-12-31", Refusal.PERIOD_INVALID),
        (OWN, 1, "2027-02-30", "2027-12-31", Refusal.PERIOD_INVALID),
        (OWN, 1, "2027-01-01", "2227-12-31", Refusal.PERIOD_INVALID),
        (LicenceKind.BUNDLE, 1, "2027-01-01", "2027-12-31", Refusal.PRODUCT_MISSING),
    ):
        act = house.services.licences.add(SYSTEM, TENANT, kind, quantity, first, last)
        assert (await why(act))[0] is refusal


async def test_one_user_too_many_shuts_nobody_out_at_once(house: TestHouse) -> None:
    """S24: the full edition lapses after a time in which more licences, or a provider, keep it."""
    await house.services.editions.change(SYSTEM, TENANT, Edition.FREE_ADMINS)
    bought, licences = await add(house, 1), house.services.licences
    await house.add_person("alice")
    await house.add_person("bob")
    await licences.follow()
    assert edition(house) is Edition.FULL
    house.clock.advance(GRACE_DAYS * 86_400 - 1)
    await licences.follow()
    assert edition(house) is Edition.FULL
    await licences.change(SYSTEM, TENANT, bought.licence_id, 2, bought.last_day)
    assert house.services.configuration.current.tenants[TENANT].lapses_at == 0
    await licences.change(SYSTEM, TENANT, bought.licence_id, 1, bought.last_day)
    house.clock.advance(GRACE_DAYS * 86_400)
    await licences.follow()
    assert edition(house) is Edition.FREE_ADMINS
