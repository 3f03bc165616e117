"""Pages with which people are helped in: a window for one person, security questions, servers of others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import HttpHouse
from tests.peers.freeradius import FreeRadius
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor
from vestibule.model.verification import Reason
from vestibule.model.voucher import Vouch

SECRET = "a secret of tests, long enough"
QUESTIONS = (
    "What was your first street?\nWho taught you to read?\nWhat is your oldest book?\nWhere did you go?"
)


@pytest.mark.parametrize(("hours", "is_open"), [("1", True), ("72", True), ("73", False), ("0", False)])
async def test_a_window_is_as_long_as_the_help_desk_says(
    house: HttpHouse, console: ConsoleWindow, hours: str, is_open: bool
) -> None:
    """Inventory 1.10, ENR-02: 4 hours unless another number is typed, 72 at most."""
    alice = await house.inside.add_bare_person("alice")
    page = (await console.get(f"users/{alice.user.user_id}/access")).text
    assert 'name="hours" type="number" value="4"' in page
    answer = await console.post(f"users/{alice.user.user_id}/registration/window", {"hours": hours})
    standing = await house.inside.services.vouchers.standing(SYSTEM, TENANT, alice.user.user_id)
    if not is_open:
        assert (standing, "1…72" in words(answer)) == ((), True)
        return
    (window,) = standing
    assert window.vouch is Vouch.HELP_DESK
    assert window.expires_at - window.made_at == int(hours) * 3_600_000


async def test_nt_hashes_are_kept_for_who_has_read_why_not(house: HttpHouse, console: ConsoleWindow) -> None:
    """The page says why not before they are switched on, and takes no tick without the other."""

    async def save(**ticks: str) -> str:
        page = (await console.get("settings")).text
        assert "as good as the password" in page
        given = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', page))
        kept = {name: value for name, value in given.items() if value != "yes"}
        return words(
            await console.post("settings", {"language": "en", "app_check": "nothing", **kept, **ticks})
        )

    assert "read why not" in await save(nt_hashes="yes")
    assert not house.inside.services.nt_hashes.are_kept(TENANT)
    assert "Saved" in await save(nt_hashes="yes", knows_nt_hashes="yes")
    assert house.inside.services.nt_hashes.are_kept(TENANT)
    assert "Saved" in await save(nt_hashes="yes")
    assert "Saved" in await save()
    assert not house.inside.services.nt_hashes.are_kept(TENANT)


async def test_security_questions_are_set_and_taken_away(house: HttpHouse, console: ConsoleWindow) -> None:
    """Inventory 1.26: the questions of each language line by line, how many are kept and must be right."""
    fields = {
        "questions_en": QUESTIONS,
        "questions_de": "Erste Straße?",
        "security_questions_kept": "3",
        "security_questions_right": "2",
    }

    async def save(**more: str) -> str:
        page = (await console.get("settings/self-service")).text
        version = page.split('name="version" value="')[1].partition('"')[0]
        return words(await console.post("settings/self-service", {"version": version, **fields, **more}))

    assert "Saved" not in await save(), "there are too few in one language"
    fields["questions_de"] = "Erste Straße?\n\n Wer lehrte Sie lesen? \nÄltestes Buch?\nWo waren Sie?"
    assert "Saved" in await save()
    settings = house.inside.services.configuration.current.tenants[TENANT].settings
    assert settings.security_questions["en"] == tuple(QUESTIONS.splitlines())
    assert settings.security_questions["de"][1] == "Wer lehrte Sie lesen?"
    assert (settings.security_questions_kept, settings.security_questions_right) == (3, 2)
    for name, value in (("security_questions_right", "4"), ("security_questions_kept", "5")):
        assert "Saved" not in await save(**{name: value}), "more than there are"
    assert "Saved" in await save(questions_en="", questions_de="")
    assert house.inside.services.configuration.current.tenants[TENANT].settings.security_questions == {}
    changed = await house.inside.store.read(lambda tx: tx.events(TENANT, "settings.changed", Page()))
    assert "security_questions" in changed.rows[-1].facts["fields"]


async def test_a_radius_server_of_others_is_added_looked_at_and_used(
    house: HttpHouse, console: ConsoleWindow, tmp_path: Path
) -> None:
    """Inventory 1.26: sign-in by the password of a RADIUS server. The secret is never shown again."""
    alice = await house.inside.add_person("alice")
    server = FreeRadius(tmp_path / "radius", users={"alice": "her word there"}, secret=SECRET)
    server.start()
    try:
        typed = {
            "name": "Head office",
            "servers": f"127.0.0.1:{server.port}",
            "nas_identifier": "vestibule",
            "timeout_seconds": "5",
            "tries": "2",
        }
        short = await console.post("directories/new/radius", {**typed, "password": "short"})
        assert (short.status_code, "at least 16 characters" in words(short)) == (422, True)
        saved = await console.post("directories/new/radius", {**typed, "password": SECRET})
        assert "Saved" in words(saved)
        assert SECRET not in saved.text
        (stored,) = house.inside.services.applications.directories(SYSTEM, TENANT)
        assert (stored.kind, stored.settings["servers"], stored.settings["tries"]) == (
            "radius",
            [f"127.0.0.1:{server.port}"],
            2,
        )
        assert stored.settings["require_message_authenticator"] is False, "as it was left unticked"
        tried = await console.post(f"directories/{stored.directory_id}/try", {"name": "alice"})
        assert "The server answers" in words(tried)
        await house.inside.add_application("vpn", FirstFactor.DIRECTORY, directory_id=stored.directory_id)
        passcode = alice.passcode(house.inside.clock.now())
        assert (await house.inside.start("alice", "her word there", passcode)).is_approved
        assert (await house.inside.start("alice", "wrong")).reason is Reason.PASSWORD_WRONG
    finally:
        server.stop()
