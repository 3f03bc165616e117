"""A person's phones: reading a number, whether it may be called or texted, and giving it to a person.

A phone is an authenticator of a method that reaches it; its parameters are what `enroll` of that method makes
of a number, an extension and the choices of the person. What is refused here is never dialed: premium and
satellite numbers, and those of countries that the tenant has not opened (VOI-09, SMS-04). Whoever sends
judges again before each delivery (sending_limits.py): the list may have become shorter.
"""

from __future__ import annotations

import os
from typing import Any

import msgspec

from vestibule.crypto.tokens import new_id
from vestibule.interfaces.store import Store, Transaction
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import Actor, Right
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.phone import Phone, read_phone
from vestibule.model.proposal import Act
from vestibule.model.sending_limit import closed_for
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.enrollment import MAX_AUTHENTICATORS
from vestibule.services.guard import Guard
from vestibule.services.proving import Prover
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sending_limits import refused_by

METHODS = ("sms", "voice")
"""The methods that reach a phone by its number."""
_WRONG = {
    "number": Refusal.PHONE_INVALID,
    "too_short": Refusal.PHONE_TOO_SHORT,
    "too_long": Refusal.PHONE_TOO_LONG,
    "unassigned": Refusal.PHONE_UNASSIGNED,
    "extension": Refusal.EXTENSION_INVALID,
}


class NewPhone(msgspec.Struct, frozen=True, kw_only=True):
    """A phone that somebody wants to add, as he typed it; an extension stands behind an `x`."""

    method: str
    typed: str
    label: str = ""
    two_way: bool = False
    """Texts are answered by replying."""
    with_pin: bool = False
    """The PIN is asked for as well."""


class Phones:
    def __init__(self, store: Store, configuration: ConfigurationCache, prover: Prover, guard: Guard) -> None:
        self._store = store
        self._configuration = configuration
        self._prover = prover
        self._guard = guard

    def read(self, tenant_id: str, typed: str) -> Phone:
        """Return what was typed as a number that may be called and texted; raises `Refused` otherwise."""
        settings = self._configuration.current.tenants[tenant_id].settings
        try:
            phone = read_phone(typed, settings.country_code)
        except ValueError as wrong:
            raise Refused(_WRONG[str(wrong)], typed.strip()) from None
        return self.judged(tenant_id, phone)

    def judged(self, tenant_id: str, phone: Phone) -> Phone:
        """Return the phone if the tenant allows it now; raises `Refused` otherwise."""
        settings = self._configuration.current.tenants[tenant_id].settings
        closed = closed_for(settings, phone.number)
        if closed is not None:
            raise refused_by(closed)
        return phone

    async def options(
        self, tenant_id: str, user_id: str, wanted: NewPhone, *, by_himself: bool
    ) -> dict[str, Any]:
        """Return the options with which its method enrolls a phone; raises `Refused` if it cannot be one.
        Replying to texts is the tenant's to allow where the person adds it himself."""
        settings = self._configuration.current.tenants[tenant_id].settings
        if wanted.method not in METHODS or wanted.method not in self._prover.methods:
            raise Refused(Refusal.NOT_POSSIBLE)
        if wanted.two_way and (wanted.method != "sms" or (by_himself and not settings.two_way_texts)):
            raise Refused(Refusal.NOT_POSSIBLE)
        self.read(tenant_id, wanted.typed)
        if wanted.with_pin and await self._store.read(lambda tx: tx.pin(tenant_id, user_id)) is None:
            raise Refused(Refusal.NO_PIN)
        named: dict[str, Any] = {"number": wanted.typed, "country_code": settings.country_code}
        named["with_pin"] = wanted.with_pin
        return named | ({"two_way": wanted.two_way} if wanted.method == "sms" else {})

    async def add(self, actor: Actor, tenant_id: str, user_id: str, wanted: NewPhone) -> Authenticator:
        """Give a person a phone, ready at once: an administrator answers for the number."""
        facts = {"number": wanted.typed.strip(), "method": wanted.method}
        agreed = await self._guard.admit(
            actor, Right.AUTHENTICATORS, tenant_id, user_id, Act.ADD_FACTOR, facts
        )
        options = await self.options(tenant_id, user_id, wanted, by_himself=False)
        new = self._prover.methods[wanted.method].enroll(options, os.urandom)
        bare = Authenticator(
            tenant_id=tenant_id,
            authenticator_id=new_id(),
            user_id=user_id,
            method=wanted.method,
            label=wanted.label.strip()[:64],
            parameters=new.parameters,
            state=new.state,
            status=AuthenticatorStatus.ACTIVE,
            created_at=0,
        )
        # Where there is no secret to keep the seal binds the row to its person all the same.
        sealed = self._prover.sealed(bare, new.secret)

        async def body(tx: Transaction) -> Authenticator:
            await agreed.use(tx)
            await tx.hold_user(tenant_id, user_id)
            subject = await tx.subject(tenant_id, user_id)
            if subject is None:
                raise Refused(Refusal.NOT_FOUND, user_id)
            if sum(each.status is not AuthenticatorStatus.PENDING for each in subject.authenticators) >= (
                MAX_AUTHENTICATORS
            ):
                raise Refused(Refusal.TOO_MANY, str(MAX_AUTHENTICATORS))
            added = msgspec.structs.replace(sealed, created_at=tx.now)
            await tx.add_authenticator(added)
            username = subject.user.username
            phone = phone_of(added)
            facts = {"method": added.method, "label": added.label or (phone.masked if phone else "")}
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
