"""Reports: read page by page, taken away as files, or prepared in the background."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from litestar import Response, get, post
from litestar.response import Stream

from vestibule.frontends.http.console.days import days_of
from vestibule.frontends.http.console.desk import (
    Desk,
    desk,
    listed,
    refused_notice,
    wanted_page,
    with_query,
)
from vestibule.frontends.http.fields import LONG, InPath, asked, read_fields
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.model.actor import Right
from vestibule.model.report import ReportFilter, ReportPage
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.reporting import ReportView

_TYPED: Final = ("since", "until", "users", "phones", "state")


@get("/tenants/{tenant:str}/reports", opt=needs(Right.READ_HISTORY))
async def reports(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return at.page(
        "console/reports.html",
        reports=at.services.reporting.all(at.actor, tenant),
        runs=await at.services.report_runs.all(at.actor, tenant),
    )


@get("/tenants/{tenant:str}/reports/{report:str}", opt=needs(Right.READ_HISTORY))
async def show_report(request: AnyRequest, tenant: InPath, report: InPath) -> Response[Any]:
    return await _page(await desk(request, tenant), report)


@get("/tenants/{tenant:str}/reports/{report:str}/csv", opt=needs(Right.READ_HISTORY))
async def report_csv(request: AnyRequest, tenant: InPath, report: InPath) -> Response[Any] | Stream:
    at = await desk(request, tenant)
    try:
        content = await at.services.reporting.file(at.actor, tenant, report, _asked(request))
    except Refused as refused:
        return await _page(at, report, refused)
    return Stream(content, media_type="text/csv", headers=_named(report, at.services.clock.now()))


@post("/tenants/{tenant:str}/reports/{report:str}/queue", opt=needs(Right.READ_HISTORY))
async def queue_report(request: AnyRequest, tenant: InPath, report: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = {name: fields.text(name, LONG) for name in _TYPED}
    try:
        await at.services.report_runs.ask(at.actor, tenant, report, _filter(typed), language_of(request))
    except Refused as refused:
        return await _page(at, report, refused)
    return at.done(at.path("reports"), "report.queued")


@get("/tenants/{tenant:str}/report-files/{run:str}", opt=needs(Right.READ_HISTORY))
async def fetch_report(request: AnyRequest, tenant: InPath, run: InPath) -> Stream:
    at = await desk(request, tenant)
    found, content = await at.services.report_runs.fetch(at.actor, tenant, run)
    return Stream(content, media_type="text/csv", headers=_named(found.report, found.asked_at))


@post("/tenants/{tenant:str}/report-files/{run:str}/remove", opt=needs(Right.READ_HISTORY))
async def remove_report(request: AnyRequest, tenant: InPath, run: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.report_runs.remove(at.actor, tenant, run)
    return at.done(at.path("reports"), "report.file.removed")


async def _page(at: Desk, report: str, refused: Refused | None = None) -> Response[Any]:
    descriptor = at.services.reporting.describe(at.actor, at.tenant_id, report)
    typed = {name: asked(at.request, name, LONG) for name in _TYPED}
    page = wanted_page(at.request)
    view = ReportView(descriptor=descriptor, page=ReportPage(()))
    if refused is None:
        try:
            view = await listed(
                at.services.reporting.view(at.actor, at.tenant_id, report, _filter(typed), page)
            )
        except Refused as wrong:
            if wrong.why is Refusal.NOT_FOUND:
                raise
            refused = wrong
    kept = {name: value for name, value in typed.items() if value}
    return at.page(
        "console/report.html",
        status=422 if refused else 200,
        notices=refused_notice(refused) if refused else (),
        view=view,
        asks=tuple(each.value for each in descriptor.asks),
        typed=typed,
        kept=kept,
        file_path=with_query(at.path("reports", report, "csv"), **kept),
        cursor=page.cursor,
    )


def _asked(request: AnyRequest) -> ReportFilter:
    return _filter({name: asked(request, name, LONG) for name in _TYPED})


def _filter(typed: dict[str, str]) -> ReportFilter:
    days = days_of(typed["since"], typed["until"])
    return ReportFilter(
        since=days.since,
        until=days.until,
        users=_names(typed["users"]),
        phones=_names(typed["phones"]),
        state=typed["state"],
    )


def _names(typed: str) -> tuple[str, ...]:
    return tuple(name for each in typed.split(",") if (name := each.strip()))


def _named(report: str, at: int) -> dict[str, str]:
    day = datetime.fromtimestamp(at / 1000, UTC).date()
    return {"content-disposition": f'attachment; filename="{report}-{day:%Y-%m-%d}.csv"'}


ROUTES: Final = [reports, show_report, report_csv, queue_report, fetch_report, remove_report]
