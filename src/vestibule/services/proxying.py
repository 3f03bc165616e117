"""Proxying: the server behind a door, and what it has answered while a second factor is asked for.

The answer holds keys, so it is stored sealed, bound to its verification. It is on no node alone: whichever is
asked next can give it to the client. What it means only front ends and directories know.
"""

from __future__ import annotations

from vestibule.crypto.sealing import Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.directory import Directory
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.application import Application, FirstFactor
from vestibule.model.held_reply import HeldReply
from vestibule.model.throttle import Factor
from vestibule.model.username import lookup_names
from vestibule.model.verification import Verification
from vestibule.services.attempt import Origin
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.first_factor import FirstFactors


class Proxying:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        first_factors: FirstFactors,
        sealer: Sealer,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._first_factors = first_factors
        self._sealer = sealer

    async def behind(self, application: Application) -> Directory | None:
        """Return the directory that checks the passwords of `application`, None if none does.

        Raises ValueError if its settings cannot be used any more.
        """
        if application.first_factor is not FirstFactor.DIRECTORY:
            return None
        return await self._first_factors.directory(application.tenant_id, application.directory_id)

    async def is_locked(self, origin: Origin, source: str) -> bool:
        """Tell whether a first factor of this person, or from this source, would be judged at all now."""
        tenant = self._configuration.current.tenants[origin.peer.application.tenant_id]
        names = lookup_names(origin.claimed_username, strip_domain_prefix=tenant.settings.strip_domain_prefix)

        async def body(tx: Transaction) -> bool:
            subject = await tx.subject_by_names(tenant.tenant_id, names)
            if subject is None:
                return False
            user_id = subject.user.user_id
            own = (await tx.throttles(tenant.tenant_id, user_id)).get(Factor.PASSWORD)
            if own is not None and own.is_locked(tx.now):
                return True
            return any(
                each.factor is Factor.PASSWORD and each.source == source and each.is_locked(tx.now)
                for each in await tx.source_throttles(tenant.tenant_id, user_id)
            )

        return await self._store.read(body)

    async def hold(
        self, tx: Transaction, verification: Verification, proof: str, reply: Secret[bytes]
    ) -> None:
        """Keep `reply` for as long as `verification` is pending; a newer one takes its place."""
        tenant_id, verification_id = verification.tenant_id, verification.verification_id
        sealed = self._sealer.seal(reply.reveal(), _context(tenant_id, verification_id))
        await tx.hold_reply(
            HeldReply(tenant_id=tenant_id, verification_id=verification_id, proof=proof, sealed=sealed)
        )

    async def reply_of(self, verification: Verification) -> Secret[bytes] | None:
        """Return what is held for `verification`."""
        tenant_id, verification_id = verification.tenant_id, verification.verification_id
        held = await self._store.read(lambda tx: tx.held_reply(tenant_id, verification_id))
        return self._opened(held) if held is not None else None

    async def reply_to(self, tenant_id: str, proof: str) -> Secret[bytes] | None:
        """Return what was answered to a request before, if its sign-in is not refused or over."""
        held = await self._store.read(lambda tx: tx.held_reply_to(tenant_id, proof))
        return self._opened(held) if held is not None else None

    def _opened(self, held: HeldReply) -> Secret[bytes]:
        bound_to = _context(held.tenant_id, held.verification_id)
        return Secret(self._sealer.unseal(held.sealed, bound_to))


def _context(tenant_id: str, verification_id: str) -> bytes:
    return context(tenant_id, "held_reply", verification_id)
