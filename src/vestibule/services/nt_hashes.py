"""NT hashes: copies of local passwords for MS-CHAPv2, in tenants that keep them.

Invariants:
- None is made while the tenant does not keep them, and none is left when it stops (`Applications`).
- Each is sealed to the hash of the very password that it was made from: it opens no more as soon as that is
  changed, whoever changes it.
"""

from __future__ import annotations

from vestibule.crypto.ms_chap import nt_hash
from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Store, Transaction
from vestibule.model.nt_hash import NtHash
from vestibule.model.user import User
from vestibule.services.configuration import ConfigurationCache


class NtHashes:
    def __init__(self, store: Store, configuration: ConfigurationCache, sealer: Sealer) -> None:
        self._store = store
        self._configuration = configuration
        self._sealer = sealer

    def are_kept(self, tenant_id: str) -> bool:
        tenant = self._configuration.current.tenants.get(tenant_id)
        return tenant is not None and tenant.settings.nt_hashes

    async def keep(self, tx: Transaction, user: User, password: Secret[str]) -> None:
        """Keep the NT hash of a password that is being set, `user` having its new hash already."""
        if self.are_kept(user.tenant_id):
            sealed = self._sealer.seal(nt_hash(password.reveal()).reveal(), _bound_to(user))
            await tx.put_nt_hash(NtHash(tenant_id=user.tenant_id, user_id=user.user_id, sealed=sealed))

    async def of(self, tenant_id: str, user: User | None) -> Secret[bytes] | None:
        """Return a person's NT hash; None if there is none of the password he has now. Nobody's is looked for
        as well, so that the time tells nothing."""
        user_id = user.user_id if user is not None else ""
        kept = await self._store.read(lambda tx: tx.nt_hash(tenant_id, user_id))
        if kept is None or user is None or not self.are_kept(tenant_id):
            return None
        try:
            return Secret(self._sealer.unseal(kept.sealed, _bound_to(user)))
        except CannotUnseal:
            return None


def _bound_to(user: User) -> bytes:
    return context(user.tenant_id, "nt hash", user.user_id, user.password_hash)
