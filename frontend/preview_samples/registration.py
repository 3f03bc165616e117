"""Registering in the portal, and its settings in the console."""

from typing import Any

from preview_samples.holdings import PHONE, held
from preview_samples.people import LONG
from preview_samples.sample import DAY, HOSTILE, NOW, Sample
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.model.tenant import TenantSettings
from vestibule.model.voucher import Vouch
from vestibule.policy.registration import Asked, RegistrationReason


def console_registration() -> list[Sample]:
    shown = {
        "settings": TenantSettings(methods=("app", "totp")),
        "methods": ("app", "hotp", "sms", "totp", "voice"),
        "chosen_methods": ("app", "totp"),
        "groups": (("g1", "Vertrieb"), ("g2", HOSTILE)),
        "policies": ("nobody", "everybody", "groups"),
        "ways": tuple(each.value for each in Vouch),
        "open_until": NOW + 9 * DAY,
        "version": 4,
        "form": Form(),
    }
    letter = {
        "user": LONG,
        "code": "K7QX2-M4VDH",
        "days": 14,
        "address": "https://login.example.org/portal/demo/",
    }
    refused = Form(problem=Words("refusal.setting_invalid", {"key": "registration_open_until: 2026-13-45"}))
    return [
        Sample("registration", "console/registration.html", shown, "console"),
        Sample(
            "registration-refused",
            "console/registration.html",
            {**shown, "form": refused, "groups": ()},
            "console",
        ),
        Sample("registration-letter", "console/registration_letter.html", letter, "console"),
    ]


def registration(can: dict[str, Any]) -> list[Sample]:
    """Each step of the registration, and reasons of different length."""
    usual: dict[str, Any] = {
        "form": Form(),
        "asked": Asked(RegistrationReason.REQUIRED),
        "later": None,
        "ways": ("letter", "help_desk", "trusted_network"),
        "takes_code": True,
        "can_prove_old": False,
        "holdings": held(PHONE),
        "may_skip_second": True,
        "user": LONG,
        **can,
        "default_methods": ("totp",),
    }
    setup = Asked(RegistrationReason.DEVICE_SIGN_IN_SETUP, application=HOSTILE)
    steps: dict[str, dict[str, Any]] = {
        "vouch": {"step": "vouch"},
        "vouch-old": {
            "step": "vouch",
            "asked": Asked(RegistrationReason.DEMANDED_AGAIN),
            "can_prove_old": True,
            "form": Form(problem=Words("refusal.code_wrong")),
        },
        "vouch-only": {"step": "vouch", "asked": None, "ways": (), "takes_code": False},
        "method": {"step": "method", "holdings": (), "asked": setup},
        "method-later": {
            "step": "method",
            "holdings": (),
            "asked": Asked(RegistrationReason.POLICY, NOW + 9 * DAY),
            "later": NOW + 9 * DAY,
        },
        "second": {"step": "second"},
        "second-demanded": {"step": "second", "may_skip_second": False},
        "codes": {"step": "codes"},
        "finish": {"step": "finish"},
        "finish-choose": {
            "step": "finish",
            "asked": Asked(RegistrationReason.METHOD_SWITCHED_OFF),
            "default_methods": ("app", "totp", "voice"),
        },
    }
    return [
        Sample(f"register-{name}", "portal/register.html", {**usual, **step}) for name, step in steps.items()
    ]
