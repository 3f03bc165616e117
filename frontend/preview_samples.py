"""One or more sample contexts for every page of portal and console.

They are deliberately awkward: long names, German words, an attempt to smuggle in markup, empty lists. The
names of the variables are those that each template documents; a test holds the two together.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec
import segno

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.enrollment import draw_qr
from vestibule.frontends.http.holdings import Addable, Holding, holding_of
from vestibule.frontends.http.phone_words import Offer
from vestibule.frontends.http.portal.cards import ShownCard
from vestibule.frontends.http.portal.history import OwnAttempt
from vestibule.frontends.http.templates.views import (
    ApiKeyRow,
    BadRow,
    Choice,
    ClientRow,
    Counts,
    DeliveryRow,
    DispatchRow,
    Door,
    Form,
    GatewayRow,
    GrantRow,
    HealthLine,
    ImportReport,
    Notice,
    PhoneEntry,
    PluginSetting,
    SecretRow,
    Setting,
    Standing,
    TokenRow,
    Words,
)
from vestibule.interfaces.directory import DirectoryEntry
from vestibule.interfaces.store import (
    BlockFilter,
    BypassFilter,
    DeliveryFilter,
    DispatchFilter,
    Listed,
    VerificationFilter,
)
from vestibule.model.access_rule import AccessRule, Effect, RuleSet, RuleState
from vestibule.model.actor import Right
from vestibule.model.app_password import AppPassword
from vestibule.model.application import Application, Client, ClientKind, DirectoryConfiguration, FirstFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.block import Block, BlockCause
from vestibule.model.bypass import Bypass, BypassState
from vestibule.model.call import Spoken
from vestibule.model.device_record import DeviceFact, DeviceRecord, asked_devices
from vestibule.model.edition import Edition
from vestibule.model.event import Event
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.group import Group
from vestibule.model.mail_settings import MailSettings
from vestibule.model.mail_template import MailTemplate
from vestibule.model.pin import PinStatus
from vestibule.model.proposal import Act, Proposal, ProposalState
from vestibule.model.remembered_browser import RememberedBrowser
from vestibule.model.right import OF_ADMINISTRATORS
from vestibule.model.role import AdminRole
from vestibule.model.sending_limit import LimitKind, LimitReached
from vestibule.model.simulated_phone import CallEnding, CallStage, PhoneCall, PhoneText, SimulatedPhone
from vestibule.model.tenant import Tenant, TenantSettings
from vestibule.model.throttle import NEVER, Factor, SourceThrottle, Throttle
from vestibule.model.user import Requirement, Role, User, UserStatus
from vestibule.model.verification import Reason, TraceLine, Verification, VerificationState
from vestibule.model.voice_message import MessageType, VoiceMessage
from vestibule.model.voucher import Vouch, Voucher, VoucherKind
from vestibule.policy.registration import Asked, RegistrationReason
from vestibule.services.bulk import BulkReport, LeftOut
from vestibule.services.groups import MembersReport, NamedLine
from vestibule.services.rule_sets import Rehearsal
from vestibule.services.sending_limits import SendingStanding
from vestibule.services.sessions import Place

NOW: Final = 1_793_714_700_000
MINUTE: Final = 60_000
DAY: Final = 24 * 60 * MINUTE
QUESTIONS: Final = ("Wie hieß Ihr erstes Haustier?", "In welcher Straße?", "Wer?", "Wo?", "Wann?")
HOSTILE: Final = "<script>alert(1)</script>{{7*7}}\"'"
SECRET: Final = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI: Final = f"otpauth://totp/Example:alice?secret={SECRET}&issuer=Example"
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
VOUCHER: Final = Voucher(
    tenant_id="demo",
    user_id="u2",
    kind=VoucherKind.WINDOW,
    vouch=Vouch.HELP_DESK,
    made_at=NOW,
    made_by="administrator",
    expires_at=NOW + 4 * 60 * MINUTE,
)
PIN: Final = PinStatus(is_set=True, changed_at=NOW - 40 * DAY)
OLD_PIN: Final = PinStatus(is_set=True, must_change=True, is_expired=True, changed_at=NOW - 400 * DAY)
PIN_RULES: Final = (
    Words("pin.rule.length", {"least": 4, "most": 20}),
    Words("pin.rule.simple"),
    Words("pin.rule.phone"),
    Words("pin.rule.history", {"count": 5}),
)


@dataclass(frozen=True)
class Sample:
    """One rendering of a page; `name` becomes the file's name."""

    name: str
    page: str
    variables: dict[str, Any]
    door: Door = "portal"
    is_signed_in: bool = True
    notices: tuple[Notice, ...] = field(default=())


def _qr() -> str:
    drawn = io.BytesIO()
    segno.make(URI, error="m").save(drawn, kind="svg", xmldecl=False, svgns=True, omitsize=True, border=2)
    return drawn.getvalue().decode()


def _user(number: int, username: str, given_name: str = "", family_name: str = "", **more: Any) -> User:
    return User(
        **{
            "tenant_id": "demo",
            "user_id": f"u{number}",
            "username": username,
            "names": (username.lower(),),
            "given_name": given_name,
            "family_name": family_name,
            "password_hash": "x",
            "created_at": NOW - 90 * DAY,
            "updated_at": NOW,
            **more,
        }
    )


ALICE = _user(
    1, "alice", "Alice", "Example", email="alice@example.com", phone="+49 30 5550123", language="de"
)
LONG = _user(
    2,
    "maximiliane.oberschwarzenberger-von-hohenfels@subsidiary.example.com",
    "Maximiliane Friederike",
    "Oberschwarzenberger-von Hohenfels",
    email="maximiliane.oberschwarzenberger-von-hohenfels@subsidiary.example.com",
    names=(
        "maximiliane.oberschwarzenberger-von-hohenfels@subsidiary.example.com",
        "mobervh",
        "corp\\mobervh",
    ),
)
BOB = _user(3, "bob", "Bob", "Builder", status=UserStatus.DISABLED, password_hash="")
EVIL = _user(4, HOSTILE, "Mallory", HOSTILE, email="mallory@example.com")
ADMIN = _user(5, "k.meier", "Katharina", "Meier", tenant_id="system", role=Role.ADMINISTRATOR)
USERS = (ALICE, BOB, LONG, EVIL, _user(6, "zoe"))


def _authenticator(number: int, **more: Any) -> Authenticator:
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


PHONE = _authenticator(1, label="Diensttelefon")
TOKEN = _authenticator(2, serial="GALT10485763", label="", used_at=None)
DEVICE = _authenticator(
    6, method="app", label="Pixel 9", parameters={"public_key": "BPk", "unreachable_since": NOW - 3 * DAY}
)
TABLET = _authenticator(3, label="Tablet im Besprechungsraum mit einem langen Namen", used_at=NOW - 12 * DAY)
FREE = _authenticator(
    4, user_id="", serial="GALT10485764", method="hotp", used_at=None, parameters={"digits": 8}
)
PENDING = _authenticator(5, label="Neues Telefon", status=AuthenticatorStatus.PENDING, used_at=None)

APPROVED_TRACE = (
    TraceLine("application", "enabled"),
    TraceLine("user", "active"),
    TraceLine("password", "match"),
    TraceLine("first_factor", "proven"),
    TraceLine("second_factor", "required"),
    TraceLine("passcode", "match", {"method": "totp", "label": "Diensttelefon"}),
    TraceLine("second_factor", "proven", {"method": "totp"}),
)
DENIED_TRACE = (
    *APPROVED_TRACE[:5],
    TraceLine("passcode", "replay"),
    TraceLine("throttle", "counted", {"failures": "3"}),
)


def _attempt(
    number: int, user: User | None, state: VerificationState, reason: Reason, **more: Any
) -> Verification:
    known: dict[str, Any] = {"user_id": user.user_id, "username": user.username} if user else {}
    return Verification(
        **{
            "tenant_id": "demo",
            "verification_id": f"01JBQ0{number:02}Y7K3N9ZC4H8T2WXV5M",
            "started_at": NOW - number * 11 * MINUTE,
            "decided_at": NOW - number * 11 * MINUTE + 8_400,
            "expires_at": NOW + 3 * MINUTE,
            "application_id": "vpn",
            "application_name": "VPN Berlin",
            "client_id": "gateway",
            "client_name": "vpn-gateway-1",
            "client_address": "192.0.2.17",
            "user_address": "203.0.113.9",
            "channel": "radius",
            "claimed_username": user.username if user else "administrator",
            "state": state,
            "reason": reason,
            "node_name": "node-1",
            "node_address": "192.0.2.2",
            "is_authenticated": state is VerificationState.APPROVED,
            **known,
            **more,
        }
    )


HELD = {"method": "totp", "authenticator_label": "Diensttelefon"}
ATTEMPTS = (
    _attempt(
        1,
        ALICE,
        VerificationState.APPROVED,
        Reason.PASSCODE_VERIFIED,
        trace=APPROVED_TRACE,
        legacy_result="SUCCESS_OATH_CODE_VERIFIED",
        **HELD,
    ),
    _attempt(
        2,
        ALICE,
        VerificationState.DENIED,
        Reason.PASSCODE_REPLAYED,
        trace=DENIED_TRACE,
        legacy_result="FAILED_OATH_CODE_DUPLICATE",
        given_name="Alice",
        family_name="Example",
        email="alice@example.com",
        **HELD,
    ),
    _attempt(3, LONG, VerificationState.PENDING, Reason.PASSCODE_PENDING, decided_at=None),
    _attempt(4, None, VerificationState.DENIED, Reason.UNKNOWN_USER, user_address=""),
    _attempt(5, EVIL, VerificationState.DENIED, Reason.LOCKED_OUT, client_name=HOSTILE),
    _attempt(6, BOB, VerificationState.EXPIRED, Reason.TIMED_OUT),
    _attempt(7, LONG, VerificationState.APPROVED, Reason.RECOVERY_CODE_VERIFIED, method="recovery_code"),
)

ASKED_IN_APP = _attempt(
    8,
    ALICE,
    VerificationState.DENIED,
    Reason.APP_DENIED,
    method="app",
    authenticator_id="a6",
    authenticator_label="Pixel 9",
    device="7d6f1c0b52a94e8c93d1f0a7b6c5e4d3",
)


def _device_record(number: int, label: str, fact: DeviceFact, seconds: int = 0) -> DeviceRecord:
    return DeviceRecord(
        tenant_id="demo",
        verification_id=ASKED_IN_APP.verification_id,
        authenticator_id=f"a{number}",
        fact=fact,
        label=label,
        at=ASKED_IN_APP.started_at + seconds * 1000,
    )


NOT_IN_APP = {"devices": (), "country": ""}
IN_APP = {
    "devices": asked_devices(
        ASKED_IN_APP,
        (
            _device_record(6, "Pixel 9", DeviceFact.NOTIFIED),
            _device_record(6, "Pixel 9", DeviceFact.SHOWN, 3),
            _device_record(7, HOSTILE, DeviceFact.UNREACHABLE),
            _device_record(8, "", DeviceFact.NO_PUSH),
            _device_record(8, "", DeviceFact.SHOWN, 4),
            _device_record(8, "", DeviceFact.TOO_LATE, 20),
        ),
    ),
    "country": "DE",
}

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
APPLICATION = Application(
    tenant_id="demo",
    application_id="vpn",
    name="VPN Berlin",
    first_factor=FirstFactor.DIRECTORY,
    directory_id="d1",
    created_at=NOW - 90 * DAY,
)
APPLICATIONS = (
    APPLICATION,
    Application(tenant_id="demo", application_id="portal", name="Portal", created_at=NOW - 90 * DAY),
    Application(
        tenant_id="demo",
        application_id="old",
        name="Fernwartungszugang der Produktionsanlagen im Werk Süd",
        first_factor=FirstFactor.CLIENT,
        is_enabled=False,
        created_at=NOW - 90 * DAY,
    ),
)
DIRECTORY = DirectoryConfiguration(
    tenant_id="demo",
    directory_id="d1",
    kind="ldap",
    name="Active Directory example.com",
    settings={"urls": ["ldaps://dc1.example.com", "ldaps://dc2.example.com"]},
    secret=b"sealed",
    created_at=NOW - 90 * DAY,
)
SETTINGS = (
    Setting("urls", "list", required=True),
    Setting("base_dn", "text", required=True),
    Setting("start_tls", "yes_no", default="yes"),
    Setting("name_attributes", "list", default="uid mail"),
    Setting("timeout_seconds", "number", default="5"),
)
RADIUS_SETTINGS = (
    Setting("servers", "list", required=True),
    Setting("require_message_authenticator", "yes_no", default="yes"),
    Setting("tries", "number", default="3"),
)
CLIENT = Client(
    tenant_id="demo",
    client_id="gateway",
    application_id="vpn",
    kind=ClientKind.RADIUS,
    name="vpn-gateway-1",
    address="192.0.2.17/32",
    settings={"mode": "challenge", "message_authenticator": "allow"},
    created_at=NOW - 90 * DAY,
)
CLIENTS = (
    ClientRow("gateway", "vpn-gateway-1", "192.0.2.17/32", "VPN Berlin", "challenge", "require", True, 2),
    ClientRow(
        "old",
        "fernwartung.werk-sued.example.com",
        "2001:db8:42::/48",
        "Fernwartung",
        "combined",
        "allow",
        True,
        1,
    ),
    ClientRow("new", "test", "127.0.0.1/32", "VPN Berlin", "passcode_only", "require", False, 0),
)
SECRETS = (
    SecretRow("s3", "x7Q", NOW - MINUTE),
    SecretRow("s2", "p0a", NOW - 80 * DAY, NOW + DAY),
    SecretRow("s1", "Kd9", NOW - 300 * DAY, NOW - 100 * DAY, is_over=True),
)
API_KEYS = (
    ApiKeyRow("k1", "Web shop", "9fQa", ("verify",), "Web shop", "198.51.100.0/24", NOW - 40 * DAY),
    ApiKeyRow(
        "k2", "Provisioning", "Zx31", ("verify", "admin"), "VPN Berlin", "", NOW - 3 * DAY, NOW + 87 * DAY
    ),
    ApiKeyRow(
        "k3", "Old script", "00aa", ("admin",), "VPN Berlin", "", NOW - 400 * DAY, NOW - DAY, is_over=True
    ),
)
APPLICATION_CHOICES = (
    Choice("vpn", "VPN Berlin"),
    Choice("old", "Fernwartungszugang der Produktionsanlagen"),
)
DIRECTORY_CHOICES = (Choice("d1", "Active Directory example.com"),)
CODES = tuple(f"{n}k7m-{n}pqx-{9 - n}wzt" for n in range(10))
ENROLLMENT: dict[str, Any] = {
    "qr_svg": _qr(),
    "otpauth_uri": URI,
    "secret": SECRET,
    "account": "alice",
    "parameters": {"algorithm": "SHA-1", "digits": 6, "period": 30},
}
VOICE_MESSAGES = tuple(
    VoiceMessage(
        tenant_id="acme",
        message_id=f"m{number}",
        language=language,
        application_id=application_id,
        type=kind,
        description=description,
        milliseconds=4_200,
        created_at=1_790_000_000_000,
    )
    for number, (language, application_id, kind, description) in enumerate(
        (
            ("en", "", MessageType.GREETING_STANDARD, ""),
            ("de", "vpn", MessageType.EXTENSION_PROMPT_BEFORE, HOSTILE),
            ("en", "gone", MessageType.FRAUD_REPORTED, "studio, take 2"),
        )
    )
)
MODES = ("challenge", "combined", "passcode_only")
REQUIREMENTS = ("require", "auto", "allow")
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
WRONG = Form(problem=Words("sign_in.refused"))
HINT = {"phone": "•••56"}
OFFERS = (
    Offer("a", Words("sign_in.way.sms_again", HINT), "text"),
    Offer("b", Words("sign_in.way.voice", HINT), "call"),
    Offer("passcode", Words("sign_in.way.passcode"), "app"),
)


def _signing_in() -> list[Sample]:
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


def _phones() -> tuple[Authenticator, ...]:
    return tuple(
        msgspec.structs.replace(
            _authenticator(number, label=label), method=method, parameters=parameters, created_at=NOW + number
        )
        for number, label, method, parameters in (
            (11, "", "sms", {"number": "+4930123456", "two_way": True, "with_pin": True}),
            (12, "Büro", "voice", {"number": "+4930123456", "extension": "@12"}),
            (13, "", "voice", {"number": "+4989765432"}),
        )
    )


def _held(*held: Authenticator) -> tuple[Holding, ...]:
    return tuple(holding_of(one, held) for one in held)


def _console_registration() -> list[Sample]:
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


def _registration(can: dict[str, Any]) -> list[Sample]:
    """Each step of the registration, and reasons of different length."""
    usual: dict[str, Any] = {
        "form": Form(),
        "asked": Asked(RegistrationReason.REQUIRED),
        "later": None,
        "ways": ("letter", "help_desk", "trusted_network"),
        "takes_code": True,
        "can_prove_old": False,
        "holdings": _held(PHONE),
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


def _portal() -> list[Sample]:
    can = {
        "addable": Addable(("sms", "voice"), app=True, device=True, hardware=True),
        "default_methods": ("totp", "sms", "voice"),
    }
    texted, called, backup = _phones()
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
                "holdings": _held(PHONE, DEVICE, TOKEN, TABLET, texted, called, backup),
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
                "holdings": _held(_authenticator(1, label=HOSTILE)),
                "recovery_codes_left": 1,
                "must_register": False,
                **can,
            },
        ),
        *_history(),
        *_passwords(),
        Sample("language", "portal/language.html", {"user": ALICE, "form": Form()}),
        Sample("security", "portal/security.html", {"cards": _cards(PIN)}),
        Sample("security-pin-over", "portal/security.html", {"cards": _cards(OLD_PIN)}),
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
        *_registration(can),
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
        *_app_passwords(),
        *_devices(),
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


def _passwords() -> list[Sample]:
    wrong = {"old": Words("refusal.password_wrong"), "again": Words("refusal.passwords_differ")}
    refused = Form({"username": HOSTILE}, problem=Words("refusal.not_proven"))
    return [
        Sample("password", "portal/password.html", {"form": Form()}),
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
        Sample("password-wrong", "portal/password.html", {"form": Form(errors=wrong)}),
        Sample("expired", "portal/expired.html", {"form": Form(errors=wrong)}, is_signed_in=False),
        Sample("reset", "portal/reset.html", {"form": Form()}, is_signed_in=False),
        Sample("reset-refused", "portal/reset.html", {"form": refused}, is_signed_in=False),
    ]


def _history() -> list[Sample]:
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


def _access_rules() -> list[Sample]:
    rule = AccessRule(
        rule_id="r1",
        name="Guests only from the office",
        effect=Effect.DENY,
        groups=("g1",),
        except_users=("u1",),
        applications=("vpn",),
        except_places=("trusted", "192.0.2.0/24"),
    )
    strict = AccessRule(
        rule_id="r2",
        name=HOSTILE,
        effect=Effect.REQUIRE,
        state=RuleState.REPORT_ONLY,
        methods=("app", "totp"),
        within_minutes=60,
    )
    names = {"g1": "Guests", "u1": "alice", "vpn": "VPN Berlin"}
    listed = {
        "version": 4,
        "rules": (rule, strict),
        "names": names,
        "form": Form(),
        "trusted_addresses": ("192.0.2.0/24", "2001:db8::/48"),
        "tenant_version": 3,
    }
    edit = {
        "version": 4,
        "form": Form(),
        "names": names,
        "ticked": {
            "groups": ("g1",),
            "except_groups": (),
            "applications": ("vpn",),
            "except_applications": (),
            "methods": (),
        },
        "groups": (Choice("g1", "Guests"), Choice("g2", HOSTILE)),
        "applications": (Choice("vpn", "VPN Berlin"), Choice("portal", "Portal")),
        "methods": ("app", "totp", "voice"),
        "asks_anyway": False,
    }
    versions = tuple(
        RuleSet(
            tenant_id="demo",
            version=version,
            rules=(rule, strict),
            note=note,
            actor="u5",
            actor_name="k.meier",
            created_at=NOW - version * DAY,
        )
        for version, note in ((4, "Guests leave earlier"), (3, ""), (2, HOSTILE))
    )
    rehearsal = Rehearsal(
        outcome="deny",
        reason=Reason.ACCESS_DENIED,
        methods=(),
        trace=(
            TraceLine("application", "enabled"),
            TraceLine("user", "active"),
            TraceLine("rule", "deny", {"rule": HOSTILE, "version": "4"}),
        ),
    )
    asked = {"applications": (Choice("vpn", "VPN Berlin"),), "rehearsal": None}
    typed = Form({"username": "alice", "application": "vpn", "address": "192.0.2.7"})
    locked = Words("refusal.locks_out", {"key": "k.meier"})
    return [
        Sample("access-rules", "console/access_rules.html", listed),
        Sample(
            "access-rules-empty",
            "console/access_rules.html",
            {**listed, "version": 0, "rules": (), "trusted_addresses": ()},
        ),
        Sample("access-rule", "console/access_rule_edit.html", {**edit, "rule": rule}),
        Sample(
            "access-rule-locks-out",
            "console/access_rule_edit.html",
            {**edit, "rule": None, "form": Form(problem=locked), "asks_anyway": True},
        ),
        Sample(
            "access-rule-versions",
            "console/access_rule_versions.html",
            {"version": 4, "versions": versions, "before": 2},
        ),
        Sample(
            "access-anyway",
            "console/access_anyway.html",
            {"path": "/console/tenants/demo/access-rules/rules/r1/move", "again": {}, "problem": locked},
        ),
        Sample("access-rehearsal-begin", "console/access_rehearsal.html", {**asked, "form": Form()}),
        Sample(
            "access-rehearsal",
            "console/access_rehearsal.html",
            {**asked, "form": typed, "rehearsal": rehearsal},
        ),
    ]


def _cards(pin: PinStatus) -> tuple[ShownCard, ...]:
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
        ShownCard("portal/cards/bypass.html", {"bypass": None if pin is PIN else _bypass(1, ALICE)}),
        ShownCard("portal/cards/sessions.html", {"sessions": places}),
    )


def _app_passwords() -> list[Sample]:
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


def _devices() -> list[Sample]:
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


GROUPS = (
    Group(tenant_id="demo", group_id="g1", name="Außendienst", created_at=NOW - 40 * DAY),
    Group(tenant_id="demo", group_id="g2", name=HOSTILE, created_at=NOW),
    Group(tenant_id="demo", group_id="g3", name="Berufsgenossenschaftsvertretung " * 3, created_at=NOW),
)
NOWHERE = dict.fromkeys(("text", "status", "requirement", "method", "group_id"), "")
MANY = {
    "cursor": "",
    "groups": (),
    "methods": ("sms", "totp"),
    "bulk_acts": ("enable", "disable", "join", "leave"),
}
GROUP_CHOICES = tuple(Choice(group.group_id, group.name) for group in GROUPS)


def _console_groups() -> list[Sample]:
    one = {
        "group": GROUPS[0],
        "size": 48_211,
        "listed": Listed(USERS, "next"),
        "cursor": "",
        "form": Form(),
        "members_form": Form(),
        "chosen_form": Form(),
        "report": None,
        "unknown": (),
        "most_names": 5000,
        "longest_name": 100,
    }
    kept = {"act": "disable", "choice": "", "whom": "ticked"}
    left_out = LeftOut("u3", HOSTILE, "last_administrator", HOSTILE)
    why = ((left_out, Words("refusal.last_administrator", {"key": HOSTILE})),)
    counts = {"chosen": 4812, "changed": 4700, "unchanged": 10, "left_out": (left_out,) * 102}
    unknown = (NamedLine(2, HOSTILE), NamedLine(17, "nobody"))
    return [
        Sample(
            "groups",
            "console/groups.html",
            {"groups": GROUPS, "sizes": {"g1": 48_211}, "form": Form(), "longest_name": 100},
        ),
        Sample(
            "groups-empty",
            "console/groups.html",
            {
                "groups": (),
                "sizes": {},
                "form": Form({"name": ""}, {"name": Words("form.required")}),
                "longest_name": 100,
            },
        ),
        Sample(
            "bulk-tried",
            "console/bulk.html",
            {
                "report": BulkReport(is_dry_run=True, **counts),
                "left_out": why,
                "kept": kept,
                "user_ids": ("u1",),
            },
        ),
        Sample(
            "bulk-nobody",
            "console/bulk.html",
            {"report": None, "left_out": (), "kept": kept, "user_ids": ()},
            notices=(Notice("bad", Words("bulk.nobody")),),
        ),
        Sample("group", "console/group.html", one),
        Sample(
            "group-unknown",
            "console/group.html",
            {
                **one,
                "group": GROUPS[2],
                "listed": Listed(()),
                "report": MembersReport(read=3, added=0, already=0, unknown=unknown),
                "unknown": unknown,
                "members_form": Form({"names": "alice\nnobody"}, {"file": Words("refusal.not_text")}),
            },
        ),
        Sample(
            "group-tried", "console/group.html", {**one, "report": MembersReport(read=9, added=7, already=2)}
        ),
    ]


def _console_roles() -> list[Sample]:
    choices = {
        "roles": (Choice("administrator", ""), Choice("help_desk", ""), Choice("r1", HOSTILE)),
        "places": (Choice("demo", "Example GmbH"), Choice("system", "Vestibule")),
        "groups": (Choice("g1", "Example GmbH: Außendienst"),),
    }
    grants = (
        GrantRow("help_desk", "", "demo", "Example GmbH", ("Außendienst", HOSTILE)),
        GrantRow("r1", HOSTILE, "", ""),
    )
    proposals = tuple(
        (
            Proposal(
                tenant_id="system",
                proposal_id=f"p{number}",
                act=act,
                user_id="u3",
                username=HOSTILE,
                actor=f"u{number}",
                actor_name="katharina",
                state=state,
                decided_by_name="root" if number else "",
                created_at=NOW,
                expires_at=NOW + DAY,
            ),
            ((Words("role.fact.number"), "+49 30 1234567"),),
        )
        for number, (act, state) in enumerate(
            (
                (Act.ADD_FACTOR, ProposalState.OPEN),
                (Act.ROLES, ProposalState.OPEN),
                (Act.PASSWORD, ProposalState.CONFIRMED),
            )
        )
    )
    rights = tuple(right.value for right in Right if right in OF_ADMINISTRATORS)
    own = AdminRole(tenant_id="system", role_id="r1", name=HOSTILE, rights=("people.read", "pins.change"))
    built_in = AdminRole(
        tenant_id="system",
        role_id="auditor",
        name="auditor",
        rights=("people.read", "history.read"),
        version=0,
    )
    named = {"rights": rights, "ticked": own.rights, "form": Form(), "longest_name": 100}
    holders = ((ADMIN, (GrantRow("administrator", "", "", ""),)), (EVIL, grants))
    people = {"holders": holders, "proposals": (), "own_id": "u1", "link": "", **choices}
    return [
        Sample("administrators", "console/administrators.html", {**people, "proposals": proposals}),
        Sample(
            "administrators-invited",
            "console/administrators.html",
            {**people, "link": "https://example.org/console/setup/" + "k3Jx" * 10},
        ),
        Sample("administrator", "console/administrator.html", {"user": EVIL, "grants": grants, **choices}),
        Sample("administrator-none", "console/administrator.html", {"user": LONG, "grants": (), **choices}),
        Sample("roles", "console/roles.html", {"roles": (built_in, own), **named}),
        Sample("role", "console/role.html", {"role": own, **named}),
        Sample("role-built-in", "console/role.html", {"role": built_in, **named, "ticked": built_in.rights}),
    ]


def _console_people() -> list[Sample]:
    detail = {
        "groups": GROUPS[:2],
        "holdings": _held(PHONE, TOKEN, PENDING, *_phones()),
        "default_methods": ("totp", "sms"),
        "phone_form": Form(),
        "password_form": Form(),
        "recovery_codes_left": 8,
        "has_registered": True,
        "vouchers": (),
        "vouching": ("letter", "email", "help_desk"),
        "now": NOW,
        "form": Form(),
        "pin": PIN,
        "pin_rules": PIN_RULES,
        "pin_form": Form(),
        "new_pin": "",
        "app_passwords": APP_PASSWORDS,
        "application_names": APPLICATION_NAMES,
        "browsers": BROWSERS,
        "standing": STANDING,
        "new_pass": "",
    }
    locked = (Throttle(Factor.PASSCODE, 10, NOW + 9 * MINUTE), Throttle(Factor.PASSWORD, 2, 0))
    return [
        Sample(
            "users",
            "console/users.html",
            {
                "listed": Listed(USERS, "next"),
                "where": NOWHERE,
                **MANY,
                "groups": GROUP_CHOICES,
            },
        ),
        Sample(
            "users-found",
            "console/users.html",
            {
                "listed": Listed((ALICE,)),
                "where": {**NOWHERE, "text": "al", "status": "active"},
                **MANY,
                "cursor": "x",
            },
            notices=(Notice("good", Words("console.users.removed", {"name": HOSTILE})),),
        ),
        Sample(
            "users-none",
            "console/users.html",
            {
                "listed": Listed(()),
                "where": {**NOWHERE, "text": "q"},
                **MANY,
                "groups": GROUP_CHOICES,
            },
        ),
        Sample(
            "users-empty",
            "console/users.html",
            {"listed": Listed(()), "where": NOWHERE, **MANY},
        ),
        Sample("user-add", "console/user_edit.html", {"user": None, "form": Form()}),
        Sample(
            "user-edit",
            "console/user_edit.html",
            {
                "user": LONG,
                "form": Form(
                    {},
                    {"username": Words("refusal.name_taken", {"key": "mobervh"})},
                    Words("refusal.changed_meanwhile"),
                ),
            },
        ),
        Sample(
            "user",
            "console/user.html",
            {"user": ALICE, "throttles": locked, "attempts": ATTEMPTS[:2], **detail},
        ),
        Sample(
            "user-long",
            "console/user.html",
            {
                **detail,
                "has_registered": False,
                "vouchers": (VOUCHER,),
                "user": LONG,
                "throttles": (Throttle(Factor.PASSWORD, 100, NEVER), Throttle(Factor.PIN, 10, NOW + MINUTE)),
                "pin": OLD_PIN,
                "pin_form": Form(errors={"pin": Words("pin.problem.too_short", {"least": 4})}),
                "attempts": (),
                "holdings": (),
                "standing": KEPT_OUT,
            },
        ),
        Sample(
            "user-hostile",
            "console/user.html",
            {
                **detail,
                "user": msgspec.structs.replace(EVIL, requirement=Requirement.ENFORCED, must_register=True),
                "throttles": (Throttle(Factor.PIN, 3, 0),),
                "attempts": ATTEMPTS[4:5],
                "pin": PinStatus(),
                "new_pin": "830519",
                "new_pass": "4821 9930",
                "standing": NOTHING_LEFT,
            },
        ),
    ]


def _block(number: int, user: User, **more: Any) -> Block:
    return Block(
        **{
            "tenant_id": "demo",
            "block_id": f"b{number}",
            "user_id": user.user_id,
            "username": user.username,
            "cause": BlockCause.HAND,
            "reason": "Phone stolen on the train to Hamburg, reported by his manager",
            "actor": "root",
            "actor_name": "root",
            "begun_at": NOW - DAY,
            "until": NOW + 89 * DAY,
            **more,
        }
    )


def _bypass(number: int, user: User, **more: Any) -> Bypass:
    return Bypass(
        **{
            "tenant_id": "demo",
            "bypass_id": f"y{number}",
            "user_id": user.user_id,
            "username": user.username,
            "seconds": 300,
            "reason": "Phone forgotten, called back at the desk",
            "phone": user.phone,
            "actor": "root",
            "actor_name": "root",
            "made_at": NOW - MINUTE,
            "expires_at": NOW + 4 * MINUTE,
            **more,
        }
    )


STANDING: Final = Standing(
    block=None,
    block_days=90,
    numbers=("+49305550123",),
    bypass=_bypass(1, ALICE, application_name="VPN"),
    applications=(("vpn", "VPN"),),
    access_pass=_authenticator(9, method="temporary_pass", not_after=NOW + 60 * MINUTE),
    can_pass=True,
    sources=(
        SourceThrottle(Factor.PASSCODE, "2001:db8:1:2::/64", 5, NOW + 9 * MINUTE, NOW - MINUTE),
        SourceThrottle(Factor.PASSWORD, HOSTILE, 2, 0, NOW - DAY),
    ),
)
KEPT_OUT: Final = replace(
    STANDING,
    block=_block(2, LONG),
    bypass=None,
    access_pass=None,
    numbers=(),
    sources=(),
    block_form=Form(errors={"reason": Words("refusal.reason_missing")}),
)
NOTHING_LEFT: Final = replace(
    STANDING,
    bypass=None,
    block_form=Form({"reason": HOSTILE}, {"days": Words("refusal.out_of_bounds", {"key": "days"})}),
    bypass_form=Form({"seconds": "0"}, {"bypass_reason": Words("refusal.reason_missing")}),
)


def _keeping_out() -> list[Sample]:
    blocks = (
        _block(1, ALICE, phone="+49305550123"),
        _block(2, LONG, cause=BlockCause.FRAUD, reason="", verification_id="a1", until=NOW - MINUTE),
        _block(
            3, EVIL, reason=HOSTILE, ended_at=NOW, ended_by="root", ended_by_name=HOSTILE, end_reason=HOSTILE
        ),
    )
    bypasses = (
        _bypass(1, ALICE),
        _bypass(2, LONG, state=BypassState.USED, ended_at=NOW, verification_id="a1"),
        _bypass(3, EVIL, reason=HOSTILE, application_name=HOSTILE, state=BypassState.WITHDRAWN, ended_at=NOW),
    )
    none = {"cursor": "", "now": NOW}
    return [
        Sample(
            "blocks",
            "console/blocks.html",
            {**none, "listed": Listed(blocks, "n"), "where": BlockFilter(is_active=True)},
        ),
        Sample("blocks-empty", "console/blocks.html", {**none, "listed": Listed(()), "where": BlockFilter()}),
        Sample(
            "bypasses",
            "console/bypasses.html",
            {**none, "listed": Listed(bypasses, "n"), "where": BypassFilter()},
        ),
        Sample(
            "bypasses-empty",
            "console/bypasses.html",
            {**none, "listed": Listed(()), "where": BypassFilter()},
        ),
    ]


def _console_tokens() -> list[Sample]:
    rows = (TokenRow(TOKEN, ALICE), TokenRow(FREE), TokenRow(_authenticator(6, serial="X" * 40), LONG))
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


def _console_doors() -> list[Sample]:
    edit = {
        "form": Form(),
        "methods": ("hotp", "totp"),
        "directories": DIRECTORY_CHOICES,
        "is_enabled": True,
        "can_be_legacy": True,
        "is_legacy": False,
    }
    client_edit = {
        "applications": APPLICATION_CHOICES,
        "modes": MODES,
        "requirements": REQUIREMENTS,
        "passcode_length": 6,
        "passcode_lengths": (6, 8),
        "is_enabled": True,
        "limit_proxy_state": False,
    }
    return [
        Sample(
            "applications",
            "console/applications.html",
            {"applications": APPLICATIONS, "clients_of": {"vpn": 2}},
        ),
        Sample("applications-empty", "console/applications.html", {"applications": (), "clients_of": {}}),
        Sample(
            "application-add",
            "console/application_edit.html",
            {**edit, "application": None, "chosen_methods": ()},
        ),
        Sample(
            "application-edit",
            "console/application_edit.html",
            {**edit, "application": APPLICATION, "chosen_methods": ("totp",)},
        ),
        Sample(
            "skipping",
            "console/skipping.html",
            {"application": APPLICATION, "form": Form(), "skips_trusted": True},
        ),
        *_access_rules(),
        Sample("clients", "console/clients.html", {"rows": CLIENTS}),
        Sample("clients-empty", "console/clients.html", {"rows": ()}),
        Sample("client-add", "console/client_edit.html", {"client": None, "form": Form(), **client_edit}),
        Sample(
            "client-edit",
            "console/client_edit.html",
            {
                "client": CLIENT,
                "form": Form({}, {"address": Words("refusal.address_taken", {"key": "192.0.2.17"})}),
                **client_edit,
            },
        ),
        Sample(
            "client",
            "console/client.html",
            {
                "client": CLIENT,
                "application_name": "VPN Berlin",
                "secrets": SECRETS,
                "new_secret": "",
                "attempts": ATTEMPTS[:3],
                "form": Form(),
            },
        ),
        Sample(
            "client-new-secret",
            "console/client.html",
            {
                "client": CLIENT,
                "application_name": "VPN Berlin",
                "secrets": SECRETS[:1],
                "new_secret": "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4",
                "attempts": (),
                "form": Form({}, {"chosen": Words("refusal.secret_too_short", {"key": "16"})}),
            },
        ),
        Sample("voice-messages", "console/voice_messages.html", _voice_messages(VOICE_MESSAGES)),
        Sample("voice-messages-empty", "console/voice_messages.html", _voice_messages(())),
        Sample("api-keys", "console/api_keys.html", _api_keys(API_KEYS, "")),
        Sample(
            "api-keys-new",
            "console/api_keys.html",
            _api_keys((), "vst_Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6"),
        ),
    ]


def _directories() -> list[Sample]:
    page = "console/directory_edit.html"
    tried = {"tried": "", "found": None, "problem_of_try": None}
    found = DirectoryEntry(reference="b7c1", username="alice", given_name="Alice", family_name=HOSTILE)
    values = {"name": DIRECTORY.name, "urls": "ldaps://dc1.example.com", "base_dn": "DC=example,DC=com"}
    return [
        Sample("directories", "console/directories.html", {"directories": (DIRECTORY,), "kinds": ("ldap",)}),
        Sample("directories-empty", "console/directories.html", {"directories": (), "kinds": ("ldap",)}),
        Sample(
            "directory-add",
            page,
            {
                **tried,
                "directory": None,
                "kind": "ldap",
                "settings": SETTINGS,
                "form": Form({"start_tls": "yes"}),
            },
        ),
        Sample(
            "directory-add-radius",
            page,
            {
                **tried,
                "directory": None,
                "kind": "radius",
                "settings": RADIUS_SETTINGS,
                "form": Form({"require_message_authenticator": "yes", "tries": "3"}),
            },
        ),
        Sample(
            "directory",
            page,
            {
                "directory": DIRECTORY,
                "kind": "ldap",
                "settings": SETTINGS,
                "form": Form(values),
                "tried": HOSTILE,
                "found": found,
                "problem_of_try": None,
            },
        ),
    ]


GATEWAY: Final = GatewayConfiguration(
    tenant_id="demo",
    gateway_id="g1",
    kind="http_text",
    name=HOSTILE,
    secret=b"sealed",
    created_at=NOW - 9 * DAY,
)
QUIET: Final = SendingStanding(cost_today=0, daily_cost_cap=0, reached=(), unpriced=(), is_closed=False)
BITTEN: Final = SendingStanding(
    cost_today=499_900,
    daily_cost_cap=50,
    reached=tuple(
        LimitReached(
            kind=kind, key=key, began_at=NOW, ends_at=NOW, reached_at=NOW - 7 * MINUTE, username=name
        )
        for kind, key, name in (
            (LimitKind.COST, "", ""),
            (LimitKind.USER, "u1", HOSTILE),
            (LimitKind.PREFIX, "+4917612", ""),
            (LimitKind.NUMBER, "+4917612345678", ""),
            (LimitKind.COUNTRY, "882", ""),
        )
    ),
    unpriced=("Operator", HOSTILE),
    is_closed=True,
)
GATEWAY_ROWS: Final = (
    GatewayRow("g1", HOSTILE, "Texts over HTTP", ("text",), 10, "bad", "unopened", 0, HOSTILE),
    GatewayRow("g2", "Operator", "SMPP (texts)", ("text",), 20, "good", "ready"),
    GatewayRow("g3", "Calls", "Calls over HTTP", ("call",), 20, "wait", "failing", 2, "Nobody answered."),
    GatewayRow("g4", "Old", "SMPP (texts)", ("text",), 900, "", "off"),
)
DELIVERY_ROWS: Final = (
    DeliveryRow(NOW, "text", "••••••••••56", "Operator", "g2", "delivered", "good", is_test=True),
    DeliveryRow(NOW - MINUTE, "call", "••••••••••57", HOSTILE, "g1", "failed", "bad", HOSTILE),
    DeliveryRow(NOW - DAY, "text", "••••••••••58", "", "", "dropped", ""),
)


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


def _outbox() -> list[Sample]:
    page = "console/outbox.html"
    shown = {
        "dispatches": DISPATCH_ROWS,
        "next_cursor": "n",
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
        Sample("outbox-empty", page, none),
    ]


def _mail() -> list[Sample]:
    mail = MailSettings(alerts={"*": ("security@example.com",)})
    page = {
        "mail": mail,
        "version": 1,
        "form": Form({"*": "security@example.com", "user.locked": HOSTILE}),
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
        "preview": MailTemplate("Hi " + HOSTILE, "First.\n\nSecond,\nand on."),
        "form": Form(
            {"subject": "Hi {name}", "text": HOSTILE},
            problem=Words("refusal.placeholder_unknown", {"key": "welcome.en: {pin}"}),
        ),
    }
    return [
        Sample("mail", "console/mail.html", page),
        Sample("mail-template", "console/mail_template.html", words),
    ]


def _gateways() -> list[Sample]:
    kinds = (("http_call", "Calls over HTTP"), ("smpp", "SMPP (texts)"))
    first = (
        PluginSetting("setting_host", "text", "Host of the message center", is_required=True),
        PluginSetting("setting_preset", "choice", "A provider", choices=("", "twilio")),
        PluginSetting("setting_tls", "yes_no", "Protect the connection by TLS"),
    )
    more = (
        PluginSetting("setting_fields", "json", "Names and templates"),
        PluginSetting("setting_window", "number", "Requests at the same time"),
    )
    adding = {
        "gateway": None,
        "row": None,
        "kind": "http_text",
        "kind_name": "Texts over HTTP",
        "first": first,
        "more": more,
        "secret_label": "Key at the provider",
        "second_secret_label": "Secret of callbacks",
        "carries": ("text",),
        "priced": ("text",),
        "callback_url": "",
        "caller_id": "",
        "form": Form({"priority": "10"}, {"setting_host": Words("form.required")}),
        "result": None,
        "lately": (),
    }
    there = {
        **adding,
        "gateway": GATEWAY,
        "row": GATEWAY_ROWS[0],
        "carries": ("text", "call"),
        "priced": ("text", "call"),
        "callback_url": "https://signin.example.com/callbacks/demo/g1/",
        "caller_id": "+4930901820",
        "form": Form({"name": HOSTILE, "priority": "10", "is_enabled": "yes", "setting_fields": HOSTILE}),
        "result": Notice("bad", Words("console.gateway.tested_failed", {"why": HOSTILE})),
        "lately": DELIVERY_ROWS,
    }
    filters = {"states": ("sent", "failed"), "gateways": (Choice("g1", HOSTILE),), "cursor": ""}
    page, list_page = "console/gateway_edit.html", "console/deliveries.html"
    shown = {**filters, "deliveries": DELIVERY_ROWS, "next_cursor": "n", "where": DeliveryFilter()}
    none = {**filters, "deliveries": (), "next_cursor": "", "where": DeliveryFilter(state="failed")}
    return [
        Sample(
            "gateways",
            "console/gateways.html",
            {"gateways": GATEWAY_ROWS, "kinds": kinds, "caller_id": "+4930901820", "standing": QUIET},
        ),
        Sample(
            "gateways-limits",
            "console/gateways.html",
            {"gateways": GATEWAY_ROWS, "kinds": kinds, "caller_id": "", "standing": BITTEN},
        ),
        Sample(
            "gateways-empty",
            "console/gateways.html",
            {"gateways": (), "kinds": kinds, "caller_id": "", "standing": QUIET},
        ),
        Sample("gateway-add", page, adding),
        Sample("gateway", page, there),
        Sample("gateway-mail", page, {**there, "carries": ("mail",), "priced": (), "lately": ()}),
        *_outbox(),
        *_mail(),
        Sample("deliveries", list_page, shown),
        Sample("deliveries-none", list_page, none),
        Sample("deliveries-empty", list_page, {**none, "where": DeliveryFilter()}),
    ]


def _installation() -> list[Sample]:
    demo = Tenant(tenant_id="demo", name="Example GmbH", created_at=NOW - 90 * DAY)
    hostile = Tenant(tenant_id="t2", name=HOSTILE, created_at=NOW)
    rows = ((demo, "/console/tenants/demo", True), (hostile, "/console/tenants/t2", False))
    return [
        Sample(
            "tenants",
            "console/tenants.html",
            {
                "rows": rows,
                "public_url": "https://signin.example.com",
                "form": Form(problem=Words("refusal.edition_exceeded", {"key": "api, caller_id"})),
                "current": rows[0][0],
                "editions": tuple(Edition),
            },
        ),
        Sample(
            "account", "console/account.html", {"user": ADMIN, "form": Form(problem=Words("sign_in.refused"))}
        ),
    ]


def _voice_messages(messages: tuple[VoiceMessage, ...]) -> dict[str, Any]:
    return {
        "messages": messages,
        "names": {"vpn": HOSTILE},
        "form": Form() if messages else Form({}, {"file": Words("voice.unusable.too_long")}),
        "types": tuple(each.value for each in MessageType),
        "applications": (Choice("vpn", HOSTILE),),
        "built_in": [("denied", "Your sign-in cannot be confirmed at the moment.")],
        "most_description": 200,
    }


def _api_keys(rows: tuple[ApiKeyRow, ...], new_key: str) -> dict[str, Any]:
    return {
        "rows": rows,
        "new_key": new_key,
        "form": Form(),
        "ticked": ("verify",),
        "scopes": ("verify", "admin"),
        "applications": APPLICATION_CHOICES,
        "roles": (Choice("administrator", ""), Choice("r1", HOSTILE)),
    }


def _console_records() -> list[Sample]:
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
        *_console_registration(),
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
                "version": 4,
                "form": Form(),
                "ticked": {
                    "record_names": False,
                    "record_email": True,
                    "strip_domain_prefix": True,
                    "pin_refuse_simple": True,
                    "pin_refuse_phone": False,
                    "fraud_reports": True,
                    "fraud_blocks": False,
                    "own_bypass": True,
                    "two_way_texts": True,
                    "app_passwords": True,
                    "app_plain_approval": False,
                    "two_administrators": True,
                },
                "is_system": True,
            },
            notices=(Notice("good", Words("form.saved")),),
        ),
    ]


def _phone() -> list[Sample]:
    number, caller = "+493023125142", "+493023125000"
    texts = (
        PhoneText(at=NOW, other=caller, body=Secret("Nein danke"), is_written_here=True),
        PhoneText(at=NOW - MINUTE, other=caller, body=Secret(f"123456 is your passcode for {HOSTILE}")),
    )
    missed = PhoneCall(
        call_id="c0", caller=caller, stage=CallStage.ENDED, at=NOW - 2 * MINUTE, ending=CallEnding.MISSED
    )
    ringing = PhoneCall(call_id="c1", caller=caller, stage=CallStage.RINGING, at=NOW)
    words = (
        Spoken("de", "Guten Tag. Hier ist die Anmeldung bei „Verwaltungsnetz Außenstelle Süd“."),
        Spoken("en", f"Please press your PIN and the pound key for {HOSTILE}."),
    )
    talking = PhoneCall(
        call_id="c1", caller=caller, stage=CallStage.TALKING, at=NOW, spoken=words, awaits_keys=True, keys=3
    )
    phone = SimulatedPhone(number=number, texts=texts, past_calls=(missed,))
    entries = [PhoneEntry(missed.at, call=missed), *(PhoneEntry(text.at, text=text) for text in texts[::-1])]
    bare = SimulatedPhone(number="+12025550142", is_unreachable=True)

    def sample(name: str, shown: SimulatedPhone | None, entries: Sequence[PhoneEntry] = ()) -> Sample:
        phones = (shown, bare) if shown is not None else ()
        told = {"phones": phones, "shown": shown, "entries": entries, "version": 7, "place": "/phone/sample"}
        return Sample(name, "phone/phone.html", {**told, "is_still": name == "phone"}, is_signed_in=False)

    return [
        sample("phone", phone, entries),
        sample("phone-none", None),
        sample("phone-rings", SimulatedPhone(number=number, call=ringing)),
        sample("phone-talks", SimulatedPhone(number=number, call=talking)),
        sample("phone-off", SimulatedPhone(number="+12025550143", is_busy=True)),
    ]


def samples() -> list[Sample]:
    """Return every sample, those of the console at that door."""
    console = [
        *_console_people(),
        *_console_groups(),
        *_console_roles(),
        *_keeping_out(),
        *_console_tokens(),
        *_console_doors(),
        *_directories(),
        *_gateways(),
        *_console_records(),
        *_installation(),
    ]
    return [
        *_signing_in(),
        *_portal(),
        *_phone(),
        *(Sample(s.name, s.page, s.variables, "console", s.is_signed_in, s.notices) for s in console),
    ]
