"""Cards: the pieces of the page "Security", each of one subject, with a module and a template of its own.

To add one, write beside this module one with

- its routes, all in a list `ROUTES`, which `__init__.py` names;
- `CARD = Card("portal/cards/<name>.html", show)`, which `security.py` names in the place where it stands.
  `show` returns what the template reads as `card.shown`, or None for a person who has no use for the card.

The template is a `<section class="card stack">`. It imports `parts/ui.html` itself, and posts to routes of
its own module, which go back with `after(request, who.at.security, …)`. A page behind a card extends
`portal.html`, sets the block `here` to `security`, and begins with crumbs back to "Security".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from vestibule.frontends.http.portal.visitor import Visitor
from vestibule.frontends.http.sign_in import AnyRequest

Shown = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Card:
    """`show` asks the services what there is to show to this person."""

    template: str
    show: Callable[[AnyRequest, Visitor], Awaitable[Shown | None]]


@dataclass(frozen=True, slots=True)
class ShownCard:
    """A card as the page includes it."""

    template: str
    shown: Shown


async def show_cards(request: AnyRequest, who: Visitor, cards: Sequence[Card]) -> tuple[ShownCard, ...]:
    """Return those of `cards` that this person sees."""
    found = [(card.template, await card.show(request, who)) for card in cards]
    return tuple(ShownCard(template, shown) for template, shown in found if shown is not None)
