"""Users from a CSV file: tried, then added, all or nobody."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.actor import Right
from vestibule.services.name_list import MOST_FILE_BYTES, decoded_list
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.user_file import COLUMNS, MOST_ROWS
from vestibule.services.user_import import UserImportReport

_PATH: Final = "/tenants/{tenant:str}/users/import"
_BESIDE: Final = {Refusal.LIST_TOO_LONG: "file", Refusal.NOT_TEXT: "file"}
_SHOWN: Final = 100


@get(_PATH, opt=needs(Right.CHANGE_PEOPLE))
async def show_import(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant))


@post(_PATH, request_max_body_size=MOST_FILE_BYTES + MIB, opt=needs(Right.CHANGE_PEOPLE))
async def import_users(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    file = fields.files.get("file")
    is_dry_run = fields.raw("act") == "try"
    try:
        text = decoded_list(await file.read(MOST_FILE_BYTES + 1)) if file is not None else ""
        if not text.strip():
            return _page(at, Form(errors={"file": Words("form.required")}))
        report = await at.services.user_imports.run(at.actor, tenant, text, is_dry_run=is_dry_run)
    except Refused as refused:
        return _page(at, refused_form(refused, {}, _BESIDE))
    if report.problems or is_dry_run:
        return _page(at, report=report)
    return at.done(at.path("users"), "user_file.page.added", count=str(len(report.added)))


def _page(at: Desk, form: Form | None = None, report: UserImportReport | None = None) -> Response[Any]:
    return at.page(
        "console/user_import.html",
        status=422 if form or (report and report.problems) else 200,
        form=form or Form(),
        report=report,
        columns=COLUMNS,
        shown=_SHOWN,
        most_rows=MOST_ROWS,
    )


ROUTES: Final = [show_import, import_users]
