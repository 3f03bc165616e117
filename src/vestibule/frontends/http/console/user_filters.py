"""Which users a list is about: the same words in the address line and in the form below it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.user import Requirement, UserStatus

NAMES: Final = ("text", "status", "requirement", "method", "group_id")
NOTHING: Final = "none"
"""In place of a method: users who hold nothing."""


def words_of(read: Callable[[str], str]) -> dict[str, str]:
    """Return what a request asks for, by the names above; what is none of the choices is left empty."""
    words = {name: read(name) for name in NAMES}
    for name, choices in (("status", UserStatus), ("requirement", Requirement)):
        if words[name] not in {choice.value for choice in choices}:
            words[name] = ""
    return words


def filter_of(words: dict[str, str]) -> UserFilter:
    method = words["method"]
    return UserFilter(
        text=words["text"],
        status=words["status"],
        requirement=words["requirement"],
        method="" if method == NOTHING else method,
        holds_nothing=method == NOTHING,
        group_id=words["group_id"],
    )
