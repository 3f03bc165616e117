"""Sessions of the portal and the console, and one-time links.

A session lives on the server; the browser holds a random token of which only the hash is stored. It is
made after an approved verification and never before, always with a new token. Users: 24 hours, 1 hour
idle. Administrators: 12 hours, 15 minutes idle (NIST SP 800-63B-4 §2.2.3, §2.3.3).
"""

from __future__ import annotations

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_token, token_hash
from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import Actor, Reach, self_of
from vestibule.model.application import CONSOLE_APPLICATION
from vestibule.model.authenticator import Authenticator
from vestibule.model.role import EVERYTHING, reach_of
from vestibule.model.session import Link, Session
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role, User
from vestibule.model.verification import (
    SECOND_FACTOR_NOT_PROVEN,
    Reason,
    Verification,
    VerificationState,
)
from vestibule.policy.access import NO_RULES
from vestibule.policy.decision import RequirePasscode
from vestibule.policy.evaluate import Facts, evaluate
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.facts import address_in, with_person
from vestibule.services.proposals import NOT_NEEDED, Agreement
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.vouching import Vouching

FRESH_MS = 5 * 60 * 1000
"""How recent a proof must be for changing authenticators."""
_SEEN_EVERY_MS = 60 * 1000
_HOUR_MS = 3_600_000


class Lifetime(msgspec.Struct, frozen=True):
    absolute_ms: int
    idle_ms: int


PORTAL_LIFETIME = Lifetime(24 * _HOUR_MS, _HOUR_MS)
CONSOLE_LIFETIME = Lifetime(12 * _HOUR_MS, _HOUR_MS // 4)


class SignedIn(msgspec.Struct, frozen=True):
    """A live session with its person. `is_fresh`: he proved himself a moment ago. `address`: where this very
    request comes from, as far as it is known."""

    session: Session
    user: User
    is_fresh: bool
    address: str = ""
    reaches: tuple[Reach, ...] = ()
    """What his roles allow; empty at the portal."""

    @property
    def actor(self) -> Actor:
        """At the console a person acts by his roles, on himself too; at the portal on himself alone."""
        if self.session.application_id != CONSOLE_APPLICATION:
            return self.himself
        return Actor(
            actor_id=self.user.user_id,
            name=self.user.username,
            tenant_id=self.user.tenant_id,
            rights=frozenset(),
            reaches=self.reaches,
        )

    @property
    def himself(self) -> Actor:
        """The person as who acts on himself, having proven who he is."""
        return self_of(self.user.tenant_id, self.user.user_id, self.user.username)


class Place(msgspec.Struct, frozen=True):
    """Where a person is signed in. `is_this`: it is the session that asks."""

    application_id: str
    began_at: int
    seen_at: int
    address: str
    is_this: bool


class Sessions:
    def __init__(
        self, store: Store, configuration: ConfigurationCache, prover: Prover, vouching: Vouching
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._vouching = vouching

    async def begin(self, verification: Verification) -> Secret[str]:
        """Make a session from a verification that was approved just now; return the browser's token.

        The console is only for administrators who proved a second factor.
        """
        is_approved = verification.state is VerificationState.APPROVED
        if not is_approved or not verification.user_id or verification.reason is Reason.PHONE_PROVEN:
            raise AssertionError("a session is made from an approved verification")
        is_proven = verification.reason not in SECOND_FACTOR_NOT_PROVEN
        token = new_token(32)

        async def body(tx: Transaction) -> None:
            subject = await tx.subject(verification.tenant_id, verification.user_id)
            if subject is None or not subject.user.may_enter(tx.now):
                raise Refused(Refusal.NOT_POSSIBLE)
            if verification.application_id == CONSOLE_APPLICATION and not (
                is_proven and subject.user.role is not Role.NONE
            ):
                raise Refused(Refusal.NOT_POSSIBLE)
            if subject.user.is_break_glass:
                await _record_break_glass(tx, subject.user, verification)
            await tx.add_session(
                Session(
                    tenant_id=verification.tenant_id,
                    token_hash=token_hash(token),
                    user_id=verification.user_id,
                    application_id=verification.application_id,
                    verification_id=verification.verification_id,
                    is_second_factor_proven=is_proven,
                    proven_at=tx.now,
                    created_at=tx.now,
                    seen_at=tx.now,
                    expires_at=tx.now + _lifetime(verification.application_id).absolute_ms,
                )
            )

        await self._store.transact(body)
        return Secret(token)

    async def find(self, token: str, application_id: str, address: str = "") -> SignedIn | None:
        """Return the live session of this token at this door, or None. Notes that it was used."""
        if not token:
            return None
        hashed = token_hash(token)

        async def look(tx: Transaction) -> tuple[SignedIn, bool] | None:
            session = await tx.session(hashed)
            if session is None or session.application_id != application_id or _is_over(session, tx.now):
                return None
            application = self._configuration.current.applications.get((session.tenant_id, application_id))
            if application is None or not application.is_enabled:
                return None
            subject = await tx.subject(session.tenant_id, session.user_id)
            if subject is None or not subject.user.may_enter(tx.now):
                return None
            is_fresh = tx.now < session.proven_at + FRESH_MS
            reaches = await self._reaches(tx, subject.user) if application_id == CONSOLE_APPLICATION else ()
            return SignedIn(
                session, subject.user, is_fresh, address, reaches
            ), tx.now - session.seen_at > _SEEN_EVERY_MS

        found = await self._store.read(look)
        if found is None:
            return None
        signed_in, is_stale = found
        if is_stale:
            await self._store.transact(lambda tx: _touch(tx, hashed))
        return signed_in

    async def _reaches(self, tx: Transaction, user: User) -> tuple[Reach, ...]:
        """Return what the roles of an administrator allow now; nothing for anybody else."""
        if user.tenant_id != SYSTEM_TENANT or user.role is Role.NONE:
            return ()
        if user.role is Role.ADMINISTRATOR:
            return (reach_of(EVERYTHING, {}),)
        own = self._configuration.current.roles
        return tuple([reach_of(grant, own) for grant in await tx.grants_of(user.tenant_id, user.user_id)])

    async def step_up(self, signed_in: SignedIn, passcode: Secret[str]) -> None:
        """Prove oneself again with a passcode; raises `Refused` when it is not right."""
        session = signed_in.session

        async def body(tx: Transaction) -> Refusal | None:
            subject = await tx.subject(session.tenant_id, session.user_id)
            current = await tx.session(session.token_hash)
            if subject is None or current is None:
                return Refusal.NOT_FOUND
            candidates = await self._accepted(tx, signed_in, subject)
            if not candidates:
                return Refusal.NOT_POSSIBLE
            limits = self._configuration.current.limits[session.tenant_id]
            proof = await self._prover.prove(tx, subject, candidates, passcode, limits)
            if not proof.is_match:
                return Refusal.LOCKED_OUT if proof.is_locked else Refusal.PASSCODE_WRONG
            return None if await tx.replace_session(_proven(current, tx.now)) else Refusal.NOT_FOUND

        refusal = await self._store.transact(body)
        if refusal is not None:
            raise Refused(refusal)

    async def mark_proven(self, signed_in: SignedIn) -> None:
        """A live passcode was just proven inside this session (a new authenticator)."""

        async def body(tx: Transaction) -> None:
            current = await tx.session(signed_in.session.token_hash)
            if current is None:
                raise Conflict
            await tx.replace_session(_proven(current, tx.now))

        await self._store.transact(body)

    async def may_enroll(self, signed_in: SignedIn) -> bool:
        """Tell whether this session may add or remove authenticators now: a second factor was proven
        recently, or, where the person has none that counts, something else vouches for him beside his
        password."""
        session = signed_in.session
        if not signed_in.is_fresh:
            return False
        if session.is_second_factor_proven:
            return True

        async def is_vouched_for(tx: Transaction) -> bool:
            subject = await tx.subject(session.tenant_id, session.user_id)
            if subject is None:
                return False
            return await self._vouching.way_of(tx, session, subject, signed_in.address) is not None

        return await self._store.read(is_vouched_for)

    async def places(self, signed_in: SignedIn) -> tuple[Place, ...]:
        """Return where this person is signed in now, the session that asks first."""
        own = signed_in.session

        async def body(tx: Transaction) -> list[Place]:
            found = []
            for session in await tx.sessions_of(own.tenant_id, own.user_id):
                if _is_over(session, tx.now):
                    continue
                begun = await tx.verification(own.tenant_id, session.verification_id)
                found.append(
                    Place(
                        application_id=session.application_id,
                        began_at=session.created_at,
                        seen_at=session.seen_at,
                        address=begun.user_address if begun else "",
                        is_this=session.token_hash == own.token_hash,
                    )
                )
            return found

        return tuple(sorted(await self._store.read(body), key=lambda place: not place.is_this))

    async def end(self, token: str) -> None:
        await self._store.transact(lambda tx: tx.end_session(token_hash(token)))

    async def end_others(self, signed_in: SignedIn) -> int:
        """End every other session of this person; return how many there were."""
        session = signed_in.session
        return await self._store.transact(
            lambda tx: tx.end_sessions_of(session.tenant_id, session.user_id, session.token_hash)
        )

    async def _accepted(
        self, tx: Transaction, signed_in: SignedIn, subject: Subject
    ) -> tuple[Authenticator, ...]:
        """Return the authenticators that open this session's door: what is proven later is judged by the
        same rules as at the sign-in, and nothing stands for it."""
        snapshot, session = self._configuration.current, signed_in.session
        application = snapshot.applications[session.tenant_id, session.application_id]
        if subject.user.must_register and not self._prover.usable(subject, tx.now):
            # What he had before vouches for him while he registers anew, and for nothing else.
            return self._prover.usable_once(subject, tx.now)
        facts = Facts(
            application=application,
            user=None,
            held=frozenset(),
            is_first_factor_proven=True,
            rules=snapshot.access.get(session.tenant_id, NO_RULES),
            address=address_in(signed_in.address),
            now=tx.now,
            may_skip=False,
        )
        usable = self._prover.usable_at(application, subject, tx.now)
        settings = snapshot.tenants[session.tenant_id].settings
        decision = evaluate(await with_person(tx, facts, subject, self._prover, usable, settings))
        if not isinstance(decision, RequirePasscode):
            return ()
        return tuple([authenticator for authenticator in usable if authenticator.method in decision.methods])

    # --- links --------------------------------------------------------------------------------------

    async def make_link(
        self,
        tenant_id: str,
        purpose: str,
        subject: str,
        lifetime_seconds: int,
        agreed: Agreement = NOT_NEEDED,
    ) -> Secret[str]:
        """Make a one-time link token that ends after `lifetime_seconds`."""
        token = new_token(32)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            await tx.add_link(
                Link(
                    tenant_id=tenant_id,
                    token_hash=token_hash(token),
                    purpose=purpose,
                    subject=subject,
                    expires_at=tx.now + lifetime_seconds * 1000,
                    created_at=tx.now,
                )
            )

        await self._store.transact(body)
        return Secret(token)

    async def link(self, token: str, purpose: str) -> Link | None:
        """Return the link if it could still be spent."""
        return await self._store.read(lambda tx: tx.link(token_hash(token), purpose))


def _lifetime(application_id: str) -> Lifetime:
    return CONSOLE_LIFETIME if application_id == CONSOLE_APPLICATION else PORTAL_LIFETIME


def _is_over(session: Session, now: int) -> bool:
    return now >= session.expires_at or now >= session.seen_at + _lifetime(session.application_id).idle_ms


def _proven(session: Session, now: int) -> Session:
    return msgspec.structs.replace(session, is_second_factor_proven=True, proven_at=now)


async def _record_break_glass(tx: Transaction, user: User, verification: Verification) -> None:
    facts = {"application": verification.application_name, "address": verification.user_address}
    by = self_of(user.tenant_id, user.user_id, user.username)
    await record(tx, by, user.tenant_id, "break_glass.used", user.user_id, user.username, **facts)


async def _touch(tx: Transaction, hashed: str) -> None:
    session = await tx.session(hashed)
    if session is not None:
        await tx.replace_session(msgspec.structs.replace(session, seen_at=tx.now))
