"""JSON of the command line is that of the REST API, and what is secret stays where it is."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import msgspec
import pytest

from vestibule.cli import client, records
from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.records import applications, held, history, people, sending, tenants
from vestibule.interfaces.attribute_reader import ReadDictionary
from vestibule.interfaces.transaction.sign_in import Person
from vestibule.model.application import Application, Client, ClientKind, ClientSecret, DirectoryConfiguration
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.delivery import Carries, Delivery
from vestibule.model.device_record import DeviceFact, DeviceRecord, asked_devices
from vestibule.model.event import Event
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.pin import PinStatus
from vestibule.model.radius_client import Signing
from vestibule.model.reply_attribute import RadiusDictionary, ReplyAttribute, Shape
from vestibule.model.tenant import Tenant
from vestibule.model.throttle import NEVER, Factor, Throttle
from vestibule.model.user import User
from vestibule.model.verification import Reason, TraceLine, Verification, VerificationState
from vestibule.model.voice_message import MessageType, VoiceMessage
from vestibule.services.dictionaries import LoadedDictionary
from vestibule.services.gateways import GatewayState

USER = User(
    tenant_id="t",
    user_id="u",
    username="al",
    names=("al", "b"),
    password_hash="#",
    created_at=1,
    updated_at=1,
)
HELD = Authenticator(
    tenant_id="t",
    authenticator_id="a",
    method="totp",
    secret=b"sealed",
    status=AuthenticatorStatus.ACTIVE,
    created_at=1,
)
SUBJECT = Person(USER, (HELD,), {Factor.PASSCODE: Throttle(Factor.PASSCODE, 3, NEVER)})
PIN = PinStatus(is_set=True, must_change=True, is_expired=False, changed_at=5)
APPLICATION = Application(tenant_id="t", application_id="p", name="VPN", created_at=1)
CLIENT = Client(
    tenant_id="t", client_id="c", application_id="p", kind=ClientKind.RADIUS, name="C", created_at=1
)
SECRET = ClientSecret(tenant_id="t", secret_id="s", client_id="c", sealed=b"x", hint="abc", created_at=1)
DIRECTORY = DirectoryConfiguration(
    tenant_id="t", directory_id="d", kind="ldap", name="D", secret=b"x", created_at=1
)
ATTEMPT = Verification(
    tenant_id="t",
    verification_id="v",
    started_at=1,
    expires_at=1,
    application_id="p",
    application_name="VPN",
    client_id="c",
    channel="radius",
    claimed_username="al",
    state=VerificationState.DENIED,
    reason=Reason.UNKNOWN_USER,
    node_name="n",
    node_address="127.0.0.1",
    trace=(TraceLine("user", "unknown"),),
)
ASKED = asked_devices(
    msgspec.structs.replace(ATTEMPT, device="d", authenticator_id="a"),
    [
        DeviceRecord(
            tenant_id="t", verification_id="v", authenticator_id="a", fact=DeviceFact.SHOWN, label="P", at=3
        )
    ],
)
EVENT = Event(tenant_id="t", event_id="e", at=1, kind="user.added", actor="system")
VOICE_MESSAGE = VoiceMessage(
    tenant_id="t", message_id="m", language="de", type=MessageType.DENIED, milliseconds=5, created_at=1
)
REPLY = ReplyAttribute(
    tenant_id="t",
    reply_id="r",
    attribute="Class",
    value="x",
    shape=Shape(path=(25,)),
    content=b"sealed",
    created_at=1,
)
LOADED = LoadedDictionary(
    RadiusDictionary(tenant_id="t", name="acme", attributes=1, left_out=1, size=9, created_at=1),
    ReadDictionary(("Acme-Role",), ("Acme-Filter",)),
)
DELIVERY = Delivery(
    tenant_id="t",
    delivery_id="d",
    verification_id="v",
    challenge_id="c",
    user_id="u",
    carries=Carries.TEXT,
    address="+4930123456",
    sealed_body=b"sealed",
    cause="why",
    due_at=1,
    expires_at=2,
    created_at=1,
)
GATEWAY = GatewayConfiguration(
    tenant_id="t", gateway_id="g", kind="smpp", name="G", secret=b"sealed", created_at=1
)
TENANT = Tenant(tenant_id="t", name="T", created_at=1)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (records.user_record(USER), people.user_record(USER)),
        (records.person_record(SUBJECT, 5), people.person_record(SUBJECT, 5)),
        (records.authenticator_record(HELD), held.authenticator_record(HELD)),
        (records.pin_record(PIN), held.pin_record(PIN)),
        (records.application_record(APPLICATION), applications.application_record(APPLICATION)),
        (records.client_record(CLIENT), applications.client_record(CLIENT)),
        (records.secret_record(SECRET), applications.secret_record(SECRET)),
        (records.directory_record(DIRECTORY), applications.directory_record(DIRECTORY)),
        (records.tenant_record(TENANT), tenants.tenant_record(TENANT)),
        (records.attempt_record(ATTEMPT), history.attempt_record(ATTEMPT)),
        (records.traced_attempt_record(ATTEMPT, ASKED), history.traced_attempt_record(ATTEMPT, ASKED)),
        (records.event_record(EVENT), history.event_record(EVENT)),
        (records.delivery_record(DELIVERY), sending.delivery_record(DELIVERY)),
        (records.reply_attribute_record(REPLY), applications.reply_attribute_record(REPLY)),
        (
            records.loaded_dictionary_record(LOADED, is_dry_run=True),
            applications.loaded_dictionary_record(LOADED, is_dry_run=True),
        ),
        (records.voice_message_record(VOICE_MESSAGE), sending.voice_message_record(VOICE_MESSAGE)),
    ],
    ids=lambda record: type(record).__name__,
)
def test_json_is_what_the_api_shows(ours: dict[str, Any], theirs: Any) -> None:
    assert msgspec.json.decode(msgspec.json.encode(ours)) == msgspec.json.decode(msgspec.json.encode(theirs))


def test_a_gateway_is_what_the_api_shows_but_for_how_it_stands() -> None:
    """How it stands, only the server knows that uses it."""
    ours = records.gateway_record(GATEWAY, "https://x/")
    theirs = sending.gateway_record(GatewayState(configured=GATEWAY), "https://x/")
    told = {name: getattr(theirs, name) for name in theirs.__struct_fields__}
    standing = {"is_open", "is_connected", "is_resting", "failures", "cause"}
    assert ours == {name: value for name, value in told.items() if name not in standing}


def test_nothing_sealed_or_hashed_is_in_a_record() -> None:
    held = [records.gateway_record(GATEWAY, ""), records.delivery_record(DELIVERY)]
    shown = str([records.person_record(SUBJECT, 5), records.secret_record(SECRET), *held])
    assert DELIVERY.address not in shown
    assert "sealed" not in shown
    assert "'#'" not in shown


def test_what_is_not_given_stays_as_it_is() -> None:
    before = {"message_authenticator": "warn"}
    assert client._settings(before, None, None) == before
    assert client._settings(before, None, Signing.REQUIRE, passcode_length=8) == {
        "message_authenticator": "require",
        "passcode_length": 8,
    }


def test_a_secret_is_revealed_only_to_be_shown_judged_or_handed_on() -> None:
    """Every place in the command line that looks at a secret is known."""
    folder = Path(records.__file__).parent
    found = {
        file.name
        for file in folder.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr == "reveal"
    }
    assert found <= {
        "admin.py",  # the link, shown once
        "api_key.py",  # the key, shown once
        "authenticator.py",  # a new authenticator, shown once
        "certificate.py",  # the key of a client, written once
        "client.py",  # a shared secret, shown once
        "client_secrets.py",  # the same, or judged as typed
        "database.py",  # the kind of database in the settings
        "demo.py",
        "doors.py",  # the shared secret with which the own server is asked
        "gateway.py",  # both secrets of a gateway, put together
        "machine.py",  # the kind of database in the settings
        "migrate.py",
        "pin.py",  # a generated PIN as JSON, shown once
        "run.py",
        "scim.py",  # the key, shown once
        "server.py",  # activation credentials, shown once
        "temporary_pass.py",  # a pass as JSON, shown once
        "terminal.py",  # where secrets are shown once
        "token.py",
        "try_.py",
        "user.py",  # a generated password, shown once
    }
    assert "••••" in str(Secret("x"))
