"""What a new password ends: always the other sessions, and, as he who changes it wants or because he had
forgotten it, all that was remembered or made under the old one (APP-03)."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from tests.houses import PASSWORD, TENANT, Person, TestHouse
from tests.integration.app_passwords.scene import MAIL, VPN, add_alice, enter, furnish, make, user_of
from vestibule.crypto.ms_chap import nt_hash
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Caching
from vestibule.model.self_service import PasswordReset
from vestibule.model.session import Session
from vestibule.model.verification import Reason
from vestibule.services.passwords import NewPassword
from vestibule.services.sessions import SignedIn
from vestibule.services.users import UserFields

NEW = Secret("Nothing-like-it-before")
TWICE = NewPassword(NEW, NEW)


class Scene:
    """Alice at the portal, with a browser that the VPN remembers and a program with an app password."""

    def __init__(self, house: TestHouse, alice: Person) -> None:
        self.house, self.alice = house, alice
        self.browser, self.app_password = Secret(""), Secret("")

    async def furnish(self) -> None:
        house = self.house
        await house.services.setup.ensure_portal(TENANT)
        house.doors["portal"] = f"portal@{TENANT}"
        vpn = house.services.configuration.current.applications[TENANT, VPN]
        changed = {"remember_days": 14, "caching": Caching.APPLICATION, "caching_seconds": 3600}
        await house.services.applications.change_application(SYSTEM, replace(vpn, **changed))
        proven = await house.start("alice", PASSWORD, self.passcode(), door=VPN)
        kept = await house.services.remembered_browsers.remember(proven.verification, "Firefox")
        assert kept is not None
        self.browser = kept
        self.app_password = await make(house, self.alice)

    def passcode(self) -> Secret[str]:
        self.house.clock.advance(30)
        return self.alice.passcode(self.house.clock.now())

    async def session(self) -> SignedIn:
        progress = await self.house.start("alice", PASSWORD, self.passcode(), door="portal")
        token = await self.house.services.sessions.begin(progress.verification)
        found = await self.house.services.sessions.find(token.reveal(), "portal")
        assert found is not None
        return found

    async def sessions(self) -> list[Session]:
        return await self.house.store.read(lambda tx: tx.sessions_of(TENANT, self.alice.user.user_id))

    async def what_is_left(self) -> tuple[Reason, Reason, Reason, int]:
        """Return what a remembered browser, any browser of a moment ago, and the program get, and how many
        of them are listed."""
        services, user_id = self.house.services, self.alice.user.user_id
        remembered = await self.house.start("alice", NEW.reveal(), door=VPN, browser=self.browser)
        cached = await self.house.start("alice", NEW.reveal(), door=VPN)
        program = await enter(self.house, self.app_password, MAIL)
        listed = len(await services.remembered_browsers.list(SYSTEM, TENANT, user_id))
        listed += len(await services.app_passwords.list(SYSTEM, TENANT, user_id))
        return remembered.reason, cached.reason, program.reason, listed


NOTHING = (Reason.PASSCODE_PENDING, Reason.PASSCODE_PENDING, Reason.PASSWORD_WRONG, 0)
EVERYTHING = (Reason.REMEMBERED_BROWSER, Reason.CACHED_FOR_APPLICATION, Reason.APP_PASSWORD_VERIFIED, 2)


@pytest.fixture
async def scene(house: TestHouse) -> Scene:
    await furnish(house)
    made = Scene(house, await add_alice(house))
    await made.furnish()
    return made


@pytest.mark.parametrize("is_anew", [True, False])
async def test_a_change_voids_what_is_remembered_if_he_wants(scene: Scene, is_anew: bool) -> None:
    """APP-03: his other sessions end in any case, and his own goes on."""
    await scene.session()
    own = await scene.session()
    await scene.house.services.passwords.change(own, Secret(PASSWORD), TWICE, begins_anew=is_anew)
    assert [each.token_hash for each in await scene.sessions()] == [own.session.token_hash]
    assert await scene.what_is_left() == (NOTHING if is_anew else EVERYTHING)
    listed = await scene.house.services.attempts.events(SYSTEM, TENANT, "user.password_changed", Page())
    assert [event.facts for event in listed.rows] == [{"begins_anew": is_anew}]


async def test_a_reset_voids_it_always(scene: Scene) -> None:
    """APP-03: who had forgotten his password may have lost more."""
    await scene.house.change_settings(password_reset=PasswordReset.ALL)
    await scene.session()
    resets = scene.house.services.password_resets
    await resets.reset(TENANT, "alice", (scene.passcode(), Secret("")), TWICE)
    assert await scene.sessions() == []
    assert await scene.what_is_left() == NOTHING


async def test_a_password_that_an_administrator_sets_voids_it_too(scene: Scene) -> None:
    """APP-03: he does it because something is wrong."""
    await scene.session()
    user = await user_of(scene.house, scene.alice)
    await scene.house.services.users.edit(SYSTEM, TENANT, user.user_id, UserFields(), NEW)
    assert await scene.sessions() == []
    assert await scene.what_is_left() == NOTHING


async def test_every_way_to_a_new_password_leads_to_its_nt_hash(scene: Scene) -> None:
    """Where the tenant keeps NT hashes: added, changed by himself, forgotten and reset, or set by an
    administrator."""
    services = scene.house.services
    settings = services.configuration.current.tenants[TENANT].settings
    wanted = replace(settings, nt_hashes=True, password_reset=PasswordReset.ALL)
    await services.applications.change_settings(SYSTEM, TENANT, wanted, knows_nt_hashes=True)

    async def kept() -> Secret[bytes] | None:
        return await services.nt_hashes.of(TENANT, await user_of(scene.house, scene.alice))

    assert await kept() is None
    own = await scene.session()
    await services.passwords.change(own, Secret(PASSWORD), TWICE, begins_anew=False)
    assert await kept() == nt_hash(NEW.reveal())
    other = Secret("Another-one-than-before")
    twice = NewPassword(other, other)
    await services.password_resets.reset(TENANT, "alice", (scene.passcode(), Secret("")), twice)
    assert await kept() == nt_hash(other.reveal())
    await services.users.edit(SYSTEM, TENANT, scene.alice.user.user_id, UserFields(), NEW)
    assert await kept() == nt_hash(NEW.reveal())
    bob = await services.users.add(SYSTEM, TENANT, UserFields(username="bob"), other)
    assert await services.nt_hashes.of(TENANT, bob) == nt_hash(other.reveal())
