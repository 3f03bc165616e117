"""Fair shares of one node: where several tenants sign in, who asks for little is let in at once, and who asks
for more waits behind himself and has as much as the processor bears (TEN-04).

A tenant that is alone is held up by nothing. What takes long waits for something outside, a directory or a
telephone, and takes no room any more.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Coroutine, Iterable
from typing import Any, Final, TypeVar

from vestibule.interfaces.store import Unavailable
from vestibule.services.metrics import Metrics

OWN_ROOM: Final = 32
"""Sign-ins of one tenant that are worked on at the same time, of which nobody need wait."""
MOST_ROOM: Final = 512
"""The same of all tenants whose sign-ins wait; at least one of each."""
BUSY: Final = (0.25, 0.35)
"""Parts of the event loop's time in which it works: below the first there is more room, above the second
less."""
MOST_WAITING: Final = 4000
"""Sign-ins of one tenant that may wait; one more is refused at once rather than late."""
OUTSIDE_SECONDS: Final = 0.02
_LOOK_SECONDS: Final = 0.01
_REMEMBERED_SECONDS: Final = 60.0
"""How long it counts that another tenant has signed in."""
SLICE_SECONDS: Final = 0.0005
PAUSE_SECONDS: Final = 0.002
"""After each slice of long work, where somebody has signed in lately."""
_LATELY_SECONDS: Final = 0.05

T = TypeVar("T")
Result = TypeVar("Result")


class Place:
    """One sign-in that is worked on; give it back with `leave`."""

    __slots__ = ("counts", "since", "tenant")

    def __init__(self, tenant: _Tenant, since: float) -> None:
        self.tenant = tenant
        self.since = since
        self.counts = True


class _Tenant:
    __slots__ = ("inside", "places", "tenant_id", "waiting")

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self.inside = 0
        self.places: deque[Place] = deque()
        """In the order in which they were given; those that count no more may stand among them."""
        self.waiting: deque[asyncio.Future[Place]] = deque()

    def given(self, now: float) -> Place:
        place = Place(self, now)
        self.places.append(place)
        self.inside += 1
        return place

    def let_go(self, now: float) -> None:
        """Count no more what waits for something outside."""
        places = self.places
        while places and (not places[0].counts or now - places[0].since > OUTSIDE_SECONDS):
            self.take_back(places.popleft())

    def take_back(self, place: Place) -> None:
        if place.counts:
            place.counts = False
            self.inside -= 1


class FairShare:
    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self.room = OWN_ROOM
        """Of all tenants whose sign-ins wait."""
        self._tenants: dict[str, _Tenant] = {}
        self._crowded = 0
        """How many tenants have sign-ins that wait."""
        self._timer: asyncio.TimerHandle | None = None
        self._looked_at = self._worked = 0.0
        self._latest = ""
        self._latest_at = float("-inf")
        self._contested_until = float("-inf")

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
        """Wait for room, behind what waits of the tenant. Raises `Unavailable` at once if that is too
        much."""
        now = time.perf_counter()
        tenant = self._tenants.get(tenant_id)
        if tenant is None:
            tenant = self._tenants[tenant_id] = _Tenant(tenant_id)
        tenant.let_go(now)
        if not tenant.waiting:
            if tenant.inside < OWN_ROOM:
                return tenant.given(now)
            self._crowded += 1
        elif len(tenant.waiting) >= MOST_WAITING:
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

    async def begin(self, tenant_id: str) -> Place | None:
        """Wait for room if there are several tenants; None: there is but one, and no need of a place."""
        return await self.enter(tenant_id) if self.is_contested(tenant_id, time.perf_counter()) else None

    async def run(self, tenant_id: str, work: Coroutine[Any, Any, Result]) -> Result:
        """Await a part of what the tenant does, in its place."""
        try:
            place = await self.begin(tenant_id)
        except BaseException:
            work.close()
            raise
        try:
            return await work
        finally:
            self.leave(place)

    def leave(self, place: Place | None) -> None:
        """Give a place back."""
        if place is not None:
            place.tenant.take_back(place)
            self._go_on(place.tenant, time.perf_counter())

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

    def _go_on(self, tenant: _Tenant, now: float) -> None:
        tenant.let_go(now)
        waiting = tenant.waiting
        if waiting:
            while waiting and tenant.inside < max(1, self.room // self._crowded):
                place = waiting.popleft()
                if not place.done():
                    place.set_result(tenant.given(now))
            self._crowded -= not waiting
        if not waiting and not tenant.places and self._tenants.get(tenant.tenant_id) is tenant:
            del self._tenants[tenant.tenant_id]

    def _look_again(self) -> None:
        if self._timer is None:
            self._looked_at, self._worked = time.perf_counter(), time.thread_time()
            self._timer = asyncio.get_running_loop().call_later(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        self._timer = None
        now = time.perf_counter()
        self._fit((time.thread_time() - self._worked) / (now - self._looked_at))
        for tenant in list(self._tenants.values()):
            self._go_on(tenant, now)
        if self._crowded:
            self._look_again()

    def _fit(self, busy: float) -> None:
        """Make as much room as keeps the event loop at work, but for the part that others find free."""
        least, most = BUSY
        if busy < least:
            self.room = min(MOST_ROOM, self.room + 1)
        elif busy > most:
            self.room = max(1, self.room * 3 // 4)
