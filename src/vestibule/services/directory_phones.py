"""Phone numbers that a directory gives, as methods: ready at once, for the directory answers for them.

What holds: a number that is given comes, changes and goes with the directory; one that the person or an
administrator has registered is neither taken nor doubled; what is premium, or of a country that is closed, is
never taken over.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import Actor
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.sending_limit import closed_for
from vestibule.model.user import User
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.enrollment import MAX_AUTHENTICATORS, take_away
from vestibule.services.phones import phone_of
from vestibule.services.proving import Prover
from vestibule.services.recording import record

GIVEN_BY: Final = "given_by"
"""The parameter of an authenticator that says which directory has given it."""


class DirectoryPhones:
    def __init__(self, configuration: ConfigurationCache, prover: Prover) -> None:
        self._configuration = configuration
        self._prover = prover

    async def align(
        self,
        tx: Transaction,
        actor: Actor,
        user: User,
        method: str,
        numbers: Sequence[str],
        giver: str,
        *,
        is_new: bool = False,
    ) -> None:
        """Let a person hold those phones of a giver's that are named here, the preferred one first, and no
        others of it. Whoever `is_new` is told of them by his welcome."""
        subject = await tx.subject(user.tenant_id, user.user_id)
        if subject is None:
            return
        wanted = self._wanted(user, method, numbers)
        for held in subject.authenticators:
            if held.parameters.get(GIVEN_BY) == giver and _key(held) not in wanted:
                await take_away(tx, actor, user, held)
        known = {_key(held) for held in subject.authenticators if phone_of(held) is not None}
        missing = [key for key in wanted if key not in known]
        for place, key in enumerate(missing[: _room(subject)]):
            # A backup is asked after the first, which is the older one.
            added = replace(wanted[key], created_at=tx.now + place)
            await tx.add_authenticator(self._giving(added, giver))
            if not is_new:
                phone = phone_of(added)
                facts = {"method": method, "label": phone.masked if phone is not None else ""}
                await record(tx, actor, user.tenant_id, "phone.added", user.user_id, user.username, **facts)

    def _wanted(
        self, user: User, method: str, numbers: Sequence[str]
    ) -> dict[tuple[str, str], Authenticator]:
        enrolling = self._prover.methods.get(method)
        settings = self._configuration.current.tenants[user.tenant_id].settings
        wanted: dict[tuple[str, str], Authenticator] = {}
        for number in numbers if enrolling is not None else ():
            assert enrolling is not None
            new = enrolling.enroll({"number": number, "country_code": settings.country_code}, os.urandom)
            bare = Authenticator(
                tenant_id=user.tenant_id,
                authenticator_id=new_id(),
                user_id=user.user_id,
                method=method,
                parameters=new.parameters,
                state=new.state,
                status=AuthenticatorStatus.ACTIVE,
                created_at=0,
            )
            if closed_for(settings, new.parameters["number"]) is None:
                wanted.setdefault(_key(bare), self._prover.sealed(bare, new.secret))
        return wanted

    @staticmethod
    def _giving(phone: Authenticator, giver: str) -> Authenticator:
        return replace(phone, parameters={**phone.parameters, GIVEN_BY: giver})


def _key(held: Authenticator) -> tuple[str, str]:
    return held.method, held.phone


def _room(subject: Subject) -> int:
    held = sum(each.status is not AuthenticatorStatus.PENDING for each in subject.authenticators)
    return max(MAX_AUTHENTICATORS - held, 0)
