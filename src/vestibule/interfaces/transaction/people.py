"""People, their groups and rights, and what waits for a second administrator."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.proposal import Proposal
from vestibule.model.role import Grant
from vestibule.model.user import User


class UserFilter(msgspec.Struct, frozen=True, kw_only=True):
    text: str = ""
    """Case-insensitive beginning of a canonical name, given name, family name or e-mail address."""
    status: str = ""
    role: str = ""
    group_id: str = ""
    """Only people of this group."""
    within: tuple[str, ...] = ()
    """Only people of one of these groups; empty: everybody."""
    requirement: str = ""
    method: str = ""
    """Only people who hold an active authenticator of this method."""
    holds_nothing: bool = False
    """Only people who hold no active authenticator."""


class PeopleRecords(Protocol):
    """A part of `Transaction`."""

    async def add_user(self, user: User) -> None:
        """Insert with its names; raise `AlreadyExists("user", name)` if a name is taken."""
        ...

    async def replace_user(self, user: User) -> bool:
        """Compare-and-set on `user.version`: writes all fields and the names, version + 1."""
        ...

    async def add_users(self, users: Sequence[User]) -> None:
        """`add_user` of many at once, as fast as the engine can; `AlreadyExists` does not say which name."""
        ...

    async def replace_users(self, users: Sequence[User]) -> None:
        """`replace_user` of many at once: all let go of their names before any takes his new ones. Raises
        `Conflict` if one has changed, `AlreadyExists` if a name is taken."""
        ...

    async def users_by_reference(self, tenant_id: str, references: Sequence[str]) -> tuple[User, ...]:
        """Return the people who bear one of these references of a directory."""
        ...

    async def remove_user(self, tenant_id: str, user_id: str) -> bool:
        """Delete the user, names, throttles, PIN, app passwords, sessions, reply attributes and all but
        hardware tokens, which nobody holds then and keep their counters. Attempts stay."""
        ...

    async def users(self, tenant_id: str, where: UserFilter, page: Page) -> Listed:
        """Rows are `User`, by canonical first name in `names`; of a search for a text first those with a name
        that matches, and each page in the order of names. A search may stop on its way (`searched_to`)."""
        ...

    async def users_by_id(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, User]:
        """Return those of these people who are there, by identifier."""
        ...

    async def count_users(self, tenant_id: str) -> int: ...

    async def user_ids_by_names(self, tenant_id: str, names: Sequence[str]) -> dict[str, str]:
        """For imports: user id by canonical name, for those of `names` that exist."""
        ...

    async def groups_of(self, tenant_id: str, user_id: str) -> frozenset[str]:
        """Return the identifiers of the groups that a person is in."""
        ...

    async def add_member(self, tenant_id: str, group_id: str, user_id: str) -> bool:
        """Put a person into a group; False if he is in it. Both must be there."""
        ...

    async def remove_member(self, tenant_id: str, group_id: str, user_id: str) -> bool: ...

    async def count_members(self, tenant_id: str, group_ids: Sequence[str], most: int) -> dict[str, int]:
        """Return how many people are in each of these groups that is there, counted up to `most`."""
        ...

    async def grants_of(self, tenant_id: str, user_id: str) -> tuple[Grant, ...]:
        """Return the roles that a person was given, besides that of an administrator of everything."""
        ...

    async def grants(self, tenant_id: str) -> dict[str, tuple[Grant, ...]]:
        """Return the same of all people who were given some, by user id."""
        ...

    async def replace_grants(self, tenant_id: str, user_id: str, grants: Sequence[Grant]) -> None: ...

    async def add_proposal(self, proposal: Proposal) -> None: ...

    async def proposals(self, tenant_id: str) -> tuple[Proposal, ...]:
        """Return those that are not over, newest first."""
        ...

    async def replace_proposal(self, proposal: Proposal) -> bool:
        """Compare-and-set on `version`: writes the state, who decided it and its end."""
        ...
