"""What people hold."""

from __future__ import annotations

from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.app_password import AppPassword
from vestibule.model.authenticator import Authenticator
from vestibule.model.pin import PinStatus
from vestibule.services.enrollment import Enrolled


class AuthenticatorRecord(Record):
    named = "authenticator_id"

    id: str
    user_id: str
    """Empty: a hardware token that nobody holds."""
    method: str
    label: str
    serial: str | None
    phone: str
    """The number with its extension, where it is a phone."""
    status: str
    not_before: int | None
    not_after: int | None
    created_at: int
    used_at: int | None
    device: str
    """The fingerprint of the app's key, as attempts name the device that has decided."""
    unreachable_since: int | None
    """Since when the push service does not reach the device of the app."""
    version: int


class TemporaryPassRecord(Record):
    """A new temporary access pass."""

    authenticator_id: str
    passcode: str
    """Shown this one time: what the user types where a passcode is asked for."""
    is_reusable: bool
    not_after: int


class CodeRecord(Record):
    code: str


class PinRecord(Record):
    """How it stands with the PIN of a user."""

    is_set: bool
    must_change: bool
    """It opens nothing until the user has changed it."""
    is_expired: bool
    changed_at: int | None


class NewPinRecord(Record):
    """The PIN that a user has now. This is the only time it is told."""

    pin: str


class AppPasswordRecord(Record):
    """An app password of a user; the password itself is shown once, to the user."""

    named = "app_password_id"

    id: str
    name: str
    applications: list[str]
    """Identifiers of the applications whose doors it opens."""
    created_at: int
    used_at: int | None


class EnrolledRecord(Record):
    """A new authenticator. `shown` is shown this one time: the key URI and the secret, or the codes."""

    authenticator: AuthenticatorRecord
    shown: list[str]


def authenticator_record(authenticator: Authenticator) -> AuthenticatorRecord:
    record: AuthenticatorRecord = AuthenticatorRecord.of(authenticator)
    return record


def temporary_pass_record(made: Enrolled) -> TemporaryPassRecord:
    held = made.authenticator
    return TemporaryPassRecord(
        authenticator_id=held.authenticator_id,
        passcode=made.shown[0].reveal(),
        is_reusable=bool(held.parameters["is_reusable"]),
        not_after=held.not_after or 0,
    )


def pin_record(status: PinStatus) -> PinRecord:
    record: PinRecord = PinRecord.of(status)
    return record


def app_password_record(app_password: AppPassword) -> AppPasswordRecord:
    record: AppPasswordRecord = AppPasswordRecord.of(
        app_password, applications=list(app_password.applications)
    )
    return record
