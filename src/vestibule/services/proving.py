"""Proving a passcode inside a transaction: judge it, count the attempt, spend what matched.

Everything that takes a passcode from a person comes through here: sign-in on any door, proof of a new
authenticator, resynchronization. So there is one count per user, one rule against replay and one place
where an authenticator moves forward.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping

import msgspec
import structlog

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.interfaces.method import Method
from vestibule.interfaces.store import Conflict, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.application import Application, SecondFactor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.throttle import Factor, ThrottleLimits
from vestibule.model.verdict import MALFORMED, Verdict, VerdictKind
from vestibule.model.verification import Reason, TraceLine
from vestibule.services.configuration import ConfigurationCache, authenticator_context
from vestibule.services.throttling import count_attempt

log = structlog.get_logger(__name__)

# The verdict that tells most about an attempt wins when several authenticators were asked.
_WEIGHT = {
    VerdictKind.MALFORMED: 0,
    VerdictKind.MISMATCH: 1,
    VerdictKind.REPLAY: 2,
    VerdictKind.MATCH: 3,
}
_REASON = {
    VerdictKind.MALFORMED: Reason.PASSCODE_MALFORMED,
    VerdictKind.MISMATCH: Reason.PASSCODE_WRONG,
    VerdictKind.REPLAY: Reason.PASSCODE_REPLAYED,
}

Judge = Callable[[Method, Authenticator, bytes], Verdict]


class Proof(msgspec.Struct, frozen=True):
    """What came of it. `authenticator` is the one that matched, or that recognized a replay."""

    verdict: Verdict
    reason: Reason
    is_locked: bool
    authenticator: Authenticator | None
    trace: tuple[TraceLine, ...]
    is_newly_locked: bool = False
    is_source_newly_locked: bool = False

    @property
    def is_match(self) -> bool:
        return self.verdict.is_match and not self.is_locked


LOCKED = Proof(MALFORMED, Reason.LOCKED_OUT, True, None, (TraceLine("throttle", "locked"),))


def _proven(subject: Subject) -> list[Authenticator]:
    return [held for held in subject.authenticators if held.status is not AuthenticatorStatus.PENDING]


class Prover:
    """Judges passcodes with the methods there are."""

    def __init__(
        self, methods: Mapping[str, Method], sealer: Sealer, configuration: ConfigurationCache
    ) -> None:
        self.methods = methods
        self._sealer = sealer
        self._configuration = configuration

    def usable(self, subject: Subject, at: int) -> tuple[Authenticator, ...]:
        """Return the user's authenticators that may open a door now, by a passcode or on another road."""
        return tuple(
            [
                held
                for held in subject.authenticators
                if self._may_open(held, at) and self.counts(subject, held)
            ]
        )

    def usable_once(self, subject: Subject, at: int) -> tuple[Authenticator, ...]:
        """Return the same and what would be usable if it counted still: its method was not switched off and
        nothing newer was demanded. It opens no door but the one behind which he registers anew."""
        return tuple([held for held in subject.authenticators if self._may_open(held, at)])

    def _may_open(self, held: Authenticator, at: int) -> bool:
        method = self.methods.get(held.method)
        if method is None or not held.is_usable(at):
            return False
        return method.descriptor.takes_passcode or method.descriptor.out_of_band

    def usable_at(self, application: Application, subject: Subject, at: int) -> tuple[Authenticator, ...]:
        """Return what opens the door of `application`. Behind one where people register, who has nothing that
        counts proves what counted before; but not who was told to register anew, for he may have lost it."""
        usable = self.usable(subject, at)
        registers_here = application.second_factor is SecondFactor.IF_ENROLLED
        if usable or not registers_here or subject.user.must_register:
            return usable
        return self.usable_once(subject, at)

    def is_newcomer(self, subject: Subject, at: int) -> bool:
        """Tell whether a person has proven nothing and was given nothing. One that is suspended or not valid
        now counts: who holds it does not enroll with a password alone (ENR-02)."""
        return not self._standing(subject, at)

    def is_enrolled(self, subject: Subject, at: int) -> bool:
        """Tell whether a person has proven an authenticator, or was given one, that counts."""
        return any(self.counts(subject, held) for held in self._standing(subject, at))

    def registered(self, subject: Subject) -> tuple[Authenticator, ...]:
        """Return what counts as registered: all that counts but recovery codes and passes."""
        return tuple(
            held
            for held in _proven(subject)
            if self.counts(subject, held)
            and held.method in self.methods
            and self.methods[held.method].descriptor.is_own
        )

    def _standing(self, subject: Subject, at: int) -> list[Authenticator]:
        """Return what a person has proven or was given, but no temporary pass that is over."""
        return [held for held in _proven(subject) if held.is_usable(at) or not self._is_temporary(held)]

    def _is_temporary(self, held: Authenticator) -> bool:
        method = self.methods.get(held.method)
        return method is not None and method.descriptor.is_temporary

    def chosen_is_off(self, subject: Subject) -> bool:
        """Tell whether the method that a person has chosen to be asked by was switched off since."""
        chosen = subject.user.default_method
        if not chosen or chosen not in self.methods:
            return bool(chosen)
        return not self.is_switched_on(subject.user.tenant_id, chosen)

    def is_switched_on(self, tenant_id: str, method: str) -> bool:
        """Tell whether people of the tenant may register and use this method."""
        chosen = self._configuration.current.tenants[tenant_id].settings.methods
        return not chosen or method in chosen or not self.methods[method].descriptor.is_own

    def counts(self, subject: Subject, held: Authenticator) -> bool:
        """Tell whether what a person holds counts: its method is switched on, and nothing newer was
        demanded."""
        is_known = held.method in self.methods
        is_on = not is_known or self.is_switched_on(held.tenant_id, held.method)
        return is_on and held.created_at >= subject.user.methods_since

    def take_passcodes(self, held: Iterable[Authenticator]) -> list[Authenticator]:
        """Return those of them whose passcode a person types."""
        return [each for each in held if self.methods[each.method].descriptor.takes_passcode]

    def prove(
        self,
        tx: Transaction,
        subject: Subject,
        candidates: Iterable[Authenticator],
        passcode: Secret[str],
        limits: ThrottleLimits,
        source: str = "",
    ) -> Awaitable[Proof]:
        """Judge `passcode` against `candidates`, count the attempt and spend the match. `source` is where it
        was typed, if that is known (`source_of`)."""
        answer = passcode.reveal()

        def judge(method: Method, authenticator: Authenticator, secret: bytes) -> Verdict:
            return method.verify(authenticator.parameters, secret, authenticator.state, answer, tx.now)

        return self.prove_by(tx, subject, candidates, judge, limits, source)

    async def prove_by(
        self,
        tx: Transaction,
        subject: Subject,
        candidates: Iterable[Authenticator],
        judge: Judge,
        limits: ThrottleLimits,
        source: str = "",
    ) -> Proof:
        """The same with any way of judging, e.g. two consecutive passcodes."""
        verdict, authenticator, is_faulty = self._best(candidates, judge)
        if verdict.is_match:
            assert authenticator is not None
            return await self._spend(tx, authenticator, verdict, limits, source)
        user = subject.user
        counted = await count_attempt(
            tx, user.tenant_id, user.user_id, Factor.PASSCODE, limits, source, is_match=False
        )
        if counted is None:
            return LOCKED
        failures = {"failures": str(counted.throttle.failures)}
        return Proof(
            verdict,
            Reason.FAULT if is_faulty else _REASON[verdict.kind],
            False,
            authenticator if verdict.kind is VerdictKind.REPLAY else None,
            (TraceLine("passcode", verdict.kind.value), TraceLine("throttle", "counted", failures)),
            is_newly_locked=counted.locks(tx.now),
            is_source_newly_locked=counted.stops_source(tx.now),
        )

    async def _spend(
        self, tx: Transaction, used: Authenticator, verdict: Verdict, limits: ThrottleLimits, source: str
    ) -> Proof:
        """Count a match and move its authenticator on: one write for all but newcomers and who has failed."""
        assert verdict.state is not None
        if not await tx.spend_on_clean_record(used, verdict.state, source):
            counted = await count_attempt(
                tx, used.tenant_id, used.user_id, Factor.PASSCODE, limits, source, is_match=True
            )
            if counted is None:
                return LOCKED
            if not await tx.advance_authenticator(used, verdict.state):
                raise Conflict  # Somebody else spent a passcode of it just now: judge again.
        reason = self.methods[used.method].descriptor.verified_reason
        line = TraceLine("passcode", "match", {"method": used.method, "label": used.label})
        return Proof(verdict, reason, False, used, (line,))

    def unseal(self, authenticator: Authenticator) -> bytes:
        """Return the secret of an authenticator; raises CannotUnseal if the row was tampered with."""
        return self._sealer.unseal(
            authenticator.secret,
            authenticator_context(
                authenticator.tenant_id, authenticator.authenticator_id, authenticator.user_id
            ),
        )

    def sealed(self, authenticator: Authenticator, secret: bytes) -> Authenticator:
        """Return `authenticator` with `secret` sealed to it and to the person who holds it."""
        bound_to = authenticator_context(
            authenticator.tenant_id, authenticator.authenticator_id, authenticator.user_id
        )
        return msgspec.structs.replace(authenticator, secret=self._sealer.seal(secret, bound_to))

    def held_by(self, authenticator: Authenticator, user_id: str) -> Authenticator:
        """Return `authenticator` in the hands of another person, or of nobody: its secret is sealed anew."""
        secret = self.unseal(authenticator)
        return self.sealed(msgspec.structs.replace(authenticator, user_id=user_id), secret)

    def _best(
        self, candidates: Iterable[Authenticator], judge: Judge
    ) -> tuple[Verdict, Authenticator | None, bool]:
        """Return the verdict that tells most, whose it is, and whether an authenticator could not be judged.

        That one is no reason to let the attempt go uncounted: guesses at the others would be free.
        """
        best, holder, is_faulty = MALFORMED, None, False
        for authenticator in candidates:
            try:
                verdict = judge(self.methods[authenticator.method], authenticator, self.unseal(authenticator))
            except Exception:
                log.exception("an authenticator cannot be judged", authenticator=repr(authenticator))
                is_faulty = True
                continue
            if verdict.is_match:
                return verdict, authenticator, False
            if holder is None or _WEIGHT[verdict.kind] > _WEIGHT[best.kind]:
                best, holder = verdict, authenticator
        return best, holder, is_faulty
