"""Directories: where passwords are checked, and a look-up to see that the settings are right."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule import catalog
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.frontends.http.console.desk import CHANGED_MEANWHILE, Desk, desk, refused_form
from vestibule.frontends.http.fields import YES, Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Setting, Words
from vestibule.interfaces.directory import DirectoryEntry
from vestibule.interfaces.store import Conflict
from vestibule.model.actor import Right
from vestibule.model.application import DirectoryConfiguration
from vestibule.services.directories import DirectorySilent
from vestibule.services.refusal import Refusal, Refused

# What the form asks for, by the kind of directory. The plug-in itself judges the values; what is left empty
# is left to its defaults.
FORMS: Final[dict[str, tuple[Setting, ...]]] = {
    "ldap": (
        Setting("urls", "list", required=True),
        Setting("base_dn", "text", required=True),
        Setting("bind_dn", "text"),
        Setting("start_tls", "yes_no", default=YES),
        Setting("ca_file", "text"),
        Setting("name_attributes", "list", default="uid mail"),
        Setting("object_class", "text", default="person"),
        Setting("reference_attribute", "text", default="entryUUID"),
        Setting("username_attribute", "text", default="uid"),
        Setting("given_name_attribute", "text", default="givenName"),
        Setting("family_name_attribute", "text", default="sn"),
        Setting("email_attribute", "text", default="mail"),
        Setting("phone_attribute", "text", default="mobile"),
        Setting("timeout_seconds", "number", default="5"),
        Setting("password_change", "text"),
    ),
    "radius": (
        Setting("servers", "list", required=True),
        Setting("transport", "text"),
        Setting("ca_file", "text"),
        Setting("certificate_file", "text"),
        Setting("key_file", "text"),
        Setting("nas_identifier", "text", default="vestibule"),
        Setting("require_message_authenticator", "yes_no", default=YES),
        Setting("timeout_seconds", "number", default="5"),
        Setting("tries", "number", default="3"),
        Setting("accounting_port", "number", default="0"),
    ),
}
_SECRETS: Final = {"bind_password", "shared_secret"}
"""What the plug-ins call the one secret that the form asks for."""
_KEPT: Final = Secret("the stored password stays")
"""Stands for a stored password while settings are judged."""


@get("/tenants/{tenant:str}/directories", opt=needs(Right.READ_CONFIGURATION))
async def directories(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    found = at.services.applications.directories(at.actor, tenant)
    return at.page("console/directories.html", directories=found, kinds=_kinds(at))


@get("/tenants/{tenant:str}/directories/new/{kind:str}", opt=needs(Right.DIRECTORIES))
async def new_directory(request: AnyRequest, tenant: InPath, kind: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    if kind not in _kinds(at):
        raise NotFoundException
    return _edit_page(at, kind, None, Form(_defaults(kind)))


@get("/tenants/{tenant:str}/directories/{directory:str}", opt=needs(Right.READ_CONFIGURATION))
async def show_directory(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return _stored_page(at, _directory(at, directory))


@post("/tenants/{tenant:str}/directories/new/{kind:str}", opt=needs(Right.DIRECTORIES))
async def add_directory(request: AnyRequest, tenant: InPath, kind: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    if kind not in _kinds(at):
        raise NotFoundException
    fields = await read_fields(request)
    directory = DirectoryConfiguration(
        tenant_id=tenant,
        directory_id=new_id(),
        kind=kind,
        name=fields.text("name", 100),
        settings=_settings(kind, fields),
        created_at=at.services.clock.now(),
    )
    return await _put(at, directory, fields, is_new=True)


@post("/tenants/{tenant:str}/directories/{directory:str}", opt=needs(Right.DIRECTORIES))
async def change_directory(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    current = _directory(at, directory)
    fields = await read_fields(request)
    if fields.whole("version") != current.version:
        return _stored_page(at, current, CHANGED_MEANWHILE)
    changed = msgspec.structs.replace(
        current,
        name=fields.text("name", 100),
        settings={**current.settings, **_settings(current.kind, fields)},
    )
    return await _put(at, changed, fields, is_new=False)


@post("/tenants/{tenant:str}/directories/{directory:str}/try", opt=needs(Right.DIRECTORIES))
async def try_directory(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    """Look one person up with the stored settings, and say what came of it."""
    at = await desk(request, tenant)
    stored = _directory(at, directory)
    name = (await read_fields(request)).text("name")
    try:
        found = await at.services.directories.find(at.actor, tenant, directory, name)
    except DirectorySilent as silent:
        key = f"{stored.kind}.trouble.{silent.trouble}"
        words = Words(key if catalog.has(key) else "console.directory.silent")
        return _stored_page(at, stored, tried=name, problem_of_try=words)
    except ValueError:
        return _stored_page(at, stored, tried=name, problem_of_try=Words("console.directory.unusable"))
    only_answers = f"{stored.kind}.only_answers"
    nobody = Words("console.directory.nobody", {"name": name})
    missing = Words(only_answers) if catalog.has(only_answers) else nobody
    return _stored_page(at, stored, tried=name, found=found, problem_of_try=None if found else missing)


# --- parts ----------------------------------------------------------------------------------------------


async def _put(at: Desk, directory: DirectoryConfiguration, fields: Fields, *, is_new: bool) -> Response[Any]:
    """Let the plug-in judge the settings, then write them; an empty password leaves the stored one."""
    password = fields.secret("password")
    stored = None if is_new else directory
    form = Form(_typed(directory.kind, fields))
    if not directory.name:
        return _edit_page(at, directory.kind, stored, _with_error(form, "name", Words("form.required")))
    judged = password or (_KEPT if directory.secret else Secret(""))
    wrong = await at.services.directories.problem(directory.kind, directory.settings, judged)
    if wrong:
        field, _, why = wrong.partition(":")
        words = Words("console.directory.wrong", {"why": why.strip() or wrong})
        known = {setting.name for setting in FORMS[directory.kind]}
        where = "password" if field in _SECRETS else field if field in known else ""
        wrong_form = _with_error(form, where, words) if where else Form(form.values, problem=words)
        return _edit_page(at, directory.kind, stored, wrong_form)
    try:
        put = await at.services.applications.put_directory(at.actor, directory, password or None)
    except Refused as refused:
        beside = {Refusal.NAME_TAKEN: "name"}
        return _edit_page(at, directory.kind, stored, refused_form(refused, dict(form.values), beside))
    except Conflict:
        return _stored_page(at, _directory(at, directory.directory_id), CHANGED_MEANWHILE)
    return at.done(at.path("directories", put.directory_id), "form.saved")


def _with_error(form: Form, field: str, words: Words) -> Form:
    return Form(form.values, {field: words})


def _stored_page(
    at: Desk,
    directory: DirectoryConfiguration,
    problem: Words | None = None,
    *,
    tried: str = "",
    found: DirectoryEntry | None = None,
    problem_of_try: Words | None = None,
) -> Response[Any]:
    form = Form(_shown(directory), problem=problem)
    return _edit_page(
        at,
        directory.kind,
        directory,
        form,
        status=409 if problem else 200,
        tried=tried,
        found=found,
        problem_of_try=problem_of_try,
    )


def _edit_page(
    at: Desk,
    kind: str,
    directory: DirectoryConfiguration | None,
    form: Form,
    *,
    status: int | None = None,
    tried: str = "",
    found: DirectoryEntry | None = None,
    problem_of_try: Words | None = None,
) -> Response[Any]:
    return at.page(
        "console/directory_edit.html",
        status=status or (422 if form.errors or form.problem else 200),
        directory=directory,
        kind=kind,
        settings=FORMS.get(kind, ()),
        form=form,
        tried=tried,
        found=found,
        problem_of_try=problem_of_try,
    )


def _kinds(at: Desk) -> tuple[str, ...]:
    return tuple(kind for kind in at.services.directories.kinds if kind in FORMS)


def _directory(at: Desk, directory_id: str) -> DirectoryConfiguration:
    found = at.snapshot.directories.get((at.tenant_id, directory_id))
    if found is None:
        raise NotFoundException
    return found


def _settings(kind: str, fields: Fields) -> dict[str, Any]:
    """Return what the form says, typed as the plug-in expects it; text that is no number stays text."""
    return {setting.name: _value(setting, fields) for setting in FORMS[kind]}


def _value(setting: Setting, fields: Fields) -> Any:
    if setting.form == "yes_no":
        return fields.is_ticked(setting.name)
    typed = fields.text(setting.name, 1000)
    if setting.form == "list":
        return typed.replace(",", " ").split()
    if setting.form == "number":
        try:
            number = float(typed or setting.default)
        except ValueError:
            return typed
        return int(number) if number.is_integer() else number
    return typed


def _typed(kind: str, fields: Fields) -> dict[str, str]:
    names = ("name", *(setting.name for setting in FORMS[kind]))
    return {name: fields.text(name, 1000) for name in names}


def _defaults(kind: str) -> dict[str, str]:
    return {setting.name: setting.default for setting in FORMS[kind]}


def _shown(directory: DirectoryConfiguration) -> dict[str, str]:
    """Return the stored settings as the form shows them."""
    shown = {"name": directory.name}
    for setting in FORMS.get(directory.kind, ()):
        value = directory.settings.get(setting.name, setting.default)
        if setting.form == "yes_no":
            shown[setting.name] = YES if value in (True, YES) else ""
        elif isinstance(value, (list, tuple)):
            shown[setting.name] = " ".join(value)
        else:
            shown[setting.name] = f"{value:g}" if isinstance(value, float) else str(value)
    return shown


ROUTES: Final = [
    directories,
    new_directory,
    show_directory,
    add_directory,
    change_directory,
    try_directory,
]
