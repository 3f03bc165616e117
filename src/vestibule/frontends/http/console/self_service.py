"""What people of a tenant may do for themselves at the portal, and whom they are told to ask."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post

from vestibule import catalog
from vestibule.frontends.http.console.desk import CHANGED_MEANWHILE, Desk, desk, refused_words
from vestibule.frontends.http.fields import LONG, Fields, InPath, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice, Form
from vestibule.interfaces.store import Conflict
from vestibule.model.actor import Right
from vestibule.model.self_service import PasswordReset
from vestibule.model.tenant import TenantSettings
from vestibule.services.refusal import Refused


@get("/tenants/{tenant:str}/settings/self-service", opt=needs(Right.READ_CONFIGURATION))
async def show_self_service(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant))


@post("/tenants/{tenant:str}/settings/self-service", opt=needs(Right.SETTINGS))
async def change_self_service(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    if fields.whole("version") != at.tenant.version:
        return _page(at, Form(problem=CHANGED_MEANWHILE), status=409)
    wanted = _wanted(at.tenant.settings, fields)
    try:
        await at.services.applications.change_settings(at.actor, tenant, wanted)
    except Refused as refused:
        return _page(at, Form(problem=refused_words(refused)), wanted)
    except Conflict:
        return _page(await desk(request, tenant), Form(problem=CHANGED_MEANWHILE), status=409)
    return at.done(at.path("settings", "self-service"), "form.saved")


def _wanted(settings: TenantSettings, fields: Fields) -> TenantSettings:
    reset = fields.text("password_reset")
    return msgspec.structs.replace(
        settings,
        password_reset=PasswordReset(reset) if reset in set(PasswordReset) else settings.password_reset,
        password_reset_groups=fields.many("password_reset_groups"),
        password_reset_by_phone=fields.is_ticked("password_reset_by_phone"),
        security_questions=_questions(fields),
        security_questions_kept=fields.whole("security_questions_kept") or 0,
        security_questions_right=fields.whole("security_questions_right") or 0,
        help_contact=_lines(fields, "help_contact"),
        disowning_blocks=fields.is_ticked("disowning_blocks"),
    )


def _questions(fields: Fields) -> dict[str, tuple[str, ...]]:
    """Return the questions by language, one of each line, in their order."""
    typed = {each: fields.text(f"questions_{each}", 4 * LONG).splitlines() for each in catalog.LANGUAGES}
    told = {each: tuple(line.strip() for line in lines if line.strip()) for each, lines in typed.items()}
    return {language: questions for language, questions in told.items() if questions}


def _lines(fields: Fields, name: str) -> str:
    """Return what was typed in several lines, with the ends of lines that we keep."""
    return "\n".join(fields.text(name, LONG).splitlines())


def _page(
    at: Desk, form: Form | None = None, typed: TenantSettings | None = None, status: int = 422
) -> Response[Any]:
    return at.page(
        "console/self_service.html",
        status=status if form else 200,
        settings=typed or at.tenant.settings,
        version=at.tenant.version,
        form=form or Form(),
        groups=tuple(
            Choice(group.group_id, group.name)
            for group in sorted(at.snapshot.groups.values(), key=lambda group: group.name.casefold())
            if group.tenant_id == at.tenant_id
        ),
    )


ROUTES: Final = [show_self_service, change_self_service]
