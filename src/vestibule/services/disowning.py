"""Disowning an attempt: a person says that it was not he.

Whatever the attempt has led to counts no more: his other sessions end, and what was proven or remembered
until now stands for nothing any more (`User.void_before`). Administrators hear of it by the event. Whether
he is blocked as well is the tenant's choice, for it locks him out himself.
"""

from __future__ import annotations

import msgspec

from vestibule.interfaces.store import Conflict, Store, Transaction
from vestibule.model.user import UserStatus
from vestibule.model.verification import Verification
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn


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
        blocks = self._configuration.current.tenants[tenant_id].settings.disowning_blocks

        async def body(tx: Transaction) -> None:
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND)
            status = UserStatus.DISABLED if blocks else subject.user.status
            voided = msgspec.structs.replace(
                subject.user, void_before=tx.now, status=status, updated_at=tx.now
            )
            if not await tx.replace_user(voided):
                raise Conflict
            await tx.end_sessions_of(tenant_id, user_id, "" if blocks else session.token_hash)
            await record(
                tx,
                signed_in.actor,
                tenant_id,
                "user.attempt_disowned",
                user_id,
                subject.user.username,
                verification=verification_id,
                application=attempt.application_name,
                address=attempt.user_address,
                state=attempt.state.value,
                blocked=blocks,
            )

        await self._store.transact(body)
        return blocks
