"""Ranges of phone numbers, named by how their numbers begin.

Pure. A list of beginnings is one line: `49 4366` is all of +49, and of +43 what goes on with 66; `*` is every
number. The longest beginning counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

LONGEST_BEGINNINGS: Final = 2000
"""Characters of a list of beginnings."""
EVERY: Final = "*"
_ENTRY: Final = re.compile(r"\+?(?P<digits>[1-9][0-9]{0,14})")
_OPEN_DIGITS: Final = 4
_MOST_KEPT: Final = 1000
"""Lists that need not be read again: each text asks for those of all gateways of its tenant."""


def range_of(number: str) -> str:
    """Return the range of an E.164 number: all that differ from it in their last four digits only."""
    return number[:-_OPEN_DIGITS]


@lru_cache(_MOST_KEPT)
def read_beginnings(written: str) -> frozenset[str]:
    """Read a list of beginnings, without their plus signs; raises ValueError with the entry that cannot be
    one."""
    beginnings = set()
    for entry in re.split(r"[\s,;]+", written.strip()):
        found = _ENTRY.fullmatch(entry)
        if found is not None:
            beginnings.add(found["digits"])
        elif entry == EVERY:
            beginnings.add(EVERY)
        elif entry:
            raise ValueError(entry)
    return frozenset(beginnings)


def written_beginnings(beginnings: Iterable[str]) -> str:
    """Return a list of beginnings in its one spelling."""
    return " ".join(sorted(beginnings))


def fitting_digits(beginnings: frozenset[str], number: str) -> int | None:
    """Return how many digits the longest beginning has that an E.164 number begins with: 0 if it is among all
    numbers, None if it is not among these. Without any beginning all numbers are meant."""
    digits = number.removeprefix("+")
    fitting = [len(one) for one in beginnings if one != EVERY and digits.startswith(one)]
    if not fitting and (not beginnings or EVERY in beginnings):
        return 0
    return max(fitting, default=None)
