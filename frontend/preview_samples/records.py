"""The overview, attempts, events, settings."""

from preview_samples.applications import APPLICATION_CHOICES
from preview_samples.attempts import ASKED_IN_APP, ATTEMPTS, IN_APP, NOT_IN_APP
from preview_samples.enrollment import ENROLLMENT
from preview_samples.people import LONG, USERS
from preview_samples.registration import console_registration
from preview_samples.sample import DAY, HOSTILE, MINUTE, NOW, Sample
from vestibule.frontends.http.templates.views import Choice, Counts, Form, HealthLine, Notice, Words
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Listed
from vestibule.model.event import Event
from vestibule.model.spraying import Scope, SprayingAlarm
from vestibule.model.tenant import Tenant, TenantSettings

EVENTS = (
    Event(
        tenant_id="demo",
        event_id="e9",
        at=NOW,
        kind="limit.reached",
        actor="system",
        actor_name="system",
        subject="",
        subject_name="+4917612…",
        facts={"limit": "prefix", "window": "hour"},
    ),
    Event(
        tenant_id="demo",
        event_id="e1",
        at=NOW - 3 * MINUTE,
        kind="user.changed",
        actor="u5",
        actor_name="k.meier",
        subject="u2",
        subject_name=LONG.username,
        facts={"fields": ["email", "phone"]},
    ),
    Event(
        tenant_id="demo",
        event_id="e2",
        at=NOW - 55 * MINUTE,
        kind="authenticator.assigned",
        actor="u5",
        actor_name="k.meier",
        subject="u1",
        subject_name="alice",
        facts={"serial": "GALT10485763"},
    ),
    Event(
        tenant_id="demo",
        event_id="e3",
        at=NOW - 2 * DAY,
        kind="something.unheard_of",
        actor="system",
        facts={"note": HOSTILE},
    ),
)


def _alarm(scope: Scope, ends_at: int) -> SprayingAlarm:
    return SprayingAlarm(
        tenant_id="demo", scope=scope, failures=4_217, began_at=ends_at - 25 * MINUTE, ends_at=ends_at
    )


def console_records() -> list[Sample]:
    health = (
        HealthLine("database", "good", Words("console.health.answers", {"milliseconds": 2})),
        HealthLine("radius", "good", Words("console.health.listens", {"address": "127.0.0.1:1812"})),
        HealthLine("directory", "bad", Words("console.health.silent")),
    )
    counts = Counts(users=48_211, attempts=1_969, applications=3, radius_clients=4)
    listing = {
        "since": "",
        "until": "",
        "applications": APPLICATION_CHOICES,
        "narrowed_to": "",
        "people": (),
        "cursor": "",
    }
    settings = TenantSettings()
    return [
        Sample(
            "set-up",
            "console/set_up.html",
            {"form": Form(), "link_token": "t", "sealed": "s", **ENROLLMENT},
            is_signed_in=False,
        ),
        Sample(
            "overview",
            "console/overview.html",
            {
                "counts": counts,
                "day": {"approved": 1_840, "denied": 96, "pending": 2, "expired": 31},
                "recent": ATTEMPTS[:5],
                "alarms": (_alarm(Scope.TENANT, NOW + 500_000), _alarm(Scope.SERVICE, NOW - 7_000_000)),
                "now": NOW,
                "health": health,
                "has_phones": True,
            },
        ),
        Sample(
            "overview-empty",
            "console/overview.html",
            {
                "counts": Counts(1, 0, 2, 1),
                "day": {},
                "recent": (),
                "alarms": (),
                "now": NOW,
                "health": health[:2],
                "has_phones": False,
            },
        ),
        Sample(
            "attempts",
            "console/attempts.html",
            {**listing, "listed": Listed(ATTEMPTS, "n"), "where": VerificationFilter()},
        ),
        Sample(
            "attempts-none",
            "console/attempts.html",
            {
                **listing,
                "listed": Listed(()),
                "where": VerificationFilter(user_id="u1", state="denied"),
                "narrowed_to": HOSTILE,
                "since": "2026-11-01",
            },
        ),
        Sample(
            "attempts-so-far",
            "console/attempts.html",
            {
                **listing,
                "listed": Listed((), "n", ATTEMPTS[-1].started_at),
                "where": VerificationFilter(text="al"),
                "people": USERS[:2],
            },
        ),
        Sample("attempt", "console/attempt.html", {"attempt": ATTEMPTS[0], **NOT_IN_APP}),
        Sample("attempt-app", "console/attempt.html", {"attempt": ASKED_IN_APP, **IN_APP}),
        Sample("attempt-denied", "console/attempt.html", {"attempt": ATTEMPTS[1], **NOT_IN_APP}),
        Sample("attempt-hostile", "console/attempt.html", {"attempt": ATTEMPTS[4], **NOT_IN_APP}),
        Sample("events", "console/events.html", {"listed": Listed(EVENTS), "text": "", "cursor": ""}),
        *console_registration(),
        Sample(
            "self-service",
            "console/self_service.html",
            {
                "settings": TenantSettings(help_contact="Helpdesk: 030 555 0100"),
                "groups": (Choice("g1", "Vertrieb"), Choice("g2", HOSTILE)),
                "version": 4,
                "form": Form(problem=Words("refusal.setting_invalid", {"key": "help_contact: \t"})),
            },
            "console",
        ),
        Sample(
            "settings",
            "console/settings.html",
            {
                "settings": settings,
                "tenant": Tenant(
                    tenant_id="demo", name="Example GmbH", created_at=NOW, sendings_ceiling=1, cost_ceiling=80
                ),
                "version": 4,
                "form": Form(),
                "ticked": {
                    "record_names": False,
                    "record_email": True,
                    "tells_names": False,
                    "strip_domain_prefix": True,
                    "pin_refuse_simple": True,
                    "pin_refuse_phone": False,
                    "fraud_reports": True,
                    "fraud_blocks": False,
                    "own_bypass": True,
                    "two_way_texts": True,
                    "app_passwords": True,
                    "app_plain_approval": False,
                    "nt_hashes": False,
                    "two_administrators": True,
                },
                "is_system": True,
            },
            notices=(Notice("good", Words("form.saved")),),
        ),
    ]
