"""What the API shows of the model, and what it never does."""

from __future__ import annotations

import inspect
from importlib import import_module
from pkgutil import iter_modules

import msgspec
import pytest

from vestibule import catalog
from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api import records
from vestibule.frontends.http.api.check import CheckRequest
from vestibule.frontends.http.api.records.applications import NewSecretRecord, secret_record
from vestibule.frontends.http.api.records.listing import Record
from vestibule.frontends.http.api.records.people import person_record
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.tenants import NewSettings
from vestibule.frontends.http.api.values import LAST_TIME
from vestibule.frontends.http.api.verifications import StartRequest
from vestibule.frontends.http.errors import _REFUSALS
from vestibule.interfaces.transaction.sign_in import Person
from vestibule.model.application import ClientSecret
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.tenant import TenantSettings
from vestibule.model.throttle import NEVER, Factor, Throttle
from vestibule.model.user import User
from vestibule.services.refusal import Refusal

CANARY = "canary-4711"
HIDDEN = {"password_hash", "secret", "sealed", "token_hash", "state", "parameters", "idempotency_key"}
SHOWN = [
    member
    for module in iter_modules(records.__path__, f"{records.__name__}.")
    for _, member in inspect.getmembers(import_module(module.name), inspect.isclass)
    if member.__module__ == module.name and issubclass(member, Record) and member is not Record
]


def test_all_records_are_looked_at() -> None:
    assert len(SHOWN) > 50
    assert {"UserRecord", "GatewayRecord", "TenantRecord"} <= {record.__name__ for record in SHOWN}


@pytest.mark.parametrize("record", SHOWN, ids=lambda record: record.__name__)
def test_no_record_has_a_place_for_a_secret(record: type[Record]) -> None:
    allowed = {"secret"} if record is NewSecretRecord else set()
    standing = (
        {"state"}
        if record.__name__.endswith(
            (
                "VerificationRecord",
                "AttemptRecord",
                "DeliveryRecord",
                "DispatchRecord",
                "ProposalRecord",
                "BlockRecord",
                "BypassRecord",
            )
        )
        else set()
    )
    assert not set(record.__struct_fields__) & HIDDEN - allowed - standing


def test_a_person_is_shown_without_hash_and_state() -> None:
    user = User(
        tenant_id="acme",
        user_id="u1",
        username="Alice",
        names=("alice", "alice@example.org"),
        password_hash=CANARY,
        created_at=1,
        updated_at=2,
    )
    held = Authenticator(
        tenant_id="acme",
        authenticator_id="a1",
        user_id="u1",
        method="totp",
        secret=CANARY.encode(),
        state={"step": CANARY},
        parameters={"seed": CANARY},
        status=AuthenticatorStatus.ACTIVE,
        created_at=1,
    )
    throttles = {
        Factor.PASSWORD: Throttle(Factor.PASSWORD, 3, 0),
        Factor.PASSCODE: Throttle(Factor.PASSCODE, 100, NEVER),
    }
    shown = msgspec.json.encode(person_record(Person(user, (held,), throttles), 1_000))
    assert CANARY.encode() not in shown
    person = msgspec.json.decode(shown)
    assert (person["id"], person["other_names"], person["has_password"]) == (
        "u1",
        ["alice@example.org"],
        True,
    )
    assert person["authenticators"][0]["id"] == "a1"
    assert [entry["locked_until"] for entry in person["throttles"]] == [None, NEVER]


def test_a_stored_secret_is_shown_by_its_hint() -> None:
    stored = ClientSecret(
        tenant_id="acme",
        secret_id="s1",
        client_id="c1",
        sealed=CANARY.encode(),
        token_hash=CANARY,
        hint="abc",
        created_at=1,
    )
    assert msgspec.to_builtins(secret_record(stored)) == {
        "id": "s1",
        "hint": "abc",
        "not_after": None,
        "created_at": 1,
    }


@pytest.mark.parametrize("kind", Discreet.__subclasses__(), ids=lambda kind: kind.__name__)
def test_a_request_shows_its_name_only_and_takes_no_further_field(kind: type[Discreet]) -> None:
    """WEB-13"""
    assert kind.__struct_config__.forbid_unknown_fields
    assert kind.__repr__ is Discreet.__repr__


def test_a_request_does_not_show_a_password() -> None:
    for request in (
        StartRequest(username="alice", password=CANARY),
        CheckRequest(username="alice", passcode=CANARY, password=CANARY),
    ):
        assert CANARY not in f"{request!r} {request} {[request]}"
    assert CANARY not in repr(Secret(CANARY))


def test_settings_to_write_are_the_settings_there_are() -> None:
    assert NewSettings.__struct_fields__ == TenantSettings.__struct_fields__
    assert msgspec.structs.asdict(NewSettings()) == msgspec.structs.asdict(TenantSettings())


def test_every_refusal_has_a_status_and_words() -> None:
    for refusal in Refusal:
        assert 400 <= _REFUSALS.get(refusal, 422) < 500
        assert catalog.has(f"refusal.{refusal.value}")


def test_times_fit_every_store() -> None:
    assert LAST_TIME < 2**63
