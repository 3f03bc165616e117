"""`vestibule pin`: PINs of users. Set or generate one, let it be changed, clear it.

A PIN is typed in or shown once, never an argument: every user of the machine can read arguments.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from vestibule.catalog import text
from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope, Yes
from vestibule.cli.records import pin_record
from vestibule.cli.terminal import NotDone, Terminal
from vestibule.crypto.secret import Secret
from vestibule.model.pin import wording
from vestibule.model.user import User

if TYPE_CHECKING:
    from vestibule.services.pins import PinChange

app = App(
    name="pin",
    help="PINs of users: set or generate one, let it be changed, clear it.",
    help_format="plaintext",
)

Keep = Annotated[
    bool,
    Parameter(
        name="--keep",
        negative="",
        show_default=False,
        help="The user need not change it at its first use, e.g. because he typed it himself.",
    ),
]


@app.command
def show(user: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Show whether a user has a PIN, since when, and whether it must be changed.

    For example:

      vestibule pin show alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        status = await desk.services.pins.status(desk.actor, desk.tenant_id, person.user_id)
        if as_json:
            desk.terminal.json(pin_record(status))
            return
        if not status.is_set:
            desk.terminal.say("pin.none", name=person.username)
            return
        key = "must_change" if status.must_change else "expired" if status.is_expired else "set"
        desk.terminal.say(f"pin.is_{key}", name=person.username, at=moment(status.changed_at))

    return at_desk(scope, work)


@app.command(name="set")
def set_pin(user: str, /, *, keep: Keep = False, scope: Scope = HERE) -> int:
    """Give a user a PIN, typed in or read from one line of standard input. It lifts a lock of the PIN before.

    For example:

      vestibule pin set alice
      vestibule pin set alice --keep < file-with-the-pin

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        pin = _typed(desk.terminal)
        if not pin:
            raise NotDone("cli.pin.empty")
        _check(desk, await _given(desk, person, pin, must_change=not keep))
        desk.terminal.say("pin.set", name=person.username)

    return at_desk(scope, work)


@app.command
def generate(user: str, /, *, keep: Keep = False, as_json: Json = False, scope: Scope = HERE) -> int:
    """Give a user a random PIN and show it once. It lifts a lock of the PIN before.

    For example:

      vestibule pin generate alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        made = await _given(desk, person, None, must_change=not keep)
        _check(desk, made)
        if as_json:
            desk.terminal.json({"pin": made.shown.reveal()})
            return
        desk.terminal.note("pin.set", name=person.username)
        desk.terminal.secret(made.shown, "pin.shown")

    return at_desk(scope, work)


@app.command
def require_change(user: str, /, *, scope: Scope = HERE) -> int:
    """Let the PIN of a user open nothing until the user has changed it.

    For example:

      vestibule pin require-change alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        await desk.services.pins.require_change(desk.actor, desk.tenant_id, person.user_id)
        desk.terminal.say("pin.change_required", name=person.username)

    return at_desk(scope, work)


@app.command
def clear(user: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Take the PIN of a user away. Where a PIN is asked for, the user is denied until there is another one.

    For example:

      vestibule pin clear alice --yes

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        desk.terminal.confirm(yes, "ask.clear_pin", name=person.username)
        await desk.services.pins.clear(desk.actor, desk.tenant_id, person.user_id)
        desk.terminal.say("pin.cleared", name=person.username)

    return at_desk(scope, work)


# --- parts ----------------------------------------------------------------------------------------------


def _typed(terminal: Terminal) -> Secret[str]:
    """Return a new PIN, typed twice by a person; a script gives it on one line."""
    pin = terminal.ask_hidden("ask.new_pin")
    if sys.stdin.isatty() and terminal.ask_hidden("ask.new_password_again") != pin:
        raise NotDone("cli.pin.differ")
    return pin


async def _given(desk: Desk, person: User, pin: Secret[str] | None, *, must_change: bool) -> PinChange:
    pins = desk.services.pins
    return await pins.set(desk.actor, desk.tenant_id, person.user_id, pin, must_change=must_change)


def _check(desk: Desk, made: PinChange) -> None:
    """Say all that is wrong with a PIN."""
    if made.is_changed:
        return
    rules = desk.services.pins.rules(desk.tenant_id)
    sentences = []
    for problem in made.problems:
        key, values = wording(problem, rules)
        sentences.append(text(desk.terminal.language, key, **values))
    raise NotDone("cli.pin.refused", why=" ".join(sentences))
