"""What texts and calls cost today and which limits have refused some, as the terminal says it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vestibule.catalog import text
from vestibule.cli.desk import Desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.model.price import UNIT, amount

if TYPE_CHECKING:
    from vestibule.model.sending_limit import LimitReached
    from vestibule.services.sending_limits import SendingStanding


def show_spending(desk: Desk, standing: SendingStanding) -> None:
    terminal = desk.terminal
    nothing = terminal.words("word.nothing")
    own, operators = (
        _amount(desk, amount(cap * UNIT)) if cap else nothing
        for cap in (standing.daily_cost_cap, standing.cost_ceiling)
    )
    terminal.facts(
        [
            ("cost_today", _amount(desk, standing.shown_cost)),
            ("daily_cost_cap", own),
            ("cost_ceiling", operators),
            ("sendings_ceiling", str(standing.sendings_ceiling or nothing)),
        ]
    )
    terminal.line()
    show_rows(
        terminal,
        standing.reached,
        as_json=False,
        record=lambda one: one,
        header=("when", "limit", "limit_key"),
        row=lambda one: _cells(desk, one),
        empty="list.no_limits_reached",
    )


def tell_spending(desk: Desk, standing: SendingStanding) -> None:
    """Say beside a list what matters now; nothing where nobody counts costs and no limit has refused."""
    cost, language = _amount(desk, standing.shown_cost), desk.terminal.language
    if standing.least_cap:
        cap = _amount(desk, standing.shown_cap)
        desk.terminal.aside(text(language, "limit.spent_of", cost=cost, cap=cap))
    elif standing.cost_today:
        desk.terminal.aside(text(language, "limit.spent", cost=cost))
    if standing.is_closed:
        desk.terminal.aside(text(language, "limit.nothing_open"))
    if standing.reached:
        desk.terminal.aside(text(language, "limit.reached", count=len(standing.reached)))


def _cells(desk: Desk, one: LimitReached) -> tuple[str, ...]:
    return moment(one.reached_at), desk.terminal.named("limit.kind", one.kind.value), one.shown_key


def _amount(desk: Desk, shown: str) -> str:
    return shown.replace(".", text(desk.terminal.language, "ui.number.decimal"))
