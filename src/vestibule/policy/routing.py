"""Which gateway carries a text or call, and why: what tells two of them apart first decides.

Pure. One that works goes before one that rests or is not connected; one whose texts and calls are answered
before one whose hardly ever are; then the one that is named for the longest beginning of the number, the
lowest priority, the lowest price, and the larger share of answers in the last hour. A gateway that was passed
over for want of answers has nothing that counts against it after an hour, and is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from itertools import pairwise
from typing import Final

import msgspec

from vestibule.model.price import amount

LEAST_CARRIED: Final = 20
"""Of fewer texts and calls within the hour no share is told."""
_POOR_SHARE: Final = 0.25


class Because(StrEnum):
    """What puts a gateway before the next one; the texts are in the catalog under `routing.because.…`."""

    WORKS = "works"
    ANSWERED = "answered"
    RANGE = "range"
    PRIORITY = "priority"
    COST = "cost"
    SHARE = "share"
    NAME = "name"
    LAST = "last"
    """There is no other behind it."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A gateway that can carry something to a number, as it stands now."""

    gateway_id: str
    name: str
    is_working: bool
    digits: int
    """How closely it is named for the number; 0: it carries to all."""
    priority: int
    cost: int
    """In 1/10,000 of the currency unit."""
    carried: int = 0
    """Texts and calls that it was given and whose time was over within the last hour."""
    answered: int = 0
    """Those of them that were answered."""
    because: Because = Because.LAST

    @property
    def share(self) -> float | None:
        """Which part of what it was given was answered; None: of too few to tell."""
        return self.answered / self.carried if self.carried >= LEAST_CARRIED else None

    @property
    def shown_cost(self) -> str:
        return amount(self.cost)

    @property
    def order(self) -> tuple[tuple[Because, float | str], ...]:
        """What it is compared by, the weightiest first; the lower goes first."""
        share = 1.0 if self.share is None else self.share
        return (
            (Because.WORKS, not self.is_working),
            (Because.ANSWERED, share < _POOR_SHARE),
            (Because.RANGE, -self.digits),
            (Because.PRIORITY, self.priority),
            (Because.COST, self.cost),
            # By tenths: a person who looks away for a moment moves nobody to another gateway.
            (Because.SHARE, -int(share * 10)),
            (Because.NAME, self.name),
        )


def ranked(routes: Iterable[Route]) -> tuple[Route, ...]:
    """Return them in the order in which they are used, each with what puts it before the next."""
    ordered = list(routes)
    if len(ordered) > 1:
        ordered.sort(key=lambda route: [value for _, value in route.order])
    told = [
        msgspec.structs.replace(route, because=_first_difference(route, behind))
        for route, behind in pairwise(ordered)
    ]
    return (*told, *ordered[-1:])


def _first_difference(route: Route, behind: Route) -> Because:
    pairs = zip(route.order, behind.order, strict=True)
    return next((because for (because, mine), (_, its) in pairs if mine != its), Because.NAME)
