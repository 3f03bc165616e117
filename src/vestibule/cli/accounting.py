"""`vestibule accounting`: what clients have told of sessions."""

from __future__ import annotations

from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope
from vestibule.cli.values import moment_before
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.application import ClientKind

app = App(
    name="accounting", help="Sessions that RADIUS clients have told of (accounting).", help_format="plaintext"
)


@app.command(name="list")
def list_accounting(
    user: Annotated[str, Parameter(show_default=False)] = "",
    *,
    client: str | None = None,
    session: str = "",
    since: str | None = None,
    until: str | None = None,
    only_open: Annotated[bool, Parameter(name="--open", negative="", show_default=False)] = False,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List what RADIUS clients have told of sessions, newest first.

    For example:

      vestibule accounting list
      vestibule accounting list alice --since 7d --json
      vestibule accounting list --client vpn-1 --open

    Parameters
    ----------
    user
        The user name that the client has told; empty: all.
    client
        Only what this RADIUS client has told: its name, address or identifier.
    session
        Only what was told of this session: its Acct-Session-Id.
    since
        Not before: 90m, 2h, 7d, 2w ago, or a day or time such as 2026-11-03 or 2026-11-03T14:00.
    until
        Before: the same.
    only_open
        Only sessions of which no end was told: the latest word of each.
    """

    async def work(desk: Desk) -> None:
        where = AccountingFilter(
            username=user,
            client_id=finding.client(desk, client, ClientKind.RADIUS).client_id if client else "",
            session=session,
            since=moment_before(since, desk.now) if since else None,
            until=moment_before(until, desk.now) if until else None,
            is_open=only_open,
        )
        await show_pages(
            desk.terminal,
            lambda page: desk.services.accounting.list(desk.actor, desk.tenant_id, where, page),
            limit,
            as_json=as_json,
            record=msgspec.to_builtins,
            header=("when", "kind", "username", "session", "client", "passed_on"),
            row=lambda one: (
                moment(one.received_at),
                one.kind,
                one.username,
                one.session,
                one.client_name,
                desk.terminal.words(f"forwarding.{one.forwarding.value or 'none'}"),
            ),
            empty="list.no_accounting",
        )

    return at_desk(scope, work)
