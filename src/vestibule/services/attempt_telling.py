"""Attempt telling: a server tells its service of the attempts it has decided, and how many people it has.

Each attempt is told in the order in which they began, and again until the service has said that it knows; the
service keeps the first telling. Nothing is written where an attempt is decided: what has been told is a mark
per tenant, so a crash loses nothing, and lets a few be told again. Invariants:
- The mark never passes an attempt that is not decided, or one that might still be under way to the disk.
- Who has been here before this installation became a server is not told.
- So many are told at once as cross the link in about a second: texts and calls wait behind them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import monotonic
from typing import Final

import msgspec
import structlog

from vestibule.interfaces.link import Link, LinkDown, Refused
from vestibule.interfaces.relay import ATTEMPTS, MOST_ATTEMPTS, USERS, ToldAttempts, ToldUsers, packed
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.day import day_at
from vestibule.model.server_attempt import told
from vestibule.model.tenant import DEMONSTRATION_TENANT
from vestibule.model.verification import Verification, VerificationState
from vestibule.services.configuration import ConfigurationCache

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 2.0
USERS_SECONDS: Final = 3600.0
SETTLED_MS: Final = 30_000
"""After this time an attempt that has begun is on the disk, or never will be: no transaction is so long."""
_ASK_SECONDS: Final = 10.0
_FEW: Final = 10
"""Attempts that are told at once where the link is slow, or was."""
_LONG_SECONDS: Final = 1.0
_SHORT_SECONDS: Final = 0.25
_NOTE: Final = "attempts_told/"


class Mark(msgspec.Struct, frozen=True, array_like=True):
    """All attempts up to this one have been told."""

    started_at: int
    attempt_id: str = ""


class AttemptTelling:
    def __init__(
        self,
        store: Store,
        link: Link,
        configuration: ConfigurationCache,
        settled_ms: int = SETTLED_MS,
    ) -> None:
        self._store = store
        self._link = link
        self._configuration = configuration
        self._settled_ms = settled_ms
        self._at_once = _FEW

    async def run(self) -> None:
        """Tell what there is to tell, for ever."""
        loop = asyncio.get_running_loop()
        users_due_at = loop.time()
        while True:
            try:
                await self.begin()
                if self._link.is_up:
                    await self.tell()
                    if loop.time() >= users_due_at:
                        await self.tell_users()
                        users_due_at = loop.time() + USERS_SECONDS
            except LinkDown:
                log.info("attempts wait for the service")
            except Refused as refused:
                log.warning("the service takes no attempts", why=refused.kind)
            except Exception as error:
                log.warning("attempts cannot be told", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def begin(self) -> None:
        """Set the mark of each tenant that has none, connected or not: what begins from then on is told."""
        for tenant_id in self._tenants():
            await self._begin(tenant_id)

    async def _begin(self, tenant_id: str) -> None:
        async def is_set(tx: Transaction) -> bool:
            mark = await _mark(tx, tenant_id)
            return mark is not None and mark.started_at <= tx.now

        async def put(tx: Transaction) -> None:
            # There is none; or the clock was set back, and attempts begin before it.
            is_first = await _mark(tx, tenant_id) is None
            await _put(tx, tenant_id, Mark(tx.now if is_first else tx.now - self._settled_ms))

        if not await self._store.read(is_set):
            await self._store.transact(put)

    async def tell(self) -> int:
        """Tell all that can be told now; return how many attempts that were. Raises `LinkDown`, `Refused`."""
        count = 0
        for tenant_id in self._tenants():
            while some := await self._tell_some(tenant_id):
                count += some
        return count

    async def tell_users(self) -> None:
        """Tell how many people are configured for verification now. Raises `LinkDown`, `Refused`."""

        async def body(tx: Transaction) -> int:
            day = day_at(tx.now)
            return sum([(await tx.coverage(each, day)).configured for each in self._tenants()])

        users = await self._store.read(body)
        await self._link.ask(USERS, packed(ToldUsers(users)), _ASK_SECONDS)

    def _tenants(self) -> tuple[str, ...]:
        return tuple(each for each in self._configuration.current.tenants if each != DEMONSTRATION_TENANT)

    async def _tell_some(self, tenant_id: str) -> int:
        found = await self._store.read(lambda tx: self._found(tx, tenant_id))
        if not found:
            return 0
        with_names = self._configuration.current.tenants[tenant_id].settings.tells_names
        message = ToldAttempts(tuple(told(each, with_names=with_names) for each in found))
        await self._ask(packed(message))
        last = Mark(found[-1].started_at, found[-1].verification_id)
        await self._store.transact(lambda tx: _put(tx, tenant_id, last))
        return len(found)

    async def _ask(self, body: bytes) -> None:
        """Tell this, and let the time that it takes say how many are told next."""
        began, at_once = monotonic(), self._at_once
        self._at_once = _FEW  # For whoever is not answered: what he has said may still be under way.
        await self._link.ask(ATTEMPTS, body, _ASK_SECONDS)
        took = monotonic() - began
        if took > _LONG_SECONDS:
            at_once //= 2
        elif took < _SHORT_SECONDS:
            at_once *= 2
        self._at_once = min(max(at_once, _FEW), MOST_ATTEMPTS)

    async def _found(self, tx: Transaction, tenant_id: str) -> Sequence[Verification]:
        """Return the attempts behind the mark that are to be told next."""
        mark, settled = await _mark(tx, tenant_id), tx.now - self._settled_ms
        if mark is None:
            return ()
        after = mark.started_at, mark.attempt_id
        found = await tx.attempts_in_order(tenant_id, after, settled, self._at_once)
        is_decided = [each.state is not VerificationState.PENDING for each in found]
        return found if all(is_decided) else found[: is_decided.index(False)]


async def _mark(tx: Transaction, tenant_id: str) -> Mark | None:
    kept = await tx.note(_NOTE + tenant_id)
    return None if kept is None else msgspec.json.decode(kept, type=Mark)


async def _put(tx: Transaction, tenant_id: str, mark: Mark) -> None:
    await tx.put_note(_NOTE + tenant_id, msgspec.json.encode(mark).decode())
