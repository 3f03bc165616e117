"""Vouching: whether anything stands beside the password of a person who registers; what is given out for it
is in vouchers.py.

Invariants:
- Whoever can prove no second factor registers one only where something vouches for him (ENR-01, ENR-02).
- A code is for one person, used once, in one session, before it is over.
- Guessing a code counts as guessing a passcode does.
- A one-time bypass vouches for nothing (BYP-04).
"""

from __future__ import annotations

import hmac
from typing import Final

import msgspec

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.activation_code import read_code
from vestibule.model.actor import self_of
from vestibule.model.networks import parse_address, parse_networks
from vestibule.model.session import Session
from vestibule.model.throttle import Factor
from vestibule.model.voucher import Vouch
from vestibule.policy.vouching import VouchingFacts, vouched_by
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

MOST_WINDOW_HOURS: Final = 72
_HOUR_MS: Final = 3_600_000


class Vouching:
    def __init__(
        self, store: Store, configuration: ConfigurationCache, prover: Prover, sealer: Sealer
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._sealer = sealer

    async def way_of(self, tx: Transaction, session: Session, subject: Subject, address: str) -> Vouch | None:
        """Return what vouches for the person of this session, None if nothing does or he holds something that
        counts: then that is what he proves."""
        if self._prover.is_enrolled(subject, tx.now):
            return None
        tenant = self._configuration.current.tenants[session.tenant_id]
        facts = VouchingFacts(
            allowed=frozenset(tenant.settings.vouching),
            now=tx.now,
            is_newcomer=self._prover.is_newcomer(subject, tx.now),
            open_until=tenant.registration_open_until,
            address=parse_address(address) if address else None,
            trusted=parse_networks(tenant.settings.trusted_addresses),
            vouchers=await tx.vouchers_of(session.tenant_id, session.user_id),
            session=session.token_hash,
        )
        return vouched_by(facts)

    async def use_code(self, session: Session, typed: Secret[str]) -> None:
        """Let the code that was typed vouch for this session; raises `Refused` if it is not right."""
        tenant_id, user_id = session.tenant_id, session.user_id
        code = read_code(typed.reveal())
        limits = self._configuration.current.limits[tenant_id]

        async def body(tx: Transaction) -> Refusal | None:
            subject = await tx.subject(tenant_id, user_id)
            current = await tx.session(session.token_hash)
            if subject is None or current is None:
                return Refusal.NOT_FOUND
            is_right = code is not None and await self._is_used(tx, session, code)
            if await tx.settle_attempt(tenant_id, user_id, Factor.PASSCODE, is_right, limits) is None:
                raise Refused(Refusal.LOCKED_OUT)
            if not is_right:
                return Refusal.CODE_WRONG
            await tx.replace_session(msgspec.structs.replace(current, proven_at=tx.now))
            actor = self_of(tenant_id, user_id, subject.user.username)
            await record(tx, actor, tenant_id, "registration.code_used", user_id, subject.user.username)
            return None

        refusal = await self._store.transact(body)
        if refusal is not None:
            raise Refused(refusal)

    async def _is_used(self, tx: Transaction, session: Session, code: str) -> bool:
        hashed = code_hash(self._sealer, session.tenant_id, session.user_id, code)
        return await tx.use_code(session.tenant_id, session.user_id, hashed, session.token_hash)


def code_hash(sealer: Sealer, tenant_id: str, user_id: str, code: str) -> str:
    """Return the keyed hash of a code, bound to the person it is for."""
    key = sealer.derive("registration codes")
    return hmac.digest(key, f"{tenant_id} {user_id} {code}".encode(), "sha256").hex()
