"""Asking a person on another road: opening a challenge whose passcode is sent or whose phone is called.

Invariants:
- The verification, its challenge and its delivery are committed together, or none is.
- A person is asked for one sign-in at a time on one road: a repeat of the same sign-in joins it, any other is
  refused (RA-01 to RA-05, VOI-05).
- A passcode that was sent is stored as a keyed hash, bound to its challenge; a newer one ends the older.
- The first factor was proven before anything is sent (SMS-10): only the deciding body calls this.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from vestibule.catalog import LANGUAGES, text
from vestibule.crypto.sealing import Sealer
from vestibule.crypto.tokens import new_id, new_ordered_id
from vestibule.interfaces.method import Method, Opening, OpensChallenge
from vestibule.interfaces.store import Conflict, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.delivery import Carries, Delivery
from vestibule.model.language import Medium, language_for
from vestibule.model.sending_limit import SendingLimit
from vestibule.model.user import User
from vestibule.model.verification import (
    TAKE_OVER_MS,
    Challenge,
    ChallengeState,
    Channel,
    Verification,
    VerificationState,
)
from vestibule.services.attempt import Attempt, request_key
from vestibule.services.deliveries import Deliveries
from vestibule.services.gateways import Gateways
from vestibule.services.sending_limits import SendingLimits
from vestibule.services.ways import Way

ACTIVATION_TEXT = "text.activation"
_SAME_TEXT_MS = 15_000
SERVICE_TEXT_SECONDS = 180


class OutOfBand:
    def __init__(
        self, deliveries: Deliveries, limits: SendingLimits, gateways: Gateways, sealer: Sealer
    ) -> None:
        self._deliveries = deliveries
        self._gateways = gateways
        self._limits = limits
        self._key = sealer.derive("sent passcodes")

    def nudge(self) -> None:
        """After the commit of what `ask` wrote."""
        self._deliveries.nudge()

    def is_expected(self, challenge: Challenge, passcode: str) -> bool:
        """Tell whether this is the passcode that was sent for `challenge`; a PIN may follow where one is
        asked for, and is not judged here."""
        passcode = passcode[: challenge.digits_before_pin] if challenge.digits_before_pin else passcode
        return bool(challenge.expected) and hmac.compare_digest(
            challenge.expected, self._hash(challenge.challenge_id, passcode)
        )

    def opening(self, way: Way, attempt: Attempt, methods: Mapping[str, Method]) -> Opening | None:
        """Return what asking this way takes; None for a way on which nothing is sent."""
        held = way.authenticator
        if held is None:
            return None
        method = methods[held.method]
        assert isinstance(method, OpensChallenge)
        opening = method.open(held.parameters, attempt.tenant.settings, secrets.token_bytes)
        return self.timed(opening, attempt.tenant.tenant_id)

    def timed(self, opening: Opening, tenant_id: str) -> Opening:
        """Return it with the time that a texted passcode has to be typed in: where the service may carry it
        that is fixed, whatever the settings say (S55, S56)."""
        is_typed_text = opening.carries is Carries.TEXT and opening.channel is Channel.TYPED
        if not is_typed_text or not self._gateways.may_use_service(tenant_id):
            return opening
        return msgspec.structs.replace(opening, seconds=SERVICE_TEXT_SECONDS)

    async def reserve(self, tx: Transaction, user: User, opening: Opening) -> SendingLimit | None:
        """Count what `ask` is about to write. Returns the limit that refuses it, and then nothing may be sent
        to this person and number now (SMS-04, VOI-09), or shown in his app (PU-01)."""
        if opening.carries is None:
            return await self._limits.reserve_request(tx, user.tenant_id, user.user_id)
        return await self._limits.reserve(tx, user.tenant_id, opening.address, opening.carries, user.user_id)

    async def alarm(self, tenant_id: str, refusing: Iterable[SendingLimit]) -> None:
        """After the commit of what `reserve` refused."""
        await self._limits.alarm(tenant_id, refusing)

    async def ask(
        self,
        tx: Transaction,
        attempt: Attempt,
        subject: Subject,
        verification: Verification,
        way: Way,
        opening: Opening,
        *,
        origin: str = "",
        waiter: str = "",
    ) -> Challenge:
        """Write the challenge and its delivery; `origin` and `waiter` where they are not the attempt's."""
        assert way.authenticator is not None
        user = subject.user
        challenge_id = new_id()
        challenge = Challenge(
            tenant_id=user.tenant_id,
            challenge_id=challenge_id,
            verification_id=verification.verification_id,
            user_id=user.user_id,
            application_id=verification.application_id,
            client_id=verification.client_id,
            method=way.method,
            state=ChallengeState.OPEN,
            tries_left=attempt.tenant.settings.challenge_tries,
            expires_at=tx.now + opening.seconds * 1000,
            created_at=tx.now,
            channel=opening.channel,
            authenticator_id=way.authenticator.authenticator_id,
            address=opening.address,
            expected=self._hash(challenge_id, opening.passcode) if opening.passcode else b"",
            origin=origin or origin_of(attempt),
            waiter=waiter or waiter_of(attempt),
            progress=_progress(opening),
        )
        await tx.supersede_challenges(user.tenant_id, user.user_id, way.method)
        if not await tx.add_challenge(challenge, keep_open=5):
            raise Conflict  # Another sign-in of his began at the same moment: read again, and join or refuse.
        if opening.carries is not None:
            await tx.add_delivery(self._delivery(tx, attempt, user, challenge, opening, opening.carries))
        return challenge

    async def joined(
        self, tx: Transaction, attempt: Attempt, subject: Subject, method: str
    ) -> Challenge | None:
        """Return the challenge that this attempt is a repeat of, having made it the one that waits.

        Of a text whose passcode is typed, only for a moment: later he asks because it has not come.
        """
        origin, waiter = origin_of(attempt), waiter_of(attempt)
        for challenge in await tx.sent_challenges(subject.user.tenant_id, subject.user.user_id):
            is_repeat = challenge.is_out_of_band or challenge.created_at > tx.now - _SAME_TEXT_MS
            if challenge.origin == origin and challenge.method == method and is_repeat:
                if not await tx.replace_challenge(msgspec.structs.replace(challenge, waiter=waiter)):
                    raise Conflict
                return msgspec.structs.replace(challenge, waiter=waiter, version=challenge.version + 1)
        return None

    async def is_busy(self, tx: Transaction, subject: Subject, besides: str = "") -> bool:
        """Tell whether a sign-in of this person is being answered on another road now; `besides` is the
        verification that does not count."""
        sent = await tx.sent_challenges(subject.user.tenant_id, subject.user.user_id)
        return any(each.is_out_of_band and each.verification_id != besides for each in sent)

    def _delivery(
        self,
        tx: Transaction,
        attempt: Attempt,
        user: User,
        challenge: Challenge,
        opening: Opening,
        carries: Carries,
    ) -> Delivery:
        delivery_id = new_ordered_id(tx.now)
        body = _body(attempt, user, opening) if opening.text_key else ""
        return Delivery(
            tenant_id=user.tenant_id,
            delivery_id=delivery_id,
            verification_id=challenge.verification_id,
            challenge_id=challenge.challenge_id,
            user_id=user.user_id,
            carries=carries,
            address=opening.address,
            sealed_body=self._deliveries.seal_body(user.tenant_id, delivery_id, body) if body else b"",
            due_at=tx.now,
            expires_at=challenge.expires_at,
            created_at=tx.now,
        )

    def _hash(self, challenge_id: str, passcode: str) -> bytes:
        return hmac.digest(self._key, f"{challenge_id}:{passcode}".encode(), "sha256")


def _progress(opening: Opening) -> dict[str, Any]:
    if opening.channel is Channel.APP:
        return {"shown_number": opening.number, "app_check": opening.app_check.value}
    return {"digits_before_pin": len(opening.passcode)} if opening.with_pin else {}


def origin_of(attempt: Attempt) -> str:
    """Return what tells a repeat of this sign-in from any other: client, application and place.

    A client that tells no place (Calling-Station-Id) makes all sign-ins of a person through it alike.
    """
    origin = attempt.origin
    parts = (origin.peer.client.client_id, attempt.application.application_id, origin.user_address)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


def waiter_of(attempt: Attempt) -> str:
    """Return the name of the request that waits; the same on every node that is given this very request."""
    return attempt.waiter if attempt.waiter is not None else (request_key(attempt) or "")[:32]


def is_fresh(verification: Verification, now: int) -> bool:
    """Tell whether an approval may still let in a request that comes only now."""
    is_approved = verification.state is VerificationState.APPROVED
    return is_approved and (verification.decided_at or 0) > now - TAKE_OVER_MS


def _body(attempt: Attempt, user: User, opening: Opening) -> str:
    chosen = language_for(user, Medium.TEXT, attempt.tenant.settings.language)
    language = chosen if chosen in LANGUAGES else LANGUAGES[0]
    application = attempt.application.name
    template = attempt.tenant.settings.text_templates.get(language)
    if template is None or opening.text_key == ACTIVATION_TEXT:
        return text(language, opening.text_key, passcode=opening.passcode, application=application)
    # The passcode last: an application's name that looks like a placeholder stays as it is.
    before, mark, after = template.partition("{passcode}")
    parts = [part.replace("{application}", application) for part in (before, after)]
    return parts[0] + (opening.passcode if mark else "") + parts[1]
