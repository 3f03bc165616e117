"""People and their groups."""

from __future__ import annotations

from typing import Any

from vestibule.frontends.http.api.records.held import AuthenticatorRecord, authenticator_record
from vestibule.frontends.http.api.records.listing import Record
from vestibule.interfaces.transaction.sign_in import Person
from vestibule.model.group import Group
from vestibule.model.user import User
from vestibule.model.voucher import Voucher
from vestibule.services.bulk import BulkReport
from vestibule.services.groups import MembersReport
from vestibule.services.requirements import Change


class GroupRecord(Record):
    named = "group_id"

    id: str
    name: str
    members: int
    """How many people are in it."""
    created_at: int
    version: int


class UnknownNameRecord(Record):
    """A name that is nobody's, and which one of the list it is, from 1."""

    line: int
    name: str


class MembersRecord(Record):
    """What came of a list of names. With `unknown`, nobody was added."""

    is_dry_run: bool
    read: int
    added: int
    already: int
    unknown: list[UnknownNameRecord]


class LeftOutRecord(Record):
    """A user who was not changed. `why` is the code of the refusal; empty: the key may not do it to him."""

    user_id: str
    username: str
    why: str


class BulkRecord(Record):
    is_dry_run: bool
    chosen: int
    changed: int
    unchanged: int
    """Who stood so already."""
    left_out: list[LeftOutRecord]


class ThrottleRecord(Record):
    factor: str
    failures: int
    locked_until: int | None
    """None: not locked."""


class UserRecord(Record):
    named = "user_id"

    id: str
    username: str
    other_names: list[str]
    given_name: str
    family_name: str
    email: str
    phone: str
    language: str
    language_call: str
    language_text: str
    language_app: str
    language_token: str
    directory_id: str
    status: str
    role: str
    default_method: str
    """The method that is asked for first; empty: no preference."""
    requirement: str
    """`disabled`, `enabled` or `enforced`."""
    must_register: bool
    """He was told to register anew, and has not yet."""
    blocked_until: int | None
    """Until when every attempt is denied; None: not blocked."""
    send_mail: bool
    """Whether he is sent more than what could be a stranger's doing."""
    has_password: bool
    """Whether there is a password of our own to check."""
    created_at: int
    updated_at: int
    version: int


class PersonRecord(UserRecord):
    """A user with what he holds and how he stands."""

    authenticators: list[AuthenticatorRecord]
    throttles: list[ThrottleRecord]
    sources: list[SourceRecord]
    """From where somebody has failed to be this user, the latest first."""


class SourceRecord(Record):
    """From where somebody has failed to be this user."""

    source: str
    factor: str
    failures: int
    failed_at: int
    locked_until: int | None
    """None: it has not to wait."""


class RequirementChangeRecord(Record):
    """User names, by what became of them."""

    changed: list[str]
    unchanged: list[str]
    unregistered: list[str]
    """Of those changed to `enforced`: who has registered nothing. His legacy clients stop working at once."""


class VoucherRecord(Record):
    kind: str
    """`code` or `window`."""
    vouch: str
    made_at: int
    made_by: str
    expires_at: int


def user_record(user: User) -> UserRecord:
    record: UserRecord = UserRecord.of(user, **_told(user))
    return record


def person_record(subject: Person, now: int) -> PersonRecord:
    throttles = [
        ThrottleRecord(
            factor=factor.value,
            failures=throttle.failures,
            locked_until=throttle.locked_until if throttle.is_locked(now) else None,
        )
        for factor, throttle in subject.throttles.items()
    ]
    sources = [
        SourceRecord.of(each, locked_until=each.locked_until if each.is_locked(now) else None)
        for each in subject.sources
    ]
    record: PersonRecord = PersonRecord.of(
        subject.user,
        **_told(subject.user),
        authenticators=[authenticator_record(held) for held in subject.authenticators],
        throttles=throttles,
        sources=sources,
    )
    return record


def requirement_change_record(change: Change) -> RequirementChangeRecord:
    return RequirementChangeRecord(
        changed=list(change.changed),
        unchanged=list(change.unchanged),
        unregistered=list(change.unregistered),
    )


def voucher_record(voucher: Voucher) -> VoucherRecord:
    record: VoucherRecord = VoucherRecord.of(voucher)
    return record


def _told(user: User) -> dict[str, Any]:
    return {
        "other_names": list(user.names[1:]),
        "has_password": bool(user.password_hash),
        "blocked_until": user.blocked_until or None,
    }


def bulk_record(report: BulkReport) -> BulkRecord:
    left_out = [LeftOutRecord.of(one) for one in report.left_out]
    record: BulkRecord = BulkRecord.of(report, left_out=left_out)
    return record


def group_record(group: Group, members: int) -> GroupRecord:
    record: GroupRecord = GroupRecord.of(group, members=members)
    return record


def members_record(report: MembersReport, *, is_dry_run: bool) -> MembersRecord:
    unknown = [UnknownNameRecord.of(named) for named in report.unknown]
    record: MembersRecord = MembersRecord.of(report, is_dry_run=is_dry_run, unknown=unknown)
    return record
