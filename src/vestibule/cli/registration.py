"""`vestibule registration`: what is required of users, registration demanded anew, what vouches for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.names import NamesFile, all_names, demand_known
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.records import voucher_record
from vestibule.cli.terminal import Terminal
from vestibule.model.user import Requirement

if TYPE_CHECKING:
    from vestibule.services.requirements import Change

app = App(
    name="registration",
    help="Registering: what is required of users, demands to register anew, codes and windows.",
    help_format="plaintext",
)


@app.command
def require(
    requirement: Requirement,
    /,
    *names: str,
    file: NamesFile = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Set what is required of users: of all that are named, or of none if one of them is nobody.

    For example:

      vestibule registration require enabled alice bob
      vestibule registration require enabled --file everybody.txt --dry-run
      vestibule registration require enforced alice --yes

    Parameters
    ----------
    requirement
        enabled: a second factor everywhere, and registration at the portal; enforced: the same, and legacy
        clients take app passwords only; disabled: neither.
    names
        Names of users, in any spelling.
    """

    async def work(desk: Desk) -> None:
        wanted = all_names(names, file)
        requirements, terminal = desk.services.requirements, desk.terminal
        change = await requirements.require(desk.actor, desk.tenant_id, wanted, requirement, dry_run=True)
        demand_known(change.unknown)
        if not dry_run and change.unregistered:
            _warn(terminal, change)
            terminal.confirm(yes, "ask.enforce", count=len(change.unregistered))
        if not dry_run:
            change = await requirements.require(desk.actor, desk.tenant_id, wanted, requirement)
        if as_json:
            terminal.json(
                {
                    "changed": change.changed,
                    "unchanged": change.unchanged,
                    "unregistered": change.unregistered,
                }
            )
            return
        terminal.say(
            "registration.required",
            count=len(change.changed),
            requirement=terminal.words(f"requirement.{requirement}"),
        )
        if change.unchanged:
            terminal.note("registration.as_before", count=len(change.unchanged))
        if dry_run:
            _warn(terminal, change)
            terminal.note("dry_run")

    return at_desk(scope, work)


@app.command
def demand(name: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Have a user register anew at the next sign-in, e.g. because the phone is lost.

    Until then no door opens but the portal; locks and sessions of the user end. App passwords go on working.

    For example:

      vestibule registration demand alice --yes

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        user = (await finding.user(desk, name)).user
        desk.terminal.confirm(yes, "ask.demand", name=user.username)
        await desk.services.requirements.demand_registration(desk.actor, desk.tenant_id, user.user_id)
        desk.terminal.say("registration.now_demanded", name=user.username)

    return at_desk(scope, work)


@app.command
def forgo(name: str, /, *, scope: Scope = HERE) -> int:
    """Take the demand to register anew back: what the user had registered counts again.

    For example:

      vestibule registration forgo alice

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        user = (await finding.user(desk, name)).user
        await desk.services.requirements.withdraw_demand(desk.actor, desk.tenant_id, user.user_id)
        desk.terminal.say("registration.forgone", name=user.username)

    return at_desk(scope, work)


@app.command
def code(
    name: str,
    /,
    *,
    mail: Annotated[
        bool,
        Parameter(
            name="--mail", negative="", show_default=False, help="Send it to the user, show it to nobody."
        ),
    ] = False,
    scope: Scope = HERE,
) -> int:
    """Make a registration code for a user, in place of the one before. It is shown this one time.

    For example:

      vestibule registration code alice
      vestibule registration code alice --mail

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        user, vouchers = (await finding.user(desk, name)).user, desk.services.vouchers
        if mail:
            await vouchers.mail_code(desk.actor, desk.tenant_id, user.user_id)
            desk.terminal.say("registration.code_mailed", name=user.username)
            return
        made = await vouchers.make_code(desk.actor, desk.tenant_id, user.user_id)
        desk.terminal.note("registration.code_made", name=user.username)
        desk.terminal.secret(made, "registration.code_shown")

    return at_desk(scope, work)


@app.command
def window(
    name: str,
    /,
    *,
    hours: Annotated[int, Parameter(help="For how long: 1 to 72.")] = 4,
    scope: Scope = HERE,
) -> int:
    """Let a user who has registered nothing do so with the password alone, for some hours.

    For example:

      vestibule registration window alice
      vestibule registration window alice --hours 24

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        user = (await finding.user(desk, name)).user
        await desk.services.vouchers.open_window(desk.actor, desk.tenant_id, user.user_id, hours)
        desk.terminal.say("registration.window_open", name=user.username, count=hours)

    return at_desk(scope, work)


@app.command
def vouchers(name: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the codes and windows that vouch for a user now.

    For example:

      vestibule registration vouchers alice

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        user = (await finding.user(desk, name)).user
        found = await desk.services.vouchers.standing(desk.actor, desk.tenant_id, user.user_id)
        show_rows(
            desk.terminal,
            found,
            as_json=as_json,
            record=voucher_record,
            header=("vouch", "until", "by"),
            row=lambda each: (
                desk.terminal.words(f"vouching.{each.vouch}"),
                moment(each.expires_at),
                each.made_by,
            ),
            empty="registration.no_vouchers",
        )

    return at_desk(scope, work)


@app.command
def withdraw(name: str, /, *, scope: Scope = HERE) -> int:
    """Make the codes and windows of a user void.

    For example:

      vestibule registration withdraw alice

    Parameters
    ----------
    name
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        user = (await finding.user(desk, name)).user
        await desk.services.vouchers.withdraw(desk.actor, desk.tenant_id, user.user_id)
        desk.terminal.say("registration.withdrawn", name=user.username)

    return at_desk(scope, work)


def _warn(terminal: Terminal, change: Change) -> None:
    if change.unregistered:
        terminal.note("registration.unregistered", names=", ".join(change.unregistered[:20]))
