"""Synchronisation of a directory: whom it takes over, a trial, runs, consent to what a run has withheld."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from msgspec.structs import replace

from vestibule import catalog
from vestibule.frontends.http.console.desk import Desk, desk, refused_notice, refused_words
from vestibule.frontends.http.fields import YES, Fields, InPath, read_fields, whole_number
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Notice, Words
from vestibule.model.actor import Right
from vestibule.model.application import DirectoryConfiguration
from vestibule.model.directory_difference import Difference
from vestibule.model.synchronisation import (
    ACTIVE_DIRECTORY,
    LONGEST_TEXT,
    OPENLDAP,
    SEVERAL,
    AttributeMap,
    Leavers,
    Part,
    SyncItem,
    SyncRun,
    SyncSettings,
)
from vestibule.model.user import Requirement
from vestibule.services.refusal import Refusal, Refused

_PATH: Final = "/tenants/{tenant:str}/directories/{directory:str}/synchronisation"
_NUMBERS: Final = ("interval_minutes", "full_minutes", "approval_above", "page_size")
_TEXTS: Final = ("person_filter", "domain")
_TICKS: Final = ("is_enabled", "bare_names")
_LISTS: Final = SEVERAL
_SHOWN: Final = 200


@get(_PATH, opt=needs(Right.READ_CONFIGURATION))
async def show(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    return await _page(await desk(request, tenant), directory)


@post(_PATH, opt=needs(Right.DIRECTORIES))
async def change(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    current = await _settings(at, directory)
    form = Form(_typed(fields))
    changed = replace(
        current,
        **{name: fields.whole(name) or 0 for name in _NUMBERS},
        **{name: fields.text(name, LONGEST_TEXT) for name in _TEXTS},
        **{name: fields.is_ticked(name) for name in _TICKS},
        leavers=Leavers.REMOVE if fields.raw("leavers") == Leavers.REMOVE else Leavers.DISABLE,
        attributes=_attributes(fields, _usual(_directory(at, directory))),
    )
    return await _put(at, directory, changed, fields.whole("version"), form)


@post(f"{_PATH}/items", opt=needs(Right.DIRECTORIES))
async def add_item(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    names = ("part", "name", "filter", "requirement", "item_language", "default_method", "phone_method")
    form = Form({name: fields.text(name, LONGEST_TEXT) for name in names})
    if not form.values["name"]:
        return await _page(at, directory, item_form=Form(form.values, {"name": Words("form.required")}))
    try:
        item = SyncItem(
            part=Part(form.values["part"]),
            name=form.values["name"],
            filter=form.values["filter"],
            is_nested=fields.is_ticked("is_nested"),
            requirement=Requirement(form.values["requirement"]),
            language=form.values["item_language"],
            default_method=form.values["default_method"],
            groups=fields.many("groups"),
            phone_method=form.values["phone_method"],
            send_mail=fields.is_ticked("send_mail"),
        )
    except ValueError:
        raise NotFoundException from None
    current = await _settings(at, directory)
    changed = replace(current, items=(*current.items, item))
    return await _put(at, directory, changed, fields.whole("version"), item_form=form)


@post(f"{_PATH}/items/{{number:str}}/{{act:str}}", opt=needs(Right.DIRECTORIES))
async def change_items(
    request: AnyRequest, tenant: InPath, directory: InPath, number: InPath, act: InPath
) -> Response[Any]:
    """Take an item out, or put it in front of the one before it."""
    at = await desk(request, tenant)
    current = await _settings(at, directory)
    items = list(current.items)
    place = whole_number(number)
    if place is None or place >= len(items) or act not in ("remove", "up"):
        raise NotFoundException
    item = items.pop(place)
    if act == "up":
        items.insert(max(0, place - 1), item)
    version = (await read_fields(request)).whole("version")
    return await _put(at, directory, replace(current, items=tuple(items)), version)


@post(f"{_PATH}/try", opt=needs(Right.DIRECTORIES))
async def try_out(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        found, read = await at.services.synchronisations.try_out(at.actor, tenant, directory)
    except OSError as silent:
        words = cause_words(_directory(at, directory).kind, str(silent))
        return await _page(at, directory, notices=(Notice("bad", words),))
    except Refused as refused:
        return await _page(at, directory, notices=refused_notice(refused))
    return await _page(at, directory, found=found, read=read)


@post(f"{_PATH}/run", opt=needs(Right.DIRECTORIES))
async def start(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.synchronisations.start(at.actor, tenant, directory)
    except Refused as refused:
        return await _page(at, directory, notices=refused_notice(refused))
    return at.done(_home(at, directory), "sync.page.started")


@post(f"{_PATH}/approve", opt=needs(Right.DIRECTORIES))
async def approve(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    """Agree, and begin the run that does it."""
    at = await desk(request, tenant)
    services = at.services.synchronisations
    try:
        await services.approve(at.actor, tenant, directory)
        await services.start(at.actor, tenant, directory)
    except Refused as refused:
        return await _page(at, directory, notices=refused_notice(refused))
    return at.done(_home(at, directory), "sync.page.started")


@post(f"{_PATH}/remove", opt=needs(Right.DIRECTORIES))
async def remove(request: AnyRequest, tenant: InPath, directory: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    name = _directory(at, directory).name
    await at.services.synchronisations.remove(at.actor, tenant, directory)
    return at.done(at.path("directories", directory), "sync.say.removed", name=name)


# --- parts ----------------------------------------------------------------------------------------------


def cause_words(kind: str, cause: str) -> Words:
    """Return why a run failed or a directory gave no answer."""
    for key in (f"sync.cause.{cause}", f"{kind}.trouble.{cause}"):
        if catalog.has(key):
            return Words(key)
    return Words("sync.page.cause", {"why": cause})


async def _put(
    at: Desk,
    directory: str,
    settings: SyncSettings,
    version: int | None,
    form: Form | None = None,
    item_form: Form | None = None,
) -> Response[Any]:
    try:
        await at.services.synchronisations.put(at.actor, at.tenant_id, directory, settings, version)
    except Refused as refused:
        wrong = item_form or form or Form()
        name = refused.key.partition(":")[0]
        is_beside = refused.why is Refusal.SETTING_INVALID and name in wrong.values
        errors = {name: refused_words(refused)} if is_beside else {}
        told = Form(wrong.values, errors, None if is_beside else refused_words(refused))
        if item_form is not None:
            return await _page(at, directory, item_form=told)
        return await _page(at, directory, form=told)
    return at.done(_home(at, directory), "form.saved")


async def _page(
    at: Desk,
    directory_id: str,
    *,
    form: Form | None = None,
    item_form: Form | None = None,
    found: Difference | None = None,
    read: int = 0,
    notices: tuple[Notice, ...] = (),
) -> Response[Any]:
    directory = _directory(at, directory_id)
    services = at.services.synchronisations
    status = await services.status(at.actor, at.tenant_id, directory_id)
    settings = status.synchronisation.settings if status else SyncSettings()
    waiting = status.waiting if status else None
    may_see = waiting is not None and at.may(Right.READ_PEOPLE)
    return at.page(
        "console/synchronisation.html",
        status=422 if form or item_form or notices else 200,
        directory=directory,
        sync=status,
        settings=settings,
        version=status.synchronisation.version if status else 0,
        waiting=waiting,
        leavers=await services.leavers(at.actor, at.tenant_id, waiting, _SHOWN)
        if waiting and may_see
        else (),
        causes={run.run_id: cause_words(directory.kind, run.cause) for run in _failed(status)},
        groups=at.services.groups.list(at.actor, at.tenant_id) if at.may(Right.READ_PEOPLE) else (),
        methods=tuple(at.services.enrollments.methods),
        form=form or Form(_shown(settings, _usual(directory))),
        item_form=item_form or Form(),
        found=found,
        read=read,
        shown=_SHOWN,
        notices=notices,
    )


def _failed(status: Any) -> tuple[SyncRun, ...]:
    return tuple(run for run in status.runs if run.cause) if status else ()


async def _settings(at: Desk, directory: str) -> SyncSettings:
    status = await at.services.synchronisations.status(at.actor, at.tenant_id, directory)
    return status.synchronisation.settings if status else SyncSettings()


def _directory(at: Desk, directory_id: str) -> DirectoryConfiguration:
    found = at.snapshot.directories.get((at.tenant_id, directory_id))
    if found is None or found.kind != "ldap":
        raise NotFoundException
    return found


def _home(at: Desk, directory: str) -> str:
    return at.path("directories", directory, "synchronisation")


def _usual(directory: DirectoryConfiguration) -> AttributeMap:
    is_active_directory = str(directory.settings.get("reference_attribute", "")).lower() == "objectguid"
    return ACTIVE_DIRECTORY if is_active_directory else OPENLDAP


def _attributes(fields: Fields, usual: AttributeMap) -> AttributeMap | None:
    """Return what the form says; None for what suits the directory, so that a better default reaches it."""
    said: dict[str, Any] = {}
    for name in AttributeMap.__struct_fields__:
        typed = fields.text(name, LONGEST_TEXT)
        said[name] = tuple(typed.replace(",", " ").split()) if name in _LISTS else typed
    typed_map = AttributeMap(**said)
    return None if typed_map == usual else typed_map


def _typed(fields: Fields) -> dict[str, str]:
    names = (*_NUMBERS, *_TEXTS, "leavers", *AttributeMap.__struct_fields__)
    ticked = {name: YES if fields.is_ticked(name) else "" for name in _TICKS}
    return {name: fields.text(name, LONGEST_TEXT) for name in names} | ticked


def _shown(settings: SyncSettings, usual: AttributeMap) -> dict[str, str]:
    """Return the stored settings as the form shows them."""
    plain = {name: str(getattr(settings, name)) for name in (*_NUMBERS, *_TEXTS, "leavers")}
    ticked = {name: YES if getattr(settings, name) else "" for name in _TICKS}
    mapped = msgspec.structs.asdict(settings.attributes or usual)
    return (
        plain
        | ticked
        | {name: " ".join(value) if isinstance(value, tuple) else value for name, value in mapped.items()}
    )


ROUTES: Final = [show, change, add_item, change_items, try_out, start, approve, remove]
