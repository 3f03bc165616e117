"""PINs: set them, check them, change them, in a page, at the command line and inside a call.

Invariants:
- An attempt is counted before it is judged, whatever the channel, so parallel guesses never get more than the
  limit; only a PIN that matched and still is the person's takes the count back.
- argon2id runs in a thread and never inside a transaction.
- A PIN that was only just proven is changed by compare-and-set on the version that was proven.
- What cannot be judged is wrong. A PIN is shown once, to the administrator who set it, and never kept.
"""

from __future__ import annotations

import asyncio
import secrets

import msgspec
import structlog

from vestibule.crypto.passwords import DUMMY_HASH, hash_password, verify_password
from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import Actor, Right, self_of
from vestibule.model.edition import Feature
from vestibule.model.pin import Pin, PinProblem, PinRules, PinState, PinStatus, generated, problems
from vestibule.model.proposal import Act
from vestibule.model.throttle import Factor, Throttle
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.editions import demand
from vestibule.services.guard import Guard
from vestibule.services.phones import numbers_of
from vestibule.services.proposals import NOT_NEEDED, Agreement
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

log = structlog.get_logger(__name__)


class PinCheck(msgspec.Struct, frozen=True):
    """What came of checking a PIN. `version` names the PIN that was proven, 0 if none was: with it the person
    may choose another one (`change_proven`)."""

    state: PinState
    version: int = 0


class PinChange(msgspec.Struct, frozen=True):
    """What came of a change: `state` of the old PIN, and what is wrong with the new one. `shown` is the new
    PIN where it is to be told to somebody, this one time."""

    state: PinState = PinState.RIGHT
    problems: tuple[PinProblem, ...] = ()
    is_changed: bool = False
    shown: Secret[str] = Secret("")


class _Kept(msgspec.Struct, frozen=True):
    """What is sealed: argon2id hashes of the present PIN and of those before it, newest first."""

    present: str
    before: tuple[str, ...] = ()


class Pins:
    def __init__(self, store: Store, configuration: ConfigurationCache, sealer: Sealer, guard: Guard) -> None:
        self._store = store
        self._configuration = configuration
        self._sealer = sealer
        self._guard = guard

    def rules(self, tenant_id: str) -> PinRules:
        return self._configuration.current.tenants[tenant_id].settings.pin_rules

    async def status(self, actor: Actor, tenant_id: str, user_id: str) -> PinStatus:
        """Return how it stands with a person's PIN."""
        await self._guard.admit_reading_or_self(actor, Right.READ_PEOPLE, tenant_id, user_id)
        return await self._status(tenant_id, user_id)

    async def _status(self, tenant_id: str, user_id: str) -> PinStatus:
        rules = self.rules(tenant_id)

        async def body(tx: Transaction) -> PinStatus:
            pin = await tx.pin(tenant_id, user_id)
            if pin is None:
                return PinStatus()
            is_expired = rules.is_expired(pin.changed_at, tx.now)
            return PinStatus(True, pin.must_change, is_expired, pin.changed_at)

        return await self._store.read(body)

    # --- by an administrator ------------------------------------------------------------------------

    async def set(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        pin: Secret[str] | None = None,
        *,
        must_change: bool = True,
    ) -> PinChange:
        """Give a person a PIN, random if none is named; it is in the result this one time. He must change it
        at its first use unless that is said otherwise. A lock of the PIN before it is lifted."""
        agreed = await self._guard.admit(actor, Right.PINS, tenant_id, user_id, Act.PIN)
        demand(self._configuration.current.tenants[tenant_id], Feature.PIN_MODE)
        subject, held = await self._read(tenant_id, user_id)
        chosen = pin
        if chosen is None:
            chosen = generated(self.rules(tenant_id), numbers_of(subject), secrets.randbelow)
        version = held.version if held else 0
        made = await self._renew(actor, subject, held, version, chosen, None, must_change, "pin.set", agreed)
        return msgspec.structs.replace(made, shown=chosen) if made.is_changed else made

    async def require_change(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Let a person's PIN open nothing until he has changed it."""
        agreed = await self._guard.admit(actor, Right.PINS, tenant_id, user_id, Act.PIN)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            subject, pin = await _of(tx, tenant_id, user_id)
            if pin is None:
                raise Refused(Refusal.NO_PIN)
            if not await tx.replace_pin(msgspec.structs.replace(pin, must_change=True)):
                raise Refused(Refusal.CHANGED_MEANWHILE)
            await record(tx, actor, tenant_id, "pin.change_required", user_id, subject.user.username)

        await self._store.transact(body)

    async def clear(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Take a person's PIN away; nothing is left to guess, so nothing is left locked."""
        agreed = await self._guard.admit(actor, Right.PINS, tenant_id, user_id, Act.PIN)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            subject, pin = await _of(tx, tenant_id, user_id)
            if pin is None or not await tx.remove_pin(tenant_id, user_id):
                raise Refused(Refusal.NO_PIN)
            await tx.clear_throttle(tenant_id, user_id, Factor.PIN)
            await record(tx, actor, tenant_id, "pin.cleared", user_id, subject.user.username)

        await self._store.transact(body)

    # --- by the person ------------------------------------------------------------------------------

    async def check(self, tenant_id: str, user_id: str, pin: Secret[str]) -> PinCheck:
        """Tell whether this is the person's PIN; every answer but a right one counts as a failure."""
        subject, held, reserved = await self._reserve(tenant_id, user_id)
        if subject is None or held is None or reserved is None:
            # For the time it takes: a quick answer would tell who has no PIN, or is locked (BF-14).
            await asyncio.to_thread(verify_password, DUMMY_HASH, pin.reveal())
            return PinCheck(PinState.NONE_SET if held is None else PinState.LOCKED)
        if not await asyncio.to_thread(self._is_present, held, pin):
            await self._note_failure(subject, reserved)
            return PinCheck(PinState.WRONG)
        return await self._settle(held)

    async def change(
        self,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        old: Secret[str],
        new: Secret[str],
        confirmation: Secret[str] | None = None,
    ) -> PinChange:
        """Change one's own PIN; the old one is checked and counted like any other."""
        actor.demand(Right.SELF, tenant_id)
        if actor.actor_id != user_id:
            raise Refused(Refusal.NOT_POSSIBLE)
        checked = await self.check(tenant_id, user_id, old)
        if not checked.state.is_proven:
            return PinChange(checked.state)
        made = await self.change_proven(tenant_id, user_id, checked.version, new, confirmation)
        return msgspec.structs.replace(made, state=checked.state)

    async def change_proven(
        self,
        tenant_id: str,
        user_id: str,
        version: int,
        new: Secret[str],
        confirmation: Secret[str] | None = None,
    ) -> PinChange:
        """Change the PIN of a person who has just proven it, e.g. inside a call. `version` is that of the
        check; a PIN that has been changed since is refused."""
        subject, held = await self._read(tenant_id, user_id)
        if held is None:
            return PinChange(PinState.NONE_SET)
        actor = self_of(tenant_id, user_id, subject.user.username)
        return await self._renew(actor, subject, held, version, new, confirmation, False, "pin.changed")

    async def wrong_with(self, tenant_id: str, user_id: str, new: Secret[str]) -> tuple[PinProblem, ...]:
        """Return what is wrong with `new` as the next PIN of a person; nothing is changed."""
        subject, held = await self._read(tenant_id, user_id)
        wrong, _ = await asyncio.to_thread(self._made, subject, held, new, None)
        return wrong

    async def stands(self, tenant_id: str, user_id: str) -> PinStatus:
        """Return how it stands with a PIN, for whoever asks for it at a sign-in."""
        return await self._status(tenant_id, user_id)

    # --- checking -----------------------------------------------------------------------------------

    async def _reserve(
        self, tenant_id: str, user_id: str
    ) -> tuple[Subject | None, Pin | None, Throttle | None]:
        limits = self._configuration.current.limits[tenant_id]

        async def body(tx: Transaction) -> tuple[Subject | None, Pin | None, Throttle | None]:
            subject = await tx.subject(tenant_id, user_id)
            held = await tx.pin(tenant_id, user_id) if subject else None
            if held is None:
                return subject, None, None
            return subject, held, await tx.settle_attempt(tenant_id, user_id, Factor.PIN, False, limits)

        return await self._store.transact(body)

    async def _settle(self, proven: Pin) -> PinCheck:
        """Forgive the failures of who knew his PIN, unless it has been changed while it was judged."""
        tenant_id, user_id = proven.tenant_id, proven.user_id
        rules = self.rules(tenant_id)

        async def body(tx: Transaction) -> PinCheck:
            current = await tx.pin(tenant_id, user_id)
            if current is None or current.sealed != proven.sealed:
                return PinCheck(PinState.WRONG)
            await tx.clear_throttle(tenant_id, user_id, Factor.PIN)
            return PinCheck(_state_of(current, rules, tx.now), current.version)

        return await self._store.transact(body)

    async def _note_failure(self, subject: Subject, reserved: Throttle) -> None:
        """Of a failure that locks, somebody should hear."""
        user = subject.user
        if not reserved.locked_until:
            return

        async def body(tx: Transaction) -> None:
            actor = self_of(user.tenant_id, user.user_id, user.username)
            await record(
                tx,
                actor,
                user.tenant_id,
                "pin.locked",
                user.user_id,
                user.username,
                failures=reserved.failures,
            )

        await self._store.transact(body)

    # --- writing ------------------------------------------------------------------------------------

    async def _read(self, tenant_id: str, user_id: str) -> tuple[Subject, Pin | None]:
        return await self._store.read(lambda tx: _of(tx, tenant_id, user_id))

    async def _renew(
        self,
        actor: Actor,
        subject: Subject,
        held: Pin | None,
        version: int,
        new: Secret[str],
        confirmation: Secret[str] | None,
        must_change: bool,
        kind: str,
        agreed: Agreement = NOT_NEEDED,
    ) -> PinChange:
        user = subject.user
        if (held.version if held else 0) != version:
            raise Refused(Refusal.CHANGED_MEANWHILE)
        wrong, sealed = await asyncio.to_thread(self._made, subject, held, new, confirmation)
        if wrong:
            return PinChange(problems=wrong)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            if not await tx.hold_user(user.tenant_id, user.user_id):
                raise Refused(Refusal.NOT_FOUND, user.user_id)
            pin = Pin(
                tenant_id=user.tenant_id,
                user_id=user.user_id,
                sealed=sealed,
                must_change=must_change,
                changed_at=tx.now,
                # Not 1: of a PIN that was cleared and set again no version is like one before.
                version=version or tx.now,
            )
            if not await (tx.replace_pin(pin) if version else tx.add_pin(pin)):
                raise Refused(Refusal.CHANGED_MEANWHILE)
            await tx.clear_throttle(user.tenant_id, user.user_id, Factor.PIN)
            await record(tx, actor, user.tenant_id, kind, user.user_id, user.username)

        await self._store.transact(body)
        return PinChange(is_changed=True)

    def _made(
        self, subject: Subject, held: Pin | None, new: Secret[str], confirmation: Secret[str] | None
    ) -> tuple[tuple[PinProblem, ...], bytes]:
        """Return what is wrong with a new PIN, or what to store of it. Slow: it hashes."""
        user, rules = subject.user, self.rules(subject.user.tenant_id)
        kept = self._opened(held) if held else None
        known = (kept.present, *kept.before)[: max(rules.history, 1)] if kept else ()

        def was_used(digits: str) -> bool:
            return any(verify_password(encoded, digits) for encoded in known)

        wrong = problems(new, confirmation, numbers_of(subject), was_used, rules)
        if wrong:
            return wrong, b""
        content = msgspec.json.encode(_Kept(hash_password(new.reveal()), known[: max(rules.history - 1, 0)]))
        return (), self._sealer.seal(content, pin_context(user.tenant_id, user.user_id))

    def _is_present(self, held: Pin, pin: Secret[str]) -> bool:
        """Tell whether `pin` is the one that is held. Slow: it hashes."""
        kept = self._opened(held)
        return verify_password(kept.present if kept else DUMMY_HASH, pin.reveal()) and kept is not None

    def _opened(self, held: Pin) -> _Kept | None:
        """Return what is sealed; None, loudly, if the row was tampered with: nobody knows that PIN."""
        try:
            content = self._sealer.unseal(held.sealed, pin_context(held.tenant_id, held.user_id))
            return msgspec.json.decode(content, type=_Kept)
        except (CannotUnseal, msgspec.DecodeError):
            log.error("a PIN does not open", pin=repr(held))
            return None


def pin_context(tenant_id: str, user_id: str) -> bytes:
    """Return what a person's PIN is sealed to."""
    return context(tenant_id, "pin", user_id)


def _state_of(pin: Pin, rules: PinRules, now: int) -> PinState:
    if pin.must_change:
        return PinState.MUST_CHANGE
    return PinState.EXPIRED if rules.is_expired(pin.changed_at, now) else PinState.RIGHT


async def _of(tx: Transaction, tenant_id: str, user_id: str) -> tuple[Subject, Pin | None]:
    subject = await tx.subject(tenant_id, user_id)
    if subject is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    return subject, await tx.pin(tenant_id, user_id)
