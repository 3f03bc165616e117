"""E-mail: who is told of what, and in which words."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.catalog import LANGUAGES, has
from vestibule.frontends.http.console.desk import CHANGED_MEANWHILE, Desk, desk, refused_words
from vestibule.frontends.http.downloads import download
from vestibule.frontends.http.fields import LONG, Fields, InPath, read_fields
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.interfaces.store import Conflict
from vestibule.model.actor import Right
from vestibule.model.mail_attachment import MOST_BYTES
from vestibule.model.mail_settings import MailSettings
from vestibule.model.mail_template import (
    BY_METHOD,
    LONGEST_SUBJECT,
    LONGEST_TEXT,
    TEMPLATES,
    MailTemplate,
)
from vestibule.model.notice import ALERTS, TOLD, Told
from vestibule.services.mail_settings import MOST_ALERTS, template_key
from vestibule.services.refusal import Refused

_TICKS: Final = ("notices", "welcomes")
_NOBODY: Final = "-"
"""Typed for a kind of which nobody is told, though it is an alert."""
_LONGEST_TYPED: Final = 2 * LONGEST_TEXT
"""A line takes one character more in a form than it has."""


@get("/tenants/{tenant:str}/mail", opt=needs(Right.READ_CONFIGURATION))
async def show_mail(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant))


@post("/tenants/{tenant:str}/mail", opt=needs(Right.SETTINGS))
async def change_mail(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    if fields.whole("version") != at.tenant.version:
        return _page(at, Form(problem=CHANGED_MEANWHILE), status=409)
    alerts_per_hour = fields.whole("alerts_per_hour")
    if alerts_per_hour is None or not 1 <= alerts_per_hour <= MOST_ALERTS:
        out_of_bounds = Words("form.not_a_number", {"least": 1, "most": MOST_ALERTS})
        return _page(at, Form(_typed(fields), {"alerts_per_hour": out_of_bounds}))
    wanted = msgspec.structs.replace(
        at.tenant.settings.mail,
        alerts=_alerts(fields),
        alerts_per_hour=alerts_per_hour,
        **{name: fields.is_ticked(name) for name in _TICKS},
    )
    try:
        await _put(at, wanted)
    except Refused as refused:
        return _page(at, Form(_typed(fields), problem=refused_words(refused)))
    except Conflict:
        return _page(await desk(request, tenant), Form(problem=CHANGED_MEANWHILE), status=409)
    return at.done(at.path("mail"), "form.saved")


@get("/tenants/{tenant:str}/mail/templates/{name:str}", opt=needs(Right.READ_CONFIGURATION))
async def show_template(request: AnyRequest, tenant: InPath, name: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    _known(name)
    return await _template_page(at, name, at.services.mails.template(at.tenant, name))


@post("/tenants/{tenant:str}/mail/templates/{name:str}", opt=needs(Right.SETTINGS))
async def change_template(request: AnyRequest, tenant: InPath, name: InPath) -> Response[Any]:
    """Save the words, take the built-in ones again, or show how a mail with them would read."""
    at = await desk(request, tenant)
    _known(name)
    fields = await read_fields(request)
    text = "\n".join(fields.text("text", _LONGEST_TYPED).splitlines())
    typed = MailTemplate(fields.text("subject", LONG), text, fields.text("sender", 254))
    templates = dict(at.tenant.settings.mail.templates)
    act = fields.text("act")
    try:
        if act == "preview":
            preview = at.services.mails.sample(at.tenant, name, typed)
            return await _template_page(at, name, typed, preview=preview)
        if act == "built_in":
            templates.pop(name, None)
        else:
            templates[name] = typed
        await _put(at, msgspec.structs.replace(at.tenant.settings.mail, templates=templates))
    except Refused as refused:
        return await _template_page(at, name, typed, problem=refused_words(refused))
    return at.done(at.path("mail"), "form.saved")


@get("/tenants/{tenant:str}/mail/templates/{name:str}/attachment", opt=needs(Right.READ_CONFIGURATION))
async def read_attachment(request: AnyRequest, tenant: InPath, name: InPath) -> Response[bytes]:
    at = await desk(request, tenant)
    return download(await at.services.mail_attachments.read(at.actor, tenant, name))


@post(
    "/tenants/{tenant:str}/mail/templates/{name:str}/attachment",
    request_max_body_size=MOST_BYTES + MIB,
    opt=needs(Right.SETTINGS),
)
async def add_attachment(request: AnyRequest, tenant: InPath, name: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    _known(name)
    file = (await read_fields(request)).files.get("file")
    content = await file.read(MOST_BYTES + 1) if file is not None else b""
    words = at.services.mails.template(at.tenant, name)
    if file is None or not content:
        return await _template_page(at, name, words, file_problem=Words("form.no_file"))
    try:
        await at.services.mail_attachments.add(at.actor, tenant, name, file.filename, content)
    except Refused as refused:
        return await _template_page(at, name, words, file_problem=refused_words(refused))
    return at.done(at.path("mail", "templates", name), "form.saved")


@post("/tenants/{tenant:str}/mail/templates/{name:str}/attachment/remove", opt=needs(Right.SETTINGS))
async def remove_attachment(request: AnyRequest, tenant: InPath, name: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.mail_attachments.remove(at.actor, tenant, name)
    return at.done(at.path("mail", "templates", name), "console.mail.detached")


def _known(name: str) -> None:
    if not template_key(name):
        raise NotFoundException


async def _put(at: Desk, mail: MailSettings) -> None:
    wanted = msgspec.structs.replace(at.tenant.settings, mail=mail)
    await at.services.applications.change_settings(at.actor, at.tenant_id, wanted)


def _page(at: Desk, form: Form | None = None, status: int = 422) -> Response[Any]:
    mail = at.tenant.settings.mail
    return at.page(
        "console/mail.html",
        status=status if form else 200,
        mail=mail,
        version=at.tenant.version,
        form=form or Form(_shown(mail)),
        kinds=tuple((kind, Told.ALERT in told) for kind, told in TOLD.items()),
        templates=tuple(f"{key}.{language}" for key in TEMPLATES for language in LANGUAGES),
        own=frozenset(mail.templates),
        can_send=at.services.mails.can_send(at.tenant_id),
    )


async def _template_page(
    at: Desk,
    name: str,
    shown: MailTemplate,
    *,
    preview: MailTemplate | None = None,
    problem: Words | None = None,
    file_problem: Words | None = None,
) -> Response[Any]:
    attachments = await at.services.mail_attachments.list(at.actor, at.tenant_id)
    key, language = template_key(name), name.rpartition(".")[2]
    methods = sorted(at.services.enrollments.methods) if key in BY_METHOD else []
    return at.page(
        "console/mail_template.html",
        status=422 if problem or file_problem else 200,
        name=name,
        key=key,
        placeholders=tuple(sorted(TEMPLATES[key])),
        variants=tuple(f"{key}.{each}.{language}" for each in methods if has(f"method.{each}.welcome")),
        is_own=name in at.tenant.settings.mail.templates,
        longest_subject=LONGEST_SUBJECT,
        longest_text=LONGEST_TEXT,
        preview=preview,
        form=Form({"subject": shown.subject, "text": shown.text, "sender": shown.sender}, problem=problem),
        attachment=next((each for each in attachments if each.template == name), None),
        file_problem=file_problem,
    )


def _alerts(fields: Fields) -> dict[str, tuple[str, ...]]:
    """Return who is told, by kind; a kind without an entry is told as `ALERTS` says."""
    typed = {kind: fields.text(kind, LONG) for kind in (ALERTS, *TOLD)}
    return {
        kind: () if words == _NOBODY else tuple(dict.fromkeys(words.replace(",", " ").split()))
        for kind, words in typed.items()
        if words
    }


def _shown(mail: MailSettings) -> dict[str, str]:
    addresses = {kind: ", ".join(addresses) or _NOBODY for kind, addresses in mail.alerts.items()}
    return {**addresses, "alerts_per_hour": str(mail.alerts_per_hour)}


def _typed(fields: Fields) -> dict[str, str]:
    return {name: fields.text(name, LONG) for name in (ALERTS, *TOLD, "alerts_per_hour")}


ROUTES: Final = [
    show_mail,
    change_mail,
    show_template,
    change_template,
    read_attachment,
    add_attachment,
    remove_attachment,
]
