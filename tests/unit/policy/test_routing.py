"""Which gateway goes first, and why."""

from __future__ import annotations

from typing import Any

import pytest

from vestibule.policy.routing import Because, Route, ranked


def route(name: str, **fields: Any) -> Route:
    usual = {"is_working": True, "digits": 0, "priority": 10, "cost": 700}
    return Route(gateway_id=name, name=name, **(usual | fields))


@pytest.mark.parametrize(
    ("better", "worse", "because"),
    [
        ({"cost": 900}, {"is_working": False}, Because.WORKS),
        ({"digits": 0}, {"digits": 2, "carried": 20, "answered": 4}, Because.ANSWERED),
        ({"digits": 4, "priority": 20}, {"digits": 2}, Because.RANGE),
        ({"priority": 5, "cost": 900}, {}, Because.PRIORITY),
        ({"cost": 600, "carried": 40, "answered": 20}, {}, Because.COST),
        ({"carried": 40, "answered": 36}, {"carried": 40, "answered": 30}, Because.SHARE),
    ],
)
def test_the_first_difference_decides(
    better: dict[str, Any], worse: dict[str, Any], because: Because
) -> None:
    """By health, share of answers, range, priority, cost, and share again; the worse has the better name."""
    first, last = ranked([route("a", **worse), route("z", **better)])
    assert (first.name, first.because, last.because) == ("z", because, Because.LAST)


def test_of_equals_the_name_decides_and_few_answers_tell_nothing() -> None:
    few = route("b", carried=19, answered=0)
    assert [one.because for one in ranked([few, route("a")])] == [Because.NAME, Because.LAST]
    assert ranked([]) == ()
