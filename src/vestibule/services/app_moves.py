"""App moves: a device with the app brings its account to another one, which is activated as at the portal.

Invariants:
- A move is begun by a signature of the device's key, which counts once and for a few minutes; the token of
  its list begins none.
- Only who began sees the number, by a secret that he is told once (PU-10).
- Where the unlock of devices is asked for, the old one is unlocked to begin: a new one makes a credential of
  its own, which whoever found a phone unlocked would pass by.
- The new device is proven before the old one goes, in one transaction (`Activating`).
"""

from __future__ import annotations

import hmac
from typing import Final

import msgspec

from vestibule.crypto.sealing import Sealer
from vestibule.crypto.secret import Secret
from vestibule.crypto.signing import is_signed, read_public_key
from vestibule.crypto.tokens import is_id
from vestibule.interfaces.store import AlreadyExists, Store, Transaction
from vestibule.model.actor import self_of
from vestibule.model.app_answer import Old, move_text
from vestibule.model.app_check import AppCheck
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.session import Link
from vestibule.model.user import User
from vestibule.services.activating import Began
from vestibule.services.app_activations import METHOD, AppActivations, Stage, Unsigned
from vestibule.services.app_checks import AppChecks, Given
from vestibule.services.apps import Account, NotActivated, Over
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.enrollment import Enrollments
from vestibule.services.refusal import Refusal, Refused

PURPOSE: Final = "app-move"
"""Of the links that remember which moves were begun."""
TOLERATED_MS: Final = 5 * 60 * 1000
"""How far the time that was signed may be from ours."""


class Move(msgspec.Struct, frozen=True):
    """A move that waits for its new device: `token` opens its stage, `code` is for the new device."""

    token: Secret[str]
    code: Secret[str]


class AppMoves:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        enrollments: Enrollments,
        activations: AppActivations,
        checks: AppChecks,
        sealer: Sealer,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._enrollments = enrollments
        self._activations = activations
        self._checks = checks
        self._key = sealer.derive("moves of apps")

    async def begin(self, account: Account, old: Old, at: int, signature: str, given: Given) -> Move:
        """Make an authenticator that waits for the new device, and its code. Raises `Unsigned`, `Hindered`,
        NotUnlocked, `Over` for what was signed long ago or used before, `Refused` if there can be no other
        authenticator."""
        user, device = account.user, account.authenticator
        key = read_public_key(device.parameters["public_key"])
        text = move_text(user.tenant_id, user.user_id, device.authenticator_id, old, at)
        if not is_signed(key, text, signature):
            raise Unsigned
        if device.status is not AuthenticatorStatus.ACTIVE:
            raise NotActivated
        if user.must_register:
            # What he holds vouches for him at the portal, and for no other device.
            raise Refused(Refusal.NOT_POSSIBLE)
        if self._configuration.current.tenants[user.tenant_id].settings.app_check is AppCheck.UNLOCK:
            await self._checks.unlocked(device, given, text)
        await self._spend(device, at)
        actor = self_of(user.tenant_id, user.user_id, user.username)
        instead_of = device.authenticator_id if old is Old.REMOVE else ""
        enrolled = await self._enrollments.begin(
            actor, user.tenant_id, user.user_id, METHOD, instead_of=instead_of
        )
        pending = enrolled.authenticator
        began = Began.INSTEAD if old is Old.REMOVE else Began.BESIDE
        begun = await self._activations.invite(
            user, pending, began, _waiter(pending.authenticator_id), device.authenticator_id
        )
        secret = self._secret_of(pending.authenticator_id)
        return Move(Secret(f"{user.tenant_id}.{pending.authenticator_id}.{secret}"), begun.code)

    async def stage(self, token: str, known: Stage | None = None, seconds: float = 0) -> Stage:
        """Return how far a move is; with `known` as soon as it is another stage, after `seconds` at the
        latest. Raises `NotActivated` for a token that is none."""
        user, pending = await self._of(token)
        waiter = _waiter(pending.authenticator_id)
        if known is None:
            return await self._activations.stage_of(user, pending.authenticator_id, waiter)
        return await self._activations.next_stage_of(user, pending.authenticator_id, waiter, known, seconds)

    async def cancel(self, token: str) -> None:
        """End a move that is not over. Raises `NotActivated` for a token that is none."""
        user, pending = await self._of(token)
        await self._activations.cancel(user, pending.authenticator_id)

    async def _spend(self, device: Authenticator, at: int) -> None:
        async def body(tx: Transaction) -> None:
            if abs(at - tx.now) >= TOLERATED_MS:
                raise Over
            await tx.add_link(
                Link(
                    tenant_id=device.tenant_id,
                    token_hash=self._digest(f"{device.authenticator_id} {at}"),
                    purpose=PURPOSE,
                    expires_at=at + TOLERATED_MS,
                    created_at=tx.now,
                )
            )

        try:
            await self._store.transact(body)
        except AlreadyExists:
            raise Over from None

    async def _of(self, token: str) -> tuple[User, Authenticator]:
        named, _, secret = token.rpartition(".")
        tenant_id, _, authenticator_id = named.rpartition(".")
        if not is_id(authenticator_id) or not hmac.compare_digest(
            self._secret_of(authenticator_id).encode(), secret.encode()
        ):
            raise NotActivated

        async def body(tx: Transaction) -> tuple[User, Authenticator]:
            pending = await tx.authenticator(tenant_id, authenticator_id)
            subject = await tx.subject(tenant_id, pending.user_id) if pending is not None else None
            if pending is None or subject is None or not subject.user.may_enter(tx.now):
                raise NotActivated
            return subject.user, pending

        return await self._store.read(body)

    def _secret_of(self, authenticator_id: str) -> str:
        return self._digest(f"stage {authenticator_id}")

    def _digest(self, text: str) -> str:
        return hmac.digest(self._key, text.encode(), "sha256").hex()


def _waiter(authenticator_id: str) -> str:
    """Return the name of who began this move, which no session can have."""
    return f"move:{authenticator_id}"
