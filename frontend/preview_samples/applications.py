"""Applications, RADIUS and LDAP clients, voice messages and API keys."""

from typing import Any

from preview_samples.access_rules import access_rules
from preview_samples.attempts import ATTEMPTS
from preview_samples.sample import DAY, HOSTILE, MINUTE, NOW, Sample
from vestibule.frontends.http.templates.views import (
    ApiKeyRow,
    CertificateRow,
    Choice,
    ClientRow,
    FindingRow,
    Form,
    LdapClientRow,
    SecretRow,
    Words,
)
from vestibule.interfaces.transaction.lists import Listed
from vestibule.interfaces.transaction.radius import AccountingFilter
from vestibule.model.accounting_record import AccountingRecord, Forwarding
from vestibule.model.application import Application, Client, ClientKind, FirstFactor
from vestibule.model.client_sighting import Seen, Sighting
from vestibule.model.radius_client import Signing
from vestibule.model.voice_message import MessageType, VoiceMessage
from vestibule.policy.client_doctor import Finding, Grade
from vestibule.policy.client_signing import Advice, ClientSigning
from vestibule.services.client_words import finding_texts

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


CLIENT = Client(
    tenant_id="demo",
    client_id="gateway",
    application_id="vpn",
    kind=ClientKind.RADIUS,
    name="vpn-gateway-1",
    address="192.0.2.17/32",
    settings={"mode": "challenge", "message_authenticator": "observe"},
    created_at=NOW - 90 * DAY,
)


LDAP_CLIENT = Client(
    tenant_id="demo",
    client_id="wiki",
    application_id="vpn",
    kind=ClientKind.LDAP,
    name="wiki",
    address="192.0.2.20/32",
    created_at=NOW - 90 * DAY,
)
LDAP_CLIENTS = (
    LdapClientRow("wiki", "wiki", "192.0.2.20/32", "VPN Berlin", "out_of_band", True, False),
    LdapClientRow(
        "old", "drucker.werk-sued.example.com", "2001:db8:42::/48", "Fernwartung", "appended", False, True
    ),
)


ACCOUNTING = tuple(
    AccountingRecord(
        tenant_id="demo",
        record_id=f"r{number}",
        client_id="gateway",
        client_name="vpn-gateway-1",
        received_at=NOW - number * MINUTE,
        expires_at=NOW + DAY,
        kind=kind,
        username=username,
        session=session,
        attributes={"Framed-IP-Address": ["198.51.100.7"], "Calling-Station-Id": ["203.0.113.9"]},
        forwarding=forwarding,
    )
    for number, (kind, username, session, forwarding) in enumerate(
        (
            ("Start", "alice", "8f31c2a90000004d", Forwarding.DONE),
            ("Stop", HOSTILE, "-", Forwarding.PENDING),
            ("Accounting-On", "", "", Forwarding.NONE),
        )
    )
)


def signing(step: Signing, advice: Advice, signed: int = 0, unsigned: int = 0) -> ClientSigning:
    return ClientSigning(
        client_id="gateway",
        name="vpn-gateway-1",
        step=step,
        signed=signed,
        unsigned=unsigned,
        signed_at=NOW - MINUTE if signed else None,
        unsigned_at=NOW - DAY if unsigned else None,
        advice=advice,
    )


LACKING = signing(Signing.WARN, Advice.LACKING, 1204, 17)

STRANGERS = tuple(
    Sighting(
        tenant_id="system",
        client_id=address,
        kind=Seen.UNKNOWN_CLIENT,
        began_at=NOW,
        count=count,
        first_at=NOW - DAY,
        last_at=NOW - MINUTE,
    )
    for address, count in (("198.51.100.23", 1), ("2001:db8:4200:1234:5678:9abc:def0:1234", 23_456))
)

FINDINGS = tuple(
    FindingRow(finding, *(Words(key, told) for key, told in finding_texts(finding)))
    for finding in (
        Finding(key=key, grade=grade, count=count, first_at=NOW - DAY, last_at=NOW - MINUTE, value=3)
        for key, grade, count in (
            ("gave_up", Grade.PROBLEM, 4),
            ("unsigned", Grade.WARNING, 17),
            ("no_station", Grade.NOTE, 1),
            ("accepted", Grade.FINE, 1204),
        )
    )
)


CLIENTS = (
    ClientRow(
        "gateway",
        "vpn-gateway-1",
        "192.0.2.17/32",
        "VPN Berlin",
        "challenge",
        signing(Signing.REQUIRE, Advice.KEEP, 17),
        True,
        2,
    ),
    ClientRow(
        "old",
        "fernwartung.werk-sued.example.com",
        "2001:db8:42::/48",
        "Fernwartung",
        "combined",
        LACKING,
        True,
        1,
    ),
    ClientRow(
        "new",
        "test",
        "127.0.0.1/32",
        "VPN Berlin",
        "passcode_only",
        signing(Signing.OBSERVE, Advice.UNSEEN),
        False,
        0,
    ),
)


SECRETS = (
    SecretRow("s3", "x7Q", NOW - MINUTE),
    SecretRow("s2", "p0a", NOW - 80 * DAY, NOW + DAY),
    SecretRow("s1", "Kd9", NOW - 300 * DAY, NOW - 100 * DAY, is_over=True),
)


CERTIFICATES = (
    CertificateRow("9f" * 32, "client", "CN=vpn-gateway-1", "vpn-gateway-1", NOW + 300 * DAY),
    CertificateRow(
        "3a" * 32, "client", "CN=fernwartung.werk-sued.example.com", HOSTILE, NOW + 9 * DAY, ends_soon=True
    ),
    CertificateRow("77" * 32, "client", "CN=test", "test", NOW - DAY, is_over=True, ends_soon=True),
    CertificateRow("01" * 32, "client", "CN=test", "test", NOW + DAY, is_revoked=True, ends_soon=True),
)
OF_INSTALLATION = (
    CertificateRow(
        "5c" * 32, "server", "radius-1.example.com, radius-2.example.com, 192.0.2.10", "", NOW + 300 * DAY
    ),
    CertificateRow("0b" * 32, "authority", "CN=Example RADIUS", "", NOW + 3000 * DAY),
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


REQUIREMENTS = ("require", "warn", "observe")


def console_doors() -> list[Sample]:
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
        "requirement": "warn",
        "passcode_length": 6,
        "passcode_lengths": (6, 8),
        "response_seconds": 55,
        "seconds_bounds": (3, 300),
        "is_enabled": True,
        "limit_proxy_state": False,
        "require_user_match": True,
        "require_inner_name": True,
        "without_secret": False,
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
        *access_rules(),
        Sample("clients", "console/clients.html", {"rows": CLIENTS, "strangers": STRANGERS}),
        Sample("clients-empty", "console/clients.html", {"rows": (), "strangers": ()}),
        Sample(
            "accounting",
            "console/accounting.html",
            {
                "listed": Listed(ACCOUNTING, "next"),
                "where": AccountingFilter(username="alice"),
                "since": "2026-11-01",
                "until": "",
                "clients": (Choice("gateway", "vpn-gateway-1"),),
                "cursor": "",
            },
        ),
        Sample(
            "accounting-empty",
            "console/accounting.html",
            {
                "listed": Listed(()),
                "where": AccountingFilter(),
                "since": "",
                "until": "",
                "clients": (),
                "cursor": "",
            },
        ),
        Sample(
            "client-doctor",
            "console/client_doctor.html",
            {
                "client": CLIENT,
                "findings": FINDINGS,
                "since": NOW - DAY,
                "now": NOW,
                "is_listening": True,
                "strangers": STRANGERS,
            },
        ),
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
                "signing": LACKING,
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
                "signing": signing(Signing.REQUIRE, Advice.KEEP),
                "secrets": SECRETS[:1],
                "new_secret": "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4",
                "attempts": (),
                "form": Form({}, {"chosen": Words("refusal.secret_too_short", {"key": "16"})}),
            },
        ),
        Sample("certificates", "console/certificates.html", _certificates(CERTIFICATES)),
        Sample(
            "certificates-of-the-installation",
            "console/certificates.html",
            _certificates(OF_INSTALLATION, is_installation=True, clients=()),
        ),
        Sample(
            "certificates-empty",
            "console/certificates.html",
            _certificates((), has_authority=False),
        ),
        Sample("ldap-clients", "console/ldap_clients.html", {"rows": LDAP_CLIENTS}),
        Sample("ldap-clients-empty", "console/ldap_clients.html", {"rows": ()}),
        Sample(
            "ldap-client",
            "console/ldap_client.html",
            {
                "client": LDAP_CLIENT,
                "form": Form(
                    {
                        "name": "wiki",
                        "address": "192.0.2.20/32",
                        "passcodes": "out_of_band",
                        "passcode_length": "6",
                        "response_seconds": "55",
                        "demand_tls": "yes",
                        "is_enabled": "yes",
                        "exempt_binds": "192.0.2.20 cn=wiki,ou=services,dc=example,dc=org",
                    },
                    {"address": Words("refusal.address_taken", {"key": "192.0.2.20"})},
                ),
                "applications": APPLICATION_CHOICES,
                "passcodes": ("out_of_band", "appended"),
                "attempts": ATTEMPTS[:3],
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


def _certificates(rows: tuple[CertificateRow, ...], **more: Any) -> dict[str, Any]:
    usual = {
        "rows": rows,
        "is_installation": False,
        "has_authority": True,
        "clients": (Choice("gateway", "vpn-gateway-1"), Choice("old", "fernwartung.werk-sued.example.com")),
        "formats": ("pem", "pkcs12"),
        "usual_days": 397,
        "authority": Form(),
        "server": Form(),
        "issuing": Form(),
        "entering": Form() if rows else Form({}, {"file": Words("form.no_file")}),
    }
    return usual | more


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
