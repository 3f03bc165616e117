"""`vestibule pass`: temporary access passes, for who has lost what he signs in with.

A pass is shown once, when it is made.
"""

from __future__ import annotations

from typing import Annotated

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope

app = App(
    name="pass",
    help="Temporary access passes: a passcode for who has lost what he signs in with.",
    help_format="plaintext",
)

Reusable = Annotated[
    bool,
    Parameter(name="--reusable", negative="", show_default=False, help="Good for more than one sign-in."),
]


@app.command
def make(
    user: str,
    /,
    *,
    minutes: int = 60,
    reusable: Reusable = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Make a pass and show it once. The user types it where a passcode is asked for, and registers something
    new in the portal. The pass before is void at once.

    For example:

      vestibule pass make alice
      vestibule pass make alice --minutes 480 --reusable

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    minutes
        How long it is good: 10 to 480.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        made = await desk.services.passes.make(
            desk.actor, desk.tenant_id, person.user_id, minutes, is_reusable=reusable
        )
        shown, held = made.shown[0], made.authenticator
        if as_json:
            desk.terminal.json(
                {
                    "authenticator_id": held.authenticator_id,
                    "passcode": shown.reveal(),
                    "is_reusable": reusable,
                    "not_after": held.not_after,
                }
            )
            return
        desk.terminal.note("pass.made", name=person.username, at=moment(held.not_after))
        desk.terminal.secret(shown, "pass.shown")

    return at_desk(scope, work)


@app.command
def withdraw(user: str, /, *, scope: Scope = HERE) -> int:
    """Make the pass of a user void at once.

    For example:

      vestibule pass withdraw alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        await desk.services.passes.withdraw(desk.actor, desk.tenant_id, person.user_id)
        desk.terminal.say("pass.withdrawn", name=person.username)

    return at_desk(scope, work)
