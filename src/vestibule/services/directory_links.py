"""Users who are here already are linked to their entries in a directory, so that nobody is here twice.

What holds: an entry is one user's, and a user is one entry. Nobody is linked by his name alone: an
administrator names the very people. Who has a role, or whom a provider pushes, is not linked by name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.proposal import Act
from vestibule.model.user import Role, User
from vestibule.services.directories import Directories
from vestibule.services.guard import Guard
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.synchronisations import Synchronisations


class Likeness(msgspec.Struct, frozen=True, kw_only=True):
    """A user who is called like an entry that no user is."""

    user_id: str
    username: str
    reference: str
    entry: str
    """How the directory calls its own."""


class DirectoryLinks:
    def __init__(
        self, store: Store, directories: Directories, synchronisations: Synchronisations, guard: Guard
    ) -> None:
        self._store = store
        self._directories = directories
        self._synchronisations = synchronisations
        self._guard = guard

    async def link(self, actor: Actor, tenant_id: str, user_id: str, directory_id: str, name: str) -> None:
        """Let a user be the entry of that name. Raises `Refused` if he is another one already, or somebody
        else is this one; `DirectorySilent` if the directory gives no answer."""
        facts = {"directory_id": directory_id}
        agreed = await self._guard.admit(actor, Right.CHANGE_PEOPLE, tenant_id, user_id, Act.EDIT, facts)
        entry = await self._directories.find(actor, tenant_id, directory_id, name)
        if entry is None:
            raise Refused(Refusal.ENTRY_UNKNOWN, name)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            await _link(tx, actor, tenant_id, user_id, directory_id, entry.reference)

        await self._store.transact(body)

    async def alike(self, actor: Actor, tenant_id: str, directory_id: str) -> tuple[Likeness, ...]:
        """Read the whole directory and return who is called like one of its entries, and is none yet. Raises
        OSError with the cause if it cannot be read."""
        found, _ = await self._synchronisations.try_out(actor, tenant_id, directory_id)
        taken = [problem for problem in found.problems if problem.why == "name_taken"]

        async def body(tx: Transaction) -> list[Likeness]:
            holders = await tx.user_ids_by_names(tenant_id, [problem.key for problem in taken])
            users = await tx.users_by_id(tenant_id, list(holders.values()))
            pushed = await tx.provisioned(tenant_id, list(users))
            return [
                Likeness(
                    user_id=user.user_id,
                    username=user.username,
                    reference=problem.reference,
                    entry=problem.name,
                )
                for problem in taken
                if (user := users.get(holders.get(problem.key, ""))) is not None
                and user.user_id not in pushed
                and _is_free(user)
            ]

        alike = await self._store.read(body)
        times = Counter(each.user_id for each in alike)
        return tuple(each for each in alike if times[each.user_id] == 1)

    async def link_alike(
        self, actor: Actor, tenant_id: str, directory_id: str, user_ids: Sequence[str]
    ) -> tuple[Likeness, ...]:
        """Link those of these users who are called like an entry now, and return them: all, or nobody."""
        actor.demand(Right.CHANGE_PEOPLE, tenant_id)
        wanted = set(user_ids)
        alike = await self.alike(actor, tenant_id, directory_id)
        chosen = tuple(each for each in alike if each.user_id in wanted)

        async def body(tx: Transaction) -> None:
            for each in chosen:
                await _link(tx, actor, tenant_id, each.user_id, directory_id, each.reference)

        await self._store.transact(body)
        return chosen


async def _link(
    tx: Transaction, actor: Actor, tenant_id: str, user_id: str, directory_id: str, reference: str
) -> None:
    user = (await tx.users_by_id(tenant_id, (user_id,))).get(user_id)
    if user is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    if user.directory_id not in ("", directory_id) or user.directory_reference not in ("", reference):
        raise Refused(Refusal.LINKED_ALREADY, user.username)
    others = await tx.users_by_reference(tenant_id, (reference,))
    bonds = await tx.bonds_of(tenant_id, directory_id, (reference,))
    holders = {each.username for each in others if each.directory_id in ("", directory_id)}
    if holders - {user.username} or any(bond.user_id != user_id for bond in bonds):
        raise Refused(Refusal.ENTRY_LINKED, min(holders - {user.username}, default=reference))
    linked = replace(user, directory_id=directory_id, directory_reference=reference)
    if not await tx.replace_user(linked):
        raise Conflict
    await record(tx, actor, tenant_id, "user.linked", user_id, user.username, directory=directory_id)


def _is_free(user: User) -> bool:
    is_nobodys = not user.directory_id and not user.directory_reference
    return is_nobodys and user.role is Role.NONE and not user.is_break_glass
