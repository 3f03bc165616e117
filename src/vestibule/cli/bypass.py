"""`vestibule bypass`: let one sign-in of a user need no second factor, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter, validators

from vestibule.catalog import text
from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope
from vestibule.cli.records import bypass_record
from vestibule.interfaces.transaction.blocks import BypassFilter
from vestibule.model.bypass import MOST_SECONDS, USUAL_SECONDS

if TYPE_CHECKING:
    from vestibule.model.bypass import Bypass

app = App(
    name="bypass",
    help="One-time bypasses: let one sign-in of a user need no second factor.",
    help_format="plaintext",
)


@app.command
def make(
    user: str,
    /,
    *,
    reason: str,
    seconds: Annotated[int, Parameter(validator=validators.Number(gte=1, lte=MOST_SECONDS))] = USUAL_SECONDS,
    application: str = "",
    scope: Scope = HERE,
) -> int:
    """Let the next sign-in of a user need no second factor. It starts at once and never opens the console.

    For example:

      vestibule bypass make alice --reason "Phone forgotten, called back at the desk"
      vestibule bypass make alice --reason "Phone broken" --seconds 900 --application vpn

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    reason
        Why; it stands in the list of changes.
    seconds
        How long it waits to be used.
    application
        Where it holds; left out: at every application.
    """

    async def work(desk: Desk) -> None:
        from vestibule.services.bypasses import NewBypass

        person = (await finding.user(desk, user)).user
        where = finding.application(desk, application).application_id if application else ""
        wanted = NewBypass(reason=reason, seconds=seconds, application_id=where)
        made = await desk.services.bypasses.make(desk.actor, desk.tenant_id, person.user_id, wanted)
        desk.terminal.say("bypass.made", name=person.username, at=moment(made.expires_at))

    return at_desk(scope, work)


@app.command
def withdraw(user: str, /, *, scope: Scope = HERE) -> int:
    """Take away a bypass that no sign-in has used yet.

    For example:

      vestibule bypass withdraw alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        await desk.services.bypasses.withdraw(desk.actor, desk.tenant_id, person.user_id)
        desk.terminal.say("bypass.withdrawn", name=person.username)

    return at_desk(scope, work)


@app.command(name="list")
def list_bypasses(
    beginning: Annotated[str, Parameter(show_default=False)] = "",
    *,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List bypasses, newest first, and whether they were used.

    For example:

      vestibule bypass list
      vestibule bypass list al --json

    Parameters
    ----------
    beginning
        Beginning of a user name.
    """

    async def work(desk: Desk) -> None:
        where = BypassFilter(text=beginning)

        def cells(bypass: Bypass) -> tuple[str, ...]:
            return (
                bypass.username,
                text(desk.terminal.language, f"bypass.state.{bypass.state_at(desk.now)}"),
                moment(bypass.made_at),
                str(bypass.seconds),
                bypass.application_name or desk.terminal.words("word.every_application"),
                bypass.actor_name,
                bypass.reason,
            )

        await show_pages(
            desk.terminal,
            lambda page: desk.services.bypasses.list(desk.actor, desk.tenant_id, where, page),
            limit,
            as_json=as_json,
            record=lambda bypass: bypass_record(bypass, desk.now),
            header=("username", "state", "made", "seconds", "application", "by", "why"),
            row=cells,
            empty="list.no_bypasses",
        )

    return at_desk(scope, work)
