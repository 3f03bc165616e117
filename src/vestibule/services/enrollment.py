"""Enrollment: bind authenticators to people, prove them, bring them back in step, take them away.

Invariants:
- What a person enrolls opens no door until he has proven it with a live passcode, and that passcode is
  spent by the proof.
- Who already holds an authenticator adds or removes one only after proving one.
- A person does not remove his last authenticator himself; an administrator can.
- A hardware token belongs to at most one person and keeps its counter for life.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.interfaces.method import Method, NewAuthenticator, Resynchronizes
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.held import AuthenticatorFilter
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import Actor, Right
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus, canonical_serial
from vestibule.model.proposal import Act
from vestibule.model.throttle import Factor
from vestibule.model.user import User
from vestibule.model.verdict import MISMATCH, Verdict
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.guard import Guard
from vestibule.services.proposals import Agreement
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

PENDING_MS = 15 * 60 * 1000
"""How long a person has to prove a new authenticator."""
MAX_AUTHENTICATORS = 10


class Enrolled(msgspec.Struct, frozen=True):
    """A new authenticator and what is shown to the person this one time."""

    authenticator: Authenticator
    shown: tuple[Secret[str], ...]


class Enrollments:
    def __init__(self, store: Store, configuration: ConfigurationCache, prover: Prover, guard: Guard) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self.guard = guard

    @property
    def prover(self) -> Prover:
        return self._prover

    @property
    def methods(self) -> Mapping[str, Method]:
        return self._prover.methods

    async def held(self, actor: Actor, tenant_id: str, user_id: str) -> Subject:
        """Return a person with what he holds; `Refused` if there is no such person."""
        await self.guard.admit_reading_or_self(actor, Right.READ_PEOPLE, tenant_id, user_id)
        return await self._subject(tenant_id, user_id)

    async def tokens(self, actor: Actor, tenant_id: str, where: AuthenticatorFilter, page: Page) -> Listed:
        """Return one page of hardware tokens, by serial."""
        actor.demand(Right.READ_PEOPLE, tenant_id)
        return await self._store.read(lambda tx: tx.authenticators(tenant_id, where, page))

    async def token(self, actor: Actor, tenant_id: str, authenticator_id: str) -> Authenticator:
        """Return one hardware token; `Refused` if there is none of that identifier."""
        actor.limit(Right.READ_PEOPLE, tenant_id)
        found = await self._store.read(lambda tx: tx.authenticator(tenant_id, authenticator_id))
        if found is None or not found.is_hardware or found.status is AuthenticatorStatus.REVOKED:
            raise Refused(Refusal.NOT_FOUND, authenticator_id)
        await self.guard.admit_reading(actor, Right.READ_PEOPLE, tenant_id, found.user_id)
        return found

    async def begin(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        method_name: str,
        label: str = "",
        options: Mapping[str, Any] | None = None,
        instead_of: str = "",
    ) -> Enrolled:
        """Make a pending authenticator; it is shown once and opens nothing until `confirm`.

        `instead_of` names the one whose place it is to take: that one does not count.
        """
        agreed = await self._admit(actor, tenant_id, user_id, Act.ADD_FACTOR, {"method": method_name})
        await self.guard.admit_reading_or_self(actor, Right.SECRETS, tenant_id, user_id)
        method = self.methods[method_name]
        if not self._prover.is_switched_on(tenant_id, method_name):
            raise Refused(Refusal.METHOD_OFF, method_name)
        subject = await self._subject(tenant_id, user_id)
        new = self._made(method, subject, options or {})
        authenticator = self._authenticator(subject, method_name, label, new)

        async def body(tx: Transaction) -> Authenticator:
            await agreed.use(tx)
            await tx.hold_user(tenant_id, user_id)
            current = await tx.subject(tenant_id, user_id)
            if current is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            held = [each for each in _held(current) if each.authenticator_id != instead_of]
            if len(held) >= MAX_AUTHENTICATORS:
                raise Refused(Refusal.TOO_MANY, str(MAX_AUTHENTICATORS))
            self._refuse_surplus_device(tenant_id, held, method)
            for stale in _pending(current):
                await _revoke(tx, stale)
            added = msgspec.structs.replace(authenticator, created_at=tx.now)
            await tx.add_authenticator(added)
            return added

        added = await self._store.transact(body)
        return Enrolled(added, tuple(Secret(text) for text in new.shown))

    async def confirm(
        self, actor: Actor, tenant_id: str, user_id: str, authenticator_id: str, passcode: Secret[str]
    ) -> Authenticator:
        """Prove a pending authenticator with a live passcode, which is thereby spent."""
        await self.guard.admit_reading_or_self(actor, Right.AUTHENTICATORS, tenant_id, user_id)

        async def body(tx: Transaction) -> Authenticator | Refusal:
            subject = await tx.subject(tenant_id, user_id)
            pending = _of(subject, authenticator_id)
            if (
                subject is None
                or pending is None
                or pending.status is not AuthenticatorStatus.PENDING
                or pending.created_at + PENDING_MS < tx.now
            ):
                return Refusal.NOT_FOUND
            verdict = await self._judged(tx, tenant_id, user_id, pending, passcode)
            if isinstance(verdict, Refusal):
                return verdict
            active = msgspec.structs.replace(
                pending, status=AuthenticatorStatus.ACTIVE, state=verdict.state, used_at=tx.now
            )
            await _replace(tx, active)
            await record(
                tx,
                actor,
                tenant_id,
                "authenticator.enrolled",
                user_id,
                subject.user.username,
                method=active.method,
                label=active.label,
            )
            return active

        return _settled(await self._store.transact(body))

    async def new_recovery_codes(
        self, actor: Actor, tenant_id: str, user_id: str, *, to_keep: bool = False
    ) -> Enrolled:
        """Make a new set of recovery codes; the old set is void at once. With `to_keep` the new one counts
        only when the person has said that he has kept it: see `keep_recovery_codes`."""
        agreed = await self._admit(
            actor, tenant_id, user_id, Act.ADD_FACTOR, {"method": self.recovery_method}
        )
        await self.guard.admit_reading_or_self(actor, Right.SECRETS, tenant_id, user_id)
        name = self.recovery_method
        subject = await self._subject(tenant_id, user_id)
        new = self._made(self.methods[name], subject, {})
        status = AuthenticatorStatus.PENDING if to_keep else AuthenticatorStatus.ACTIVE
        authenticator = msgspec.structs.replace(self._authenticator(subject, name, "", new), status=status)

        async def body(tx: Transaction) -> Authenticator:
            await agreed.use(tx)
            await tx.hold_user(tenant_id, user_id)
            current = await tx.subject(tenant_id, user_id)
            if current is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            for old in current.authenticators:
                if old.method == name:
                    await _revoke(tx, old)
            added = msgspec.structs.replace(authenticator, created_at=tx.now)
            await tx.add_authenticator(added)
            username = current.user.username
            await record(tx, actor, tenant_id, "recovery_codes.made", user_id, username)
            return added

        return Enrolled(await self._store.transact(body), tuple(Secret(text) for text in new.shown))

    async def keep_recovery_codes(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Let the codes count that were made to be kept; raises `Refused` if there are none, or no more."""
        await self.guard.admit_reading_or_self(actor, Right.SECRETS, tenant_id, user_id)

        async def body(tx: Transaction) -> None:
            subject = await tx.subject(tenant_id, user_id)
            pending = _pending(subject) if subject is not None else []
            codes = next((each for each in pending if each.method == self.recovery_method), None)
            if codes is None or codes.created_at + PENDING_MS < tx.now:
                raise Refused(Refusal.NOT_FOUND, user_id)
            await _replace(tx, msgspec.structs.replace(codes, status=AuthenticatorStatus.ACTIVE))

        await self._store.transact(body)

    def recovery_codes_left(self, subject: Subject) -> int:
        """Return how many recovery codes a person has left: a recovery method lists them as `left`."""
        return sum(
            len(held.state.get("left", ()))
            for held in subject.authenticators
            if held.method == self.recovery_method
            and held.status is AuthenticatorStatus.ACTIVE
            and held.created_at >= subject.user.methods_since
        )

    @property
    def recovery_method(self) -> str:
        return next(name for name, method in self.methods.items() if method.descriptor.is_recovery)

    async def rename(
        self, actor: Actor, tenant_id: str, user_id: str, authenticator_id: str, label: str
    ) -> None:
        agreed = await self._admit(actor, tenant_id, user_id, Act.EDIT, {"label": label})

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            authenticator = _of(await tx.subject(tenant_id, user_id), authenticator_id)
            if authenticator is None:
                raise Refused(Refusal.NOT_FOUND, authenticator_id)
            await _replace(tx, msgspec.structs.replace(authenticator, label=label.strip()[:64]))

        await self._store.transact(body)

    async def remove(self, actor: Actor, tenant_id: str, user_id: str, authenticator_id: str) -> None:
        """Take an authenticator from a person. A hardware token is free again and keeps its counter."""
        agreed = await self._admit_removal(actor, tenant_id, user_id, authenticator_id)
        is_self = actor.is_self(tenant_id, user_id)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            await tx.hold_user(tenant_id, user_id)
            subject = await tx.subject(tenant_id, user_id)
            authenticator = _of(subject, authenticator_id)
            if subject is None or authenticator is None:
                raise Refused(Refusal.NOT_FOUND, authenticator_id)
            if is_self and self._is_last(subject, authenticator, tx.now):
                raise Refused(Refusal.LAST_AUTHENTICATOR)
            await self.take(tx, actor, subject.user, authenticator)

        await self._store.transact(body)
        self._store.wake(user_id)  # His app may wait for what it can show no more.

    async def take(self, tx: Transaction, actor: Actor, user: User, authenticator: Authenticator) -> None:
        """Take an authenticator from a person: a hardware token is free again, all else is over."""
        if not authenticator.is_hardware:
            await take_away(tx, actor, user, authenticator)
            return
        await _replace(tx, self._prover.held_by(authenticator, ""))
        await _record_removal(tx, actor, user, authenticator)

    async def assign(self, actor: Actor, tenant_id: str, user_id: str, serial: str) -> Authenticator:
        """Give a hardware token that nobody holds to a person."""
        agreed = await self.guard.admit(
            actor, Right.TOKENS, tenant_id, user_id, Act.ADD_FACTOR, {"serial": serial.strip()}
        )

        async def body(tx: Transaction) -> Authenticator:
            await agreed.use(tx)
            await tx.hold_user(tenant_id, user_id)
            return await self._give(tx, actor, tenant_id, user_id, serial)

        return await self._store.transact(body)

    async def register_hardware(
        self, actor: Actor, tenant_id: str, user_id: str, serial: str, passcode: Secret[str]
    ) -> Authenticator:
        """A person registers the token in his hand: its serial and a live passcode, which is spent."""
        agreed = await self._admit(actor, tenant_id, user_id, Act.ADD_FACTOR, {"serial": serial.strip()})

        async def body(tx: Transaction) -> Authenticator | Refusal:
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                return Refusal.NOT_FOUND
            token = await self._free_token(tx, subject.user, serial)
            verdict = await self._judged(tx, tenant_id, user_id, token, passcode)
            if isinstance(verdict, Refusal) or token is None:
                # Same words and same count whether the serial or the passcode is wrong: no oracle.
                return verdict if isinstance(verdict, Refusal) else Refusal.PASSCODE_WRONG
            await agreed.use(tx)
            proven = msgspec.structs.replace(token, state=verdict.state, used_at=tx.now)
            return await self._give(tx, actor, tenant_id, user_id, serial, proven)

        return _settled(await self._store.transact(body))

    async def resynchronize(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        authenticator_id: str,
        passcodes: tuple[Secret[str], Secret[str]],
    ) -> Authenticator:
        """Bring an authenticator back in step with two consecutive passcodes, both unused and both spent.

        It counts like a sign-in, so it is no better place to guess.
        """
        agreed = await self.guard.admit_or_self(actor, Right.TOKENS, tenant_id, user_id, Act.EDIT)
        answers = (passcodes[0].reveal(), passcodes[1].reveal())

        async def body(tx: Transaction) -> Authenticator | Refusal:
            subject = await tx.subject(tenant_id, user_id)
            authenticator = _of(subject, authenticator_id)
            if subject is None or authenticator is None:
                return Refusal.NOT_FOUND
            method = self.methods[authenticator.method]
            if not isinstance(method, Resynchronizes) or not authenticator.is_usable(tx.now):
                return Refusal.NOT_POSSIBLE

            def judge(_: Method, candidate: Authenticator, secret: bytes) -> Verdict:
                return method.resynchronize(candidate.parameters, secret, candidate.state, answers, tx.now)

            limits = self._configuration.current.limits[tenant_id]
            proof = await self._prover.prove_by(tx, subject, (authenticator,), judge, limits)
            if proof.is_locked:
                return Refusal.LOCKED_OUT
            if not proof.is_match:
                return Refusal.PASSCODE_WRONG
            await agreed.use(tx)
            username = subject.user.username
            await record(tx, actor, tenant_id, "authenticator.resynchronized", user_id, username)
            return authenticator

        return _settled(await self._store.transact(body))

    # --- parts --------------------------------------------------------------------------------------

    async def _admit(
        self, actor: Actor, tenant_id: str, user_id: str, act: Act, facts: Mapping[str, Any]
    ) -> Agreement:
        return await self.guard.admit_or_self(actor, Right.AUTHENTICATORS, tenant_id, user_id, act, facts)

    async def _admit_removal(
        self, actor: Actor, tenant_id: str, user_id: str, authenticator_id: str
    ) -> Agreement:
        """A hardware token is taken by who keeps tokens, anything else by who keeps authenticators."""
        held = await self._store.read(lambda tx: tx.authenticator(tenant_id, authenticator_id))
        if held is None:
            raise Refused(Refusal.NOT_FOUND, authenticator_id)
        right = Right.TOKENS if held.is_hardware else Right.AUTHENTICATORS
        facts = {"authenticator": authenticator_id}
        return await self.guard.admit_or_self(actor, right, tenant_id, user_id, Act.REMOVE_FACTOR, facts)

    async def _subject(self, tenant_id: str, user_id: str) -> Subject:
        subject = await self._store.read(lambda tx: tx.subject(tenant_id, user_id))
        if subject is None:
            raise Refused(Refusal.NOT_FOUND, user_id)
        return subject

    def _refuse_surplus_device(self, tenant_id: str, held: Iterable[Authenticator], method: Method) -> None:
        """Raise `Refused` if the person has as many devices of this method as his tenant allows."""
        if not method.descriptor.asks_all:
            return
        most = self._configuration.current.tenants[tenant_id].settings.app_devices
        if sum(each.method == method.descriptor.name for each in held) >= most:
            raise Refused(Refusal.TOO_MANY_DEVICES, str(most))

    def _made(self, method: Method, subject: Subject, options: Mapping[str, Any]) -> NewAuthenticator:
        tenant = self._configuration.current.tenants[subject.user.tenant_id]
        named = {"issuer": tenant.settings.issuer, "account": subject.user.username}
        return method.enroll({**named, **options}, os.urandom)

    def _authenticator(
        self, subject: Subject, method_name: str, label: str, new: NewAuthenticator
    ) -> Authenticator:
        bare = Authenticator(
            tenant_id=subject.user.tenant_id,
            authenticator_id=new_id(),
            user_id=subject.user.user_id,
            method=method_name,
            label=label.strip()[:64],
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.PENDING,
            created_at=0,
        )
        return self._prover.sealed(bare, new.secret)

    async def _judged(
        self,
        tx: Transaction,
        tenant_id: str,
        user_id: str,
        authenticator: Authenticator | None,
        passcode: Secret[str],
    ) -> Verdict | Refusal:
        """Judge and count one passcode of an authenticator that opens no door yet."""
        verdict = MISMATCH
        if authenticator is not None:
            verdict = self.methods[authenticator.method].verify(
                authenticator.parameters,
                self._prover.unseal(authenticator),
                authenticator.state,
                passcode.reveal(),
                tx.now,
            )
        limits = self._configuration.current.limits[tenant_id]
        throttle = await tx.settle_attempt(tenant_id, user_id, Factor.PASSCODE, verdict.is_match, limits)
        if throttle is None:
            return Refusal.LOCKED_OUT
        return verdict if verdict.is_match else Refusal.PASSCODE_WRONG

    async def _give(
        self,
        tx: Transaction,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        serial: str,
        token: Authenticator | None = None,
    ) -> Authenticator:
        subject = await tx.subject(tenant_id, user_id)
        if subject is None:
            raise Refused(Refusal.NOT_FOUND, user_id)
        token = token or await self._free_token(tx, subject.user, serial)
        if token is None:
            raise Refused(Refusal.SERIAL_UNKNOWN, serial)
        if len(_held(subject)) >= MAX_AUTHENTICATORS:
            raise Refused(Refusal.TOO_MANY, str(MAX_AUTHENTICATORS))
        given = msgspec.structs.replace(
            self._prover.held_by(token, user_id), status=AuthenticatorStatus.ACTIVE, created_at=tx.now
        )
        await _replace(tx, given)
        username = subject.user.username
        await record(tx, actor, tenant_id, "authenticator.assigned", user_id, username, serial=given.serial)
        return given

    async def _free_token(self, tx: Transaction, user: User, serial: str) -> Authenticator | None:
        """Return the token if this person may be given it: nobody holds it, or he himself registers it
        anew."""
        canonical = canonical_serial(serial)
        found = (await tx.authenticators_by_serial(user.tenant_id, (canonical,))).get(canonical)
        # One that was suspended or revoked, e.g. because it was lost, does not come back by being given away.
        if found is None or found.status is not AuthenticatorStatus.ACTIVE:
            return None
        if not self._prover.is_switched_on(user.tenant_id, found.method):
            return None
        is_his_again = found.user_id == user.user_id and found.created_at < user.methods_since
        return found if not found.user_id or is_his_again else None

    def _is_last(self, subject: Subject, removed: Authenticator, now: int) -> bool:
        """Tell whether nothing but recovery codes would be left."""
        if removed.status is AuthenticatorStatus.PENDING:
            return False
        return not any(
            held.is_usable(now)
            and held.authenticator_id != removed.authenticator_id
            and self.methods[held.method].descriptor.is_own
            for held in subject.authenticators
            if held.method in self.methods
        )


async def take_away(tx: Transaction, actor: Actor, user: User, authenticator: Authenticator) -> None:
    """Revoke an authenticator that is no hardware, for good."""
    await _revoke(tx, authenticator)
    await _record_removal(tx, actor, user, authenticator)


async def _record_removal(tx: Transaction, actor: Actor, user: User, authenticator: Authenticator) -> None:
    await record(
        tx,
        actor,
        user.tenant_id,
        "authenticator.removed",
        user.user_id,
        user.username,
        method=authenticator.method,
        label=authenticator.label or (authenticator.serial or ""),
    )


def _of(subject: Subject | None, authenticator_id: str) -> Authenticator | None:
    if subject is None:
        return None
    return next((a for a in subject.authenticators if a.authenticator_id == authenticator_id), None)


def _held(subject: Subject) -> list[Authenticator]:
    return [a for a in subject.authenticators if a.status is not AuthenticatorStatus.PENDING]


def _pending(subject: Subject) -> list[Authenticator]:
    return [a for a in subject.authenticators if a.status is AuthenticatorStatus.PENDING]


async def _revoke(tx: Transaction, authenticator: Authenticator) -> None:
    # The secret goes with it: what is revoked can never be judged again.
    await _replace(
        tx,
        msgspec.structs.replace(authenticator, status=AuthenticatorStatus.REVOKED, secret=b"", state={}),
    )


async def _replace(tx: Transaction, authenticator: Authenticator) -> None:
    if not await tx.replace_authenticator(authenticator):
        raise Conflict


def _settled(result: Authenticator | Refusal) -> Authenticator:
    """A refusal leaves the transaction as a value, so that the counted attempt is committed."""
    if isinstance(result, Refusal):
        raise Refused(result)
    return result
