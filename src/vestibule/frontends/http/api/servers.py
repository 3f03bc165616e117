"""Servers that are activated here: their status, their groups, and credentials for new ones."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import JSONBody

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.records.listing import Listing, Record, whole
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Name, PathId
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.model.replication import HOURS, MOST_HOURS

Hours = Annotated[int, msgspec.Meta(ge=1, le=MOST_HOURS)]


class ActivatedServerRecord(Record):
    """A server; name, version and address are what it says of itself."""

    named = "server_id"

    id: str
    group_id: str
    name: str
    version: str
    address: str
    status: str
    """`connected`, `away` or `refused`."""
    activated_at: int
    last_contact_at: int
    turned_away: str
    """Why it was refused the last time; empty: it was not."""


class ReplicationGroupRecord(Record):
    named = "group_id"

    id: str
    name: str
    provider_id: str
    """The provider that its servers deliver on; empty until the first of them is activated."""
    servers: int
    created_at: int


class ActivationCredentialsRecord(Record):
    """Credentials that no server has used yet."""

    named = "credentials_id"

    id: str
    group_id: str
    made_by: str
    created_at: int
    expires_at: int


class NewCredentialsRecord(ActivationCredentialsRecord):
    credentials: str
    """What the server is given, shown this one time."""


class NewCredentials(Discreet):
    group: Name
    """The replication group that the server joins; it is made if there is none of that name."""
    hours: Hours = HOURS
    """For how long they are good."""


class GroupName(Discreet):
    name: Name


class Servers(Controller):
    path = "/servers"
    tags = ("Servers",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_servers(self, caller: NamedDependency[Caller]) -> Listing[ActivatedServerRecord]:
        """List the servers that are activated, by name, and how they stand."""
        fleet = await caller.services.replication.fleet(caller.actor, caller.tenant_id)
        now = caller.services.clock.now()
        return whole(ActivatedServerRecord.of(each, status=each.status(now)) for each in fleet.servers)

    @delete("/{server_id:str}", responses=problems(404), opt=needs(Right.SERVERS))
    async def remove_server(self, caller: NamedDependency[Caller], server_id: PathId) -> None:
        """Forget a server: it is let in no more until it is activated anew."""
        await caller.services.replication.remove_server(caller.actor, caller.tenant_id, server_id)


class ReplicationGroups(Controller):
    path = "/replication-groups"
    tags = ("Servers",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_replication_groups(
        self, caller: NamedDependency[Caller]
    ) -> Listing[ReplicationGroupRecord]:
        """List the groups of servers that share a database, by name."""
        fleet = await caller.services.replication.fleet(caller.actor, caller.tenant_id)
        return whole(
            ReplicationGroupRecord.of(each, servers=fleet.size(each.group_id)) for each in fleet.groups
        )

    @patch("/{replication_group_id:str}", responses=problems(404, 409, 422), opt=needs(Right.SERVERS))
    async def rename_replication_group(
        self, caller: NamedDependency[Caller], replication_group_id: PathId, data: JSONBody[GroupName]
    ) -> ReplicationGroupRecord:
        """Call a group otherwise."""
        replication = caller.services.replication
        renamed = await replication.rename_group(
            caller.actor, caller.tenant_id, replication_group_id, data.name
        )
        fleet = await replication.fleet(caller.actor, caller.tenant_id)
        record: ReplicationGroupRecord = ReplicationGroupRecord.of(
            renamed, servers=fleet.size(renamed.group_id)
        )
        return record

    @delete("/{replication_group_id:str}", responses=problems(404, 409), opt=needs(Right.SERVERS))
    async def remove_replication_group(
        self, caller: NamedDependency[Caller], replication_group_id: PathId
    ) -> None:
        """Remove a group that no server is in; its credentials go with it."""
        await caller.services.replication.remove_group(caller.actor, caller.tenant_id, replication_group_id)


class ActivationCredentials(Controller):
    path = "/activation-credentials"
    tags = ("Servers",)

    @get(responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_activation_credentials(
        self, caller: NamedDependency[Caller]
    ) -> Listing[ActivationCredentialsRecord]:
        """List the credentials that no server has used yet. What they are is told to nobody again."""
        fleet = await caller.services.replication.fleet(caller.actor, caller.tenant_id)
        return whole(ActivationCredentialsRecord.of(each) for each in fleet.waiting)

    @post(responses=problems(404, 409, 422), opt=needs(Right.SERVERS))
    async def make_activation_credentials(
        self, caller: NamedDependency[Caller], data: JSONBody[NewCredentials]
    ) -> NewCredentialsRecord:
        """Make credentials for one server. They are shown this one time."""
        made = await caller.services.replication.make_credentials(
            caller.actor, caller.tenant_id, data.group, data.hours
        )
        record: NewCredentialsRecord = NewCredentialsRecord.of(
            made.credentials, credentials=made.shown.reveal()
        )
        return record

    @delete("/{credentials_id:str}", responses=problems(404), opt=needs(Right.SERVERS))
    async def withdraw_activation_credentials(
        self, caller: NamedDependency[Caller], credentials_id: PathId
    ) -> None:
        """Take credentials back that no server has used yet."""
        await caller.services.replication.withdraw(caller.actor, caller.tenant_id, credentials_id)
