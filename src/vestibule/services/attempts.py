"""The list of attempts and the log of changes, for those who may read them."""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.actor import Actor, NotAllowed, Right
from vestibule.model.edition import Feature
from vestibule.model.verification import Verification
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand
from vestibule.services.guard import Guard


class Attempts:
    def __init__(self, store: Store, configuration: ConfigurationCache, guard: Guard) -> None:
        self._store = store
        self._configuration = configuration
        self._guard = guard

    async def list(self, actor: Actor, tenant_id: str, where: VerificationFilter, page: Page) -> Listed:
        """Return one page of the attempts that the actor may see, newest first. Who is limited to some groups
        sees those of their people, as they are now; what is nobody's is for who sees all."""
        if where.user_id:
            await self._guard.admit_reading(actor, Right.READ_HISTORY, tenant_id, where.user_id)
        seen = replace(where, within=tuple(actor.limit(Right.READ_HISTORY, tenant_id)))
        return await self._store.read(lambda tx: tx.verifications(tenant_id, seen, page))

    async def report(self, actor: Actor, tenant_id: str, where: VerificationFilter, page: Page) -> Listed:
        """Return one page of attempts for a report that leaves the console."""
        demand(self._configuration.current.tenants[tenant_id], Feature.REPORTS)
        return await self.list(actor, tenant_id, where, page)

    async def find(self, actor: Actor, tenant_id: str, verification_id: str) -> Verification | None:
        """Return one attempt with its why-trace."""
        actor.limit(Right.READ_HISTORY, tenant_id)
        found = await self._store.read(lambda tx: tx.verification(tenant_id, verification_id))
        if found is not None:
            await self._guard.admit_reading(actor, Right.READ_HISTORY, tenant_id, found.user_id)
        return found

    async def own(self, actor: Actor, tenant_id: str, user_id: str, page: Page) -> Listed:
        """Return one page of the attempts of a person himself, newest first."""
        if not actor.is_self(tenant_id, user_id):
            raise NotAllowed("this is the person's own")
        where = VerificationFilter(user_id=user_id)
        return await self._store.read(lambda tx: tx.verifications(tenant_id, where, page))

    async def count(self, actor: Actor, tenant_id: str, since: int) -> dict[str, int]:
        """Return how many attempts there were since `since` (epoch ms), by state."""
        actor.demand(Right.READ_HISTORY, tenant_id)
        return await self._store.read(lambda tx: tx.count_verifications(tenant_id, since))

    async def events(self, actor: Actor, tenant_id: str, text: str, page: Page) -> Listed:
        """Return one page of what was changed and by whom, newest first."""
        actor.demand(Right.READ_HISTORY, tenant_id)
        return await self._store.read(lambda tx: tx.events(tenant_id, text, page))
