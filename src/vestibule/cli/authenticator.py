"""`vestibule authenticator`: what people hold. Enroll, assign, remove, bring back in step, recovery codes.

A secret or code is shown once, when it is made, and never again.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment, qr_code
from vestibule.cli.parameters import HERE, DryRun, Json, Scope, Yes
from vestibule.cli.records import authenticator_record
from vestibule.cli.terminal import NotDone, choices
from vestibule.cli.values import named_values, typed_value
from vestibule.crypto.secret import Secret
from vestibule.interfaces.method import Resynchronizes
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus

if TYPE_CHECKING:
    from vestibule.services.enrollment import Enrolled

app = App(
    name="authenticator",
    help="What users hold: enroll, assign, remove, bring back in step, recovery codes.",
    help_format="plaintext",
)

_TRIES = 3
_SHORT = 8


@app.command(name="list")
def list_authenticators(user: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """List what a user holds.

    For example:

      vestibule authenticator list alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        show_rows(
            desk.terminal,
            finding.held(subject),
            as_json=as_json,
            record=authenticator_record,
            header=("method", "label", "status", "used", "id"),
            row=lambda one: authenticator_cells(desk, subject, one),
            empty="list.no_authenticators",
        )

    return at_desk(scope, work)


@app.command
def enroll(
    user: str,
    /,
    *,
    method: str | None = None,
    label: str = "",
    option: Annotated[list[str] | None, Parameter(negative="")] = None,
    pending: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Enroll an authenticator app: shows a QR code once, and asks for a live passcode to prove it.

    For example:

      vestibule authenticator enroll alice --label Phone
      vestibule authenticator enroll alice --option digits=8 --option algorithm=sha256
      vestibule authenticator enroll alice --pending

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    method
        Which kind of app; usually there is one.
    label
        What the user calls it.
    option
        A parameter of the method, as name=value; may be repeated.
    pending
        Do not ask for a passcode now. It opens nothing until it is proven within 15 minutes, with
        `vestibule authenticator confirm`.
    as_json
        Write JSON for machines; implies --pending.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        name = _method_to_enroll(desk, method)
        options = {key: typed_value(values[-1]) for key, values in named_values(option or ()).items()}
        enrolled = await _begun(desk, subject, name, label, options)
        confirm_it = desk.command(f"authenticator confirm {shlex.quote(subject.user.username)}")
        if as_json:
            desk.terminal.json(_enrolled_record(enrolled))
            return
        _show_app(desk, enrolled)
        if pending:
            desk.terminal.note("enroll.pending", command=confirm_it)
            return
        await _prove(desk, subject, enrolled.authenticator, confirm_it)

    return at_desk(scope, work)


@app.command
def confirm(user: str, /, *, scope: Scope = HERE) -> int:
    """Prove the authenticator that waits for it with a live passcode. The passcode is spent by this.

    For example:

      vestibule authenticator confirm alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        waiting = [one for one in finding.held(subject) if one.status is AuthenticatorStatus.PENDING]
        quoted = shlex.quote(subject.user.username)
        if not waiting:
            again = desk.command(f"authenticator enroll {quoted}")
            raise NotDone("cli.enroll.nothing_pending", name=subject.user.username, command=again)
        await _prove(desk, subject, waiting[-1], desk.command(f"authenticator confirm {quoted}"))

    return at_desk(scope, work)


@app.command
def assign(user: str, serial: str, /, *, scope: Scope = HERE) -> int:
    """Give a hardware token that nobody holds to a user.

    For example:

      vestibule authenticator assign alice 1234567

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    serial
        The number on the back of the token.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        given = await desk.services.enrollments.assign(
            desk.actor, desk.tenant_id, subject.user.user_id, serial
        )
        desk.terminal.say("authenticator.assigned", serial=given.serial or serial, name=subject.user.username)

    return at_desk(scope, work)


@app.command
def remove(
    user: str,
    authenticator: str,
    /,
    *,
    yes: Yes = False,
    dry_run: DryRun = False,
    scope: Scope = HERE,
) -> int:
    """Take an authenticator from a user. A hardware token becomes free and keeps its counter.

    For example:

      vestibule authenticator remove alice Phone
      vestibule authenticator remove alice 1234567 --yes

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    authenticator
        Its name, its serial number, or the beginning of its identifier.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        one = finding.authenticator(desk, subject, authenticator)
        told = {"label": _called(desk, one), "name": subject.user.username}
        if dry_run:
            desk.terminal.say("authenticator.goes", **told)
            desk.terminal.note("dry_run")
            return
        desk.terminal.confirm(yes, "ask.remove_authenticator", **told)
        await desk.services.enrollments.remove(
            desk.actor, desk.tenant_id, subject.user.user_id, one.authenticator_id
        )
        desk.terminal.say("authenticator.removed", **told)

    return at_desk(scope, work)


@app.command
def rename(user: str, authenticator: str, label: str, /, *, scope: Scope = HERE) -> int:
    """Call an authenticator something else.

    For example:

      vestibule authenticator rename alice Phone "Old phone"

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    authenticator
        Its name, its serial number, or the beginning of its identifier.
    label
        The new name.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        one = finding.authenticator(desk, subject, authenticator)
        await desk.services.enrollments.rename(
            desk.actor, desk.tenant_id, subject.user.user_id, one.authenticator_id, label
        )
        desk.terminal.say("authenticator.renamed", label=label)

    return at_desk(scope, work)


@app.command
def resync(
    user: str, authenticator: Annotated[str, Parameter(show_default=False)] = "", /, *, scope: Scope = HERE
) -> int:
    """Bring an authenticator back in step with two passcodes in a row. Both are spent by this.

    For passcodes that are refused although they are read correctly: a clock that has wandered, a button that
    was pressed too often.

    For example:

      vestibule authenticator resync alice
      vestibule authenticator resync alice 1234567

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    authenticator
        Its name, its serial number, or the beginning of its identifier; needed if there are several.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        one = _to_resynchronize(desk, subject, authenticator)
        first = Secret(desk.terminal.ask("ask.first_passcode").strip())
        second = Secret(desk.terminal.ask("ask.second_passcode").strip())
        await desk.services.enrollments.resynchronize(
            desk.actor, desk.tenant_id, subject.user.user_id, one.authenticator_id, (first, second)
        )
        desk.terminal.say("authenticator.in_step", label=_called(desk, one))

    return at_desk(scope, work)


@app.command
def recovery_codes(user: str, /, *, yes: Yes = False, as_json: Json = False, scope: Scope = HERE) -> int:
    """Make new recovery codes for a user and show them once. Older ones are void at once.

    For example:

      vestibule authenticator recovery-codes alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        enrollments, terminal = desk.services.enrollments, desk.terminal
        left = enrollments.recovery_codes_left(subject)
        name = subject.user.username
        terminal.confirm(yes or not left, "ask.new_codes", name=name, count=left)
        made = await enrollments.new_recovery_codes(desk.actor, desk.tenant_id, subject.user.user_id)
        if as_json:
            terminal.json(_enrolled_record(made))
            return
        terminal.note("authenticator.codes", name=name)
        for code in made.shown:
            terminal.line(code.reveal())

    return at_desk(scope, work)


def authenticator_cells(desk: Desk, subject: Subject, one: Authenticator) -> Sequence[str]:
    """Return the cells of one authenticator in a list: method, label, status, used, id."""
    methods = desk.services.enrollments.methods
    label = one.serial or one.label or one.phone
    if one.method in methods and methods[one.method].descriptor.is_recovery:
        left = desk.services.enrollments.recovery_codes_left(subject)
        label = desk.terminal.words("authenticator.codes_left", count=left)
    return (
        desk.terminal.method(one.method),
        label,
        _status(desk, one),
        moment(one.used_at),
        one.authenticator_id[:_SHORT],
    )


def _status(desk: Desk, one: Authenticator) -> str:
    status = desk.terminal.words(f"status.{one.status.value}")
    if one.unreachable_since is None:
        return status
    since = moment(one.unreachable_since)
    return f"{status}, {desk.terminal.words('authenticator.unreachable', since=since)}"


# --- parts ----------------------------------------------------------------------------------------------


def _called(desk: Desk, one: Authenticator) -> str:
    return (
        one.serial
        or one.label
        or one.phone
        or f"{desk.terminal.method(one.method)} {one.authenticator_id[:_SHORT]}"
    )


def _method_to_enroll(desk: Desk, wanted: str | None) -> str:
    methods = desk.services.enrollments.methods
    possible = sorted(name for name, method in methods.items() if method.descriptor.self_enrolled)
    if wanted is None and possible:
        return possible[0]
    if wanted not in possible:
        raise NotDone("cli.unknown.method", name=wanted or "", methods=choices(possible))
    return wanted


async def _begun(desk: Desk, subject: Subject, method: str, label: str, options: dict[str, Any]) -> Enrolled:
    enrollments, user_id = desk.services.enrollments, subject.user.user_id
    try:
        return await enrollments.begin(desk.actor, desk.tenant_id, user_id, method, label, options)
    except (ValueError, TypeError) as wrong:
        raise NotDone("cli.enroll.wrong_option", why=str(wrong)) from None


def _show_app(desk: Desk, enrolled: Enrolled) -> None:
    uri, typed = (secret.reveal() for secret in enrolled.shown[:2])
    desk.terminal.note("enroll.scan")
    desk.terminal.line(qr_code(uri))
    desk.terminal.note("enroll.typed")
    desk.terminal.line(typed)


async def _prove(desk: Desk, subject: Subject, pending: Authenticator, confirm_it: str) -> None:
    """Ask for a passcode until one proves the authenticator, a few times."""
    from vestibule.services.refusal import Refusal, Refused

    enrollments, user = desk.services.enrollments, subject.user
    for _ in range(_TRIES):
        passcode = Secret(desk.terminal.ask("ask.passcode").replace(" ", ""))
        try:
            await enrollments.confirm(
                desk.actor, desk.tenant_id, user.user_id, pending.authenticator_id, passcode
            )
        except Refused as refused:
            if refused.why is not Refusal.PASSCODE_WRONG:
                raise
            desk.terminal.aside(desk.terminal.refusal(refused.why.value, refused.key))
            continue
        desk.terminal.say("enroll.done", name=user.username)
        return
    raise NotDone("cli.enroll.not_proven", command=confirm_it)


def _to_resynchronize(desk: Desk, subject: Subject, wanted: str) -> Authenticator:
    if wanted:
        return finding.authenticator(desk, subject, wanted)
    methods = desk.services.enrollments.methods
    possible = [
        one
        for one in finding.held(subject)
        if one.is_usable(desk.now) and isinstance(methods.get(one.method), Resynchronizes)
    ]
    if len(possible) != 1:
        listing = desk.command(f"authenticator list {shlex.quote(subject.user.username)}")
        raise NotDone("cli.authenticator.which", command=listing)
    return possible[0]


def _enrolled_record(enrolled: Enrolled) -> dict[str, Any]:
    shown = [secret.reveal() for secret in enrolled.shown]
    return {"authenticator": authenticator_record(enrolled.authenticator), "shown": shown}
