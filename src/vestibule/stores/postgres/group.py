"""The requests of a group on one connection: equal ones travel together, in one round trip.

They are sorted by key, so that all nodes lock rows in one order.
"""

from __future__ import annotations

from typing import Any

from vestibule.stores.group import Group, Waiting, alike
from vestibule.stores.postgres.connection import Connection
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Wish

Sets = list[tuple[Any, ...]]


async def run(group: Group, connection: Connection) -> None:
    """Step all bodies to their ends; raises what the database raises, all being lost then."""
    try:
        while (turn := group.next()) is not None:
            statement, waiting = turn
            answers = await _ask(statement, waiting, connection.raw)
            for (member, _), rows in zip(waiting, answers, strict=True):
                answer = rows if member.wish is Wish.ROWS else len(rows)
                group.answer(member, answer, statement.writes and bool(rows))
    finally:
        group.drop()


async def _ask(statement: Statement, waiting: Waiting, raw: Any) -> list[list[Any]]:
    """Run the statement for each in `waiting`, which is put in the order of the keys; their rows."""
    if statement.key:
        waiting.sort(key=lambda entry: _key(statement, entry[1]))
    if statement.repeats is not None:
        return await _ask_once(statement, waiting, raw)
    sets = [(*values, number) for number, (_, values) in enumerate(waiting)]
    rows: list[Any] = []
    if statement.as_set:
        together, sets = _apart(statement, sets)
        columns = zip(*together, strict=True)
        rows += await raw.fetch(statement.as_set, *map(list, columns))
        if statement.identity is not None:
            numbers = {values[statement.identity]: values[-1] for values in together}
            rows = [(numbers[identity],) for (identity,) in rows]
    if sets:
        rows += await raw.fetchmany(statement.one_by_one, sets)
    answers: list[list[Any]] = [[] for _ in waiting]
    for row in rows:
        answers[row[0]].append(row[1:])
    return answers


async def _ask_once(statement: Statement, waiting: Waiting, raw: Any) -> list[list[Any]]:
    """Run the statement once for all who ask the same; where that is too much, for one after the other."""
    askers = alike(waiting)
    sets = [(*statement.repeated(values, len(places)), places[0]) for values, places in askers.items()]
    done = {number for (number,) in await raw.fetchmany(statement.one_by_one, sets)}
    apart: Sets = []
    answers: list[list[Any]] = [[] for _ in waiting]
    for values, places in askers.items():
        if places[0] in done:
            for place in places:
                answers[place].append(())
        elif len(places) > 1:
            apart += [(*values, place) for place in places]
    if apart:
        for (place,) in await raw.fetchmany(statement.one_by_one, apart):
            answers[place].append(())
    return answers


def _apart(statement: Statement, sets: Sets) -> tuple[Sets, Sets]:
    """Part sorted parameter sets into the first of each row that is changed, and the others."""
    if not statement.writes or statement.identity is not None:
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
