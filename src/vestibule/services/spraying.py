"""Spraying, seen and slowed down: one passcode or password tried on very many people (BF-08).

Each node counts in memory what fails, writes the sums once a second and reads which alarms hold; so a sign-in
costs nothing more, and all nodes know of an alarm within two seconds. Invariants:
- An alarm is told once for as long as it holds: an event, a warning in the log.
- While one holds, what somebody types waits before it is judged, right or wrong, so that the wait tells
  nothing. Nobody is denied by an alarm, and nobody waits longer than `LONGEST_SECONDS`.
- Attempts from one place come in turn; who is elsewhere does not wait for them.
"""

from __future__ import annotations

from asyncio import get_running_loop, sleep
from collections import Counter
from typing import Any, Final

import structlog

from vestibule.interfaces.store import Store, Transaction, Unavailable
from vestibule.model.actor import SYSTEM, Actor, Right
from vestibule.model.spraying import WINDOW_MINUTES, Scope, SprayingAlarm, sprayed
from vestibule.model.tenant import DAY_MS, SYSTEM_TENANT
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.metrics import Metrics
from vestibule.services.recording import record

log = structlog.get_logger(__name__)

LONGEST_SECONDS: Final = 10.0
"""No client waits much longer for an answer."""
_IN_ONE_PAUSE: Final = 10
"""Attempts from one place that are judged within one pause."""
_MOST_PLACES: Final = 10_000
_LOOK_SECONDS: Final = 1.0


class Spraying:
    def __init__(self, store: Store, configuration: ConfigurationCache, metrics: Metrics) -> None:
        self._store = store
        self._configuration = configuration
        self._metrics = metrics
        self._uncounted: Counter[str] = Counter()
        self._alarmed: frozenset[tuple[str, Scope]] = frozenset()
        self._turns: dict[tuple[str, str], float] = {}
        """By tenant and place: when the next attempt from there may be judged."""

    def failed(self, tenant_id: str) -> None:
        """Count one wrong guess at anybody of the tenant, known or not."""
        self._uncounted[tenant_id] += 1

    def slows(self, tenant_id: str) -> bool:
        """Tell whether attempts in the tenant wait before they are judged."""
        return bool(self._alarmed) and self._pause(tenant_id) > 0

    async def wait(self, tenant_id: str, source: str) -> None:
        """Wait for an attempt's turn to be judged. `source` is where it comes from, empty if nobody tells."""
        self._metrics.attempts_slowed.add()
        await sleep(self._seconds(tenant_id, source))

    async def run(self) -> None:
        """Write sums and read alarms, for ever."""
        while True:
            try:
                await self.look()
            except Unavailable as error:
                log.warning("failed sign-ins cannot be counted", why=str(error))
            except Exception as error:
                log.exception("failed sign-ins cannot be counted", error=type(error).__name__)
            await sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """Write what has failed on this node since the last look, raise alarms, and read which ones hold."""
        counted, self._uncounted = self._uncounted, Counter()
        if counted:
            try:
                raised = await self._store.transact(lambda tx: self._count(tx, counted))
            except BaseException:
                self._uncounted += counted
                raise
            for alarm in raised:
                log.warning("sign-ins are sprayed", tenant=alarm[0], scope=alarm[1].value, failures=alarm[2])
        alarms = await self._store.read(lambda tx: tx.spraying_alarms(tx.now))
        self._alarmed = frozenset((alarm.tenant_id, alarm.scope) for alarm in alarms)
        if not self._alarmed:
            self._turns.clear()
        for scope in Scope:
            holding = sum(alarm.scope is scope for alarm in alarms)
            self._metrics.spraying_alarms.labels(scope.value).set(holding)

    async def alarms(self, actor: Actor, tenant_id: str) -> tuple[SprayingAlarm, ...]:
        """Return the alarms of the last day that slow down the tenant or did so, the latest first."""
        actor.demand(Right.READ_HISTORY, tenant_id)
        found = await self._store.read(lambda tx: tx.spraying_alarms(tx.now - DAY_MS))
        return tuple(each for each in found if each.tenant_id == tenant_id or each.scope is Scope.SERVICE)

    async def _count(self, tx: Transaction, counted: Counter[str]) -> list[tuple[str, Scope, int]]:
        for tenant_id in sorted(counted):
            await tx.count_failures(tenant_id, counted[tenant_id])
        tenants = self._configuration.current.tenants
        raised = []
        for tenant_id, scope, failures in sprayed(await tx.failures_of_window(), tenants):
            if await tx.raise_spraying_alarm(tenant_id, scope, failures):
                raised.append((tenant_id, scope, failures))
                facts: dict[str, Any] = {"failures": failures, "minutes": WINDOW_MINUTES}
                await record(tx, SYSTEM, tenant_id, "spraying.noticed", scope=scope.value, **facts)
        return raised

    def _pause(self, tenant_id: str) -> int:
        """Return the seconds that an attempt in the tenant waits at least."""
        is_slowed = (tenant_id, Scope.TENANT) in self._alarmed
        if not (is_slowed or (SYSTEM_TENANT, Scope.SERVICE) in self._alarmed):
            return 0
        return self._configuration.current.tenants[tenant_id].settings.spraying_pause_seconds

    def _seconds(self, tenant_id: str, source: str) -> float:
        """Return how long an attempt waits: the pause, and until it is the turn of its place."""
        pause = float(self._pause(tenant_id))
        if not source:
            return pause
        now = get_running_loop().time()
        if len(self._turns) >= _MOST_PLACES:
            self._turns = {place: turn for place, turn in self._turns.items() if turn > now}
        turn = min(max(now, self._turns.get((tenant_id, source), now)), now + LONGEST_SECONDS - pause)
        self._turns[tenant_id, source] = turn + pause / _IN_ONE_PAUSE
        return turn - now + pause
