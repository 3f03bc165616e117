"""Reports, their files, and one of each kind of cell."""

from typing import Final

from msgspec.structs import replace

from preview_samples.sample import DAY, HOSTILE, MINUTE, NOW, Sample
from vestibule.interfaces.report import ReportDescriptor
from vestibule.model.report import Asks, Bar, Chart, Column, Kind, ReportFilter, ReportPage
from vestibule.model.report_run import MOST_ROWS, ReportRun, RunState
from vestibule.services.reporting import ReportView

USAGE: Final = ReportDescriptor(
    name="usage",
    columns=(
        Column("Date", "day", Kind.DAY),
        Column("Method", "method", Kind.METHOD),
        Column("Outcome", "outcome", Kind.STATE),
        Column("Reason", "reason", Kind.REASON),
        Column("Result", "original_result"),
        Column("Authentications", "count", Kind.COUNT),
    ),
    asks=frozenset({Asks.DAYS}),
    is_of_all=True,
)
ATTEMPTS: Final = ReportDescriptor(
    name="attempts",
    columns=(
        Column("Timestamp", "when", Kind.TIME),
        Column("Username", "user"),
        Column("Authenticated", "authenticated", Kind.YES_NO),
        Column("Change", "change", Kind.EVENT),
        Column("Hidden"),
    ),
    asks=frozenset(Asks),
    states=("approved", "denied"),
)
RUN: Final = ReportRun(
    tenant_id="demo",
    run_id="r1",
    report="usage",
    filters=ReportFilter(),
    actor="u1",
    actor_name=HOSTILE,
    actor_tenant_id="demo",
    state=RunState.READY,
    rows=12_345,
    parts=2,
    due_at=NOW,
    asked_at=NOW - MINUTE,
    expires_at=NOW + 3 * DAY,
)
CHART: Final = Chart(
    ("approved", "not_approved"),
    tuple(Bar(f"2026-11-{day:02d}", (day * 37 % 90 + 20, day * 11 % 40)) for day in range(1, 8)),
)


def reports() -> list[Sample]:
    page = "console/report.html"
    typed = dict.fromkeys(("since", "until", "users", "phones", "state"), "")
    usage_rows = (
        ("2026-11-03", "sms", "approved", "text_verified", "SUCCESS_SMS_AUTHENTICATED", 1234),
        ("2026-11-03", "", "denied", "password_wrong", "", 7),
    )
    rows = ((NOW, HOSTILE, True, "user.blocked", HOSTILE), (NOW - DAY, "", False, HOSTILE, ""))
    usage = ReportView(descriptor=USAGE, page=ReportPage(usage_rows, "n"), chart=CHART)
    attempts = ReportView(descriptor=ATTEMPTS, page=ReportPage(rows, "n", NOW - DAY))
    nothing = ReportView(descriptor=ATTEMPTS, page=ReportPage(()))
    shown = {"asks": ("days",), "typed": typed, "kept": {}, "file_path": "/csv", "cursor": ""}
    narrowed = {
        **shown,
        "asks": ("days", "users", "phones", "state"),
        "typed": {**typed, "users": HOSTILE, "state": "denied"},
        "kept": {"users": HOSTILE, "state": "denied"},
    }
    runs = (
        RUN,
        replace(RUN, run_id="r2", state=RunState.WAITING, rows=0),
        replace(RUN, run_id="r3", rows=MOST_ROWS, report=HOSTILE),
        replace(RUN, run_id="r4", state=RunState.FAILED),
    )
    return [
        Sample("reports", "console/reports.html", {"reports": (ATTEMPTS, USAGE), "runs": runs}),
        Sample("reports-no-files", "console/reports.html", {"reports": (USAGE,), "runs": ()}),
        Sample("report-usage", page, {**shown, "view": usage}),
        Sample("report-attempts", page, {**narrowed, "view": attempts, "cursor": "c"}),
        Sample("report-nothing-found", page, {**narrowed, "view": nothing}),
        Sample("report-empty", page, {**shown, "view": nothing}),
    ]
