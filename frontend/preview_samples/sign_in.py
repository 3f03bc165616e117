"""Signing in, and what stands in its way."""

from typing import Final

from preview_samples.enrollment import CODES
from preview_samples.sample import HOSTILE, NOW, Sample
from vestibule.frontends.http.phone_words import Offer
from vestibule.frontends.http.templates.views import Form, Words

QUESTIONS: Final = ("Wie hieß Ihr erstes Haustier?", "In welcher Straße?", "Wer?", "Wo?", "Wann?")


WRONG = Form(problem=Words("sign_in.refused"))


HINT = {"phone": "•••56"}


OFFERS = (
    Offer("a", Words("sign_in.way.sms_again", HINT), "text"),
    Offer("b", Words("sign_in.way.voice", HINT), "call"),
    Offer("passcode", Words("sign_in.way.passcode"), "app"),
)


def signing_in() -> list[Sample]:
    second = {
        "form": Form(),
        "kind": "passcode",
        "kinds": ("passcode", "recovery_code"),
        "purpose": "sign_in",
        "question": None,
        "offers": OFFERS,
        "can_type": True,
        "with_pin": False,
        "has_questions": False,
    }
    person = {"person": "alice", "next": ""}
    page = "sign_in/second_factor.html"
    return [
        Sample(
            "sign-in",
            "sign_in/password.html",
            {"form": Form(), "next": "/portal/", "remember_days": 14},
            is_signed_in=False,
        ),
        Sample(
            "sign-in-refused",
            "sign_in/password.html",
            {
                "form": Form({"username": HOSTILE}, problem=Words("sign_in.refused")),
                "next": "",
                "remember_days": 0,
            },
            door="console",
            is_signed_in=False,
        ),
        Sample("second-factor", page, {**second, **person}, is_signed_in=False),
        Sample(
            "second-factor-recovery",
            page,
            {**second, **person, "kind": "recovery_code", "form": WRONG, "next": "/portal/"},
            is_signed_in=False,
        ),
        Sample(
            "confirm",
            page,
            {**second, **person, "purpose": "confirm", "kinds": ("passcode",), "offers": ()},
        ),
        Sample(
            "second-factor-text",
            page,
            {**second, **person, "question": Words("sign_in.asked.typed_pin", HINT), "with_pin": True},
            is_signed_in=False,
        ),
        Sample(
            "second-factor-choose",
            page,
            {
                **second,
                **person,
                "can_type": False,
                "form": Form(problem=Words("sign_in.ended.unreachable")),
            },
            is_signed_in=False,
        ),
        Sample(
            "second-factor-waiting",
            "sign_in/waiting.html",
            {
                **person,
                "form": Form(),
                "offers": OFFERS,
                "question": Words("sign_in.asked.call", HINT),
                "number": "",
                "has_questions": True,
            },
            is_signed_in=False,
        ),
        Sample(
            "second-factor-in-app",
            "sign_in/waiting.html",
            {
                **person,
                "form": Form(),
                "offers": OFFERS,
                "question": Words("sign_in.asked.app"),
                "number": "07",
                "has_questions": False,
            },
            is_signed_in=False,
        ),
        Sample("signed-out", "sign_in/signed_out.html", {"is_expired": False}, is_signed_in=False),
        Sample("session-ended", "sign_in/signed_out.html", {"is_expired": True}, is_signed_in=False),
        Sample(
            "recovery-codes",
            "sign_in/recovery_codes.html",
            {"codes": CODES, "username": "alice", "made_at": NOW, "continue_to": "/portal/", "keep_at": ""},
        ),
        Sample(
            "recovery-codes-to-keep",
            "sign_in/recovery_codes.html",
            {
                "codes": CODES,
                "username": "alice",
                "made_at": NOW,
                "continue_to": "",
                "keep_at": "/portal/register/recovery-codes/kept",
            },
        ),
        Sample(
            "error",
            "error.html",
            {
                "texts": "form_expired",
                "code": "form_expired",
                "page": "/portal/authenticators/app",
                "request_id": "c0rr3lat10n",
                "session_id": "7K3N-9ZC4",
                "user_id": "u1",
                "at": NOW,
            },
        ),
        Sample(
            "error-unknown",
            "error.html",
            {
                "texts": HOSTILE,
                "code": HOSTILE,
                "page": f"/{HOSTILE}",
                "request_id": "c0rr3lat10n",
                "session_id": "",
                "user_id": "",
                "at": NOW,
            },
            is_signed_in=False,
        ),
    ]
