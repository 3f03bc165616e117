"""A person's phones: reading a number, whether it may be called or texted, and giving it to a person.

A phone is an authenticator of a method that reaches it, with the parameters `number` and `extension`. What is
refused here is never dialed: premium and satellite numbers, and those outside the tenant's calling codes
(VOI-09, SMS-04). Whoever sends asks `judged` again before each delivery: the list may have become shorter.
"""

from __future__ import annotations

import msgspec

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Store, Subject, Transaction
from vestibule.model.actor import Actor, Right
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.phone import Phone, is_allowed, read_phone
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.enrollment import MAX_AUTHENTICATORS
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused

METHODS = ("sms", "voice")
"""The methods that reach a phone by its number."""
_WRONG = {"number": Refusal.PHONE_INVALID, "extension": Refusal.EXTENSION_INVALID}


class Phones:
    def __init__(self, store: Store, configuration: ConfigurationCache, prover: Prover) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover

    def read(self, tenant_id: str, typed: str) -> Phone:
        """Return what was typed as a number that may be called and texted; raises `Refused` otherwise."""
        settings = self._configuration.current.tenants[tenant_id].settings
        try:
            phone = read_phone(typed, settings.country_code)
        except ValueError as wrong:
            raise Refused(_WRONG[str(wrong)]) from None
        return self.judged(tenant_id, phone)

    def judged(self, tenant_id: str, phone: Phone) -> Phone:
        """Return the phone if the tenant allows it now; raises `Refused` otherwise."""
        settings = self._configuration.current.tenants[tenant_id].settings
        if not is_allowed(phone, settings.calling_codes):
            raise Refused(Refusal.PHONE_NOT_ALLOWED, f"+{phone.calling_code}")
        return phone

    async def add(
        self, actor: Actor, tenant_id: str, user_id: str, method: str, typed: str, label: str = ""
    ) -> Authenticator:
        """Give a person a phone, ready at once: an administrator answers for the number."""
        actor.demand(Right.ADMINISTER, tenant_id)
        if method not in METHODS or method not in self._prover.methods:
            raise Refused(Refusal.NOT_POSSIBLE)
        phone = self.read(tenant_id, typed)
        bare = Authenticator(
            tenant_id=tenant_id,
            authenticator_id=new_id(),
            user_id=user_id,
            method=method,
            label=label.strip()[:64],
            parameters={"number": phone.number, "extension": phone.extension},
            status=AuthenticatorStatus.ACTIVE,
            created_at=0,
        )
        # There is no secret to keep; the seal binds the row to its person all the same.
        sealed = self._prover.sealed(bare, b"")

        async def body(tx: Transaction) -> Authenticator:
            await tx.hold_user(tenant_id, user_id)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            if len(subject.authenticators) >= MAX_AUTHENTICATORS:
                raise Refused(Refusal.TOO_MANY, str(MAX_AUTHENTICATORS))
            added = msgspec.structs.replace(sealed, created_at=tx.now)
            await tx.add_authenticator(added)
            username = subject.user.username
            facts = {"method": method, "label": added.label or phone.masked}
            await record(tx, actor, tenant_id, "phone.added", user_id, username, **facts)
            return added

        return await self._store.transact(body)


def phone_of(authenticator: Authenticator) -> Phone | None:
    """Return the phone that an authenticator is; None if it is something else."""
    number = authenticator.parameters.get("number")
    if authenticator.method not in METHODS or not isinstance(number, str):
        return None
    extension = authenticator.parameters.get("extension", "")
    return Phone(number, extension if isinstance(extension, str) else "")


def numbers_of(subject: Subject) -> tuple[str, ...]:
    """Return all phone numbers that are known of a person, with extensions."""
    phones = [phone for held in subject.authenticators if (phone := phone_of(held)) is not None]
    known = [subject.user.phone, *(part for phone in phones for part in (phone.number, phone.extension))]
    return tuple(number for number in known if number)
