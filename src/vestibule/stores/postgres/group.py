"""Many bodies in one transaction on one connection: equal requests travel together.

The bodies are stepped side by side. Of all requests on which they are suspended, those for the earliest
statement (by its turn in a sign-in) are sorted by key and run in one round trip; each body goes on with its
own rows. When all have ended there is one commit, and only then does anybody
hear of a result.

Why that is still correct: each write is conditional and decides by what it changed, one parameter set after
the other in one transaction, so it makes no difference whether the other writer is a body of this group, of
another group or of another node. Sorting by key makes all nodes lock rows in one order.

A body that fails after it wrote spoils the group, which is rolled back and run again without it; a request
that cannot travel with others sends its body to run alone. A spoiled group is run to its end nevertheless,
so that one attempt finds all who spoil it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from vestibule.stores.bodies import Job
from vestibule.stores.postgres.connection import Connection
from vestibule.stores.postgres.transaction import Asked, PostgresTransaction, Steps, Wish, step
from vestibule.stores.statement import Statement


@dataclass(slots=True)
class Member:
    job: Job
    transaction: PostgresTransaction
    steps: Steps
    wish: Wish = Wish.ROWS


Waiting = list[tuple[Member, tuple[Any, ...]]]


class Group:
    """One attempt to run `jobs` together in the transaction that is open on `connection`."""

    def __init__(self, jobs: Sequence[Job], connection: Connection, now: int) -> None:
        self._raw = connection.raw
        self._waiting: dict[Statement, Waiting] = {}
        self._members = []
        self.alone: list[Job] = []
        """Those who have to run alone, none of whose work may be committed here."""
        self.is_spoiled = False
        """Whether there is work of such a job in the transaction."""
        for job in jobs:
            transaction = PostgresTransaction(now)
            self._members.append(Member(job, transaction, job.start(transaction)))

    async def run(self) -> None:
        """Step all bodies to their ends; raises what the database raises, all being lost then."""
        for member in self._members:
            self._go_on(member, None)
        while self._waiting:
            statement = min(self._waiting, key=_turn)
            waiting = self._waiting.pop(statement)
            answers = await self._ask(statement, waiting)
            for (member, _), rows in zip(waiting, answers, strict=True):
                self._answer(member, statement, rows)

    def drop(self) -> None:
        """Let go of the bodies that have not ended."""
        for waiting in self._waiting.values():
            for member, _ in waiting:
                member.steps.close()

    async def _ask(self, statement: Statement, waiting: Waiting) -> list[list[Any]]:
        """Run the statement for each in `waiting`, which is put in the order of the keys; their rows."""
        if statement.key:
            waiting.sort(key=lambda entry: _key(statement, entry[1]))
        sets = [(*values, number) for number, (_, values) in enumerate(waiting)]
        rows: list[Any] = []
        if statement.as_set:
            together, sets = _apart(statement, sets)
            columns = zip(*together, strict=True)
            rows += await self._raw.fetch(statement.as_set, *map(list, columns))
        if sets:
            rows += await self._raw.fetchmany(statement.one_by_one, sets)
        answers: list[list[Any]] = [[] for _ in waiting]
        for row in rows:
            answers[row[0]].append(row[1:])
        return answers

    def _answer(self, member: Member, statement: Statement, rows: list[Any]) -> None:
        if statement.writes and rows:
            member.transaction.has_written = True
        self._go_on(member, rows if member.wish is Wish.ROWS else len(rows))

    def _go_on(self, member: Member, answer: Any) -> None:
        job, transaction = member.job, member.transaction
        asked = step(job, transaction, member.steps, answer)
        if asked is None:
            if job.failure is not None and (transaction.has_written or transaction.failure is not None):
                self._send_away(member)
        elif not self._can_join(asked):
            member.steps.close()
            self._send_away(member)
        else:
            member.wish = asked[0]
            self._waiting.setdefault(asked[1], []).append((member, asked[2]))

    def _send_away(self, member: Member) -> None:
        self.alone.append(member.job)
        self.is_spoiled = self.is_spoiled or member.transaction.has_written

    @staticmethod
    def _can_join(asked: Asked) -> bool:
        return asked[1].joins and (asked[0] is Wish.ROWS or asked[0] is Wish.COUNT)


Sets = list[tuple[Any, ...]]


def _apart(statement: Statement, sets: Sets) -> tuple[Sets, Sets]:
    """Part sorted parameter sets into the first of each row that is written, and the others."""
    if not statement.writes:
        return sets, []
    first: Sets = []
    others: Sets = []
    last = None
    for values in sets:
        key = _key(statement, values)
        (others if key == last else first).append(values)
        last = key
    return first, others


def _key(statement: Statement, values: tuple[Any, ...]) -> list[str]:
    return [values[position] or "" for position in statement.key]


def _turn(statement: Statement) -> tuple[int, int]:
    return statement.turn
