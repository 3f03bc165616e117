"""What the store keeps of usage: who counts, what each day came to, and what phones have cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from vestibule.model.phone_cost import PhoneCost, Sendings
from vestibule.model.provider import Provider
from vestibule.model.usage import Meter, MeteredUser, Usage


class MeteringRecords(Protocol):
    """A part of `Transaction`."""

    async def meters(self) -> Mapping[str, Meter]:
        """Return how far each provider is metered, by provider id: the worker's own."""
        ...

    async def meters_of(self, tenant_id: str) -> Mapping[str, Meter]:
        """The same of the providers of one tenant."""
        ...

    async def open_meter(self, meter: Meter) -> bool:
        """Insert; False if the provider has one."""
        ...

    async def note_look(self, tenant_id: str, provider_id: str, day: str) -> None:
        """Write that a look at who is configured went through on a day; never an earlier day than before."""
        ...

    async def unmetered_users(self, provider: Provider, day: str, limit: int) -> tuple[MeteredUser, ...]:
        """Return who is configured now and is not counted, or is counted as licensed and is not on this day,
        or the other way round; each as he counts from this day on."""
        ...

    async def overmetered_users(self, provider: Provider, limit: int) -> tuple[MeteredUser, ...]:
        """Return who is counted and is not configured any more."""
        ...

    async def count_users_from(self, users: Sequence[MeteredUser]) -> None:
        """Begin to count each from his `from_day` on; who was counted in another way is counted so until
        before that day. Nothing happens to who is counted so already."""
        ...

    async def count_users_until(self, users: Sequence[MeteredUser]) -> int:
        """End the counting of each with the `until_day` that is given, unless it has ended; return how
        many."""
        ...

    async def count_usage(self, provider: Provider, day: str, since: int, until: int) -> Usage:
        """Count what a provider's customer has used on a day: attempts from `since` until before `until`
        (epoch ms)."""
        ...

    async def add_usage(self, usage: Usage, next_day: str) -> bool:
        """Write what a day came to and move the meter on to the next one, unless the meter is at another day
        than this one: then somebody else has, and nothing is written."""
        ...

    async def usage(self, tenant_id: str, first: str, last: str) -> tuple[Usage, ...]:
        """Return the usage of a tenant from a day to another one, both included, by day and provider."""
        ...

    async def metered_users(
        self, tenant_id: str, provider_id: str, day: str, after: str, limit: int
    ) -> tuple[MeteredUser, ...]:
        """Return who counted on a day, by user id behind `after`."""
        ...

    async def ended_sendings(self, since: int, until: int) -> tuple[Sendings, ...]:
        """Return texts and calls of all tenants that have left, and whose time was over from `since` until
        before `until` (epoch ms): the worker's own."""
        ...

    async def add_phone_costs(self, costs: Sequence[PhoneCost], since: int, until: int) -> bool:
        """Add what those have cost, and remember that it was done until `until`; unless that was done until
        another time than `since`: then somebody else has, and nothing is written."""
        ...

    async def phone_costs_until(self) -> int | None:
        """Return until when it was done; None: never yet."""
        ...

    async def phone_costs(self, tenant_id: str, first: str, last: str) -> tuple[PhoneCost, ...]:
        """Return the sums of some days by gateway, country and what was carried, each with the first day."""
        ...
