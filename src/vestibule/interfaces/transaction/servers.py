"""What the store keeps of servers behind the service, and what a server finds of what it has to tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vestibule.model.delivery import Delivery
from vestibule.model.server_attempt import ServerAttempt, ServerUsers
from vestibule.model.verification import Verification


class ServerRecords(Protocol):
    """A part of `Transaction`."""

    async def add_server_attempts(self, attempts: Sequence[ServerAttempt]) -> int:
        """Insert those that the provider does not have yet; return how many that were."""
        ...

    async def server_attempts(
        self, tenant_id: str, provider_id: str, since: int, until: int, after: str, limit: int
    ) -> tuple[ServerAttempt, ...]:
        """Return attempts received from `since` until before `until`, in the order of their names and after
        the one named `after`."""
        ...

    async def put_server_users(self, told: ServerUsers) -> None:
        """Write how many there are, unless more were told on that day."""
        ...

    async def server_users(self, tenant_id: str, provider_id: str, day: str) -> tuple[ServerUsers, ...]:
        """Return what was told last until the end of a day, for each group of the provider: on that very day
        or, if its servers were silent, before."""
        ...

    async def relayed_texts_to(self, tenant_id: str, address: str) -> tuple[Delivery, ...]:
        """Return texts to a number that servers have asked for and that are still good, the newest first."""
        ...

    async def drop_relayed(self, tenant_id: str, delivery_id: str) -> bool:
        """Let a delivery that has not left yet leave no more; False if it has."""
        ...

    async def is_anything_owed(self) -> bool:
        """Whether a server is to be told now what became of something."""
        ...

    async def take_owed(self, limit: int, again_ms: int) -> tuple[Delivery, ...]:
        """Return deliveries of which a server is to be told now; each is due again after a while, until it is
        settled. What its server can do nothing with any more is owed no longer."""
        ...

    async def settle_owed(self, tenant_id: str, delivery_ids: Sequence[str]) -> None:
        """The servers have been told what became of these."""
        ...

    async def has_servers(self, group_id: str) -> bool:
        """Whether any server is activated in a replication group, of whatever tenant."""
        ...

    async def attempts_in_order(
        self, tenant_id: str, after: tuple[int, str], before: int, limit: int
    ) -> tuple[Verification, ...]:
        """Return attempts of one's own that began before a time, decided or not, as they began, after the
        one that began at that time and has that name."""
        ...
