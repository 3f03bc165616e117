"""What stands for a second factor at an application, and what is done behind its door."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.console.desk import CHANGED_MEANWHILE, Desk, desk, refused_words
from vestibule.frontends.http.fields import LONG, Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.interfaces.store import Conflict
from vestibule.model.actor import Right
from vestibule.model.application import CONSOLE_APPLICATION, Application, Caching, Purpose
from vestibule.services.refusal import Refused
from vestibule.services.skipping_settings import MOST_DAYS, MOST_SECONDS

_BOUNDS: Final = {"remember_days": MOST_DAYS, "caching_seconds": MOST_SECONDS}
_TYPED: Final = ("purpose", "trusted_addresses", "remember_days", "caching", "caching_seconds")


@get("/tenants/{tenant:str}/applications/{application:str}/skipping", opt=needs(Right.READ_CONFIGURATION))
async def show_skipping(request: AnyRequest, tenant: InPath, application: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return _page(at, _application(at, application), Form())


@post("/tenants/{tenant:str}/applications/{application:str}/skipping", opt=needs(Right.APPLICATIONS))
async def change_skipping(request: AnyRequest, tenant: InPath, application: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    current = _application(at, application)
    fields = await read_fields(request)
    if fields.whole("version") != current.version:
        return _page(at, current, Form(problem=CHANGED_MEANWHILE), status=409)
    errors = {
        name: Words("form.not_a_number", {"least": 0, "most": most})
        for name, most in _BOUNDS.items()
        if (number := fields.whole(name)) is None or number > most
    }
    if errors:
        return _page(at, current, Form(_typed(fields), errors), fields)
    try:
        await at.services.applications.change_application(at.actor, _changed(current, fields))
    except Refused as refused:
        field = refused.key.partition(": ")[0]
        words = refused_words(refused)
        beside = {field: words} if field in _TYPED else {}
        return _page(at, current, Form(_typed(fields), beside, None if beside else words), fields)
    except Conflict:
        return _page(at, _application(at, application), Form(problem=CHANGED_MEANWHILE), status=409)
    return at.done(at.path("applications", application), "form.saved")


def addresses(fields: Fields, name: str) -> tuple[str, ...]:
    """Return what stands on each line."""
    lines = (line.strip() for line in fields.text(name, LONG).splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def _changed(current: Application, fields: Fields) -> Application:
    purpose, caching = fields.text("purpose"), fields.text("caching")
    return msgspec.structs.replace(
        current,
        purpose=Purpose(purpose) if purpose in set(Purpose) else current.purpose,
        trusted_addresses=addresses(fields, "trusted_addresses"),
        skips_trusted=fields.is_ticked("skips_trusted"),
        remember_days=fields.whole("remember_days"),
        caching=Caching(caching) if caching in set(Caching) else current.caching,
        caching_seconds=fields.whole("caching_seconds"),
    )


def _page(
    at: Desk, application: Application, form: Form, fields: Fields | None = None, status: int = 422
) -> Response[Any]:
    return at.page(
        "console/skipping.html",
        status=status if form.errors or form.problem else 200,
        application=application,
        form=form,
        skips_trusted=fields.is_ticked("skips_trusted") if fields else application.skips_trusted,
    )


def _typed(fields: Fields) -> dict[str, str]:
    return {name: fields.text(name, LONG) for name in _TYPED}


def _application(at: Desk, application_id: str) -> Application:
    found = at.snapshot.applications.get((at.tenant_id, application_id))
    if found is None or application_id == CONSOLE_APPLICATION:
        raise NotFoundException
    return found


ROUTES: Final = [show_skipping, change_skipping]
