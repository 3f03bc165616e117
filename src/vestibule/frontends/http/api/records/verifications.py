"""Verifications on their way."""

from __future__ import annotations

from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.phone import Phone
from vestibule.model.verification import Challenge
from vestibule.services.outcome import Progress
from vestibule.services.ways import Way


class ChallengeRecord(Record):
    named = "challenge_id"

    id: str
    channel: str
    """`typed`: ask for a passcode and answer with it. `reply`, `call`, `app`: the answer comes from the
    phone; read the verification until it is decided."""
    method: str
    """`passcode` where any passcode will do."""
    phone: str
    """Where something was sent, by its last two digits."""
    with_pin: bool
    """The PIN is typed right behind the passcode."""
    number: str
    """Show it to the person: he types it in his app. Empty where none is asked for."""
    tries_left: int
    expires_at: int


class WayRecord(Record):
    """A way on which the person can be asked instead."""

    way: str
    """What `choose` wants."""
    method: str
    phone: str
    keyword: str
    """What a person may type for it at a door where there is only a field."""


class VerificationRecord(Record):
    """One verification as its application sees it. `approved` is the whole answer; the rest explains."""

    named = "verification_id"

    id: str
    state: str
    approved: bool
    reason: str
    claimed_username: str
    user_id: str
    username: str
    method: str
    started_at: int
    decided_at: int | None
    expires_at: int
    challenge: ChallengeRecord | None
    """What must be answered, while it is pending."""
    choices: list[WayRecord]
    """On which ways the person can be asked, while it is pending."""


def verification_record(progress: Progress) -> VerificationRecord:
    challenge = progress.challenge
    record: VerificationRecord = VerificationRecord.of(
        progress.verification,
        approved=progress.is_approved,
        challenge=_challenge_record(challenge) if challenge and progress.is_pending else None,
        choices=[_way_record(way) for way in progress.choices] if progress.is_pending else [],
    )
    return record


def _challenge_record(challenge: Challenge) -> ChallengeRecord:
    record: ChallengeRecord = ChallengeRecord.of(
        challenge, phone=_masked(challenge.address), with_pin=bool(challenge.digits_before_pin)
    )
    return record


def _way_record(way: Way) -> WayRecord:
    keyword = way.keywords[0] if way.keywords else ""
    return WayRecord(way=way.key, method=way.method, phone=_masked(way.address), keyword=keyword)


def _masked(number: str) -> str:
    return Phone(number).masked if number else ""
