"""Groups of people: add, rename, remove, and who is in each."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody

from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT, page_of
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.records.people import (
    GroupRecord,
    MembersRecord,
    UserRecord,
    group_record,
    members_record,
    user_record,
)
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.values import Cursor, Limit, Name, PathId, Username, Version
from vestibule.frontends.http.rights import needs
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import Right
from vestibule.services.name_list import MOST_NAMES, NamedLine

Usernames = Annotated[tuple[Username, ...], msgspec.Meta(min_length=1, max_length=MOST_NAMES)]


class NewGroup(Discreet):
    name: Name


class GroupChange(Discreet):
    name: Name
    version: Version | None = None


class NewMembers(Discreet):
    usernames: Usernames
    """Names in any spelling."""
    dry_run: bool = False
    """Say what it would come to, and change nothing."""


class Groups(Controller):
    path = "/groups"
    tags = ("Groups",)

    @get(responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def list_groups(self, caller: NamedDependency[Caller]) -> Listing[GroupRecord]:
        """List the groups by name."""
        groups = caller.services.groups
        found = groups.list(caller.actor, caller.tenant_id)
        sizes = await groups.sizes(caller.actor, caller.tenant_id, found)
        return whole(group_record(group, sizes.get(group.group_id, 0)) for group in found)

    @post(responses=problems(404, 409, 422), opt=needs(Right.GROUPS))
    async def add_group(self, caller: NamedDependency[Caller], data: JSONBody[NewGroup]) -> GroupRecord:
        """Add a group that nobody is in yet."""
        added = await caller.services.groups.add(caller.actor, caller.tenant_id, data.name)
        return group_record(added, 0)

    @get("/{group_id:str}", responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def read_group(self, caller: NamedDependency[Caller], group_id: PathId) -> GroupRecord:
        """Read one group."""
        groups = caller.services.groups
        found = groups.find(caller.actor, caller.tenant_id, group_id)
        sizes = await groups.sizes(caller.actor, caller.tenant_id, (found,))
        return group_record(found, sizes.get(group_id, 0))

    @patch("/{group_id:str}", responses=problems(404, 409), opt=needs(Right.GROUPS))
    async def rename_group(
        self, caller: NamedDependency[Caller], group_id: PathId, data: JSONBody[GroupChange]
    ) -> GroupRecord:
        """Call a group otherwise. What names it keeps meaning it."""
        groups = caller.services.groups
        renamed = await groups.rename(caller.actor, caller.tenant_id, group_id, data.name, data.version)
        sizes = await groups.sizes(caller.actor, caller.tenant_id, (renamed,))
        return group_record(renamed, sizes.get(group_id, 0))

    @delete("/{group_id:str}", responses=problems(404, 409), opt=needs(Right.GROUPS))
    async def remove_group(self, caller: NamedDependency[Caller], group_id: PathId) -> None:
        """Remove a group. Its people stay."""
        await caller.services.groups.remove(caller.actor, caller.tenant_id, group_id)

    @get("/{group_id:str}/members", responses=problems(404), opt=needs(Right.READ_PEOPLE))
    async def list_members(
        self,
        caller: NamedDependency[Caller],
        group_id: PathId,
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[UserRecord]:
        """List the people in a group by name."""
        asked = caller.services.groups.members(caller.actor, caller.tenant_id, group_id, Page(limit, cursor))
        return await page_of(asked, user_record)

    @post("/{group_id:str}/members", status_code=200, responses=problems(404, 422), opt=needs(Right.GROUPS))
    async def add_members(
        self, caller: NamedDependency[Caller], group_id: PathId, data: JSONBody[NewMembers]
    ) -> MembersRecord:
        """Put people into a group: all that are named, or nobody if one name is nobody's."""
        names = [NamedLine(number, name) for number, name in enumerate(data.usernames, start=1)]
        report = await caller.services.groups.add_members(
            caller.actor, caller.tenant_id, group_id, names, is_dry_run=data.dry_run
        )
        return members_record(report, is_dry_run=data.dry_run)

    @delete("/{group_id:str}/members/{user_id:str}", responses=problems(404), opt=needs(Right.GROUPS))
    async def remove_member(self, caller: NamedDependency[Caller], group_id: PathId, user_id: PathId) -> None:
        """Take a person out of a group."""
        groups = caller.services.groups
        if not await groups.remove_members(caller.actor, caller.tenant_id, group_id, (user_id,)):
            raise NotFoundException
