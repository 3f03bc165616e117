"""Activations: a person adds a phone to what he signs in with, and proves it live before it counts.

Begun by the session of somebody who may enroll; nothing is sent for any other (ENR-02, ENR-07, SMS-10). The
text or call takes the same road as one at a sign-in: the same challenges, outbox, budget and calling codes.
Invariants: only the session that began sees how it goes, and only that one is proven by it (ENR-04).
"""

from __future__ import annotations

import asyncio
import secrets

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import is_id
from vestibule.interfaces.method import Opening, OpensChallenge
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.actor import Actor, NotAllowed, Right
from vestibule.model.application import PORTAL_APPLICATION
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.user import User
from vestibule.model.verification import (
    ACTIVATION,
    Channel,
    Reason,
    TraceLine,
)
from vestibule.services.activating import Activating, Began
from vestibule.services.attempt import Attempt, Node, Origin, pending, verification_row
from vestibule.services.configuration import ConfigurationCache, Snapshot
from vestibule.services.enrollment import Enrollments
from vestibule.services.out_of_band import ACTIVATION_TEXT, OutOfBand
from vestibule.services.outcome import Progress, added, progress_of
from vestibule.services.phones import NewPhone, Phones, phone_of
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sending_limits import LimitRefuses, refused_by
from vestibule.services.sessions import Sessions, SignedIn
from vestibule.services.setup import built_in_client_id
from vestibule.services.waiting import Waiting
from vestibule.services.ways import Way


class Activations:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        phones: Phones,
        enrollments: Enrollments,
        sessions: Sessions,
        out_of_band: OutOfBand,
        waiting: Waiting,
        node: Node,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._phones = phones
        self._enrollments = enrollments
        self._sessions = sessions
        self._out_of_band = out_of_band
        self._waiting = waiting
        self._node = node
        self._activating = Activating(out_of_band, enrollments.prover)

    async def begin(self, signed_in: SignedIn, wanted: NewPhone, user_address: str = "") -> Progress:
        """Make a pending phone and ask it. Raises `Refused` if it cannot be, `NotAllowed` if the session may
        not enroll now."""
        if not await self._sessions.may_enroll(signed_in):
            raise NotAllowed("this needs a fresh proof of oneself")
        tenant_id, user_id = signed_in.user.tenant_id, signed_in.user.user_id
        options = await self._phones.options(tenant_id, user_id, wanted, by_himself=True)
        enrolled = await self._enrollments.begin(
            signed_in.actor, tenant_id, user_id, wanted.method, wanted.label, options
        )
        attempt = self._attempt(signed_in.user, signed_in.session.application_id, user_address)
        began = Began.PROVEN if signed_in.session.is_second_factor_proven else Began.NEWCOMER
        waiter = session_name(signed_in)
        return await self._begun(attempt, enrolled.authenticator, began, waiter)

    async def test(self, actor: Actor, tenant_id: str, user_id: str, authenticator_id: str) -> Progress:
        """Send a text to a person's phone, or call it, to see that it works; an attempt tells how it went."""
        await self._enrollments.guard.admit_reading(actor, Right.AUTHENTICATORS, tenant_id, user_id)
        subject = await self._store.read(lambda tx: tx.subject(tenant_id, user_id))
        held = subject.authenticators if subject is not None else ()
        phone = next((one for one in held if one.authenticator_id == authenticator_id), None)
        if subject is None or phone is None or phone.status is not AuthenticatorStatus.ACTIVE:
            raise Refused(Refusal.NOT_FOUND, authenticator_id)
        if phone_of(phone) is None or not subject.user.is_active:
            raise Refused(Refusal.NOT_POSSIBLE)
        attempt = self._attempt(subject.user, PORTAL_APPLICATION)
        return await self._begun(attempt, phone, Began.TESTED, "test")

    async def answer(self, signed_in: SignedIn, challenge_id: str, passcode: Secret[str]) -> Progress | None:
        """Take the passcode that was typed in the session that began. None: it is over, or not his."""
        progress = await self.find(signed_in, challenge_id)
        if progress is None or progress.challenge is None:
            return None
        challenge = progress.challenge
        attempt = self._attempt(signed_in.user, signed_in.session.application_id)
        answered = await self._store.transact(
            lambda tx: self._activating.answer(tx, attempt, challenge, passcode)
        )
        self._store.wake(challenge.verification_id)
        return answered

    async def find(self, signed_in: SignedIn, challenge_id: str) -> Progress | None:
        """Return how it stands, with the challenge, open or not; None if this session has not begun it."""
        if not is_id(challenge_id):
            return None
        tenant_id = signed_in.user.tenant_id

        async def body(tx: Transaction) -> Progress | None:
            challenge = await tx.challenge(tenant_id, challenge_id)
            if (
                challenge is None
                or not challenge.is_activation
                or challenge.waiter != session_name(signed_in)
            ):
                return None
            verification = await tx.verification(tenant_id, challenge.verification_id)
            if verification is None:
                return None
            found = await progress_of(tx, verification)
            return msgspec.structs.replace(found, challenge=challenge)

        return await self._store.read(body)

    async def wait(self, signed_in: SignedIn, challenge_id: str, seconds: float) -> Progress | None:
        """Return how it stands as soon as that has changed, after `seconds` at the latest."""
        progress = await self.find(signed_in, challenge_id)
        if progress is None or not progress.is_pending:
            return progress
        row = progress.verification
        with self._waiting.registered(row.tenant_id, row.verification_id, row.version) as moved:
            now = await self.find(signed_in, challenge_id)
            if now is None or now.verification.version != row.version:
                return now
            try:
                async with asyncio.timeout(seconds):
                    await moved.wait()
            except TimeoutError:
                return now
        return await self.find(signed_in, challenge_id)

    async def claim(self, signed_in: SignedIn, progress: Progress) -> bool:
        """Let a proven phone count as a proof of the session that began, once."""
        challenge = progress.challenge
        if challenge is None or progress.reason is not Reason.PHONE_PROVEN:
            return False
        tenant_id, challenge_id, waiter = challenge.tenant_id, challenge.challenge_id, session_name(signed_in)
        if not await self._store.transact(lambda tx: tx.take_challenge(tenant_id, challenge_id, waiter)):
            return False
        await self._sessions.mark_proven(signed_in)
        return True

    # --- parts --------------------------------------------------------------------------------------

    def _attempt(self, user: User, door: str, user_address: str = "") -> Attempt:
        return attempt_at(self._configuration.current, user, door, user_address)

    async def _begun(self, attempt: Attempt, phone: Authenticator, began: Began, waiter: str) -> Progress:
        try:
            progress = await self._store.transact(lambda tx: self._ask(tx, attempt, phone, began, waiter))
        except LimitRefuses as refuses:
            await self._out_of_band.alarm(phone.tenant_id, (refuses.limit,))
            raise refused_by(refuses.limit) from None
        self._out_of_band.nudge()
        return progress

    async def _ask(
        self, tx: Transaction, attempt: Attempt, phone: Authenticator, began: Began, waiter: str
    ) -> Progress:
        subject = await tx.subject(phone.tenant_id, phone.user_id)
        if subject is None:
            raise Refused(Refusal.NOT_FOUND, phone.user_id)
        await self._activating.give_way(tx, subject)
        opening = self._opening(attempt, phone)
        if opening.is_out_of_band and await self._out_of_band.is_busy(tx, subject):
            raise Refused(Refusal.CALL_IN_PROGRESS)
        refusing = await self._out_of_band.reserve(tx, subject.user, opening)
        if refusing is not None:
            raise LimitRefuses(refusing)
        reason = self._enrollments.methods[phone.method].descriptor.pending_reason
        ending = pending(reason, (TraceLine("activation", began.value, {"method": phone.method}),))
        row = msgspec.structs.replace(
            verification_row(attempt, subject, ending, self._node, tx.now),
            expires_at=tx.now + opening.seconds * 1000,
            phone=opening.address,
        )
        verification = await added(tx, row)
        way = Way(phone.method, phone, ())
        challenge = await self._out_of_band.ask(
            tx, attempt, subject, verification, way, opening, origin=ACTIVATION, waiter=waiter
        )
        return Progress(verification, challenge)

    def _opening(self, attempt: Attempt, phone: Authenticator) -> Opening:
        """Return what asking the new phone takes; of a text the passcode is always typed in the portal."""
        method = self._enrollments.methods[phone.method]
        assert isinstance(method, OpensChallenge)
        settings = attempt.tenant.settings
        opening = method.open(phone.parameters, settings, secrets.token_bytes)
        if not opening.passcode:
            return opening
        typed = msgspec.structs.replace(
            opening,
            channel=Channel.TYPED,
            text_key=ACTIVATION_TEXT,
            with_pin=False,
            seconds=settings.text_one_way_seconds,
        )
        return self._out_of_band.timed(typed, attempt.tenant.tenant_id)


def attempt_at(
    snapshot: Snapshot, user: User, door: str = PORTAL_APPLICATION, user_address: str = ""
) -> Attempt:
    """Return the attempt of a person at a door of ours; raises `Refused` if there is no such door."""
    peer = snapshot.peers.get(built_in_client_id(user.tenant_id, door))
    if peer is None:
        raise Refused(Refusal.NOT_POSSIBLE)
    return Attempt(
        origin=Origin(peer=peer, channel=door, claimed_username=user.username, user_address=user_address),
        tenant=snapshot.tenants[user.tenant_id],
        application=peer.application,
        limits=snapshot.limits[user.tenant_id],
        names=user.names,
        passcode=None,
    )


def session_name(signed_in: SignedIn) -> str:
    """Return the name of the session that began, which only it can have."""
    return f"session:{signed_in.session.token_hash}"[:32]
