"""`vestibule mail`: what was sent and what was not, who is told of what, and in which words."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
from cyclopts import App, Parameter

from vestibule.cli.desk import Desk, at_desk
from vestibule.cli.listing import show_pages, show_rows
from vestibule.cli.output import moment
from vestibule.cli.parameters import HERE, Json, Limit, Scope
from vestibule.cli.records import dispatch_record, mail_attachment_record
from vestibule.cli.terminal import NotDone
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.delivery import Carries
from vestibule.model.dispatch import Dispatch, DispatchState
from vestibule.model.mail_settings import MailSettings
from vestibule.model.mail_template import MailTemplate
from vestibule.services.gateway_words import cause_words, dispatch_kind

app = App(
    name="mail",
    help="E-mails and webhooks: what was sent or failed, who is told of what, and in which words.",
    help_format="plaintext",
)


@app.command(name="list")
def list_dispatches(
    *,
    state: DispatchState | None = None,
    address: str | None = None,
    limit: Limit = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """List e-mails and webhooks, newest first. What they say is never shown.

    For example:

      vestibule mail list --state failed
      vestibule mail list --address alice@example.org

    Parameters
    ----------
    state
        Only those that stand so.
    address
        Only those to this e-mail address.
    """

    async def work(desk: Desk) -> None:
        gateways = desk.services.gateway_settings.list(desk.actor, desk.tenant_id)
        names = {one.gateway_id: one.name for one in gateways}
        where = DispatchFilter(state=state.value if state else "", address=address or "")
        await show_pages(
            desk.terminal,
            lambda page: desk.services.outbox.list(desk.actor, desk.tenant_id, where, page),
            limit,
            as_json=as_json,
            record=dispatch_record,
            header=("when", "what", "to", "state", "tries", "cause", "id"),
            row=lambda one: _cells(desk, names, one),
            empty="list.no_dispatches",
        )

    return at_desk(scope, work)


@app.command
def again(dispatch_id: str, /, *, as_json: Json = False, scope: Scope = HERE) -> int:
    """Send what has failed, or waits for its next try, once more and now. The running server sends it.

    For example:

      vestibule mail again 019a3c…

    Parameters
    ----------
    dispatch_id
        Its identifier; see: vestibule mail list
    """

    async def work(desk: Desk) -> None:
        due = await desk.services.outbox.again(desk.actor, desk.tenant_id, dispatch_id)
        if as_json:
            desk.terminal.json(dispatch_record(due))
        else:
            desk.terminal.say("mail.due")

    return at_desk(scope, work)


@app.command
def settings(
    *,
    notices: bool | None = None,
    welcomes: bool | None = None,
    alerts_per_hour: int | None = None,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Show who is told of what by e-mail, or change it: notices, welcomes, how many alerts.

    For example:

      vestibule mail settings
      vestibule mail settings --welcomes --tenant acme
      vestibule mail settings --alerts-per-hour 10

    Parameters
    ----------
    notices
        A user is told of every change of how he signs in.
    welcomes
        A user who is added is told where he sets up his second factor.
    alerts_per_hour
        E-mails of one kind of alert to one address within an hour, 1 to 1000; of more, one tells the number.
    """

    async def work(desk: Desk) -> None:
        given = {"notices": notices, "welcomes": welcomes, "alerts_per_hour": alerts_per_hour}
        chosen = {name: value for name, value in given.items() if value is not None}
        shown = await _put(desk, **chosen) if chosen else desk.tenant.settings.mail
        if as_json:
            desk.terminal.json(shown)
            return
        desk.terminal.facts(
            [
                ("notices", desk.terminal.yes_no(shown.notices)),
                ("welcomes", desk.terminal.yes_no(shown.welcomes)),
                ("alerts_per_hour", str(shown.alerts_per_hour)),
            ]
        )
        for kind, addresses in sorted(shown.alerts.items()):
            desk.terminal.line(f"  {kind} = {', '.join(addresses) or '-'}")

    return at_desk(scope, work)


@app.command
def alert(
    kind: str,
    /,
    *addresses: str,
    forget: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    scope: Scope = HERE,
) -> int:
    """Say who is told of a kind of event; without an address nobody is.

    For example:

      vestibule mail alert "*" security@example.org
      vestibule mail alert user.fraud_reported security@example.org helpdesk@example.org
      vestibule mail alert limit.reached --forget

    Parameters
    ----------
    kind
        A kind of event, such as user.locked, or * for every alert that is not named.
    addresses
        Who is told.
    forget
        The kind is treated as * again.
    """

    async def work(desk: Desk) -> None:
        alerts = dict(desk.tenant.settings.mail.alerts)
        if forget:
            alerts.pop(kind, None)
        else:
            alerts[kind] = addresses
        await _put(desk, alerts=alerts)
        desk.terminal.say("mail.alert", kind=kind)

    return at_desk(scope, work)


@app.command
def template(
    name: str,
    /,
    file: Path | None = None,
    *,
    sender: str | None = None,
    built_in: Annotated[bool, Parameter(name="--built-in", negative="", show_default=False)] = False,
    scope: Scope = HERE,
) -> int:
    """Show the words of a mail, or take them from a file: the subject on its first line, then the text.

    For example:

      vestibule mail template welcome.en
      vestibule mail template welcome.en words.txt
      vestibule mail template welcome.en words.txt --sender helpdesk@example.org
      vestibule mail template welcome.en --built-in

    Parameters
    ----------
    name
        Template and language: welcome.de, changed.en; or for one method, welcome.sms.de.
    file
        A text file in UTF-8.
    sender
        The address that readers see as the sender; empty: that of the gateway.
    built_in
        Take the built-in words again.
    """

    async def work(desk: Desk) -> None:
        templates = dict(desk.tenant.settings.mail.templates)
        shown = desk.services.mails.template(desk.tenant, name)
        if built_in:
            templates.pop(name, None)
        elif file is not None or sender is not None:
            words = shown if file is None else _read(file)
            chosen = shown.sender if sender is None else sender
            templates[name] = msgspec.structs.replace(words, sender=chosen)
        else:
            if shown.sender:
                desk.terminal.facts([("mail_sender", shown.sender)])
            desk.terminal.line(shown.subject)
            desk.terminal.line()
            desk.terminal.line(shown.text)
            return
        await _put(desk, templates=templates)
        desk.terminal.say("mail.template", name=name)

    return at_desk(scope, work)


@app.command
def attach(
    name: str,
    /,
    file: Path | None = None,
    *,
    remove: Annotated[bool, Parameter(negative="", show_default=False)] = False,
    as_json: Json = False,
    scope: Scope = HERE,
) -> int:
    """Let a file go with every mail of a template, or show which one does.

    For example:

      vestibule mail attach welcome.en first-steps.pdf
      vestibule mail attach welcome.en
      vestibule mail attach welcome.en --remove

    Parameters
    ----------
    name
        Template and language: welcome.de, changed.en; or for one method, welcome.sms.de.
    file
        A PDF, a PNG or JPEG picture or a plain text, of at most 2 MB. It takes the place of the one before.
    remove
        No file goes with them any more.
    """

    async def work(desk: Desk) -> None:
        attachments = desk.services.mail_attachments
        if remove:
            await attachments.remove(desk.actor, desk.tenant_id, name)
            desk.terminal.say("mail.detached", name=name)
            return
        if file is not None:
            await attachments.add(desk.actor, desk.tenant_id, name, file.name, _content(file))
        found = await attachments.list(desk.actor, desk.tenant_id)
        show_rows(
            desk.terminal,
            [one for one in found if one.template == name],
            as_json=as_json,
            record=mail_attachment_record,
            header=("template", "file", "type", "bytes"),
            row=lambda one: (one.template, one.file_name, one.content_type, str(one.size)),
            empty="list.no_attachment",
        )

    return at_desk(scope, work)


def _read(file: Path) -> MailTemplate:
    try:
        subject, _, text = _content(file).decode().partition("\n")
    except UnicodeError as problem:
        raise NotDone("cli.mail.file", file=str(file), reason=type(problem).__name__) from None
    return MailTemplate(subject.strip(), text.strip())


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise NotDone("cli.mail.file", file=str(file), reason=problem.strerror or "") from None


async def _put(desk: Desk, **changes: object) -> MailSettings:
    before = desk.tenant.settings
    mail = msgspec.structs.replace(before.mail, **changes)
    wanted = msgspec.structs.replace(before, mail=mail)
    put = await desk.services.applications.change_settings(desk.actor, desk.tenant_id, wanted)
    return put.settings.mail


def _cells(desk: Desk, names: dict[str, str], one: Dispatch) -> tuple[str, ...]:
    language = desk.terminal.language
    return (
        moment(one.created_at),
        dispatch_kind(language, one.kind),
        one.address if one.carries is Carries.MAIL else names.get(one.address, one.address),
        desk.terminal.named("dispatch.state", one.state.value),
        str(one.tries),
        cause_words(language, one.cause),
        one.dispatch_id,
    )
