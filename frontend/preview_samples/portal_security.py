"""The portal: passwords, questions, app passwords, and the cards of the page "Security"."""

from preview_samples.applications import APPLICATION_CHOICES
from preview_samples.holdings import APP_PASSWORDS, APPLICATION_NAMES, BROWSERS, PIN
from preview_samples.keeping_out import make_bypass
from preview_samples.people import ALICE
from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from preview_samples.sign_in import QUESTIONS
from vestibule.frontends.http.portal.cards import ShownCard
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.pin import PinStatus
from vestibule.services.reset_by_phone import Standing
from vestibule.services.sessions import Place


def passwords() -> list[Sample]:
    wrong = {"old": Words("refusal.password_wrong"), "again": Words("refusal.passwords_differ")}
    refused = Form({"username": HOSTILE}, problem=Words("refusal.not_proven"))
    return [
        Sample("password", "portal/password.html", {"form": Form(), "begins_anew": True}),
        Sample(
            "questions",
            "portal/questions.html",
            {
                "form": Form(problem=Words("refusal.answers_unfit", {"key": 3})),
                "offered": QUESTIONS,
                "count": 4,
            },
        ),
        Sample(
            "questions-asked",
            "sign_in/questions.html",
            {"form": Form(), "questions": QUESTIONS[1:], "person": "alice", "next": ""},
            is_signed_in=False,
        ),
        Sample("password-wrong", "portal/password.html", {"form": Form(errors=wrong), "begins_anew": False}),
        Sample("expired", "portal/expired.html", {"form": Form(errors=wrong)}, is_signed_in=False),
        Sample("reset", "portal/reset.html", {"form": Form(), "by_phone": True}, is_signed_in=False),
        Sample(
            "reset-refused", "portal/reset.html", {"form": refused, "by_phone": False}, is_signed_in=False
        ),
        *_resets_by_phone(),
    ]


def _resets_by_phone() -> list[Sample]:
    wrong = Form(problem=Words("refusal.not_proven"))
    asked = {"form": wrong, "number": "07"}
    standing = {
        "choose": Standing(is_enough=True, can_type=False, ways=()),
        "choose-and-type": Standing(is_enough=False, can_type=True, ways=("app",)),
        "another": Standing(is_enough=False, can_type=False, ways=("sms", "voice")),
    }
    ways = {"form": Form(), "ways": ("app", "sms", "voice")}
    return [
        Sample("reset-ask", "portal/reset_ask.html", ways, is_signed_in=False),
        *(
            Sample(f"reset-asked-{way}", "portal/reset_asked.html", {**asked, "way": way}, is_signed_in=False)
            for way in ("sms", "voice", "app")
        ),
        *(
            Sample(
                f"reset-{name}",
                "portal/reset_choose.html",
                {"form": Form(), "standing": each},
                is_signed_in=False,
            )
            for name, each in standing.items()
        ),
    ]


def cards(pin: PinStatus) -> tuple[ShownCard, ...]:
    """Return every card of the page "Security"."""
    places = (
        Place("portal", NOW - DAY, NOW, "2001:db8:7a::93", is_this=True),
        Place("console", NOW - 3 * DAY, NOW - DAY, HOSTILE, is_this=False),
    )
    return (
        ShownCard("portal/cards/password.html", {}),
        ShownCard("portal/cards/questions.html", {"is_answered": True}),
        ShownCard("portal/cards/pin.html", {"pin": pin}),
        ShownCard("portal/cards/app_passwords.html", {"count": 2}),
        ShownCard("portal/cards/browsers.html", {"browsers": BROWSERS}),
        ShownCard("portal/cards/bypass.html", {"bypass": None if pin is PIN else make_bypass(1, ALICE)}),
        ShownCard("portal/cards/sessions.html", {"sessions": places}),
    )


def app_passwords() -> list[Sample]:
    page = "portal/app_passwords.html"
    shown = {
        "app_passwords": APP_PASSWORDS,
        "choices": APPLICATION_CHOICES,
        "chosen": ("vpn",),
        "names": APPLICATION_NAMES,
        "form": Form(),
    }
    refused = Form(
        {"name": HOSTILE},
        {
            "name": Words("refusal.app_password_name", {"key": "64"}),
            "applications": Words("refusal.app_password_application"),
        },
        Words("refusal.too_many", {"key": "40"}),
    )
    off = Form(problem=Words("refusal.app_passwords_off"))
    return [
        Sample("app-passwords", page, shown),
        Sample("app-passwords-refused", page, {**shown, "form": refused}),
        Sample("app-passwords-none", page, {**shown, "app_passwords": ()}),
        Sample("app-passwords-off", page, {**shown, "choices": (), "form": off}),
        Sample(
            "app-password-new",
            "portal/new_app_password.html",
            {
                "app_password": APP_PASSWORDS[0],
                "shown": "abcd-efgh-ijkm-nopq-rstu-vwxy-zabc",
                "continue_to": "/portal/app-passwords",
            },
        ),
    ]
