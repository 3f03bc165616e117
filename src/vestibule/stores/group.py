"""Many bodies in one transaction, stepped side by side.

Of all requests on which bodies are suspended, those for the earliest statement (by its turn in a sign-in)
are answered first, all of them one after the other; then each body goes on with its own answer. When all
have ended there is one commit, and only then does anybody hear of a result. PostgreSQL answers them in one
round trip; on SQLite, too, doing the same thing for all is a quarter faster than doing everything for one.

Why that is correct: each write is conditional and decides by what it changed, one after the other in one
transaction, so it makes no difference whether the other writer is a body of this group, of another group or
of another node.

A body that fails after it wrote spoils the group, which is rolled back and run again without it; a body
whose request cannot travel with others (`Statement.joins`) has to run alone. A spoiled group is run to its
end nevertheless, so that one attempt finds all who spoil it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from vestibule.stores.bodies import Job, Steps, step
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests, Wish

_TOGETHER = (Wish.ROWS, Wish.COUNT)


class Member:
    """A body in a group."""

    __slots__ = ("job", "steps", "transaction", "wish")

    def __init__(self, job: Job, transaction: Requests) -> None:
        self.job = job
        self.transaction = transaction
        self.steps: Steps = job.start(transaction)
        self.wish = Wish.ROWS


Waiting = list[tuple[Member, tuple[Any, ...]]]
"""Who asks, and the values for the statement."""


class Group:
    """One attempt to run `jobs` together; `transaction` makes one for each body."""

    def __init__(self, jobs: Sequence[Job], transaction: Callable[[], Requests]) -> None:
        self._waiting: dict[Statement, Waiting] = {}
        self.alone: list[Job] = []
        """Those who have to run alone, none of whose work may be committed here."""
        self.is_spoiled = False
        """Whether there is work of such a job in the transaction."""
        for member in [Member(job, transaction()) for job in jobs]:
            self.answer(member, None, False)

    def next(self) -> tuple[Statement, Waiting] | None:
        """Return the statement that is next and who waits for it; None when all bodies have ended."""
        if not self._waiting:
            return None
        statement = min(self._waiting, key=_turn)
        return statement, self._waiting.pop(statement)

    def answer(self, member: Member, answer: Any, has_written: bool) -> None:
        """Let a body go on with the answer to its request, an exception if it failed."""
        job, transaction = member.job, member.transaction
        if has_written:
            transaction.has_written = True
        asked = step(job, transaction, member.steps, answer)
        if asked is None:
            if job.failure is not None and (transaction.has_written or transaction.failure is not None):
                self._send_away(member)
            return
        wish, statement, values = asked
        if statement.joins and wish in _TOGETHER:
            member.wish = wish
            waiting = self._waiting.get(statement)
            if waiting is None:
                waiting = self._waiting[statement] = []
            waiting.append((member, values))
        else:
            member.steps.close()
            self._send_away(member)

    def drop(self) -> None:
        """Let go of the bodies that have not ended."""
        for waiting in self._waiting.values():
            for member, _ in waiting:
                member.steps.close()

    def others(self, jobs: Sequence[Job]) -> list[Job]:
        """Return those of `jobs` that need not run alone."""
        return [job for job in jobs if job not in self.alone] if self.alone else list(jobs)

    def _send_away(self, member: Member) -> None:
        self.alone.append(member.job)
        self.is_spoiled = self.is_spoiled or member.transaction.has_written


def alike(waiting: Waiting) -> dict[tuple[Any, ...], list[int]]:
    """Return the values that are asked with, in their order, and who asks with each: places in `waiting`."""
    askers: dict[tuple[Any, ...], list[int]] = {}
    for place, (_, values) in enumerate(waiting):
        askers.setdefault(values, []).append(place)
    return askers


def _turn(statement: Statement) -> tuple[int, int]:
    return statement.turn
