"""A large installation, made in the database itself: people by the hundred thousand, and what they did.

The services would need hours for it. One that was kept goes on as if its people had done the like since then:
its last day is always today.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from string import Template

from benchmarks.bulk_load import Load, loading, refreshed
from benchmarks.large_statements import DAY_MS, DAYS, FAMILY, GIVEN, IN_TIME, OF_PEOPLE, Timed

APPLICATIONS = 20
CLIENTS = 40
GROUPS = 100
"""Each person is in five of them; the last has a thousandth of all."""
_TABLES = ("users", "verifications", "events", "deliveries", "dispatches", "blocks", "bypasses")
_PART = 1_000_000
"""Rows that one statement makes."""


@dataclass(frozen=True, slots=True)
class Size:
    people: int
    attempts: int

    def __str__(self) -> str:
        return f"{self.people:,} people, {self.attempts:,} attempts"


def username(number: int) -> str:
    """Return the name of a person, as the statements make it."""
    return f"{GIVEN[number % 10]}.{FAMILY[number // 10 % 10]}{number}".lower()


def user_id(number: int) -> str:
    return hashed(number)


def authenticator_id(number: int) -> str:
    """Return the identifier of the hardware token T1…`number`; every tenth of a million people has one."""
    return hashed(-1_000_000_001 - number)


def attempt_id(number: int, size: Size, made: int) -> str:
    at = made - (size.attempts - 1 - number) * (DAYS * DAY_MS) // size.attempts
    return ordered(at, number)


def hashed(number: int) -> str:
    return hashlib.md5(str(number).encode()).hexdigest()


def ordered(at: int, number: int) -> str:
    return f"{at:012x}{hashed(number)[:20]}"


async def fill(url: str, size: Size, made: int) -> None:
    """Fill a database that is migrated and has the tenant; `made` (epoch ms) is when the last attempt was."""
    async with loading(url, {"hashed": hashed, "ordered": ordered}) as load:
        await load.empty(_TABLES)
        indexes = await load.drop_indexes()
        await _prepare(load, size)
        for statement in OF_PEOPLE:
            await _run(load, statement, size, made, 0, size.people)
        for kind in IN_TIME:
            count = kind.count(size.people, size.attempts)
            await _run(load, kind.statement, size, made, 0, count, kind)
        for index in indexes:
            await load.run(index)
    await refreshed(url)


async def go_on(url: str, size: Size, made: int, since: int, until: int) -> None:
    """Let happen what has not happened yet since `since`, when it was filled last, as often as before."""
    async with loading(url, {"hashed": hashed, "ordered": ordered}) as load:
        await _prepare(load, size)
        for kind in IN_TIME:
            first, count = (
                total + (at - made) * total // (kind.days * DAY_MS)
                for total in (kind.count(size.people, size.attempts),)
                for at in (since, until)
            )
            await _run(load, kind.statement, size, made, first, count, kind)
    await refreshed(url)


async def _prepare(load: Load, size: Size) -> None:
    part = min(_PART, max(size.people, size.attempts))
    await load.run(_NUMBERS.substitute(part=part))
    for name, words in (("given", GIVEN), ("family", FAMILY)):
        rows = " union all ".join(
            f"select {number} as k, '{word}' as word" for number, word in enumerate(words)
        )
        await load.run(f"create temporary table {name} as {rows}")
    for name in ("numbers", "given", "family"):
        await load.run(f"analyze {name}")


async def _run(
    load: Load, statement: Template, size: Size, made: int, first: int, count: int, kind: Timed | None = None
) -> None:
    values = {"made": made, "people": size.people, "count": count, **load.blobs}
    if kind is not None:
        values |= {"total": kind.count(size.people, size.attempts), "span_ms": kind.days * DAY_MS}
    for begin in range(first, count, _PART):
        await load.run(statement.substitute(values, first=begin))


_NUMBERS = Template("""
    create temporary table numbers as
    with recursive counted(n) as (
        select cast(0 as bigint) union all select n + 1 from counted where n + 1 < $part)
    select n from counted
""")
