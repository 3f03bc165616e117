"""What people hold: authenticators, PINs, app passwords, remembered browsers."""

from typing import Any, Final

import msgspec

from preview_samples.sample import DAY, HOSTILE, MINUTE, NOW
from vestibule.frontends.http.holdings import Holding, holding_of
from vestibule.frontends.http.templates.views import Words
from vestibule.model.app_password import AppPassword
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.pin import PinStatus
from vestibule.model.remembered_browser import RememberedBrowser

APPLICATION_NAMES: Final = {"vpn": "VPN Berlin", "old": "Fernwartungszugang der Produktionsanlagen"}


APP_PASSWORDS: Final = tuple(
    AppPassword(
        tenant_id="demo",
        app_password_id=app_password_id,
        user_id="u1",
        name=name,
        applications=applications,
        token_hash="",
        created_at=NOW - 9 * DAY,
        used_at=used_at,
    )
    for app_password_id, name, applications, used_at in (
        ("p1", "Thunderbird auf dem Laptop", ("vpn", "old"), NOW - MINUTE),
        ("p2", HOSTILE, ("gone",), None),
    )
)


PIN: Final = PinStatus(is_set=True, changed_at=NOW - 40 * DAY)


OLD_PIN: Final = PinStatus(is_set=True, must_change=True, is_expired=True, changed_at=NOW - 400 * DAY)


PIN_RULES: Final = (
    Words("pin.rule.length", {"least": 4, "most": 20}),
    Words("pin.rule.simple"),
    Words("pin.rule.phone"),
    Words("pin.rule.history", {"count": 5}),
)


def make_authenticator(number: int, **more: Any) -> Authenticator:
    return Authenticator(
        **{
            "tenant_id": "demo",
            "authenticator_id": f"a{number}",
            "user_id": "u1",
            "method": "totp",
            "parameters": {"algorithm": "SHA-1", "digits": 6, "period": 30},
            "status": AuthenticatorStatus.ACTIVE,
            "created_at": NOW - 60 * DAY,
            "used_at": NOW - 7 * MINUTE,
            **more,
        }
    )


PHONE = make_authenticator(1, label="Diensttelefon")


TOKEN = make_authenticator(2, serial="GALT10485763", label="", used_at=None)


DEVICE = make_authenticator(
    6, method="app", label="Pixel 9", parameters={"public_key": "BPk", "unreachable_since": NOW - 3 * DAY}
)


TABLET = make_authenticator(
    3, label="Tablet im Besprechungsraum mit einem langen Namen", used_at=NOW - 12 * DAY
)


FREE = make_authenticator(
    4, user_id="", serial="GALT10485764", method="hotp", used_at=None, parameters={"digits": 8}
)


PENDING = make_authenticator(5, label="Neues Telefon", status=AuthenticatorStatus.PENDING, used_at=None)


_BROWSER = RememberedBrowser(
    tenant_id="acme",
    browser_id="b1",
    token_hash="",
    user_id="u1",
    application_id="portal",
    label="Firefox, Windows",
    proven_at=NOW - DAY,
    used_at=NOW,
    expires_at=NOW + 13 * DAY,
)


BROWSERS = (_BROWSER, msgspec.structs.replace(_BROWSER, browser_id="b2", label=""))


def phones() -> tuple[Authenticator, ...]:
    return tuple(
        msgspec.structs.replace(
            make_authenticator(number, label=label),
            method=method,
            parameters=parameters,
            created_at=NOW + number,
        )
        for number, label, method, parameters in (
            (11, "", "sms", {"number": "+4930123456", "two_way": True, "with_pin": True}),
            (12, "Büro", "voice", {"number": "+4930123456", "extension": "@12"}),
            (13, "", "voice", {"number": "+4989765432"}),
        )
    )


def held(*held: Authenticator) -> tuple[Holding, ...]:
    return tuple(holding_of(one, held) for one in held)
