"""A body in a transaction of its own on PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg

from vestibule.stores.bodies import Job, cannot_write, step
from vestibule.stores.postgres.connection import SERVER_ERRORS, Connection, meaning
from vestibule.stores.queries import Queries
from vestibule.stores.rows import Values
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Asked, UniqueTaken, Wish


class PostgresTransaction(Queries):
    __slots__ = ()

    def texts(self, values: Sequence[str]) -> Any:
        return list(values)


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
