"""Proving by a text, a call or the app that one may reset a forgotten password; off unless the tenant allows
it.

Each proof is a verification at a door of its own (`Snapshot.reset_doors`): asked, limited, judged and written
down like any sign-in, except that nothing stands for it: no trusted address, no bypass, nothing remembered.
Who holds two kinds of methods proves both; a text and a call are one kind.

Invariants:
- Asking goes to what the person has registered, never to what was typed (ENR-05), and seldom.
- The browser that asked is told the same whoever exists, may reset, is locked or can be reached (BF-15); it
  alone gets the approval (CH-07), and once.
- What is proven is a link of a few minutes. It is spent by the new password, and not by one that the rules
  refuse.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Final

import msgspec

from vestibule.crypto.passwords import hash_password
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id, new_token, token_hash
from vestibule.interfaces.method import OpensChallenge
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.authenticator import Authenticator
from vestibule.model.session import Link
from vestibule.model.tenant import TenantSettings
from vestibule.model.throttle import Factor, ThrottleLimits, source_of
from vestibule.model.user import Role, User
from vestibule.model.username import lookup_names
from vestibule.model.verification import Reason, Verification
from vestibule.services.attempt import Origin
from vestibule.services.configuration import ConfigurationCache, Peer, reset_client_id
from vestibule.services.outcome import Progress
from vestibule.services.password_reset import MOST_PROOFS, PasswordResets, may_reset, note_refusal
from vestibule.services.passwords import NewPassword, Passwords, check_new
from vestibule.services.proving import Prover
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.throttling import count_attempt, forgive
from vestibule.services.verification import Verifications

PURPOSE: Final = "password-reset"
PROVEN_SECONDS: Final = 10 * 60
"""How long somebody who has proven himself may take to choose a new password."""
_HOUR_MS: Final = 3_600_000
_UNANSWERED: Final = ThrottleLimits(threshold=3, lock_ms=_HOUR_MS, hard_stop=1_000_000, reset_ms=_HOUR_MS)
"""Three questions an hour that nobody answers, two from one place: whoever knows a name may call at anybody's
door, and must not keep the owner from his own sign-ins (BF-09)."""
_PHONE: Final = "phone"
"""The kind of all methods that are answered at a telephone number: whoever has the phone has them all."""


class Asked(msgspec.Struct, frozen=True, array_like=True):
    """What the browser keeps of a question; of a person who is not there it looks the same."""

    username: str
    way: str
    key: str
    verification_id: str
    challenge_id: str
    number: str
    """What the app wants to be told."""
    expires_at: int
    proven: str = ""
    """The link of what was proven before."""

    def __repr__(self) -> str:
        return f"Asked({self.verification_id})"


class Standing(msgspec.Struct, frozen=True):
    """What is missing before a new password can be chosen."""

    is_enough: bool
    can_type: bool
    """Something else can be proven by a passcode that is typed."""
    ways: tuple[str, ...]
    """By what else he can be asked."""


class StillProven(Refused):
    """The rules refuse the new password; `link` is what was proven, for another try."""

    def __init__(self, refused: Refused, link: Secret[str]) -> None:
        super().__init__(refused.why, refused.key)
        self.link = link


class _Proven(msgspec.Struct, frozen=True):
    user_id: str
    methods: tuple[str, ...]


class ResetsByPhone:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        prover: Prover,
        verifications: Verifications,
        passwords: Passwords,
        resets: PasswordResets,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._verifications = verifications
        self._passwords = passwords
        self._resets = resets

    def ways(self, tenant_id: str) -> tuple[str, ...]:
        """Return the methods by which people of the tenant may be asked; none while it does not allow it."""
        if reset_client_id(tenant_id) not in self._configuration.current.reset_doors:
            return ()
        ranks = {
            name: method.descriptor.rank
            for name, method in self._prover.methods.items()
            if isinstance(method, OpensChallenge) and self._prover.is_switched_on(tenant_id, name)
        }
        return tuple(sorted(ranks, key=ranks.__getitem__))

    # --- asking and being answered ------------------------------------------------------------------

    async def ask(
        self, tenant_id: str, username: str, way: str, address: str = "", proven: str = ""
    ) -> Asked:
        """Ask who bears the name by one of `ways`, if he may reset and can be reached; raises `Refused` with
        NOT_FOUND for what is no way here."""
        if way not in self.ways(tenant_id):
            raise Refused(Refusal.NOT_FOUND)
        asked = Asked(username, way, new_id(), "", "", "", 0, proven)
        origin = self._origin(tenant_id, asked, address)
        hindered = await self._store.transact(lambda tx: self._count(tx, tenant_id, username, address))
        if hindered is None:
            progress = await self._verifications.start(origin)
        else:
            progress = await self._verifications.refuse(origin, hindered)
        verification, challenge = progress.verification, progress.challenge
        return msgspec.structs.replace(
            asked,
            verification_id=verification.verification_id,
            challenge_id=challenge.challenge_id if challenge else new_id(),
            number=(challenge.number if challenge else "") or f"{secrets.randbelow(100):02d}",
            expires_at=verification.started_at + self._seconds(tenant_id) * 1000,
        )

    async def answer(
        self, tenant_id: str, asked: Asked, passcode: Secret[str], address: str = ""
    ) -> Secret[str] | None:
        """Take a passcode that was sent; return the link of what is proven, None unless it is right."""
        origin = self._origin(tenant_id, asked, address)
        progress = await self._verifications.answer(origin, asked.challenge_id, passcode)
        return await self._claimed(progress, asked, address) if progress.is_approved else None

    async def claim(self, tenant_id: str, asked: Asked, address: str = "") -> Secret[str] | None:
        """Return the link of what is proven, once, if the answer has come by phone; else None."""
        origin = self._origin(tenant_id, asked, address)
        progress = await self._verifications.look(origin, asked.verification_id)
        if progress is not None and progress.is_approved:
            progress = await self._verifications.wait(origin, progress, 0)
            return await self._claimed(progress, asked, address) if progress is not None else None
        return None

    async def answered(self, tenant_id: str, asked: Asked, seconds: float, address: str = "") -> bool:
        """Wait at most `seconds` for the answer by phone. That there will be none is not told."""
        origin = self._origin(tenant_id, asked, address)
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            progress = await self._verifications.look(origin, asked.verification_id)
            left = deadline - asyncio.get_running_loop().time()
            if progress is None or progress.is_approved or left <= 0:
                return progress is not None and progress.is_approved
            await self._verifications.moved(progress, left)

    # --- choosing -----------------------------------------------------------------------------------

    async def standing(self, tenant_id: str, link: str) -> Standing | None:
        """Return what is missing still; None for a link that is over."""

        async def body(tx: Transaction) -> Standing | None:
            found = await self._found(tx, tenant_id, link)
            if found is None:
                return None
            subject, proven = found
            others = self._others(tx, subject, proven)
            can_type = bool(self._prover.take_passcodes(others))
            held = {each.method for each in others}
            ways = tuple(way for way in self.ways(tenant_id) if way in held)
            return Standing(self._is_enough(proven, others), can_type, ways)

        return await self._store.read(body)

    async def reset(self, tenant_id: str, link: str, passcode: Secret[str], new: NewPassword) -> None:
        """Put the new password in its place. Raises `Refused`; `StillProven` where another may be chosen.

        `passcode` is of another kind of method, where that is missing still.
        """
        directory = await self._passwords.directory(tenant_id)
        check_new(new, "", Role.NONE, is_ours=directory is None)
        hashed = await asyncio.to_thread(hash_password, new.wanted.reveal())

        async def prove(tx: Transaction) -> User | None:
            found = await self._found(tx, tenant_id, link)
            if found is None:
                return None
            subject, proven = found
            if not await self._completed(tx, subject, proven, passcode):
                await note_refusal(tx, subject.user)
                return None
            return subject.user if await tx.spend_link(token_hash(link), PURPOSE) else None

        user = await self._store.transact(prove)
        if user is None:
            raise Refused(Refusal.NOT_PROVEN)
        try:
            await self._resets.put(user, new, hashed)
        except Refused as refused:
            everything = _Proven(user.user_id, tuple(self._prover.methods))
            again = await self._store.transact(lambda tx: _remembered(tx, tenant_id, everything))
            raise StillProven(refused, again) from None

    # --- parts --------------------------------------------------------------------------------------

    def _door(self, tenant_id: str) -> Peer:
        door = self._configuration.current.reset_doors.get(reset_client_id(tenant_id))
        if door is None:
            raise Refused(Refusal.NOT_FOUND)
        return door

    def _settings(self, tenant_id: str) -> TenantSettings:
        return self._configuration.current.tenants[tenant_id].settings

    def _origin(self, tenant_id: str, asked: Asked, address: str) -> Origin:
        """Return who asks: this browser, at a door that only the way it has chosen opens."""
        door = self._door(tenant_id)
        application = msgspec.structs.replace(door.application, methods=(asked.way,))
        return Origin(
            peer=msgspec.structs.replace(door, application=application),
            channel="portal",
            claimed_username=asked.username,
            user_address=address,
            idempotency_key=asked.key,
            asks_by=asked.way,
        )

    def _seconds(self, tenant_id: str) -> int:
        """Return how long a browser may wait, however the person would be asked."""
        told = self._settings(tenant_id)
        return max(told.text_one_way_seconds, told.text_two_way_seconds, told.call_seconds, told.app_seconds)

    async def _count(self, tx: Transaction, tenant_id: str, username: str, address: str) -> Reason | None:
        """Count a question; return why it must not be asked."""
        settings = self._settings(tenant_id)
        names = lookup_names(username, strip_domain_prefix=settings.strip_domain_prefix)
        subject = await tx.subject_by_names(tenant_id, names)
        if subject is None:
            return Reason.UNKNOWN_USER
        user, tenant = subject.user, self._configuration.current.tenants[tenant_id]
        if not await may_reset(tx, tenant, user) or not await self._passwords.can_change(user):
            return Reason.METHOD_NOT_ALLOWED
        counted = await count_attempt(
            tx, tenant_id, user.user_id, Factor.RESET, _UNANSWERED, source_of(address), is_match=False
        )
        return Reason.LOCKED_OUT if counted is None else None

    async def _claimed(self, progress: Progress, asked: Asked, address: str) -> Secret[str]:
        verification = progress.verification
        if not verification.method:
            raise AssertionError("nothing stands for a proof here")

        async def body(tx: Transaction) -> Secret[str]:
            await forgive(tx, verification.tenant_id, verification.user_id, Factor.RESET, source_of(address))
            return await _remembered(tx, verification.tenant_id, await _together(tx, asked, verification))

        return await self._store.transact(body)

    async def _found(
        self, tx: Transaction, tenant_id: str, link: str
    ) -> tuple[Subject, frozenset[str]] | None:
        """Return whose link it is and which kinds he has proven, if he may reset still."""
        kept = await tx.link(token_hash(link), PURPOSE) if link else None
        if kept is None or kept.tenant_id != tenant_id:
            return None
        proven = msgspec.json.decode(kept.subject, type=_Proven)
        subject = await tx.subject(tenant_id, proven.user_id)
        tenant = self._configuration.current.tenants[tenant_id]
        if subject is None or not await may_reset(tx, tenant, subject.user):
            return None
        return subject, frozenset(map(self._kind, proven.methods))

    def _others(self, tx: Transaction, subject: Subject, proven: frozenset[str]) -> list[Authenticator]:
        """Return what he holds of other kinds."""
        held = self._prover.usable(subject, tx.now)
        return [each for each in held if self._kind(each.method) not in proven]

    def _kind(self, name: str) -> str:
        method = self._prover.methods.get(name)
        return _PHONE if method is not None and not method.descriptor.takes_passcode else name

    @staticmethod
    def _is_enough(proven: frozenset[str], others: list[Authenticator]) -> bool:
        return len(proven) >= MOST_PROOFS or not others

    async def _completed(
        self, tx: Transaction, subject: Subject, proven: frozenset[str], passcode: Secret[str]
    ) -> bool:
        others = self._others(tx, subject, proven)
        if self._is_enough(proven, others):
            return True
        limits = self._configuration.current.limits[subject.user.tenant_id]
        typed = self._prover.take_passcodes(others)
        return (await self._prover.prove(tx, subject, typed, passcode, limits)).is_match


async def _together(tx: Transaction, asked: Asked, verification: Verification) -> _Proven:
    """Return what this verification proves, with what the same browser has proven of the same person."""
    methods = {verification.method}
    earlier = await tx.spend_link(token_hash(asked.proven), PURPOSE) if asked.proven else None
    if earlier is not None and earlier.tenant_id == verification.tenant_id:
        before = msgspec.json.decode(earlier.subject, type=_Proven)
        if before.user_id == verification.user_id:
            methods.update(before.methods)
    return _Proven(verification.user_id, tuple(sorted(methods)))


async def _remembered(tx: Transaction, tenant_id: str, proven: _Proven) -> Secret[str]:
    token = new_token(32)
    link = Link(
        tenant_id=tenant_id,
        token_hash=token_hash(token),
        purpose=PURPOSE,
        subject=msgspec.json.encode(proven).decode(),
        expires_at=tx.now + PROVEN_SECONDS * 1000,
        created_at=tx.now,
    )
    await tx.add_link(link)
    return Secret(token)
