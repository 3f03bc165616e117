"""Verification: start it, answer its challenge, cancel it. Every door leads here.

Invariants:
- A result is returned only after its commit; what is returned was read from or written by that commit.
- The first factor is proven before anything is said about the second.
- An attempt is counted in the same write that allows it to be judged (passcode), or before it is judged
  (password); parallel guesses never exceed the limit.
- Policy is asked again at the decision, with the person as he is now.
- An unexpected error denies.
- What is typed is judged in its turn while passcodes are sprayed, and counts there if it is wrong.
- A request that is repeated under its key changes nothing, and only its own recent decision answers it.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

import msgspec
import structlog

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import is_id
from vestibule.interfaces.store import Store, Transaction, Unavailable
from vestibule.interfaces.transaction.attempts import VerificationChange
from vestibule.model.application import FirstFactor
from vestibule.model.pin import PinState, is_digits
from vestibule.model.spraying import WRONG_GUESSES
from vestibule.model.username import lookup_names
from vestibule.model.verification import (
    Challenge,
    ChallengeState,
    Reason,
    TraceLine,
    Verification,
    VerificationState,
)
from vestibule.policy.access import NO_RULES
from vestibule.policy.decision import Deny, Permit, RequirePasscode, RequirePassword
from vestibule.policy.replies import NO_REPLIES
from vestibule.services.answering import Answering
from vestibule.services.asking import Asking
from vestibule.services.attempt import (
    Attempt,
    Node,
    Origin,
    approved,
    as_of,
    denied,
    request_key,
)
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.facts import gathered
from vestibule.services.fair_share import FairShare, Place
from vestibule.services.first_factor import FirstFactors
from vestibule.services.legacy_clients import LegacyClients
from vestibule.services.metrics import Metrics
from vestibule.services.out_of_band import waiter_of
from vestibule.services.outcome import (
    Progress,
    Repeated,
    asked_in_his_language,
    conclude,
    ending_of,
    note_proof,
    progress_of,
)
from vestibule.services.pins import Pins
from vestibule.services.proving import Prover
from vestibule.services.proving_password import Judge, PasswordProver, forgive_match
from vestibule.services.proxying import Proxying
from vestibule.services.registration_time import begin_time
from vestibule.services.skipping import decided
from vestibule.services.spraying import Spraying
from vestibule.services.waiting import LOOK_SECONDS, Waiting

log = structlog.get_logger(__name__)

SHORTEST_WITH_PIN = 10
"""Digits of a texted passcode and the shortest PIN there can be."""


_DecideElsewhere = Callable[[Transaction, Attempt], Awaitable[Progress | None]]


class Verifications:
    """The service behind every door."""

    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        prover: Prover,
        first_factors: FirstFactors,
        asking: Asking,
        waiting: Waiting,
        pins: Pins,
        proxying: Proxying,
        node: Node,
        metrics: Metrics,
        spraying: Spraying,
        share: FairShare,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._password_prover = PasswordProver(store, first_factors, metrics, share)
        self._asking = asking
        self._answering = Answering(prover, asking, node)
        self._legacy_clients = LegacyClients(prover, node)
        self._waiting = waiting
        self._on_asked: Callable[[Challenge], None] | None = None
        self._pins = pins
        self._proxying = proxying
        self._node = node
        self._metrics = metrics
        self._spraying = spraying
        self._share = share

    # --- commands -----------------------------------------------------------------------------------

    def start(
        self, origin: Origin, password: Secret[str] | None = None, passcode: Secret[str] | None = None
    ) -> Awaitable[Progress]:
        """Begin a verification with what the client has: a password, a passcode, both or neither.

        Returns it approved, denied, or pending with an open challenge. Raises `Unavailable` if nothing
        can be decided durably: then nothing has been decided.
        """
        attempt = self._attempt(origin, passcode)
        if attempt.application.first_factor is not FirstFactor.CLIENT and password:
            started = self._start_with_password(attempt, password)
            return self._guarded(origin, started, guess=attempt, in_parts=True)
        decided = self._store.transact(lambda tx: self._decide(tx, attempt), attempt.tenant.tenant_id)
        return self._guarded(origin, decided, guess=attempt if passcode else None)

    def start_judged(
        self,
        origin: Origin,
        judge: Judge,
        passcode: Secret[str] | None = None,
        *,
        stranger: Judge | None = None,
        proof: str = "",
    ) -> Awaitable[Progress]:
        """Begin a verification whose first factor `judge` knows, such as the server behind a proxy. It is
        asked once, when the attempt is counted; as `start` otherwise. What its verdict says is to be kept is
        held while the verification is pending; `proof` is a digest of what the server was asked, if that
        cannot be asked again. Where there is a `stranger`, it judges names that nobody here has, and who it
        says is right is let in."""
        attempt = self._attempt(origin, passcode)
        judged = self._start_judged(attempt, judge, stranger, proof)
        return self._guarded(origin, judged, guess=attempt, in_parts=True)

    def answer(self, origin: Origin, challenge_id: str, passcode: Secret[str]) -> Awaitable[Progress]:
        """Answer an open challenge of the same client and user.

        Returns it approved, denied, or still pending after a wrong passcode with tries left. A challenge
        that is unknown, over, another client's or another user's is denied as one and the same.
        """
        attempt = self._attempt(origin, passcode)
        answered = self._answer(attempt, challenge_id)
        return self._guarded(origin, answered, guess=attempt if passcode else None, goes_on=True)

    def choose(self, origin: Origin, challenge_id: str, way: str) -> Awaitable[Progress]:
        """Ask on another way instead, by the key of one of its `choices`; the same way once more sends again.

        A way that he has not, or not any more, changes nothing.
        """
        attempt = msgspec.structs.replace(self._attempt(origin, None), way=way)
        return self._guarded(origin, self._answer(attempt, challenge_id), goes_on=True)

    async def wait(self, origin: Origin, progress: Progress, seconds: float) -> Progress | None:
        """Wait at most `seconds` for a verification whose answer comes on another road.

        Returns where it stands then: still pending if the time was too short. None: another request for the
        same sign-in came later and waits instead, or has had the answer; this one gets none. Raises
        `Unavailable` if that cannot be read at the end.
        """
        verification = progress.verification
        waiter, tenant_id = waiter_of(self._attempt(origin, None)), verification.tenant_id
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            known = progress.verification.version
            with self._waiting.registered(tenant_id, verification.verification_id, known) as moved:
                try:
                    progress = await self._now(progress)
                except Unavailable:
                    if asyncio.get_running_loop().time() + LOOK_SECONDS >= deadline:
                        raise
                    # The database may be back before the client's patience is at its end.
                    await asyncio.sleep(LOOK_SECONDS)
                    continue
                challenge = progress.challenge
                if not progress.is_answered_elsewhere:
                    return await self._taken(progress, waiter)
                if challenge is not None and challenge.waiter != waiter:
                    return None
                try:
                    async with asyncio.timeout_at(deadline):
                        await moved.wait()
                except TimeoutError:
                    return progress

    async def answered_elsewhere(self, challenge: Challenge, passcode: Secret[str]) -> bool:
        """Take a passcode that came on the challenge's own road; False if it has no effect."""
        pin = await self._pin_behind(challenge, passcode)
        return await self._elsewhere(
            challenge,
            lambda tx, attempt: self._answering.from_elsewhere(
                tx,
                msgspec.structs.replace(attempt, pin=pin),
                challenge,
                passcode,
                Reason.PASSCODE_VERIFIED,
            ),
        )

    async def confirmed_elsewhere(self, challenge: Challenge, reason: Reason) -> bool:
        """Take the confirmation that came on the challenge's own road; False if it has no effect."""
        return await self._elsewhere(
            challenge,
            lambda tx, attempt: self._answering.from_elsewhere(tx, attempt, challenge, None, reason),
        )

    async def answered_by_app(
        self, challenge: Challenge, number: str, by: str, pin: PinState | None = None
    ) -> Progress | None:
        """Take an approval that an app has signed, its authenticator being `by`; `pin` is what came of the
        PIN in it. None if it has no effect."""
        return await self._moved_elsewhere(
            challenge,
            lambda tx, attempt: self._answering.from_app(
                tx, msgspec.structs.replace(attempt, pin=pin), challenge, number, by
            ),
        )

    async def denied_by_app(self, challenge: Challenge, by: str) -> Progress | None:
        """Take a denial that an app has signed, its authenticator being `by`; None if it has no effect."""
        return await self._moved_elsewhere(
            challenge,
            lambda tx, attempt: self._answering.failed_elsewhere(
                tx, attempt, challenge, Reason.APP_DENIED, may_go_on=False, by=by
            ),
        )

    async def failed_elsewhere(
        self, challenge: Challenge, reason: Reason, *, may_go_on: bool = True, said: str = ""
    ) -> bool:
        """Take the failure of a challenge; with `may_go_on` the person may be asked another way. `said` is
        what a gateway or its network says of it."""
        return await self._elsewhere(
            challenge,
            lambda tx, attempt: self._answering.failed_elsewhere(
                tx, attempt, challenge, reason, may_go_on=may_go_on, said=said
            ),
        )

    async def cancel(self, tenant_id: str, client_id: str, verification_id: str) -> Verification | None:
        """Cancel a pending verification of this client; return the row as it stands, None if not his."""

        async def body(tx: Transaction) -> Verification | None:
            if not is_id(verification_id):
                return None
            verification = await tx.verification(tenant_id, verification_id)
            if verification is None or verification.client_id != client_id:
                return None
            return await _canceled(tx, verification)

        canceled = await self._store.transact(body, tenant_id)
        if canceled is not None:
            self._store.wake(verification_id)
        return canceled

    async def give_up(self, origin: Origin, progress: Progress) -> Progress | None:
        """End a verification for which this request has waited in vain and its client will not ask again, so
        that a late answer admits nobody (RA-25).

        Returns where it stands then: canceled, or as it was decided meanwhile. None: another request waits
        for it, or has had its answer.
        """
        tenant_id, verification_id = progress.verification.tenant_id, progress.verification.verification_id
        waiter = waiter_of(self._attempt(origin, None))

        async def body(tx: Transaction) -> Progress | None:
            verification = await tx.verification(tenant_id, verification_id)
            found = await progress_of(tx, verification or progress.verification)
            if found.is_answered_elsewhere and found.challenge and found.challenge.waiter != waiter:
                return None
            return Progress(await _canceled(tx, found.verification)) if found.is_pending else found

        ended = await self._store.transact(body, origin.peer.client.tenant_id)
        if ended is None:
            return None
        self._store.wake(verification_id)
        return await self._taken(ended, waiter)

    async def find(self, tenant_id: str, client_id: str, verification_id: str) -> Progress | None:
        """Return a verification of this client with its open challenge, None if not his.

        An approval that came on another road is his with that: it lets in no other request of his.
        """
        found = await self._find(tenant_id, client_id, verification_id)
        if found is None or not found.is_approved:
            return found

        async def take(tx: Transaction) -> None:
            for challenge in await _untaken(tx, found.verification):
                await tx.take_challenge(tenant_id, challenge.challenge_id, challenge.waiter)

        if found.challenge is not None:
            await self._store.transact(take, tenant_id)
        return found

    async def _find(self, tenant_id: str, client_id: str, verification_id: str) -> Progress | None:
        async def body(tx: Transaction) -> Progress | None:
            if not is_id(verification_id):
                return None
            verification = await tx.verification(tenant_id, verification_id)
            if verification is None or verification.client_id != client_id:
                return None
            return await self._standing(tx, verification)

        return await self._store.read(body)

    async def look(self, origin: Origin, verification_id: str) -> Progress | None:
        """Return where a sign-in stands, for the very browser that began it: `origin` has its key (CH-07)."""
        attempt = self._attempt(origin, None)
        found = await self._find(attempt.tenant.tenant_id, origin.peer.client.client_id, verification_id)
        if found is None:
            return None
        waits = found.challenge is not None and found.challenge.waiter == waiter_of(attempt)
        return found if waits or found.verification.idempotency_key == request_key(attempt) else None

    async def moved(self, progress: Progress, seconds: float) -> None:
        """Return as soon as a verification has moved on from `progress`, after `seconds` at the latest."""
        row = progress.verification
        with self._waiting.registered(row.tenant_id, row.verification_id, row.version) as moved:
            found = await self._store.read(lambda tx: tx.versions(row.tenant_id, [row.verification_id]))
            if found.get(row.verification_id) != row.version:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await moved.wait()

    def refuse(self, origin: Origin, reason: Reason) -> Awaitable[Progress]:
        """Record a denial that the front end itself must give, e.g. for a protocol that is not spoken."""
        attempt = self._attempt(origin, None)

        async def body(tx: Transaction) -> Progress:
            subject = await tx.subject_by_names(attempt.tenant.tenant_id, attempt.names)
            ending = denied(reason, (TraceLine("front_end", reason.value),))
            return await conclude(tx, attempt, subject, ending, self._node)

        return self._guarded(origin, self._store.transact(body, attempt.tenant.tenant_id))

    async def answered_by_questions(self, origin: Origin, challenge_id: str, user_id: str) -> Progress:
        """Let in who has answered his security questions instead of an open challenge of the portal."""
        attempt = self._attempt(origin, None)
        return await self._guarded(
            origin,
            self._store.transact(
                lambda tx: self._answering.by_questions(tx, attempt, challenge_id, user_id),
                attempt.tenant.tenant_id,
            ),
            goes_on=True,
        )

    # --- starting -----------------------------------------------------------------------------------

    def _attempt(self, origin: Origin, passcode: Secret[str] | None) -> Attempt:
        snapshot = self._configuration.current
        application = origin.peer.application
        tenant = snapshot.tenants[application.tenant_id]
        return Attempt(
            origin=origin,
            tenant=tenant,
            application=application,
            limits=snapshot.limits[application.tenant_id],
            names=lookup_names(
                origin.claimed_username, strip_domain_prefix=tenant.settings.strip_domain_prefix
            ),
            passcode=passcode,
            rules=snapshot.access.get(application.tenant_id, NO_RULES),
            replies=snapshot.replies.get(application.tenant_id, NO_REPLIES),
        )

    async def _start_with_password(self, attempt: Attempt, password: Secret[str]) -> Progress:
        if attempt.application.is_legacy:
            tenant_id = attempt.tenant.tenant_id
            decide = partial(self._legacy_clients.decide, attempt=attempt, typed=password)
            decided = await self._share.run(tenant_id, self._store.transact(decide, tenant_id))
            if decided is not None:
                if not decided.is_approved:
                    await self._password_prover.judge_as_nobodys(attempt, password)
                return decided
        proven = await self._password_prover.prove(attempt, password)
        return await self._settled(proven, lambda tx: self._decide(tx, proven))

    async def _start_judged(
        self, attempt: Attempt, judge: Judge, stranger: Judge | None, proof: str
    ) -> Progress:
        proven = await self._password_prover.judged(attempt, judge, stranger)

        async def body(tx: Transaction) -> Progress:
            progress = await self._decide(tx, proven)
            if progress.is_pending and proven.kept is not None:
                await self._proxying.hold(tx, progress.verification, proof, proven.kept)
            return progress

        return await self._settled(proven, body)

    async def _settled(
        self, proven: Attempt, decide: Callable[[Transaction], Awaitable[Progress]]
    ) -> Progress:
        """Decide, and forgive in the same commit what was counted of a password that is right. A repeat
        changes nothing else, so that is forgiven by itself."""
        try:
            tenant_id = proven.tenant.tenant_id
            return await self._share.run(tenant_id, self._store.transact(decide, tenant_id))
        except Repeated:
            await self._store.transact(lambda tx: forgive_match(tx, proven), proven.tenant.tenant_id)
            raise

    # --- deciding -----------------------------------------------------------------------------------

    async def _decide(self, tx: Transaction, attempt: Attempt) -> Progress:
        if attempt.password_of is not None:
            await forgive_match(tx, attempt)
        subject = await tx.subject_by_names(attempt.tenant.tenant_id, attempt.names)
        attempt = as_of(attempt, subject)
        usable = self._prover.usable_at(attempt.application, subject, tx.now) if subject else ()
        facts = await gathered(tx, attempt, subject, self._prover, usable)
        if facts.policy_days is not None:
            await begin_time(tx, facts)
        match await decided(tx, attempt, subject, facts):
            case Deny(reason, trace):
                return await conclude(tx, attempt, subject, denied(reason, trace), self._node)
            case Permit(reason, trace):
                progress = await conclude(tx, attempt, subject, approved(reason, trace), self._node)
                if reason is Reason.BYPASSED:
                    row = progress.verification
                    await tx.note_bypass_used(row.tenant_id, row.user_id, row.verification_id)
                return progress
            case RequirePassword(trace):
                ending = denied(attempt.password_reason, trace)
                return await conclude(tx, attempt, subject, ending, self._node)
            case RequirePasscode() as asked:
                assert subject is not None
                allowed = [held for held in usable if held.method in asked.methods]
                if not attempt.passcode:
                    choices = self._asking.choices_at(attempt, subject, allowed)
                    if choices:
                        progress = await self._asking.ask(tx, attempt, subject, choices, asked.trace)
                        return asked_in_his_language(progress, attempt, subject.user)
                    ending = denied(Reason.PASSCODE_MALFORMED, asked.trace)
                    return await conclude(tx, attempt, subject, ending, self._node)
                candidates = self._prover.take_passcodes(allowed)
                proof = await self._prover.prove(
                    tx, subject, candidates, attempt.passcode, attempt.limits, attempt.source
                )
                await note_proof(tx, attempt, subject, proof)
                return await conclude(tx, attempt, subject, ending_of(asked, proof), self._node)

    async def fraud_reported(self, challenge: Challenge, *, blocks: bool, by: str = "") -> Progress | None:
        """Deny, and note that the person says it was not he; with `blocks` he is disabled, in one commit.
        `by` is the authenticator of the app that says so, if one does. None: it has no effect."""
        return await self._moved_elsewhere(
            challenge,
            lambda tx, attempt: self._answering.fraud(tx, attempt, challenge, blocks=blocks, by=by),
        )

    # --- answering ----------------------------------------------------------------------------------

    async def _answer(self, attempt: Attempt, challenge_id: str) -> Progress:
        pin = await self._pin_typed(attempt, challenge_id)
        attempt = msgspec.structs.replace(attempt, pin=pin)
        return await self._store.transact(
            lambda tx: self._answering.at_the_door(tx, attempt, challenge_id), attempt.tenant.tenant_id
        )

    async def _pin_typed(self, attempt: Attempt, challenge_id: str) -> PinState | None:
        """Judge the PIN behind a typed passcode, if this client's open challenge asks for one."""
        # No other answer is as long as the shortest passcode and the shortest PIN: most cost no look.
        if attempt.passcode is None or len(attempt.passcode.reveal()) < SHORTEST_WITH_PIN:
            return None
        tenant_id, client_id = attempt.tenant.tenant_id, attempt.origin.peer.client.client_id
        if not is_id(challenge_id):
            return None
        challenge = await self._store.read(lambda tx: tx.challenge(tenant_id, challenge_id))
        if challenge is None or challenge.client_id != client_id or not challenge.is_open:
            return None
        return await self._pin_behind(challenge, attempt.passcode)

    async def _pin_behind(self, challenge: Challenge, answer: Secret[str]) -> PinState | None:
        """Judge and count a PIN outside any transaction, whether or not the passcode before it is right."""
        digits, typed = challenge.digits_before_pin, answer.reveal().strip()
        if not digits or len(typed) < SHORTEST_WITH_PIN or not is_digits(typed):
            return None
        pin = Secret(typed[digits:])
        return (await self._pins.check(challenge.tenant_id, challenge.user_id, pin)).state

    # --- elsewhere ------------------------------------------------------------------------------------

    async def _elsewhere(self, challenge: Challenge, decide: _DecideElsewhere) -> bool:
        return await self._moved_elsewhere(challenge, decide) is not None

    async def _moved_elsewhere(self, challenge: Challenge, decide: _DecideElsewhere) -> Progress | None:
        tenant_id = challenge.tenant_id

        async def body(tx: Transaction) -> Progress | None:
            verification = await tx.verification(tenant_id, challenge.verification_id)
            attempt = self._attempt_of(verification) if verification is not None else None
            return await decide(tx, attempt) if attempt is not None else None

        progress = await self._store.transact(body, challenge.tenant_id)
        if progress is None:
            return None
        verification = progress.verification
        self._metrics.decided(verification.channel, verification.state, verification.reason, 0.0)
        if progress.refusing:
            await self._asking.out_of_band.alarm(tenant_id, progress.refusing)
        self._moved_on(progress)
        return progress

    def _attempt_of(self, verification: Verification) -> Attempt | None:
        """Return the attempt that a verification is of; None if its client is gone."""
        peer = self._configuration.current.peer(verification.client_id)
        if peer is None or not peer.client.is_enabled:
            return None
        origin = Origin(
            peer=peer,
            channel=verification.channel,
            claimed_username=verification.claimed_username,
            client_address=verification.client_address,
            user_address=verification.user_address,
        )
        return self._attempt(origin, None)

    async def _now(self, progress: Progress) -> Progress:
        """Read again where a verification stands. Its challenge stays at hand when it is closed."""
        before, tenant_id = progress, progress.verification.tenant_id

        async def body(tx: Transaction) -> Progress:
            verification = await tx.verification(tenant_id, before.verification.verification_id)
            found = await progress_of(tx, verification or before.verification)
            return msgspec.structs.replace(
                found,
                challenge=found.challenge or before.challenge,
                choices=before.choices,
                language=before.language,
            )

        return await self._store.read(body)

    async def _taken(self, progress: Progress, waiter: str) -> Progress | None:
        """Let the request in, if it is the one that waits; an approval lets in one request, once."""
        if not progress.is_approved:
            return progress

        async def body(tx: Transaction) -> bool:
            untaken = await _untaken(tx, progress.verification)
            return any([await tx.take_challenge(c.tenant_id, c.challenge_id, waiter) for c in untaken])

        return progress if await self._store.transact(body, progress.verification.tenant_id) else None

    def on_asked(self, hear: Callable[[Challenge], None]) -> None:
        """Say who hears of a challenge that waits for its answer from elsewhere, after its commit."""
        self._on_asked = hear

    def _moved_on(self, progress: Progress) -> None:
        """After a commit: tell who waits and the person's apps, and send what is to be sent."""
        self._store.wake(progress.verification.verification_id)
        self._store.wake(progress.verification.user_id)
        if progress.is_pending:
            self._asking.out_of_band.nudge()
        if self._on_asked is not None and progress.is_answered_elsewhere and progress.challenge is not None:
            self._on_asked(progress.challenge)

    async def _standing(self, tx: Transaction, verification: Verification) -> Progress:
        """Return where it stands, with the challenge that is open, or whose answer has let nobody in yet, and
        the other ways."""
        found = await progress_of(tx, verification)
        if found.is_approved:
            untaken = await _untaken(tx, verification)
            return msgspec.structs.replace(found, challenge=untaken[0] if untaken else None)
        tenant_id = verification.tenant_id
        subject = await tx.subject(tenant_id, verification.user_id) if found.challenge else None
        attempt = self._attempt_of(verification) if subject else None
        if subject is None or attempt is None:
            return found
        return await self._answering.with_choices(tx, attempt, subject, found)

    # --- around it ----------------------------------------------------------------------------------

    async def _guarded(
        self,
        origin: Origin,
        work: Coroutine[Any, Any, Progress],
        *,
        guess: Attempt | None = None,
        goes_on: bool = False,
        in_parts: bool = False,
    ) -> Progress:
        """Await `work`; count and log what came of it; turn an unexpected error into a denial.

        A `guess` is judged in its turn while passcodes are sprayed, and counted if it is wrong. `goes_on`:
        the verification had begun before, so somebody may wait for it. `in_parts`: it goes outside meanwhile,
        and takes its tenant's place itself for what it does before and after.
        """
        began = time.perf_counter()
        place = None
        try:
            tenant_id = origin.peer.application.tenant_id
            is_contested = self._share.is_contested(tenant_id, began) and not in_parts
            if is_contested or (guess is not None and self._spraying.slows(tenant_id)):
                place = await self._in_turn(tenant_id, guess, work, is_contested=is_contested)
            progress = await work
            if guess is not None and progress.reason in WRONG_GUESSES:
                self._spraying.failed(tenant_id)
        except Repeated as repeated:
            progress = repeated.progress
        except Unavailable:
            self._metrics.faults.labels("store").inc()
            raise
        except Exception:
            log.exception("verification failed", channel=origin.channel)
            progress = await self._record_fault(origin)
        finally:
            self._share.leave(place)
        verification = progress.verification
        if verification.reason is Reason.FAULT:
            self._metrics.faults.labels("verification").inc()
        if progress.refusing:
            await self._asking.out_of_band.alarm(verification.tenant_id, progress.refusing)
        seconds = time.perf_counter() - began
        self._metrics.decided(origin.channel, verification.state, verification.reason, seconds)
        if goes_on or progress.is_answered_elsewhere or verification.phone:
            self._moved_on(progress)
        return progress

    async def _in_turn(
        self,
        tenant_id: str,
        guess: Attempt | None,
        work: Coroutine[Any, Any, Progress],
        *,
        is_contested: bool,
    ) -> Place | None:
        """Wait for what has to be waited for before `work` may begin; return its place in the tenant's share,
        if there is one."""
        try:
            if guess is not None and self._spraying.slows(tenant_id):
                await self._spraying.wait(tenant_id, guess.source)
            return await self._share.enter(tenant_id) if is_contested else None
        except BaseException:
            work.close()
            raise

    async def _record_fault(self, origin: Origin) -> Progress:
        attempt = self._attempt(origin, None)
        ending = denied(Reason.FAULT, (TraceLine("fault", "unexpected"),))
        try:
            return await self._store.transact(
                lambda tx: conclude(tx, attempt, None, ending, self._node), attempt.tenant.tenant_id
            )
        except Repeated as repeated:
            return repeated.progress


async def _canceled(tx: Transaction, verification: Verification) -> Verification:
    """Cancel it if it is pending; return the row as it stands."""
    tenant_id, verification_id = verification.tenant_id, verification.verification_id
    change = VerificationChange(state=VerificationState.CANCELED, reason=Reason.CANCELED, decided_at=tx.now)
    await _supersede(tx, verification)
    if await tx.change_verification(tenant_id, verification_id, change):
        # Whoever opened another one until now has committed; it would keep the person from signing in.
        await _supersede(tx, verification)
    return await tx.verification(tenant_id, verification_id) or verification


async def _supersede(tx: Transaction, verification: Verification) -> None:
    for challenge in await tx.open_challenges(verification.tenant_id, verification.verification_id):
        await tx.close_challenge(challenge.tenant_id, challenge.challenge_id, ChallengeState.SUPERSEDED)


async def _untaken(tx: Transaction, verification: Verification) -> list[Challenge]:
    """Return what answered this verification and has let nobody in: one, or none."""
    if verification.state is not VerificationState.APPROVED or not verification.user_id:
        return []
    answered = await tx.untaken_challenges(verification.tenant_id, verification.user_id)
    return [each for each in answered if each.verification_id == verification.verification_id]
