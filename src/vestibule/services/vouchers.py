"""Vouchers: the codes and windows that administrators give out to people who register.

Invariants: a person has one of each kind, the newest; of a code only its keyed hash is stored, and who made
it is told it once, or, if it goes by e-mail, not at all.
"""

from __future__ import annotations

from typing import Final

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.interfaces.method import RandomBytes
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.activation_code import CODE_OCTETS, code_of, grouped
from vestibule.model.actor import Actor, Right
from vestibule.model.proposal import Act
from vestibule.model.tenant import DAY_MS, TenantSettings
from vestibule.model.user import User
from vestibule.model.voucher import Vouch, Voucher, VoucherKind
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.guard import Guard
from vestibule.services.mails import Mails
from vestibule.services.proposals import Agreement
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.vouching import code_hash

MOST_WINDOW_HOURS: Final = 72
_HOUR_MS: Final = 3_600_000


class Vouchers:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        sealer: Sealer,
        random_bytes: RandomBytes,
        mails: Mails,
        guard: Guard,
    ) -> None:
        self._guard = guard
        self._store = store
        self._configuration = configuration
        self._sealer = sealer
        self._random_bytes = random_bytes
        self._mails = mails

    async def make_code(self, actor: Actor, tenant_id: str, user_id: str) -> Secret[str]:
        """Make a code that vouches once, for a letter, in place of the one before."""
        agreed = await self._admit(actor, tenant_id, user_id)
        code, hashed = self._code(tenant_id, user_id)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            await self._put(tx, actor, tenant_id, user_id, Vouch.LETTER, self._code_ms(tenant_id), hashed)

        await self._store.transact(body)
        return code

    async def mail_code(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Make a code and send it to the person's own address; nobody else is told it. Raises `Refused` if he
        has none, or no mail can be sent."""
        agreed = await self._admit(actor, tenant_id, user_id)
        code, hashed = self._code(tenant_id, user_id)
        lifetime_ms = self._code_ms(tenant_id)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            user = await self._put(tx, actor, tenant_id, user_id, Vouch.EMAIL, lifetime_ms, hashed)
            facts = {"code": code.reveal(), "days": str(lifetime_ms // DAY_MS)}
            if not await self._mails.send_to(tx, user, "registration_code", facts, life_ms=lifetime_ms):
                raise Refused(Refusal.NO_MAIL, user.username)

        await self._store.transact(body)

    async def open_window(self, actor: Actor, tenant_id: str, user_id: str, hours: int) -> None:
        """Let a person who has registered nothing do so with his password alone, for so many hours."""
        if not 1 <= hours <= MOST_WINDOW_HOURS:
            raise Refused(Refusal.OUT_OF_BOUNDS, f"hours: 1…{MOST_WINDOW_HOURS}")
        agreed = await self._admit(actor, tenant_id, user_id)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            await self._put(tx, actor, tenant_id, user_id, Vouch.HELP_DESK, hours * _HOUR_MS)

        await self._store.transact(body)

    async def withdraw(self, actor: Actor, tenant_id: str, user_id: str) -> None:
        """Make codes and windows of a person void."""
        agreed = await self._admit(actor, tenant_id, user_id)

        async def body(tx: Transaction) -> None:
            await agreed.use(tx)
            subject = await _subject(tx, tenant_id, user_id)
            if await tx.remove_vouchers(tenant_id, user_id):
                username = subject.user.username
                await record(tx, actor, tenant_id, "registration.withdrawn", user_id, username)

        await self._store.transact(body)

    async def standing(self, actor: Actor, tenant_id: str, user_id: str) -> tuple[Voucher, ...]:
        """Return the vouchers of a person that are not over."""
        await self._guard.admit_reading(actor, Right.READ_PEOPLE, tenant_id, user_id)

        async def body(tx: Transaction) -> tuple[Voucher, ...]:
            found = await tx.vouchers_of(tenant_id, user_id)
            return tuple([each for each in found if each.expires_at > tx.now and each.used_at is None])

        return await self._store.read(body)

    async def _admit(self, actor: Actor, tenant_id: str, user_id: str) -> Agreement:
        return await self._guard.admit(actor, Right.AUTHENTICATORS, tenant_id, user_id, Act.REGISTRATION)

    async def _put(
        self,
        tx: Transaction,
        actor: Actor,
        tenant_id: str,
        user_id: str,
        vouch: Vouch,
        lifetime_ms: int,
        hashed: str = "",
    ) -> User:
        if vouch not in self._settings(tenant_id).vouching:
            raise Refused(Refusal.VOUCHING_OFF, vouch.value)
        user = (await _subject(tx, tenant_id, user_id)).user
        expires_at = tx.now + lifetime_ms
        await tx.put_voucher(
            Voucher(
                tenant_id=tenant_id,
                user_id=user_id,
                kind=VoucherKind.CODE if hashed else VoucherKind.WINDOW,
                vouch=vouch,
                code_hash=hashed,
                made_at=tx.now,
                made_by=actor.name,
                expires_at=expires_at,
            )
        )
        await record(
            tx,
            actor,
            tenant_id,
            "registration.code_made" if hashed else "registration.window_opened",
            user_id,
            user.username,
            vouch=vouch.value,
            expires_at=expires_at,
        )
        return user

    def _code(self, tenant_id: str, user_id: str) -> tuple[Secret[str], str]:
        """Return a new code as it is shown, and its hash."""
        code = code_of(self._random_bytes(CODE_OCTETS))
        return Secret(grouped(code)), code_hash(self._sealer, tenant_id, user_id, code)

    def _code_ms(self, tenant_id: str) -> int:
        return self._settings(tenant_id).registration_code_days * DAY_MS

    def _settings(self, tenant_id: str) -> TenantSettings:
        return self._configuration.current.tenants[tenant_id].settings


async def _subject(tx: Transaction, tenant_id: str, user_id: str) -> Subject:
    subject = await tx.subject(tenant_id, user_id)
    if subject is None:
        raise Refused(Refusal.NOT_FOUND, user_id)
    return subject
