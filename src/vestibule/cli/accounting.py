"""`vestibule accounting`: what clients have told of sessions."""

from __future__ import annotations

from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope

app = App(
    name="accounting", help="Sessions that RADIUS clients have told of (accounting).", help_format="plaintext"
)


@app.command(name="list")
def list_accounting(
    user: Annotated[str, Parameter(show_default=False)] = "",
    *,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List what RADIUS clients have told of sessions, newest first.

    For example:

      vestibule accounting list
      vestibule accounting list alice --json

    Parameters
    ----------
    user
        The user name that the client has told; empty: all.
    """

    async def work(desk: Desk) -> None:
        await show_pages(
            desk.terminal,
            lambda page: desk.services.accounting.list(desk.actor, desk.tenant_id, user, page),
            limit,
            as_json=as_json,
            record=msgspec.to_builtins,
            header=("when", "kind", "username", "session", "client"),
            row=lambda one: (moment(one.received_at), one.kind, one.username, one.session, one.client_name),
            empty="list.no_accounting",
        )

    return at_desk(scope, work)
