"""A transaction whose requests suspend the body; whoever steps the body answers them.

`run_alone` steps one body in a transaction of its own. A group (group.py) steps many at once.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from enum import Enum, auto
from types import coroutine
from typing import Any, cast

import asyncpg

from vestibule.stores.bodies import Job, cannot_write, foreign_await
from vestibule.stores.postgres.connection import SERVER_ERRORS, Connection, meaning
from vestibule.stores.queries import Queries
from vestibule.stores.rows import Row, Values
from vestibule.stores.statement import Request, Statement
from vestibule.stores.transaction import UniqueTaken


class Wish(Enum):
    """What a body wants to have of a request."""

    ROWS = auto()
    COUNT = auto()
    INSERTED = auto()
    CHANGED = auto()


Asked = tuple[Wish, Statement, Any]
Steps = Generator[Any, Any, Any]


class PostgresTransaction(Queries):
    """Each request yields what is wanted and returns what it is sent."""

    __slots__ = ()

    async def fetch(self, request: Request) -> Sequence[Row]:
        return cast("Sequence[Row]", await _ask((Wish.ROWS, *request)))

    async def execute(self, request: Request) -> int:
        return cast("int", await _ask((Wish.COUNT, *request)))

    async def insert_many(self, statement: Statement, rows: Sequence[Values]) -> None:
        await _ask((Wish.INSERTED, statement, rows))

    async def execute_many(self, statement: Statement, rows: Sequence[Values]) -> int:
        return cast("int", await _ask((Wish.CHANGED, statement, rows)))

    def texts(self, values: Sequence[str]) -> Any:
        return list(values)


@coroutine
def _ask(asked: Asked) -> Generator[Asked, Any, Any]:
    return (yield asked)


def step(job: Job, transaction: PostgresTransaction, steps: Steps, answer: Any) -> Asked | None:
    """Send a body its answer; return what it asks for next, or None at its end, noted in the job.

    An answer that is an exception is raised in the body.
    """
    try:
        asked = steps.throw(answer) if isinstance(answer, Exception) else steps.send(answer)
    except StopIteration as end:
        job.result = end.value
        job.failure = transaction.failure
    except BaseException as error:
        job.failure = transaction.failure or error
    else:
        if type(asked) is tuple and type(asked[0]) is Wish:
            return cast("Asked", asked)
        steps.close()
        job.failure = foreign_await()
    return None


async def run_alone(job: Job, connection: Connection, now: int, *, may_write: bool = True) -> None:
    """Run a body in the transaction that is open on `connection`; its ending is in the job."""
    transaction = PostgresTransaction(now)
    steps = job.start(transaction)
    asked = step(job, transaction, steps, None)
    while asked is not None:
        if asked[1].writes and not may_write:
            transaction.broken(cannot_write())
        answer = transaction.failure or await _answer(asked, connection, transaction)
        asked = step(job, transaction, steps, answer)


async def _answer(asked: Asked, connection: Connection, transaction: PostgresTransaction) -> Any:
    try:
        return await _run(asked, connection.raw)
    except SERVER_ERRORS as error:
        failure = meaning(error)
        if not (isinstance(failure, UniqueTaken) and asked[0] is Wish.INSERTED):
            transaction.broken(failure)
        return failure


async def _run(asked: Asked, raw: Any) -> Any:
    wish, statement, values = asked
    match wish:
        case Wish.ROWS:
            return await raw.fetch(statement.postgres, *values)
        case Wish.COUNT:
            status = await raw.execute(statement.postgres, *values)
            return int(status.rpartition(" ")[2])
        case Wish.CHANGED:
            return len(await raw.fetchmany(f"{statement.postgres} returning 1", values))
        case Wish.INSERTED:
            await _copy(statement, values, raw)
    return None


async def _copy(statement: Statement, rows: Sequence[Values], raw: Any) -> None:
    # In a savepoint: what is taken can still be looked up afterwards.
    await raw.execute("savepoint before_copy")
    try:
        await raw.copy_records_to_table(statement.table, records=rows, columns=statement.parameters)
    except asyncpg.UniqueViolationError:
        await raw.execute("rollback to savepoint before_copy")
        raise
    await raw.execute("release savepoint before_copy")
