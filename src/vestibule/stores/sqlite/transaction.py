"""Bodies on SQLite: a group of them side by side, or one in a transaction of its own.

A statement that fails is the failure of its body alone, and the transaction lives on; only an error of the
file ends it for all, by being raised.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

import msgspec

from vestibule.stores.bodies import Job, cannot_write, step
from vestibule.stores.group import Group, Waiting, alike
from vestibule.stores.queries import Queries
from vestibule.stores.rows import Values
from vestibule.stores.sqlite.connection import is_about_the_file, meaning
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests, UniqueTaken, Wish

_ROWS, _COUNT, _INSERTED = Wish.ROWS, Wish.COUNT, Wish.INSERTED
_ROWS_AT_ONCE = 100
"""Of the rows that are inserted; times their columns below what SQLite takes, 32,766 parameters."""


class SqliteTransaction(Queries):
    __slots__ = ()

    def texts(self, values: Sequence[str]) -> Any:
        return msgspec.json.encode(values).decode()


def run(group: Group, connection: sqlite3.Connection) -> None:
    """Step all bodies of a group to their ends; raises an error of the file, all being lost then."""
    cursor = connection.cursor()
    try:
        while (turn := group.next()) is not None:
            statement, waiting = turn
            answers = _answers(cursor, statement, waiting)
            for (member, _), answer in zip(waiting, answers, strict=True):
                group.answer(member, answer, statement.writes and _has_changed(answer))
    finally:
        group.drop()


def _answers(cursor: sqlite3.Cursor, statement: Statement, waiting: Waiting) -> list[Any]:
    if statement.repeats is None:
        return [
            _answer(cursor, member.transaction, member.wish, statement, values) for member, values in waiting
        ]
    answers: list[Any] = [None] * len(waiting)
    for values, places in alike(waiting).items():
        # Once for all who ask the same; where that is too much, for one after the other.
        times = len(places)
        is_done = times > 1 and _has_changed(
            _answer(
                cursor,
                waiting[places[0]][0].transaction,
                _COUNT,
                statement,
                statement.repeated(values, times),
            )
        )
        for place in places:
            member = waiting[place][0]
            answers[place] = (
                1 if is_done else _answer(cursor, member.transaction, member.wish, statement, values)
            )
    return answers


def run_alone(job: Job, connection: sqlite3.Connection, now: int, *, may_write: bool = True) -> None:
    """Run a body in the transaction that is open on `connection`; its ending is in the job."""
    cursor = connection.cursor()
    transaction = SqliteTransaction(now)
    steps = job.start(transaction)
    asked = step(job, transaction, steps, None)
    try:
        while asked is not None:
            wish, statement, values = asked
            if statement.writes and not may_write:
                transaction.broken(cannot_write())
            answer = transaction.failure or _answer(cursor, transaction, wish, statement, values)
            asked = step(job, transaction, steps, answer)
    finally:
        steps.close()


def _answer(
    cursor: sqlite3.Cursor, transaction: Requests, wish: Wish, statement: Statement, values: Any
) -> Any:
    """Run a statement; return what is wished, or the exception that the body is to get."""
    try:
        if wish is _ROWS:
            return cursor.execute(statement.sqlite, values).fetchall()
        if wish is _COUNT:
            return cursor.execute(statement.sqlite, values).rowcount
        if wish is _INSERTED:
            return _insert(cursor, statement, values)
        return cursor.executemany(statement.sqlite, values).rowcount
    except sqlite3.Error as error:
        if is_about_the_file(error):
            raise
        return transaction.broken(meaning(error))


def _insert(cursor: sqlite3.Cursor, statement: Statement, rows: Sequence[Values]) -> Exception | None:
    # In a savepoint: what is taken can still be looked up afterwards.
    cursor.execute("savepoint before_insert")
    try:
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            cursor.execute(_insertion(statement, len(some)), [*chain.from_iterable(some)])
    except sqlite3.IntegrityError as error:
        failure = meaning(error)
        if not isinstance(failure, UniqueTaken):
            raise
        cursor.execute("rollback to before_insert")
        return failure
    cursor.execute("release before_insert")
    return None


def _insertion(statement: Statement, count: int) -> str:
    """Return the text that inserts so many rows at once: each step of a statement asks for the interpreter
    anew, which on a thread beside a busy event loop takes longer than the step."""
    row = f"({', '.join('?' * len(statement.parameters))})"
    columns, rows = ", ".join(statement.parameters), ", ".join([row] * count)
    return f"insert into {statement.table} ({columns}) values {rows}"  # noqa: S608 - made of constants


def _has_changed(answer: Any) -> bool:
    """Tell whether a statement that writes has: it returned rows, or a count of them."""
    return bool(answer) and not isinstance(answer, Exception)
