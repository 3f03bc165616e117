"""`vestibule phone`: phones of users that are texted or called. Add, list, remove, and what is asked first.

A phone that is added here counts at once: who is at this command line answers for the number.
"""

from __future__ import annotations

import shlex
from typing import Annotated, Literal

from cyclopts import App, Parameter

from vestibule.cli import finding
from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Scope, Yes
from vestibule.cli.records import authenticator_record
from vestibule.cli.terminal import NotDone
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.authenticator import Authenticator

app = App(
    name="phone",
    help="Phones of users that are texted or called: add, list, remove, and what is asked first.",
    help_format="plaintext",
)

_SHORT = 8


@app.command
def add(
    user: str,
    number: str,
    /,
    *,
    use: Annotated[Literal["sms", "voice"], Parameter(name="--for")],
    label: str = "",
    two_way: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    with_pin: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Add a phone. A second one for the same use is the backup. The user's carrier may charge for each call.

    For example:

      vestibule phone add alice "+49 30 1234567" --for sms
      vestibule phone add alice "+49 30 1234567 x,,12" --for voice --with-pin

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    number
        With plus sign and country code; for calls an extension behind an x.
    use
        sms for texts, voice for calls.
    label
        What the user calls it.
    two_way
        Texts are answered by replying.
    with_pin
        The PIN is asked for as well; the user must have one.
    """

    async def work(desk: Desk) -> None:
        from vestibule.services.phones import NewPhone

        subject = await finding.user(desk, user)
        wanted = NewPhone(method=use, typed=number, label=label, two_way=two_way, with_pin=with_pin)
        added = await desk.services.phones.add(desk.actor, desk.tenant_id, subject.user.user_id, wanted)
        if as_json:
            desk.terminal.json(authenticator_record(added))
            return
        desk.terminal.say("phone.added", phone=added.phone, name=subject.user.username)

    return at_desk(scope, work)


@app.command(name="list")
def list_phones(user: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """List the phones of a user, the one that is asked first of each kind before its backups.

    For example:

      vestibule phone list alice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        show_rows(
            desk.terminal,
            _phones(subject),
            as_json=as_json,
            record=authenticator_record,
            header=("method", "phone", "status", "used", "id"),
            row=lambda one: (
                desk.terminal.method(one.method),
                one.phone,
                desk.terminal.words(f"status.{one.status.value}"),
                moment(one.used_at),
                one.authenticator_id[:_SHORT],
            ),
            empty="list.no_phones",
        )

    return at_desk(scope, work)


@app.command
def remove(user: str, phone: str, /, *, yes: Yes = False, scope: Scope = HERE) -> int:
    """Take a phone from a user.

    For example:

      vestibule phone remove alice "+49 30 1234567" --yes

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    phone
        Its number, its name, or the beginning of its identifier.
    """

    async def work(desk: Desk) -> None:
        subject = await finding.user(desk, user)
        one = _phone(desk, subject, phone)
        told = {"label": one.label or one.phone, "name": subject.user.username}
        desk.terminal.confirm(yes, "ask.remove_phone", **told)
        await desk.services.enrollments.remove(
            desk.actor, desk.tenant_id, subject.user.user_id, one.authenticator_id
        )
        desk.terminal.say("phone.removed", **told)

    return at_desk(scope, work)


@app.command
def default(
    user: str, method: Annotated[str, Parameter(show_default=False)] = "", /, *, scope: Scope = HERE
) -> int:
    """Choose by which method a user is asked first: sms, voice, totp, or nothing for no preference.

    For example:

      vestibule phone default alice voice

    Parameters
    ----------
    user
        A name of the user, in any spelling.
    method
        One of the methods that the user holds.
    """

    async def work(desk: Desk) -> None:
        person = (await finding.user(desk, user)).user
        await desk.services.users.set_default_method(desk.actor, desk.tenant_id, person.user_id, method)
        key = "phone.default" if method else "phone.no_default"
        values = {"method": desk.terminal.method(method)} if method else {}
        desk.terminal.say(key, name=person.username, **values)

    return at_desk(scope, work)


def _phones(subject: Subject) -> tuple[Authenticator, ...]:
    return tuple(one for one in finding.held(subject) if one.phone)


def _phone(desk: Desk, subject: Subject, wanted: str) -> Authenticator:
    digits = "".join(each for each in wanted if each.isdigit())
    by_number = [one for one in _phones(subject) if digits and one.parameters.get("number") == f"+{digits}"]
    if len(by_number) == 1:
        return by_number[0]
    found = finding.authenticator(desk, subject, wanted)
    if not found.phone:
        listing = desk.command(f"phone list {shlex.quote(subject.user.username)}")
        raise NotDone("cli.unknown.authenticator", name=wanted, command=listing)
    return found
