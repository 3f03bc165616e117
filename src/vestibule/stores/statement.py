"""A named SQL statement, written once, with `:name` parameters, in the forms the engines take.

The few words that differ between the engines are written in PostgreSQL's way and translated here:

    :version::bigint     a parameter that is no text; SQLite needs no types
    any(:names)          a list of texts; SQLite reads it from JSON
    for no key update, for update skip locked     SQLite has one writer and needs neither

A statement that `joins` may run for many bodies at once (see postgres/group.py), and then returns in front
of each row the number of the body that asked: `one_by_one` is run for one parameter set after the other, in
one round trip; `as_set` takes an array per parameter and answers all at once, for a third of the cost. What
an insert has added is known by the column that is the `identity` of its rows.

A statement that does for many what it does for one, or nothing for any of them, has a parameter that
`repeats` it: bodies that ask the very same are answered by running it once.

Values only ever travel as parameters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import count
from types import MappingProxyType
from typing import Any, Final, TypeAlias

_PARAMETER: Final = re.compile(r"(?<![:\w]):([a-z_]+)(?:::([a-z]+))?")
_ANY: Final = re.compile(r"= any\((\?\d+)\)")
_LOCK: Final = re.compile(r"\s+for (?:no key )?update(?: skip locked)?")
_numbers = count()


Request: TypeAlias = "tuple[Statement, tuple[Any, ...]]"
"""A statement with its values: what a body asks of its transaction."""


class Statement:
    """`key` names the parameters that name the row: a batch is sorted by them, so that all nodes take
    their row locks in one order. `turn` is the statement's place in a sign-in: in a group the earliest goes
    first, so that bodies fall into step and tables are locked in one order, too."""

    __slots__ = (
        "as_set",
        "identity",
        "joins",
        "key",
        "one_by_one",
        "parameters",
        "postgres",
        "repeats",
        "sqlite",
        "table",
        "turn",
        "writes",
    )

    def __init__(
        self,
        text: str,
        *,
        joins: bool = False,
        turn: int = 99,
        key: tuple[str, ...] = (),
        identity: str = "",
        repeats: str = "",
    ) -> None:
        text = " ".join(text.split())
        types = {name: kind for name, kind in _PARAMETER.findall(text) if kind}
        self.parameters = tuple(dict.fromkeys(name for name, _ in _PARAMETER.findall(text)))
        self.sqlite = _LOCK.sub("", _ANY.sub(r"in (select value from json_each(\1))", self._with("?", text)))
        self.postgres = _typed(self._with("$", text), [types.get(name) for name in self.parameters])
        self.writes = not text.startswith("select ")
        self.joins = joins
        self.key = tuple(self.parameters.index(name) for name in key)
        self.identity = self.parameters.index(identity) if identity else None
        self.repeats = self.parameters.index(repeats) if repeats else None
        self.turn = (turn, next(_numbers))
        self.table = text.split(" ", 3)[2] if text.startswith("insert into ") else ""
        self.one_by_one = self._one_by_one() if joins else ""
        arrays = [types.get(name, "text") for name in self.parameters]
        self.as_set = self._as_set(self._with("asked.a", text), arrays) if joins else ""

    def __call__(self, **values: Any) -> Request:
        """Bind `values` by name; a missing or a surplus name is a KeyError or TypeError.

        Raises ValueError for a text that no database can hold, before it spoils what others have begun.
        """
        if len(values) != len(self.parameters):
            raise TypeError(f"takes {self.parameters}, was given {tuple(values)}")
        check_storable(values.values())
        return self, tuple([values[name] for name in self.parameters])

    def of(self, values: tuple[Any, ...]) -> Request:
        """Bind `values` that are in the order of `parameters` already, and known to be storable.

        Several times as fast as by name, for the statements of every sign-in.
        """
        return self, values

    def repeated(self, values: tuple[Any, ...], times: int) -> tuple[Any, ...]:
        """Return the values with which the statement does at once what these values do so many times."""
        assert self.repeats is not None
        return (*values[: self.repeats], times, *values[self.repeats + 1 :])

    def _with(self, mark: str, text: str) -> str:
        numbers = {name: number for number, name in enumerate(self.parameters, 1)}
        return _PARAMETER.sub(lambda found: f"{mark}{numbers[found[1]]}", text)

    def _one_by_one(self) -> str:
        number = f"cast(${len(self.parameters) + 1} as integer)"
        if not self.writes:
            return self.postgres.replace("select ", f"select {number}, ", 1)
        if " returning " in self.postgres:
            return self.postgres.replace(" returning ", f" returning {number}, ", 1)
        return f"{self.postgres} returning {number}"

    def _as_set(self, text: str, types: list[str]) -> str:
        """Return the form for many at once, or nothing where there is none: for an insert without identity,
        and for an update without key.

        A row that two parameter sets of an update name is changed for one of them only, so their keys must
        differ.
        """
        count = len(types) + 1
        arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate((*types, "integer"), 1))
        names = ", ".join(f"a{number}" for number in range(1, count + 1))
        asked = f"unnest({arrays}) as asked({names})"
        if not self.writes:
            # The join goes through the arrays in their order, so locks are taken in the order of keys.
            return f"select asked.a{count}, found.* from {asked} cross join lateral ({text}) found"  # noqa: S608
        if self.identity is not None:
            return self._insert_as_set(text, asked)
        if not text.startswith("update ") or not self.key:
            return ""
        text = text.replace(" where ", f" from {asked} where ", 1)
        changed, _, returned = text.partition(" returning ")
        return f"{changed} returning asked.a{count}" + (f", {returned}" if returned else "")

    def _insert_as_set(self, text: str, asked: str) -> str:
        head, _, rest = text.partition(" values (")
        values, _, on_conflict = rest.partition(")")
        assert self.identity is not None
        return f"{head} select {values} from {asked}{on_conflict} returning {self.parameters[self.identity]}"  # noqa: S608


def _typed(text: str, types: list[str | None]) -> str:
    for number, kind in enumerate(types, 1):
        if kind is not None:
            text = re.sub(rf"\${number}\b", f"${number}::{kind}", text)
    return text


def check_storable(values: Iterable[Any]) -> None:
    """Raise ValueError for a text that no database can hold."""
    texts = "".join([value for value in values if type(value) is str])
    if "\0" in texts or not (texts.isascii() or _is_encodable(texts)):
        raise ValueError("a text with NUL or a lone surrogate cannot be looked up or stored")


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def insert(table: str, columns: tuple[str, ...], types: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the text of an insert of all `columns`, each from the parameter of its name. `types` are those
    of columns that are no texts, needed only where the statement has an `identity`."""
    names = ", ".join(columns)
    values = ", ".join(
        f":{column}::{types[column]}" if column in types else f":{column}" for column in columns
    )
    return f"insert into {table} ({names}) values ({values})"  # noqa: S608 - made of constants


def select(columns: tuple[str, ...], alias: str = "") -> str:
    """Return the list of columns for a select, with the table's alias if there is one."""
    return ", ".join(f"{alias}.{column}" if alias else column for column in columns)
