"""Disowning an attempt: a person says that it was not he.

Whatever the attempt has led to counts no more: his other sessions end, and what was proven or remembered
until now stands for nothing any more (`User.void_before`). Administrators hear of it by the event. Whether
he is blocked as well is the tenant's choice, for it locks him out himself; the last administrator never is.
"""

from __future__ import annotations

from msgspec.structs import replace

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.block import BlockCause
from vestibule.model.verification import Verification
from vestibule.services.blocking import block_himself
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn
from vestibule.services.users import is_last_administrator


class Disowning:
    def __init__(self, store: Store, configuration: ConfigurationCache) -> None:
        self._store = store
        self._configuration = configuration

    async def find(self, signed_in: SignedIn, verification_id: str) -> Verification:
        """Return an attempt of this person that he may disown; raises `Refused` for any other, as for the one
        that his session began with."""
        session = signed_in.session
        found = await self._store.read(lambda tx: tx.verification(session.tenant_id, verification_id))
        if found is None or found.user_id != session.user_id or verification_id == session.verification_id:
            raise Refused(Refusal.NOT_FOUND)
        return found

    async def disown(self, signed_in: SignedIn, verification_id: str) -> bool:
        """Void what the attempt has led to; return whether the person is blocked with it."""
        attempt = await self.find(signed_in, verification_id)
        session = signed_in.session
        tenant_id, user_id = session.tenant_id, session.user_id
        tenant = self._configuration.current.tenants[tenant_id]

        async def body(tx: Transaction) -> tuple[bool, list[str]]:
            await tx.hold_user(tenant_id, user_id)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None or not subject.user.may_enter(tx.now):
                raise Refused(Refusal.NOT_FOUND)
            user = subject.user
            blocks = tenant.settings.disowning_blocks and not await is_last_administrator(tx, user)
            if not await tx.replace_user(replace(user, void_before=tx.now, updated_at=tx.now)):
                raise Conflict
            await tx.end_sessions_of(tenant_id, user_id, session.token_hash)
            await record(
                tx,
                signed_in.actor,
                tenant_id,
                "user.attempt_disowned",
                user_id,
                user.username,
                verification=verification_id,
                application=attempt.application_name,
                address=attempt.user_address,
                state=attempt.state.value,
                blocked=blocks,
            )
            if not blocks:
                return False, []
            return True, await block_himself(tx, tenant, user, BlockCause.DISOWNED, attempt)

        blocks, ended = await self._store.transact(body)
        for woken in (*ended, user_id):
            self._store.wake(woken)
        return blocks
