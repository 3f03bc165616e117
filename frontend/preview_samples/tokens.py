"""Hardware tokens and their import."""

from preview_samples.holdings import FREE, TOKEN, make_authenticator
from preview_samples.people import ALICE, LONG
from preview_samples.sample import HOSTILE, Sample
from vestibule.frontends.http.templates.views import BadRow, Form, ImportReport, TokenRow, Words

REPORT = ImportReport(
    is_dry_run=True,
    file_name="tokens-2026-11.csv",
    file_form="csv_server",
    read=10_000,
    added=9_958,
    updated=12,
    unchanged=28,
    assigned=0,
    bad=120,
    bad_rows=(
        BadRow(17, "GALT1048", Words("refusal.serial_taken", {"key": "GALT1048"})),
        BadRow(4_211, "", Words("form.required")),
        BadRow(9_999, HOSTILE, Words("form.required")),
    ),
)


def console_tokens() -> list[Sample]:
    rows = (TokenRow(TOKEN, ALICE), TokenRow(FREE), TokenRow(make_authenticator(6, serial="X" * 40), LONG))
    page, importing = "console/tokens.html", "console/token_import.html"
    none = {"next_cursor": "", "text": "", "assigned": "", "cursor": ""}
    blank = {
        "form": Form(),
        "file_forms": ("auto", "csv_server", "csv_cloud", "pskc"),
        "secret_encodings": ("unstated", "base32", "hex"),
        "text_encodings": ("detect", "windows_1252"),
        "report": None,
        "upload_id": "",
    }
    return [
        Sample("tokens", page, {**none, "rows": rows, "next_cursor": "n"}),
        Sample("tokens-empty", page, {**none, "rows": ()}),
        Sample(
            "token",
            "console/token.html",
            {
                "token": TOKEN,
                "holder": LONG,
                "can_resynchronize": True,
                "form": Form(),
                "assign_form": Form(),
            },
        ),
        Sample(
            "token-free",
            "console/token.html",
            {
                "token": FREE,
                "holder": None,
                "can_resynchronize": False,
                "form": Form(),
                "assign_form": Form(),
            },
        ),
        Sample("token-import", importing, blank),
        Sample("token-import-tried", importing, {**blank, "report": REPORT, "upload_id": "up1"}),
    ]
