"""Providers and licences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vestibule.model.licence import Coverage, Licence, LicenceAssignment
from vestibule.model.provider import Provider


class LicenceRecords(Protocol):
    """A part of `Transaction`."""

    async def providers(self, tenant_id: str) -> tuple[Provider, ...]:
        """Return all that a tenant has ever had, the newest first."""
        ...

    async def all_providers(self) -> tuple[Provider, ...]:
        """The same of all tenants, of those that have ended with their provider too."""
        ...

    async def put_licence(self, licence: Licence) -> None:
        """Insert (version 1 and new), or replace by compare-and-set on `version` (raises `Conflict`)."""
        ...

    async def remove_licence(self, tenant_id: str, licence_id: str) -> bool:
        """Delete a bundle with its assignments, the ended ones too."""
        ...

    async def licences(self, tenant_id: str) -> tuple[Licence, ...]:
        """Return all of a tenant, those of past and future periods too, the latest period first."""
        ...

    async def licence(self, tenant_id: str, licence_id: str) -> Licence | None: ...

    async def licensed_tenants(self) -> tuple[str, ...]:
        """Return who has any licences, of whatever period: the worker's own."""
        ...

    async def assign_licence(self, tenant_id: str, licence_id: str, user_id: str) -> bool:
        """Give a user one of a bundle, in one conditional write. False: all are given, or there is no such
        bundle. The user must be there and have none of it: hold him first."""
        ...

    async def end_assignment(self, tenant_id: str, licence_id: str, user_id: str) -> bool:
        """Take it from him; False if he has none of this bundle."""
        ...

    async def count_assigned(self, tenant_id: str) -> dict[str, int]:
        """Return how many of each bundle are given now; none: left out."""
        ...

    async def assigned(
        self, tenant_id: str, licence_id: str, after: str, limit: int
    ) -> Sequence[LicenceAssignment]:
        """Return who has one of a bundle now, by user id behind `after`."""
        ...

    async def licences_of(self, tenant_id: str, user_id: str) -> tuple[Licence, ...]:
        """Return the bundles of which a user has one now, of whatever period."""
        ...

    async def coverage(self, tenant_id: str, day: str) -> Coverage:
        """Count who is configured now, who of them has, when a day ends, a licence that is good on it (S29),
        and all licences that are good."""
        ...

    async def unlicensed(self, tenant_id: str, day: str, limit: int) -> tuple[str, ...]:
        """Return users who are configured now and not licensed on a day, by name."""
        ...
