"""One user in the console: each of his pages, and three people in different straits."""

from typing import Any, Final

import msgspec

from preview_samples.attempts import ATTEMPTS
from preview_samples.billing import LICENCE
from preview_samples.holdings import (
    APP_PASSWORDS,
    APPLICATION_NAMES,
    BROWSERS,
    OLD_PIN,
    PENDING,
    PHONE,
    PIN,
    PIN_RULES,
    TOKEN,
    held,
    phones,
)
from preview_samples.keeping_out import KEPT_OUT, NOTHING_LEFT, STANDING
from preview_samples.people import ADMIN, ALICE, EVIL, GROUPS, LONG
from preview_samples.sample import DAY, HOSTILE, MINUTE, NOW, Sample
from vestibule.frontends.http.templates.views import Choice, Form, Words
from vestibule.model.pin import PinStatus
from vestibule.model.throttle import NEVER, Factor, SourceThrottle, Throttle
from vestibule.model.user import Requirement
from vestibule.model.voucher import Vouch, Voucher, VoucherKind

VOUCHER: Final = Voucher(
    tenant_id="demo",
    user_id="u2",
    kind=VoucherKind.WINDOW,
    vouch=Vouch.HELP_DESK,
    made_at=NOW,
    made_by="administrator",
    expires_at=NOW + 4 * 60 * MINUTE,
)
SOURCES: Final = (
    SourceThrottle(Factor.PASSCODE, "2001:db8:1:2::/64", 5, NOW + 9 * MINUTE, NOW - MINUTE),
    SourceThrottle(Factor.PASSWORD, HOSTILE, 2, 0, NOW - DAY),
)
USUAL: Final[dict[str, Any]] = {"user": ALICE, "locks": (), "now": NOW}
STUCK: Final[dict[str, Any]] = {
    "user": msgspec.structs.replace(LONG, blocked_until=NOW + 89 * DAY),
    "locks": (Throttle(Factor.PASSWORD, 100, NEVER), Throttle(Factor.PIN, 10, NOW + MINUTE)),
    "now": NOW,
}
MALLORY: Final[dict[str, Any]] = {
    "user": msgspec.structs.replace(EVIL, requirement=Requirement.ENFORCED, must_register=True),
    "locks": (Throttle(Factor.PASSCODE, 10, NOW + 9 * MINUTE),),
    "now": NOW,
}


def console_user() -> list[Sample]:
    """Return every page of one user."""
    return [*_overview(), *_methods(), *_access(), *_others()]


def _overview() -> list[Sample]:
    page = "console/user/overview.html"
    shown = {
        **USUAL,
        "failures": (Throttle(Factor.PASSWORD, 2, 0),),
        "sources": SOURCES,
        "block": None,
        "groups": GROUPS[:2],
        "directory_name": "",
        "methods": ("app", "sms", "totp"),
        "recovery_codes_left": 8,
        "pin": PIN,
        "bypass": STANDING.bypass,
        "access_pass": STANDING.access_pass,
        "licences": (LICENCE,),
        "attempts": ATTEMPTS[:2],
    }
    bare = {
        "failures": (),
        "sources": (),
        "groups": (),
        "methods": (),
        "licences": (),
        "recovery_codes_left": 0,
        "attempts": (),
    }
    nothing = {"bypass": None, "access_pass": None}
    return [
        Sample("user", page, shown),
        Sample("user-stuck", page, {**shown, **bare, **nothing, **STUCK, "block": KEPT_OUT.block}),
        Sample(
            "user-hostile", page, {**shown, **nothing, **MALLORY, "directory_name": HOSTILE, "pin": OLD_PIN}
        ),
    ]


def _methods() -> list[Sample]:
    page = "console/user/methods.html"
    shown = {
        **USUAL,
        "holdings": held(PHONE, TOKEN, PENDING, *phones()),
        "recovery_codes_left": 8,
        "default_methods": ("totp", "sms"),
        "token_form": Form(),
        "phone_form": Form(),
        "pin": PIN,
        "pin_rules": PIN_RULES,
        "pin_form": Form(),
        "new_pin": "",
        "app_passwords": APP_PASSWORDS,
        "application_names": APPLICATION_NAMES,
    }
    refused = Form(errors={"pin": Words("pin.problem.too_short", {"least": 4})})
    nothing = {"holdings": (), "recovery_codes_left": 0, "default_methods": (), "app_passwords": ()}
    return [
        Sample("user-methods", page, shown),
        Sample("user-methods-none", page, {**shown, **nothing, **STUCK, "pin": OLD_PIN, "pin_form": refused}),
        Sample("user-new-pin", page, {**shown, **MALLORY, "pin": PinStatus(), "new_pin": "830519"}),
    ]


def _access() -> list[Sample]:
    page = "console/user/access.html"
    shown = {
        **USUAL,
        "has_registered": True,
        "vouchers": (),
        "vouching": ("letter", "email", "help_desk"),
        "browsers": BROWSERS,
        "standing": STANDING,
        "new_pass": "",
    }
    unregistered = {"has_registered": False, "vouchers": (VOUCHER,), "browsers": (), "standing": KEPT_OUT}
    return [
        Sample("user-access", page, shown),
        Sample("user-blocked", page, {**shown, **unregistered, **STUCK}),
        Sample(
            "user-new-pass", page, {**shown, **MALLORY, "standing": NOTHING_LEFT, "new_pass": "4821 9930"}
        ),
    ]


def _others() -> list[Sample]:
    history, administration = "console/user/history.html", "console/user/administration.html"
    administrator = msgspec.structs.replace(ADMIN, is_break_glass=True)
    refused = Form(errors={"password": Words("refusal.password_too_short", {"key": "8"})})
    return [
        Sample("user-history", history, {**USUAL, "attempts": ATTEMPTS}),
        Sample("user-history-empty", history, {**STUCK, "attempts": ()}),
        Sample(
            "user-administration",
            administration,
            {**USUAL, "password_form": Form(), "link_form": Form(), "directories": (Choice("d1", HOSTILE),)},
        ),
        Sample(
            "user-administrator",
            administration,
            {
                **USUAL,
                "user": administrator,
                "password_form": refused,
                "link_form": Form(),
                "directories": (),
            },
        ),
    ]
