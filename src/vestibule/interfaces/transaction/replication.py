"""What the store keeps of servers that are activated here: groups, servers and their credentials."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from vestibule.model.replication import ActivatedServer, ActivationCredentials, ReplicationGroup


class ReplicationRecords(Protocol):
    async def replication_groups(self, tenant_id: str) -> tuple[ReplicationGroup, ...]:
        """Return the groups of a tenant by name."""
        ...

    async def replication_group(self, tenant_id: str, group_id: str) -> ReplicationGroup | None: ...

    async def add_replication_group(self, group: ReplicationGroup) -> None:
        """Add a group; raises `AlreadyExists` if the tenant has one of that name."""
        ...

    async def replace_replication_group(self, group: ReplicationGroup) -> bool: ...

    async def remove_replication_group(self, tenant_id: str, group_id: str) -> bool:
        """Remove a group with its servers and credentials."""
        ...

    async def activated_servers(self, tenant_id: str) -> tuple[ActivatedServer, ...]:
        """Return the servers of a tenant by name."""
        ...

    async def activated_server(self, tenant_id: str, server_id: str) -> ActivatedServer | None: ...

    async def add_activated_server(self, server: ActivatedServer) -> None: ...

    async def replace_activated_server(self, server: ActivatedServer) -> bool: ...

    async def remove_activated_server(self, tenant_id: str, server_id: str) -> bool: ...

    async def note_contacts(self, tenant_id: str, server_ids: Sequence[str]) -> int:
        """Write that these servers are connected now; return how many of them are there."""
        ...

    async def add_activation_credentials(self, credentials: ActivationCredentials) -> None: ...

    async def activation_credentials(self, tenant_id: str) -> tuple[ActivationCredentials, ...]:
        """Return all that a tenant has, used or not, the newest first."""
        ...

    async def credentials_by_hash(self, secret_hash: str) -> ActivationCredentials | None: ...

    async def use_activation_credentials(self, secret_hash: str, server_id: str) -> bool:
        """Use them up for this server; False if they are used or over, or nobody knows them."""
        ...

    async def withdraw_activation_credentials(self, tenant_id: str, credentials_id: str) -> bool: ...
