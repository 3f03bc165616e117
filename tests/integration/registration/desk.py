"""What people do at the portal to register, and administrators to let them, in one call each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sign_in import Subject
from vestibule.model.actor import SYSTEM
from vestibule.model.user import Requirement, User
from vestibule.model.verification import Verification
from vestibule.services.registration import Standing
from vestibule.services.requirements import Change
from vestibule.services.sessions import SignedIn
from vestibule.wire.oath import parse_key_uri, totp

LONG_AGO = 20 * 24 * 3600
"""Seconds after which the window that is open for all is over."""


@dataclass(slots=True)
class Desk:
    house: TestHouse

    # --- the person ---------------------------------------------------------------------------------

    async def sign_in(
        self, name: str, passcode: Secret[str] | None = None, address: str = "198.51.100.7"
    ) -> SignedIn:
        """Sign in at the portal, with a passcode if one is asked for."""
        progress = await self.house.start(name, PASSWORD, passcode, door="portal", user_address=address)
        assert progress.is_approved, progress.reason
        return await self.begin(progress.verification, address)

    async def begin(self, verification: Verification, address: str = "198.51.100.7") -> SignedIn:
        token = await self.house.services.sessions.begin(verification)
        return await self.look(token.reveal(), address)

    async def look(self, token: str, address: str = "198.51.100.7") -> SignedIn:
        found = await self.house.services.sessions.find(token, "portal", address)
        assert found is not None
        return found

    async def again(self, signed_in: SignedIn) -> SignedIn:
        """The same session at its next request."""
        session = await self.house.store.read(lambda tx: tx.session(signed_in.session.token_hash))
        assert session is not None
        subject = await self.subject(signed_in.user)
        return SignedIn(session, subject.user, signed_in.is_fresh, signed_in.address)

    async def register_app(self, signed_in: SignedIn) -> bytes:
        """Register an authenticator app as the portal does; return its secret."""
        services, user = self.house.services, signed_in.user
        assert await services.sessions.may_enroll(signed_in)
        made = await services.enrollments.begin(signed_in.actor, TENANT, user.user_id, "totp")
        key = parse_key_uri(made.shown[0].reveal())
        passcode = Secret(totp(key.secret, self.house.clock.now()))
        await services.enrollments.confirm(
            signed_in.actor, TENANT, user.user_id, made.authenticator.authenticator_id, passcode
        )
        await services.sessions.mark_proven(signed_in)
        return key.secret

    async def keep_codes(self, signed_in: SignedIn) -> list[str]:
        enrollments, user_id = self.house.services.enrollments, signed_in.user.user_id
        made = await enrollments.new_recovery_codes(signed_in.actor, TENANT, user_id, to_keep=True)
        await enrollments.keep_recovery_codes(signed_in.actor, TENANT, user_id)
        return [code.reveal() for code in made.shown]

    async def register(self, signed_in: SignedIn, default: str = "totp") -> User:
        """Go the whole way."""
        await self.register_app(signed_in)
        await self.keep_codes(signed_in)
        return await self.house.services.registrations.finish(signed_in, default)

    async def standing(self, signed_in: SignedIn) -> Standing:
        return await self.house.services.registrations.standing(await self.again(signed_in))

    # --- the administrator --------------------------------------------------------------------------

    async def require(self, wanted: Requirement, *names: str, dry_run: bool = False) -> Change:
        return await self.house.services.requirements.require(SYSTEM, TENANT, names, wanted, dry_run=dry_run)

    async def demand(self, person: Person) -> None:
        self.house.clock.advance(1)
        await self.house.services.requirements.demand_registration(SYSTEM, TENANT, person.user.user_id)
        self.house.clock.advance(1)

    async def subject(self, user: User) -> Subject:
        found = await self.house.store.read(lambda tx: tx.subject(user.tenant_id, user.user_id))
        assert found is not None
        return found

    async def user(self, person: Person) -> User:
        return (await self.subject(person.user)).user

    async def events(self, kind: str) -> list[Any]:
        listed = await self.house.store.read(lambda tx: tx.events(TENANT, "", Page(limit=200)))
        return [event for event in listed.rows if event.kind == kind]
