"""`vestibule events`: what was changed, when and by whom."""

from __future__ import annotations

from typing import Annotated, Any

from cyclopts import App, Parameter

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope
from vestibule.cli.records import event_record

app = App(name="events", help="Changes: what was changed, when and by whom.", help_format="plaintext")


@app.command(name="list")
def list_events(
    text: Annotated[str, Parameter(show_default=False)] = "",
    *,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List changes, newest first.

    For example:

      vestibule events list
      vestibule events list user.removed
      vestibule events list alice --json

    Parameters
    ----------
    text
        Beginning of a kind (such as user.removed), of the name of who did it, or of what it was done to.
    """

    async def work(desk: Desk) -> None:
        terminal = desk.terminal
        await show_pages(
            terminal,
            lambda page: desk.services.attempts.events(desk.actor, desk.tenant_id, text, page),
            limit,
            as_json=as_json,
            record=event_record,
            header=("when", "change", "by", "concerns", "facts"),
            row=lambda event: (
                moment(event.at),
                terminal.named("event", event.kind),
                event.actor_name or event.actor,
                event.subject_name or event.subject,
                ", ".join(f"{name}={_plain(value)}" for name, value in event.facts.items()),
            ),
            empty="list.no_events",
        )

    return at_desk(scope, work)


def _plain(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
