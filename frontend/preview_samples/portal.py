"""The portal: methods, help."""

from dataclasses import replace

from preview_samples.enrollment import ENROLLMENT
from preview_samples.holdings import (
    DEVICE,
    OLD_PIN,
    PHONE,
    PIN,
    PIN_RULES,
    TABLET,
    TOKEN,
    held,
    make_authenticator,
    phones,
)
from preview_samples.people import ALICE, EVIL, LONG
from preview_samples.portal_security import app_passwords, cards, passwords
from preview_samples.registration import registration
from preview_samples.sample import HOSTILE, NOW, Sample
from vestibule.frontends.http.enrollment import draw_qr
from vestibule.frontends.http.holdings import Addable
from vestibule.frontends.http.portal.history import OwnAttempt
from vestibule.frontends.http.templates.views import Form, Notice, Words


def portal() -> list[Sample]:
    can = {
        "addable": Addable(("sms", "voice"), app=True, device=True, hardware=True),
        "default_methods": ("totp", "sms", "voice"),
    }
    texted, called, backup = phones()
    proving = {
        "form": Form(),
        "challenge_id": "c1",
        "method": "sms",
        "phone": "+4930123456",
        "is_waiting": False,
        "is_over": False,
        "again": {"for": "sms", "number": "+4930123456"},
    }
    adding = {"form": Form(), "method": "voice", "is_backup": True, "can_reply": False, "has_pin": True}
    home = "portal/home.html"
    return [
        Sample(
            "home",
            home,
            {
                "user": ALICE,
                "holdings": held(PHONE, DEVICE, TOKEN, TABLET, texted, called, backup),
                "recovery_codes_left": 8,
                "must_register": False,
                **can,
            },
            notices=(Notice("good", Words("portal.home.app_added", {"name": "Diensttelefon"})),),
        ),
        Sample(
            "home-empty",
            home,
            {
                "user": LONG,
                "holdings": (),
                "recovery_codes_left": 0,
                "must_register": True,
                **can,
            },
        ),
        Sample(
            "home-one",
            home,
            {
                "user": EVIL,
                "holdings": held(make_authenticator(1, label=HOSTILE)),
                "recovery_codes_left": 1,
                "must_register": False,
                **can,
            },
        ),
        *history(),
        *passwords(),
        Sample("language", "portal/language.html", {"user": ALICE, "form": Form()}),
        Sample("security", "portal/security.html", {"cards": cards(PIN)}),
        Sample("security-pin-over", "portal/security.html", {"cards": cards(OLD_PIN)}),
        Sample(
            "add-app",
            "portal/add_app.html",
            {"form": Form(), "authenticator_id": "a9", **ENROLLMENT},
        ),
        Sample(
            "add-app-wrong",
            "portal/add_app.html",
            {
                "form": Form({"label": HOSTILE}, {"passcode": Words("refusal.passcode_wrong")}),
                "authenticator_id": "a9",
                **ENROLLMENT,
            },
        ),
        Sample(
            "add-token",
            "portal/add_token.html",
            {
                "form": Form(
                    {"serial": "GALT1048"}, {"serial": Words("refusal.serial_unknown", {"key": "GALT1048"})}
                )
            },
        ),
        *registration(can),
        Sample("pin", "portal/pin.html", {"pin": PIN, "pin_rules": PIN_RULES, "form": Form()}),
        Sample(
            "pin-refused",
            "portal/pin.html",
            {
                "pin": OLD_PIN,
                "pin_rules": PIN_RULES,
                "form": Form(
                    errors={
                        "old": Words("pin.state.wrong"),
                        "pin": Words("pin.problem.run"),
                        "again": Words("pin.problem.different"),
                    },
                    problem=Words("pin.state.locked"),
                ),
            },
        ),
        Sample("add-phone-call", "portal/add_phone.html", adding),
        Sample(
            "add-phone-text",
            "portal/add_phone.html",
            {
                **adding,
                "method": "sms",
                "can_reply": True,
                "form": Form({"number": HOSTILE}, {"number": Words("refusal.phone_invalid")}),
            },
        ),
        *app_passwords(),
        *devices(),
        Sample("prove-phone-text", "portal/prove_phone.html", proving),
        Sample(
            "prove-phone-call", "portal/prove_phone.html", {**proving, "method": "voice", "is_waiting": True}
        ),
        Sample(
            "prove-phone-over",
            "portal/prove_phone.html",
            {**proving, "is_over": True, "form": Form(problem=Words("sign_in.ended.unreachable"))},
        ),
        Sample("which", "portal/which.html", {}, is_signed_in=False),
        Sample(
            "troubleshooting",
            "portal/troubleshooting.html",
            {"contact": "Helpdesk: 030 555 0100"},
            is_signed_in=False,
        ),
        Sample(
            "help",
            "portal/help.html",
            {"contact": f"Helpdesk:\n030 555 0100\n{HOSTILE}", "can_reset": True},
            is_signed_in=False,
        ),
        Sample("help-bare", "portal/help.html", {"contact": "", "can_reset": False}, is_signed_in=False),
    ]


def history() -> list[Sample]:
    own = OwnAttempt("v1", NOW, "VPN", "203.0.113.9", "DE", "totp", "Diensttelefon", "approved", True, True)
    attempts = (
        own,
        replace(own, verification_id="v2", words="pending", is_approved=False, is_this=False),
        replace(
            own, verification_id="v3", application=HOSTILE, words="passcode", is_approved=False, is_this=False
        ),
        replace(
            own,
            verification_id="v4",
            address="",
            method="",
            words="password",
            is_approved=False,
            is_this=False,
        ),
    )
    return [
        Sample("history", "portal/history.html", {"attempts": attempts, "next_cursor": "x", "cursor": ""}),
        Sample("history-empty", "portal/history.html", {"attempts": (), "next_cursor": "", "cursor": "x"}),
        Sample("not-me", "portal/not_me.html", {"attempt": attempts[2], "blocks": True}),
        Sample("disowned", "portal/disowned.html", {"contact": "Helpdesk: 030 555 0100"}),
    ]


def devices() -> list[Sample]:
    page = "portal/add_device.html"
    link = "https://mfa.example.org/app/#activate=K7QX2M4VDH"
    shown = {
        "device": "a1",
        "name": "",
        "number": "",
        "code": "K7QX2-M4VDH",
        "link": link,
        "address": "https://mfa.example.org/app/",
        "qr_svg": draw_qr(link),
    }
    hidden = {**shown, "code": "", "link": "", "qr_svg": ""}
    return [
        Sample("add-device", page, shown),
        Sample("add-device-number", page, {**hidden, "name": HOSTILE, "number": "47"}),
        Sample("add-device-hidden", page, hidden),
    ]
