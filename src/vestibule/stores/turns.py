"""Bodies that wait: each tenant's in their order, and tenants by turns, so that one that asks for much waits
behind itself and not before others."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Collection

from vestibule.stores.bodies import MOST_OF_ONE_TENANT, MOST_WAITING, Job, too_many


class Turns:
    def __init__(self) -> None:
        # The first is whose turn is next; who has had its turn is put to the end. Not a plain dict: taking
        # the first of that again and again walks over all that were taken before.
        self._waiting: OrderedDict[str, deque[Job]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def is_contested(self) -> bool:
        """Whether more than one tenant waits."""
        return len(self._waiting) > 1

    def add(self, job: Job) -> None:
        """Put at the end of its tenant's; raise `Unavailable` if too many wait already."""
        own = self._waiting.get(job.tenant_id)
        if self._count >= MOST_WAITING or (own is not None and len(own) >= MOST_OF_ONE_TENANT):
            raise too_many()
        if own is None:
            self._waiting[job.tenant_id] = deque((job,))
        else:
            own.append(job)
        self._count += 1

    def add_again(self, job: Job) -> None:
        """Put back what has been taken, before all else of its tenant."""
        self._waiting.setdefault(job.tenant_id, deque()).appendleft(job)
        self._count += 1

    def take(self, most: int) -> list[Job]:
        """Take at most so many, one of each tenant in turn."""
        taken: list[Job] = []
        while self._waiting and len(taken) < most:
            tenant_id, own = self._waiting.popitem(last=False)
            some = 1 if self._waiting else most - len(taken)
            taken += [own.popleft() for _ in range(min(some, len(own)))]
            if own:
                self._waiting[tenant_id] = own
        self._count -= len(taken)
        return taken

    def has_besides(self, tenants: Collection[str]) -> bool:
        """Whether others wait than these, of whom there are some."""
        return bool(tenants) and any(tenant_id not in tenants for tenant_id in self._waiting)

    def take_besides(self, tenants: Collection[str], most: int) -> list[Job]:
        """The same as `take`, of others than these alone, of whom there are some."""
        if not self.has_besides(tenants):
            return []
        aside = {each: self._waiting.pop(each) for each in tenants if each in self._waiting}
        taken = self.take(most)
        self._waiting.update(aside)
        return taken
