"""Sessions, links and the first administrator."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from tests.houses import PASSWORD, TENANT, TestHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM, NotAllowed, Right
from vestibule.model.application import FirstFactor
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role, User, UserStatus
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sessions import SignedIn
from vestibule.services.setup import Prepared
from vestibule.services.users import UserFields
from vestibule.wire.oath import parse_key_uri, totp

LONG_PASSWORD = "a password of some length"


async def prepared(house: TestHouse, link: Secret[str]) -> tuple[Prepared, Secret[str]]:
    form = await house.services.setup.prepare(link.reveal(), "")
    assert form is not None
    key = parse_key_uri(form.shown[0].reveal())
    assert hasattr(key, "secret")
    return form, Secret(totp(key.secret, house.clock.now()))


async def completed(house: TestHouse, link: Secret[str], name: str) -> User:
    form, passcode = await prepared(house, link)
    return await house.services.setup.complete(
        link.reveal(), form.sealed, name, Secret(LONG_PASSWORD), passcode
    )


async def administrators(house: TestHouse) -> int:
    where = UserFilter(role=Role.ADMINISTRATOR.value)
    found = await house.store.read(lambda tx: tx.users(SYSTEM_TENANT, where, Page()))
    return len(found.rows)


async def test_the_first_administrator_ends_every_link_for_the_first(house: TestHouse) -> None:
    """ENR-01: a link of an earlier start, e.g. from a log, makes no second administrator."""
    setup = house.services.setup
    old, used = await setup.make_link(), await setup.make_link()
    form, passcode = await prepared(house, old)
    await completed(house, used, "root")
    assert await setup.prepare(old.reveal(), "mallory") is None
    with pytest.raises(Refused) as refused:
        await setup.complete(old.reveal(), form.sealed, "mallory", Secret(LONG_PASSWORD), passcode)
    assert refused.value.why is Refusal.NOT_FOUND
    assert await administrators(house) == 1


async def test_an_invitation_by_an_administrator_still_works(house: TestHouse) -> None:
    setup = house.services.setup
    await completed(house, await setup.make_link(), "root")
    await completed(house, await setup.make_link(), "second")
    assert await administrators(house) == 2


async def test_two_browsers_at_once_make_one_first_administrator(nodes: tuple[TestHouse, TestHouse]) -> None:
    """ENR-01: with one link, and with two."""
    first, second = nodes
    links = [await first.services.setup.make_link() for _ in range(4)]
    ready = [(link, *await prepared(first, link)) for link in (*links, *links)]
    results = await asyncio.gather(
        *(
            (first, second)[n % 2].services.setup.complete(
                link.reveal(), form.sealed, f"root{n}", Secret(LONG_PASSWORD), passcode
            )
            for n, (link, form, passcode) in enumerate(ready)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(result, User) for result in results) == 1
    assert await administrators(first) == 1


async def test_a_form_of_one_link_is_nothing_with_another(house: TestHouse) -> None:
    """ENR-01: what the form carries is bound to its link."""
    setup = house.services.setup
    mine, theirs = await setup.make_link(), await setup.make_link()
    form, passcode = await prepared(house, mine)
    with pytest.raises(Refused) as refused:
        await setup.complete(theirs.reveal(), form.sealed, "root", Secret(LONG_PASSWORD), passcode)
    assert refused.value.why is Refusal.NOT_FOUND
    for garbage in ("", "AAAA", "ä", form.sealed[:-8]):
        with pytest.raises(Refused):
            await setup.complete(mine.reveal(), garbage, "root", Secret(LONG_PASSWORD), passcode)


# --- the console ----------------------------------------------------------------------------------------


async def at_console(house: TestHouse, name: str = "root") -> tuple[SignedIn, Secret[str], bytes]:
    link = await house.services.setup.make_link()
    form = await house.services.setup.prepare(link.reveal(), "")
    assert form is not None
    key = parse_key_uri(form.shown[0].reveal())
    assert hasattr(key, "secret")
    passcode = Secret(totp(key.secret, house.clock.now()))
    await house.services.setup.complete(link.reveal(), form.sealed, name, Secret(LONG_PASSWORD), passcode)
    house.clock.advance(30)
    house.doors["console"] = "console@system"
    fresh = Secret(totp(key.secret, house.clock.now()))
    progress = await house.start(name, LONG_PASSWORD, fresh, door="console")
    token = await house.services.sessions.begin(progress.verification)
    signed_in = await house.services.sessions.find(token.reveal(), "console")
    assert signed_in is not None
    return signed_in, token, key.secret


async def test_a_console_session_is_worth_what_its_person_is_now(house: TestHouse) -> None:
    """WEB-08, CH-06: without the role it administers nothing; disabled or renewed, it is over."""
    signed_in, token, _ = await at_console(house)
    sessions = house.services.sessions
    signed_in.actor.demand(Right.ADMINISTER, TENANT)
    assert await sessions.find(token.reveal(), "portal") is None

    async def demote(tx: Transaction) -> None:
        subject = await tx.subject(SYSTEM_TENANT, signed_in.user.user_id)
        assert await tx.replace_user(msgspec.structs.replace(subject.user, role=Role.NONE))

    await house.store.transact(demote)
    again = await sessions.find(token.reveal(), "console")
    assert again is not None
    for tenant_id in (TENANT, SYSTEM_TENANT, ""):
        with pytest.raises(NotAllowed):
            again.actor.demand(Right.ADMINISTER, tenant_id)
    users = house.services.users
    await users.edit(SYSTEM, SYSTEM_TENANT, signed_in.user.user_id, UserFields(status=UserStatus.DISABLED))
    assert await sessions.find(token.reveal(), "console") is None


async def test_a_changed_password_ends_sessions_also_of_who_uses_them_at_that_moment(
    house: TestHouse,
) -> None:
    """WEB-08."""
    signed_in, token, _ = await at_console(house)
    sessions = house.services.sessions
    for _ in range(3):
        house.clock.advance(61)
        await asyncio.gather(
            house.services.users.edit(
                SYSTEM, SYSTEM_TENANT, signed_in.user.user_id, UserFields(), Secret("another long password")
            ),
            *(sessions.find(token.reveal(), "console") for _ in range(8)),
        )
        assert await sessions.find(token.reveal(), "console") is None


async def test_the_console_of_another_tenant_is_none(house: TestHouse) -> None:
    """TEN-01: an application of that name, and a user of that role, elsewhere are nobody."""
    await house.add_application("console")
    mallory = await house.add_person("Mallory", role=Role.ADMINISTRATOR)
    progress = await house.start("mallory", PASSWORD, mallory.passcode(house.clock.now()), door="console")
    token = await house.services.sessions.begin(progress.verification)
    signed_in = await house.services.sessions.find(token.reveal(), "console")
    assert signed_in is not None
    for tenant_id in (TENANT, SYSTEM_TENANT, ""):
        with pytest.raises(NotAllowed):
            signed_in.actor.demand(Right.ADMINISTER, tenant_id)


async def test_a_closed_door_ends_who_is_behind_it(house: TestHouse) -> None:
    """CH-06: sessions of a portal that was switched off."""
    await house.services.setup.ensure_portal(TENANT)
    house.doors["portal"] = f"portal@{TENANT}"
    alice = await house.add_person("Alice")
    progress = await house.start("alice", PASSWORD, alice.passcode(house.clock.now()), door="portal")
    token = await house.services.sessions.begin(progress.verification)
    portal = house.services.configuration.current.applications[TENANT, "portal"]
    closed = msgspec.structs.replace(portal, is_enabled=False)
    await house.services.applications.change_application(SYSTEM, closed)
    assert await house.services.sessions.find(token.reveal(), "portal") is None


async def test_what_opens_a_door_also_proves_again_behind_it(house: TestHouse) -> None:
    """FED-08's principle: a method that the door does not take proves nothing behind it either."""
    await house.services.setup.ensure_portal(TENANT)
    house.doors["portal"] = f"portal@{TENANT}"
    portal = house.services.configuration.current.applications[TENANT, "portal"]
    await house.services.applications.change_application(
        SYSTEM, msgspec.structs.replace(portal, methods=("hotp",))
    )
    alice = await house.add_person("Alice", "hotp")
    app = await house.add_authenticator(alice.user)
    progress = await house.start("alice", PASSWORD, alice.passcode(0), door="portal")
    sessions = house.services.sessions
    token = await sessions.begin(progress.verification)
    signed_in = await sessions.find(token.reveal(), "portal")
    assert signed_in is not None
    with pytest.raises(Refused):
        await sessions.step_up(signed_in, app.passcode(house.clock.now()))
    await sessions.step_up(signed_in, alice.passcode(0))


@pytest.mark.parametrize("first_factor", [FirstFactor.LOCAL])
async def test_an_unapproved_verification_makes_no_session(
    house: TestHouse, first_factor: FirstFactor
) -> None:
    """WEB-08, CH-11."""
    await house.add_application("portal", first_factor)
    await house.add_person("Alice")
    for progress in (await house.start("alice", door="portal"), await house.start("alice", "no", "0")):
        with pytest.raises(AssertionError):
            await house.services.sessions.begin(progress.verification)


async def test_two_nodes_never_take_away_the_last_two_administrators(
    nodes: tuple[TestHouse, TestHouse],
) -> None:
    """TEN-05: each saw the other one; one of them stays."""
    first, second = nodes
    for number in range(3):
        pair = [
            await first.add_person(f"root{number}{letter}", tenant_id=SYSTEM_TENANT, role=Role.ADMINISTRATOR)
            for letter in "ab"
        ]
        removed, disabled = pair[0].user.user_id, pair[1].user.user_id
        results = await asyncio.gather(
            first.services.users.remove(SYSTEM, SYSTEM_TENANT, removed),
            second.services.users.edit(
                SYSTEM, SYSTEM_TENANT, disabled, UserFields(status=UserStatus.DISABLED)
            ),
            return_exceptions=True,
        )
        assert sum(isinstance(result, Refused) for result in results) == 1
        await first.store.transact(
            lambda tx, pair=pair: _forget(tx, [person.user.user_id for person in pair])
        )


async def _forget(tx: Transaction, user_ids: list[str]) -> None:
    for user_id in user_ids:
        await tx.remove_user(SYSTEM_TENANT, user_id)
