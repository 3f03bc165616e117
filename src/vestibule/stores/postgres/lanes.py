"""Lanes: each takes the bodies that wait, and decides them in a group on a connection of its own.

While one lane waits for the disk, the next gathers; so under load groups grow by themselves, and without
load a body waits for nobody. Bodies that cannot share a group run alone, on a few connections of their own,
where a long import keeps no sign-in waiting. Those that got into a deadlock, or lost a race again, run one
at a time among all nodes.

Invariants: what waits is bounded; nobody hears of a result before its commit; a body is run again only
when nothing of its former run can have been committed.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Final

from vestibule.interfaces.store import Conflict, Unavailable
from vestibule.stores.bodies import MOST_WAITING, Job, refuse, too_many
from vestibule.stores.group import Group
from vestibule.stores.postgres.connection import (
    BY_KEY,
    DECIDE_SECONDS,
    SERVER_ERRORS,
    Connection,
    Connections,
    Server,
    meaning,
)
from vestibule.stores.postgres.group import run
from vestibule.stores.postgres.transaction import PostgresTransaction, run_alone
from vestibule.stores.turns import Turns

LANES: Final = 2
"""While one waits for the server, this process works for the other. More would make groups smaller, and a
small group costs almost as much as a large one. The second begins when enough wait, or at once for a tenant
of whom the first has none."""
MOST_LANES: Final = 4
"""How many there may be while some hang, at a lock for one."""
HANGING_SECONDS: Final = 0.02
LARGEST_GROUP: Final = 64
CONTESTED_GROUP: Final = 16
"""Where several tenants wait: whoever comes waits for a group, and then for the end of his own."""
SMALLEST_PART: Final = 32
MOST_ALONE: Final = 4
MOST_GROUP_TRIES: Final = 2
MOST_TOGETHER: Final = 3
"""How often a body may find that something has changed before it is run alone."""


class Lanes:
    def __init__(self, server: Server, now: Callable[[], int] | None) -> None:
        """Without `now`, each transaction asks the server for the time."""
        self._now = now
        self._grouped = Connections(server, BY_KEY, DECIDE_SECONDS)
        self._single = Connections(server)
        self._jobs = Turns()
        self._at_work: Counter[str] = Counter()
        self._free = asyncio.Semaphore(MOST_ALONE)
        self._careful = asyncio.Lock()
        self._alone = 0
        self._open = self._busy = 0
        self._opening: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    def submit(self, job: Job) -> None:
        """Queue a body; raise Unavailable at once if too many wait already."""
        if self._is_stopping:
            raise Unavailable("the store is closed")
        if len(self._jobs) + self._alone >= MOST_WAITING:
            raise too_many()
        self._jobs.add(job)
        self._go_on()

    async def stop(self) -> None:
        """Finish what is queued, then close the connections."""
        self._is_stopping = True
        self._go_on()
        while self._tasks:
            await asyncio.wait(set(self._tasks))
        await self._grouped.close()
        await self._single.close()

    def _go_on(self) -> None:
        """Open a lane for what waits, at once or when those that work seem to hang."""
        if not self._jobs or self._open == MOST_LANES:
            return
        about_to_take = self._open - self._busy
        is_enough = len(self._jobs) >= SMALLEST_PART * (1 + about_to_take)
        is_worth_it = is_enough or (not about_to_take and self._jobs.has_besides(self._at_work))
        if not self._open or (self._open < LANES and is_worth_it) or self._is_stopping:
            self._open_lane()
        elif self._opening is None and not about_to_take:
            self._opening = asyncio.get_running_loop().call_later(HANGING_SECONDS, self._open_lane)

    def _open_lane(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None
        if self._jobs and self._open < MOST_LANES:
            self._open += 1
            self._spawn(self._lane())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _lane(self) -> None:
        jobs = self._take()
        tenants = Counter({job.tenant_id for job in jobs})
        self._at_work += tenants
        self._busy += 1
        self._go_on()
        try:
            await self._decide([job for job in jobs if not job.future.cancelled()])
        except Exception as error:
            # A mistake of this program: it must reach somebody.
            _end(jobs, error)
        finally:
            self._at_work -= tenants
            self._busy -= 1
            self._open -= 1
            self._go_on()

    def _take(self) -> list[Job]:
        """Take what waits, or a fair part of it if another lane is free; but first tenants of whom no lane
        has any, so that one whose bodies are slow keeps only itself waiting."""
        if behind := self._jobs.take_besides(self._at_work, CONTESTED_GROUP):
            return behind
        part = max(SMALLEST_PART, -(-len(self._jobs) // max(1, LANES - self._busy)))
        return self._jobs.take(min(part, CONTESTED_GROUP if self._jobs.is_contested else LARGEST_GROUP))

    async def _decide(self, jobs: list[Job]) -> None:
        """Run jobs together as far as they can be; what cannot goes on alone, on its own time."""
        together = jobs
        for _ in range(MOST_GROUP_TRIES):
            if together:
                alone, together = await self._together(together)
                for job in alone:
                    self._send_on(job)
        for job in together:
            self._send_on(job)

    async def _together(self, jobs: list[Job]) -> tuple[list[Job], list[Job]]:
        """Try to decide `jobs` by one commit; return whom to run alone, and whom together once more."""
        try:
            async with self._grouped.begun() as connection:
                try:
                    group = await self._group(jobs, connection)
                    await connection.rollback() if group.is_spoiled else await connection.commit()
                except SERVER_ERRORS as error:
                    failure = meaning(error)
                    await connection.end(failure)
                    raise failure from error
        except Unavailable as error:
            _end(jobs, error)
            return [], []
        except Exception as error:
            # Somebody's request was refused, and the server does not say whose: alone, each hears its own.
            for job in jobs:
                job.is_careful = isinstance(error, Conflict)
            return jobs, []
        others = group.others(jobs)
        if group.is_spoiled:
            return group.alone, others
        return group.alone + _settled(others), []

    async def _group(self, jobs: list[Job], connection: Connection) -> Group:
        now = await self._time(connection)
        group = Group(jobs, lambda: PostgresTransaction(now))
        await run(group, connection)
        return group

    async def _time(self, connection: Connection) -> int:
        return self._now() if self._now is not None else await connection.now()

    def _send_on(self, job: Job) -> None:
        if job.wants_again and not job.is_careful and job.tries < MOST_TOGETHER:
            # It lost to one that is committed by now, and will see so: with the next group, at little cost.
            self._jobs.add_again(job)
            self._go_on()
            return
        self._alone += 1
        self._spawn(self._run_alone(job))

    async def _run_alone(self, job: Job) -> None:
        try:
            if not job.is_careful:
                async with self._free:
                    await self._once(job)
                job.is_careful = job.wants_again
            if job.is_careful:
                # Two that lock the same rows in opposite orders would meet again and again.
                async with self._careful:
                    await self._once(job)
                    while job.wants_again:
                        await self._once(job)
        except Exception as error:
            job.failure = error
        finally:
            self._alone -= 1
            job.settle()

    async def _once(self, job: Job) -> None:
        try:
            async with self._single.begun() as connection:
                try:
                    if job.is_careful:
                        await connection.take_turn()
                    await run_alone(job, connection, await self._time(connection))
                    await connection.commit() if job.failure is None else await connection.rollback()
                except SERVER_ERRORS as error:
                    failure = meaning(error)
                    await connection.end(failure)
                    raise failure from error
        except Exception as error:
            refuse(job, error)


def _settled(jobs: Sequence[Job]) -> list[Job]:
    """Tell the callers of a committed group; return those whose body wants to read again."""
    again = []
    for job in jobs:
        if job.wants_again:
            again.append(job)
        else:
            job.settle()
    return again


def _end(jobs: Sequence[Job], failure: Exception) -> None:
    for job in jobs:
        refuse(job, failure)
        job.settle()
