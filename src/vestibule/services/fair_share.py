"""Fair shares of one node: where several tenants sign in, each may do only so much at the same time, so that
who comes next finds the node at little else (TEN-04).

A tenant that is alone is held up by nothing. Who asks for more than his share yields to those who do not:
while they are here he goes on with little, when they are not, with his share. What takes long waits for
something outside, a directory or a telephone, and takes no share of the node any more.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from typing import Final, TypeVar

from vestibule.interfaces.store import Unavailable
from vestibule.services.metrics import Metrics

TOGETHER: Final = 16
"""Sign-ins of all tenants that are worked on at the same time, where there are several."""
LEAST: Final = 2
"""One tenant's share of them at least, and that of one that yields."""
MOST_WAITING: Final = 4000
"""Sign-ins of one tenant that may wait for its share; one more is refused at once rather than late."""
OUTSIDE_SECONDS: Final = 0.02
_REMEMBERED_SECONDS: Final = 60.0
"""How long it counts that another tenant has signed in."""
SLICE_SECONDS: Final = 0.0005
PAUSE_SECONDS: Final = 0.001
"""After each slice of long work, where somebody has signed in lately."""
_LATELY_SECONDS: Final = 0.05

T = TypeVar("T")


class Place:
    """One sign-in that is worked on; give it back with `leave`."""

    __slots__ = ("counts", "since", "tenant_id")

    def __init__(self, tenant_id: str, since: float) -> None:
        self.tenant_id = tenant_id
        self.since = since
        self.counts = True


class _Tenant:
    __slots__ = ("inside", "places", "waiting")

    def __init__(self) -> None:
        self.inside = 0
        self.places: deque[Place] = deque()
        """In the order in which they were given; those that count no more may stand among them."""
        self.waiting: deque[asyncio.Future[Place]] = deque()


class FairShare:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._tenants: dict[str, _Tenant] = {}
        self._latest = ""
        self._latest_at = float("-inf")
        self._contested_until = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def is_contested(self, tenant_id: str, now: float) -> bool:
        """Note that a tenant begins something at `now` (seconds of `time.perf_counter`); tell whether it has
        to `enter`."""
        if tenant_id != self._latest:
            if now - self._latest_at < _REMEMBERED_SECONDS:
                self._contested_until = now + _REMEMBERED_SECONDS
            self._latest = tenant_id
        self._latest_at = now
        return now < self._contested_until

    async def enter(self, tenant_id: str) -> Place:
        """Wait for the tenant's share to have room. Raises `Unavailable` at once if too many wait already."""
        tenant = self._tenants.setdefault(tenant_id, _Tenant())
        now = time.perf_counter()
        self._let_go(tenant, now)
        if not tenant.waiting and tenant.inside < self._share(tenant):
            return self._given(tenant_id, tenant, now)
        if len(tenant.waiting) >= MOST_WAITING:
            raise Unavailable("too many sign-ins of this tenant wait")
        place: asyncio.Future[Place] = asyncio.get_running_loop().create_future()
        tenant.waiting.append(place)
        self._metrics.attempts_queued.add()
        self._look_again()
        try:
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled():
                self.leave(place.result())
            raise

    def leave(self, place: Place) -> None:
        """Give a place back."""
        tenant = self._tenants.get(place.tenant_id)
        if tenant is None:
            return
        if place.counts:
            place.counts = False
            tenant.inside -= 1
        self._go_on(place.tenant_id, tenant, time.perf_counter())

    async def in_slices(self, work: Iterable[T]) -> AsyncGenerator[T, None]:
        """Yield what long work yields, and let others go first after each slice of it. On a thread it would
        keep the event loop waiting for the interpreter again and again."""
        end = time.perf_counter() + SLICE_SECONDS
        for each in work:
            yield each
            if time.perf_counter() > end:
                is_quiet = end - self._latest_at > _LATELY_SECONDS
                await asyncio.sleep(0 if is_quiet else PAUSE_SECONDS)
                end = time.perf_counter() + SLICE_SECONDS

    def _share(self, tenant: _Tenant) -> int:
        if tenant.waiting and any(each.inside and not each.waiting for each in self._tenants.values()):
            return LEAST
        return max(LEAST, TOGETHER // max(2, len(self._tenants)))

    @staticmethod
    def _given(tenant_id: str, tenant: _Tenant, now: float) -> Place:
        place = Place(tenant_id, now)
        tenant.places.append(place)
        tenant.inside += 1
        return place

    @staticmethod
    def _let_go(tenant: _Tenant, now: float) -> None:
        """Count no more what waits for something outside."""
        places = tenant.places
        while places and (not places[0].counts or now - places[0].since > OUTSIDE_SECONDS):
            place = places.popleft()
            if place.counts:
                place.counts = False
                tenant.inside -= 1

    def _go_on(self, tenant_id: str, tenant: _Tenant, now: float) -> None:
        self._let_go(tenant, now)
        while tenant.waiting and tenant.inside < self._share(tenant):
            place = tenant.waiting.popleft()
            if not place.done():
                place.set_result(self._given(tenant_id, tenant, now))
        if not tenant.waiting and not tenant.places:
            del self._tenants[tenant_id]

    def _look_again(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(OUTSIDE_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        now = time.perf_counter()
        for tenant_id, tenant in list(self._tenants.items()):
            self._go_on(tenant_id, tenant, now)
        if any(tenant.waiting for tenant in self._tenants.values()):
            self._look_again()
