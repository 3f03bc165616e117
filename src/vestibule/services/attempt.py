"""An attempt while it is being decided: who asks, what is known, and the rows that come of it.

Pure: builds rows, writes none.
"""

from __future__ import annotations

import hashlib

import msgspec

from vestibule.catalog import has
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_ordered_id
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.application import Application
from vestibule.model.authenticator import Authenticator
from vestibule.model.event import Event
from vestibule.model.legacy_result import legacy_result
from vestibule.model.pin import PinState
from vestibule.model.tenant import Tenant
from vestibule.model.throttle import ThrottleLimits, source_of
from vestibule.model.user import User
from vestibule.model.verification import Channel, Reason, TraceLine, Verification, VerificationState
from vestibule.policy.access import NO_RULES, AccessRules
from vestibule.policy.replies import NO_REPLIES, Replies
from vestibule.services.configuration import Peer


class Node(msgspec.Struct, frozen=True):
    """The running process, as attempts name it."""

    name: str
    address: str


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks, through which door, and for whom."""

    peer: Peer
    channel: str
    claimed_username: str
    client_address: str = ""
    user_address: str = ""
    idempotency_key: str | None = None
    can_show: bool = True
    """Whether the person can be shown something at this door before he is let in."""
    browser: Secret[str] | None = None
    """The token by which the person's browser may be remembered, where there is one."""
    channels: tuple[Channel, ...] = tuple(Channel)
    """The roads on which he may be asked there."""
    asks_by: str = ""
    """The one method by which he wants to be asked; empty: as he has chosen once for all."""


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """One start, as the deciding transaction needs it."""

    origin: Origin
    tenant: Tenant
    application: Application
    limits: ThrottleLimits
    names: tuple[str, ...]
    passcode: Secret[str] | None
    pin: PinState | None = None
    """What came of the PIN that followed the passcode, if one did."""
    way: str = ""
    """The key of the way on which the person wants to be asked instead."""
    is_first_factor_proven: bool = False
    is_app_password_proven: bool = False
    """What a legacy client sent is an app password of the person, good at this door."""
    rules: AccessRules = NO_RULES
    """The access rules of the tenant."""
    replies: Replies = NO_REPLIES
    """The reply attributes of the tenant."""
    is_stranger_accepted: bool = False
    """Nobody here has the name, a server behind has accepted it, and the door lets such people in."""
    kept: Secret[bytes] | None = None
    """What the server behind the door has answered, for the client that is let in."""
    password_of: User | None = None
    """The person whose password was found right, as he was then. His attempt counts as a failure until the
    decision forgives it."""
    found_reference: str = ""
    """The entry of a directory by which that password was found right."""
    password_reason: Reason = Reason.PASSWORD_MISSING
    waiter: str | None = None
    """Of an answer that came from elsewhere: the request that waits for it."""
    trace: tuple[TraceLine, ...] = ()

    @property
    def source(self) -> str:
        """Where the person is, as failures are counted by; empty if nobody tells."""
        return source_of(self.origin.user_address)


class Ending(msgspec.Struct, frozen=True):
    """How a step ends: the state it leads to, why, and the authenticator that was used."""

    state: VerificationState
    reason: Reason
    trace: tuple[TraceLine, ...]
    used: Authenticator | None = None
    device: str = ""
    """Which device has signed the decision (S7)."""


def approved(reason: Reason, trace: tuple[TraceLine, ...], used: Authenticator | None = None) -> Ending:
    return Ending(VerificationState.APPROVED, reason, trace, used)


def denied(reason: Reason, trace: tuple[TraceLine, ...], used: Authenticator | None = None) -> Ending:
    return Ending(VerificationState.DENIED, reason, trace, used)


def pending(reason: Reason, trace: tuple[TraceLine, ...]) -> Ending:
    return Ending(VerificationState.PENDING, reason, trace)


def verification_row(
    attempt: Attempt, subject: Subject | None, ending: Ending, node: Node, now: int
) -> Verification:
    """Return the row of a verification that begins now and stands as `ending` says."""
    origin, settings = attempt.origin, attempt.tenant.settings
    client = origin.peer.client
    user = subject.user if subject else None
    used = ending.used
    is_pending = ending.state is VerificationState.PENDING
    return Verification(
        tenant_id=attempt.tenant.tenant_id,
        verification_id=new_ordered_id(now),
        started_at=now,
        decided_at=None if is_pending else now,
        expires_at=now + settings.challenge_seconds * 1000 if is_pending else now,
        application_id=attempt.application.application_id,
        application_name=attempt.application.name,
        client_id=client.client_id,
        client_name=client.name,
        client_address=origin.client_address,
        user_address=origin.user_address,
        channel=origin.channel,
        claimed_username=_storable(origin.claimed_username),
        user_id=user.user_id if user else "",
        username=user.username if user else "",
        given_name=user.given_name if user and settings.record_names else "",
        family_name=user.family_name if user and settings.record_names else "",
        email=user.email if user and settings.record_email else "",
        method=used.method if used else "",
        authenticator_id=used.authenticator_id if used else "",
        authenticator_label=used.label if used else "",
        state=ending.state,
        reason=ending.reason,
        legacy_result=legacy_result(ending.reason),
        is_first_factor_proven=attempt.is_first_factor_proven,
        is_authenticated=ending.state is VerificationState.APPROVED,
        node_name=node.name,
        node_address=node.address,
        idempotency_key=request_key(attempt),
        trace=(*attempt.trace, *ending.trace),
    )


def verification_change(attempt: Attempt, ending: Ending, now: int) -> VerificationChange:
    """Return what `ending` writes into a verification that was pending until now."""
    used = ending.used
    return VerificationChange(
        state=ending.state,
        reason=ending.reason,
        decided_at=None if ending.state is VerificationState.PENDING else now,
        method=used.method if used else "",
        authenticator_id=used.authenticator_id if used else "",
        authenticator_label=used.label if used else "",
        legacy_result=legacy_result(ending.reason),
        is_first_factor_proven=attempt.is_first_factor_proven,
        is_authenticated=ending.state is VerificationState.APPROVED,
        trace=(*attempt.trace, *ending.trace),
        device=ending.device,
    )


def request_key(attempt: Attempt) -> str | None:
    """Return what an attempt is known by when it is repeated: the client's own word for it, bound to the
    client, its application and the person claimed, so that nobody else's word is ever the same."""
    origin = attempt.origin
    if origin.idempotency_key is None:
        return None
    name = attempt.names[0] if attempt.names else origin.claimed_username
    bound = (origin.peer.client.client_id, attempt.application.application_id, name, origin.idempotency_key)
    # 128 bits tell all requests apart; the index on them is written at every sign-in.
    return hashlib.sha256("\0".join(bound).encode("utf-8", "replace")).digest()[:16].hex()


def refused(attempt: Attempt, reason: Reason, line: TraceLine) -> Attempt:
    return msgspec.structs.replace(
        attempt, is_first_factor_proven=False, password_reason=reason, trace=(line,)
    )


def told(cause: str) -> tuple[TraceLine, ...]:
    """Return what a gateway or its network said of a delivery, as a line of the trace: the name of a text,
    the network's own word, or the one before the other."""
    key, _, word = cause.partition(" ")
    if not has(key):
        key, word = "", cause
    detail = {"detail": key} if key else {}
    if word:
        return (TraceLine("delivery", "told", {"word": word[:200], **detail}),)
    return (TraceLine("delivery", "failed", detail),) if key else ()


def as_of(attempt: Attempt, subject: Subject | None) -> Attempt:
    """Return the attempt as it stands for the person it is decided for: his password must be the one that
    was found right, and he the one it was found for, whatever was changed since."""
    before, now = attempt.password_of, subject.user if subject else None
    if before is None or now is None:
        return attempt
    if (before.user_id, before.password_hash) == (now.user_id, now.password_hash):
        return attempt
    return refused(attempt, Reason.PASSWORD_WRONG, TraceLine("password", "changed"))


def applied(verification: Verification, change: VerificationChange) -> Verification:
    moved = {field: getattr(change, field) for field in change.__struct_fields__}
    for unchanged in ("expires_at", "phone"):
        if not moved[unchanged]:
            del moved[unchanged]
    return msgspec.structs.replace(
        verification,
        **moved,
        version=verification.version + 1,
    )


def event(attempt: Attempt, subject: Subject, kind: str, now: int, **facts: str) -> Event:
    client = attempt.origin.peer.client
    return Event(
        tenant_id=attempt.tenant.tenant_id,
        event_id=new_ordered_id(now),
        at=now,
        kind=kind,
        actor=client.client_id,
        actor_name=client.name,
        subject=subject.user.user_id,
        subject_name=subject.user.username,
        facts={
            "application": attempt.application.name,
            "channel": attempt.origin.channel,
            "address": attempt.source,
            **facts,
        },
    )


def _storable(claimed: str) -> str:
    """Return what was typed as a text that every database can hold, cut to a decent length."""
    return claimed[:255].encode("utf-8", "replace").decode().replace("\0", "\ufffd")
