"""Days are counted once, from what is there: who was configured, and all attempts."""

from __future__ import annotations

import asyncio

from tests.houses import PASSWORD, TENANT
from tests.integration.billing.conftest import FIRST, BillingHouse
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.day import beginning_of, day_after, end_of
from vestibule.model.provider import UsageModel
from vestibule.model.server_attempt import ServerAttempt, ServerUsers
from vestibule.model.usage import GRACE_MS
from vestibule.model.user import Requirement
from vestibule.model.verification import VerificationState

PER_USER, PER_AUTHENTICATION = UsageModel


async def test_s14_whoever_is_configured_counts_whether_or_not_he_verifies(billing: BillingHouse) -> None:
    """S14: ten are configured, by a method or by what is required of them; three of them verify."""
    house = billing.house
    provider = await billing.add_provider(PER_USER)
    people = [await house.add_person(f"person{number}") for number in range(8)]
    people += [
        await house.add_bare_person(f"asked{number}", requirement=Requirement.ENABLED) for number in range(2)
    ]
    await house.add_bare_person("nobody")
    for person in people[:3]:
        await house.start(person.user.username, PASSWORD, person.passcode(house.clock.now()))
    await billing.end_of_day(FIRST)
    (usage,) = await billing.usage()
    assert (usage.day, usage.provider_id, usage.paid_users) == (FIRST, provider.provider_id, 10)
    counted = await house.services.metering.users(SYSTEM, TENANT, provider.provider_id, FIRST)
    assert {each.username for each in counted} == {each.user.username for each in people}


async def test_every_attempt_counts_whatever_came_of_it(billing: BillingHouse) -> None:
    """B4, S12: approved, denied, by a passcode or not even known; each is one."""
    house = billing.house
    await billing.add_provider(PER_AUTHENTICATION)
    alice = await house.add_person("alice")
    await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    await house.start("alice", PASSWORD, Secret("000000"))
    await house.start("alice", "wrong")
    await house.start("stranger")
    await billing.end_of_day(FIRST)
    (usage,) = await billing.usage()
    assert (usage.service_attempts, usage.attempts, usage.users) == (4, 4, 0)


async def test_a_day_is_counted_when_nothing_of_it_can_come_any_more(billing: BillingHouse) -> None:
    """It is counted once, by one of many who would, and stays as it is."""
    house = billing.house
    await billing.add_provider(PER_USER)
    alice = await house.add_person("alice")
    await billing.look()
    await billing.go_to(end_of(FIRST) + GRACE_MS - 1)
    await billing.look()
    assert await billing.usage() == ()
    await billing.go_to(end_of(FIRST) + GRACE_MS)
    await asyncio.gather(*(billing.look() for _ in range(4)))
    first = await billing.usage()
    assert [usage.service_users for usage in first] == [1]
    await house.store.transact(lambda tx: tx.remove_user(TENANT, alice.user.user_id))
    await billing.look()
    assert await billing.usage() == first


async def test_who_is_taken_out_at_night_counts_on_the_days_on_which_he_was_seen(
    billing: BillingHouse,
) -> None:
    house = billing.house
    await billing.add_provider(PER_USER)
    alice = await house.add_person("alice")
    await billing.look()
    await house.store.transact(lambda tx: tx.remove_user(TENANT, alice.user.user_id))
    await billing.go_to(end_of(FIRST) + GRACE_MS)
    for number in (1, 2):
        await billing.end_of_day(day_after(FIRST, number))
    assert [usage.service_users for usage in await billing.usage()] == [1, 0, 0]


async def test_days_without_a_look_are_between_two(billing: BillingHouse) -> None:
    """The worker was away for three days: who was there before and after counts, who came only then on."""
    house = billing.house
    await billing.add_provider(PER_USER)
    await house.add_person("alice")
    await billing.look()
    await house.add_person("bob")
    await billing.go_to(beginning_of(day_after(FIRST, 3)))
    await billing.end_of_day(day_after(FIRST, 3))
    assert [usage.service_users for usage in await billing.usage()] == [1, 1, 1, 2]


def told(tenant_id: str, provider_id: str, attempt_id: str, received_at: int) -> ServerAttempt:
    return ServerAttempt(
        tenant_id=tenant_id,
        provider_id=provider_id,
        group_id="g",
        server_id="s",
        attempt_id=attempt_id,
        received_at=received_at,
        started_at=0,
        decided_at=0,
        user_id="u",
        state=VerificationState.APPROVED,
        reason="passcode_verified",
        server_name="server",
        server_address="192.0.2.1",
    )


async def test_what_servers_tell_counts_on_the_day_on_which_it_was_received(billing: BillingHouse) -> None:
    house = billing.house
    provider = await billing.add_provider(PER_AUTHENTICATION, tenant_id="alone", is_linked=False)
    of = ("alone", provider.provider_id)
    times = (beginning_of(FIRST), end_of(FIRST) - 1, end_of(FIRST))
    attempts = [told(*of, f"a{number}", at) for number, at in enumerate(times)]
    attempts.append(told("alone", "another", "a9", times[0]))
    await house.store.transact(lambda tx: tx.add_server_attempts(attempts))
    for number in (0, 1):
        await billing.end_of_day(day_after(FIRST, number))
    counted = await billing.usage(tenant_id="alone")
    assert [usage.server_attempts for usage in counted] == [2, 1]


async def test_b3_two_sets_count_as_one_where_a_directory_is_synchronised(billing: BillingHouse) -> None:
    """B3: of a set that is the same people the larger, else both; each group of servers is people of its
    own."""
    house = billing.house
    provider = await billing.add_provider(PER_USER)
    await house.add_person("alice")
    for group, users in (("g1", 3), ("g2", 4)):
        told_users = ServerUsers(
            tenant_id=TENANT, provider_id=provider.provider_id, group_id=group, day=FIRST, users=users
        )
        await house.store.transact(lambda tx, it=told_users: tx.put_server_users(it))
    await billing.end_of_day(FIRST)
    (usage,) = await billing.usage()
    assert (usage.service_users, usage.server_users, usage.is_synchronised, usage.users) == (1, 7, False, 8)


async def test_people_of_a_day_with_two_providers_are_paid_for_once(billing: BillingHouse) -> None:
    """S21: a provider is deleted, another one made; the people of that day are the new one's."""
    house = billing.house
    first = await billing.add_provider(PER_USER)
    await house.add_person("alice")
    await billing.end_of_day(FIRST)
    await billing.delete(first)
    second = await billing.add_provider(PER_USER)
    await billing.end_of_day(day_after(FIRST))
    await billing.end_of_day(day_after(FIRST, 2))
    counted = {(usage.day, usage.provider_id): usage.paid_users for usage in await billing.usage()}
    assert counted == {
        (FIRST, first.provider_id): 1,
        (day_after(FIRST), first.provider_id): 0,
        (day_after(FIRST), second.provider_id): 1,
        (day_after(FIRST, 2), second.provider_id): 1,
    }


async def test_s33_attempts_of_licensed_users_are_billed(billing: BillingHouse) -> None:
    """S33: per authentication, a licence changes nothing; S29: per user, who has one does not count; S30: who
    has none may come, and counts."""
    house = billing.house
    provider = await billing.add_provider(PER_AUTHENTICATION)
    alice = await house.add_person("alice")
    await billing.license(alice.user.user_id)
    await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    await billing.end_of_day(FIRST)
    assert [usage.attempts for usage in await billing.usage()] == [1]
    await billing.delete(provider)
    await billing.add_provider(PER_USER)
    await house.add_person("bob")
    await billing.end_of_day(day_after(FIRST))
    (usage,) = [one for one in await billing.usage() if one.usage_model is PER_USER]
    assert (usage.service_users, usage.licensed, usage.paid_users) == (2, 1, 1)
