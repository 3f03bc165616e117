"""People and groups that a provisioning service manages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vestibule.model.provisioning import Provisioned, ProvisionedGroup
from vestibule.model.user import User


class ProvisioningRecords(Protocol):
    """A part of `Transaction`."""

    async def people_known(self, tenant_id: str, after: str, limit: int, offset: int = 0) -> tuple[User, ...]:
        """Return people by user id, behind the id `after` and then behind the first `offset`, without those
        whom their provider has deleted."""
        ...

    async def count_known(self, tenant_id: str) -> int:
        """Return how many people `people_known` would go through."""
        ...

    async def provisioned(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, Provisioned]:
        """Return what is known of those of these people who were pushed, by user id."""
        ...

    async def provisioned_as(self, tenant_id: str, external_id: str) -> tuple[Provisioned, ...]:
        """Return who was pushed under this identifier of the provider."""
        ...

    async def last_provisioned(self, tenant_id: str, limit: int) -> tuple[Provisioned, ...]:
        """Return who was pushed last, the latest first."""
        ...

    async def put_provisioned(self, record: Provisioned) -> None:
        """Insert, or put in the place of what was known. It goes with its user."""
        ...

    async def memberships(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the identifiers of the groups that these people are in, by user id; in none: left out."""
        ...

    async def members(self, tenant_id: str, group_id: str, after: str, limit: int) -> tuple[str, ...]:
        """Return who is in a group, by user id behind `after`."""
        ...

    async def provisioned_groups(self, tenant_id: str) -> dict[str, ProvisionedGroup]:
        """Return the groups that were pushed, by group id."""
        ...

    async def put_provisioned_group(self, record: ProvisionedGroup) -> None:
        """Insert, or put in the place of what was known. It goes with its group."""
        ...
