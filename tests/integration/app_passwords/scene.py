"""A house with an old mail server and a VPN, and people of whom a second factor is demanded."""

from __future__ import annotations

from typing import Any

import pytest

from tests.houses import TENANT, Person, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.model.application import PORTAL_APPLICATION
from vestibule.model.session import Session
from vestibule.model.user import Requirement, User
from vestibule.model.verification import Verification
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn

MAIL, CALENDAR, VPN = "mail", "calendar", "vpn"


async def furnish(house: TestHouse) -> None:
    """Allow app passwords, and open two legacy doors and one of today."""
    await house.change_settings(app_passwords=True)
    await house.add_application(MAIL, is_legacy=True)
    await house.add_application(CALENDAR, is_legacy=True)
    await house.add_application(VPN)


async def add_alice(house: TestHouse, **fields: Any) -> Person:
    """Add a person who has registered an app, and is therefore asked for a second factor everywhere."""
    return await house.add_person("alice", **({"requirement": Requirement.ENFORCED} | fields))


async def user_of(house: TestHouse, person: Person) -> User:
    """Return the person as he is now."""
    subject = await house.store.read(lambda tx: tx.subject(TENANT, person.user.user_id))
    assert subject is not None
    return subject.user


async def signed_in(
    house: TestHouse, person: Person, *, is_proven: bool = True, is_fresh: bool = True
) -> SignedIn:
    """Return a session of the portal, its second factor proven a moment ago unless said otherwise."""
    now = house.clock.now()
    session = Session(
        tenant_id=TENANT,
        token_hash="of-no-token",
        user_id=person.user.user_id,
        application_id=PORTAL_APPLICATION,
        verification_id="",
        is_second_factor_proven=is_proven,
        proven_at=now,
        created_at=now,
        seen_at=now,
        expires_at=now + 3_600_000,
    )
    return SignedIn(session, await user_of(house, person), is_fresh)


async def make(
    house: TestHouse,
    person: Person,
    name: str = "Thunderbird on the laptop",
    applications: tuple[str, ...] = (MAIL,),
) -> Secret[str]:
    """Make an app password as the person does in the portal, and return it."""
    house.clock.advance(0.001)  # they are listed by time
    passwords = house.services.app_passwords
    return (await passwords.make(await signed_in(house, person), name, applications)).shown


async def enter(
    house: TestHouse, password: Secret[str] | str, door: str = MAIL, **fields: str
) -> Verification:
    """Return how a program fares that sends alice's name and `password`."""
    typed = password if isinstance(password, str) else password.reveal()
    return (await house.start("alice", typed, door=door, **fields)).verification


async def refusal(house: TestHouse, person: Person, **wanted: object) -> Refusal:
    made = {"name": "Mail", "applications": (MAIL,)} | wanted
    with pytest.raises(Refused) as refused:
        await make(house, person, **made)  # type: ignore[arg-type] - some of it is wrong on purpose
    return refused.value.why
