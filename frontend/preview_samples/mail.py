"""E-mail: settings, words, and what was sent."""

from typing import Final

from preview_samples.sample import DAY, HOSTILE, MINUTE, NOW, Sample
from vestibule.frontends.http.templates.views import DispatchRow, Form, Words
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.mail_attachment import MailAttachment
from vestibule.model.mail_settings import MailSettings
from vestibule.model.mail_template import MailTemplate

DISPATCH_ROWS: Final = (
    DispatchRow("d1", NOW, "mail", "Notice of a change", "alice@example.com", "Mail", "g5", "sent", "good"),
    DispatchRow(
        dispatch_id="d2",
        at=NOW - MINUTE,
        carries="mail",
        kind="Alert",
        address=HOSTILE,
        gateway=HOSTILE,
        gateway_id="g5",
        state="waiting",
        tone="wait",
        cause="The mail server could not be reached.",
        tries=3,
        due_at=NOW + 14 * MINUTE,
        may_be_sent=True,
    ),
    DispatchRow(
        dispatch_id="d3",
        at=NOW - DAY,
        carries="webhook",
        kind="User locked",
        address="Ticket system",
        gateway="Ticket system",
        gateway_id="g6",
        state="failed",
        tone="bad",
        cause=HOSTILE,
        tries=26,
        may_be_sent=True,
    ),
)


def outbox() -> list[Sample]:
    page = "console/outbox.html"
    shown = {
        "dispatches": DISPATCH_ROWS,
        "next_cursor": "n",
        "searched_to": None,
        "where": DispatchFilter(),
        "states": ("waiting", "sent", "failed"),
        "carried": ("mail", "webhook"),
        "can_send": True,
        "problem": None,
        "cursor": "",
    }
    problem = Words("refusal.not_sendable", {"key": "d1"})
    none = {**shown, "dispatches": (), "next_cursor": "", "can_send": False}
    return [
        Sample("outbox", page, shown),
        Sample("outbox-refused", page, {**shown, "problem": problem}),
        Sample("outbox-none", page, {**none, "where": DispatchFilter(state="failed")}),
        Sample(
            "outbox-further",
            page,
            {**none, "where": DispatchFilter(address=HOSTILE), "next_cursor": "n", "searched_to": NOW},
        ),
        Sample("outbox-empty", page, none),
    ]


def mail() -> list[Sample]:
    mail = MailSettings(alerts={"*": ("security@example.com",)})
    page = {
        "mail": mail,
        "version": 1,
        "form": Form({"*": "security@example.com", "user.locked": HOSTILE, "alerts_per_hour": "5"}),
        "kinds": (("user.fraud_reported", True), ("user.locked", True), ("user.added", False)),
        "templates": ("welcome.en", "welcome.de", "alert.en"),
        "own": frozenset({"welcome.de"}),
        "can_send": False,
    }
    words = {
        "name": "welcome.en",
        "key": "welcome",
        "placeholders": ("help_contact", "how", "name", "portal_url", "tenant", "username"),
        "variants": ("welcome.sms.en", "welcome.voice.en"),
        "is_own": True,
        "longest_subject": 150,
        "longest_text": 5000,
        "attachment": MailAttachment(
            tenant_id="demo",
            template="welcome.en",
            file_name="First steps.pdf",
            content_type="application/pdf",
            size=483_112,
            digest="",
            created_at=NOW - DAY,
        ),
        "file_problem": None,
        "preview": MailTemplate("Hi " + HOSTILE, "First.\n\nSecond,\nand on."),
        "form": Form(
            {"subject": "Hi {name}", "text": HOSTILE},
            problem=Words("refusal.placeholder_unknown", {"key": "welcome.en: {pin}"}),
        ),
    }
    refused = Words("refusal.attachment_unusable", {"key": "steps.exe"})
    none = {**words, "attachment": None, "file_problem": refused, "preview": None}
    return [
        Sample("mail", "console/mail.html", page),
        Sample("mail-template", "console/mail_template.html", words),
        Sample("mail-template-file", "console/mail_template.html", none),
    ]
