"""The app shows from which country a sign-in is asked for, where a local database tells it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.apps.conftest import AppHouse, app_house
from tests.integration.apps.test_records_shown import console
from tests.integration.cli.conftest import CommandLine
from tests.peers.country_file import write_countries
from vestibule.runtime.country_database import CountryDatabase, NoCountries


@pytest.fixture
def file(tmp_path: Path) -> Path:
    networks = {"192.0.2.0/25": "DE", "2001:db8::/32": "JP", "198.51.100.0/24": "??"}
    return write_countries(tmp_path / "countries.mmdb", networks)


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("192.0.2.7", "DE"),
        ("192.0.2.200", ""),
        ("2001:db8::1", "JP"),
        ("198.51.100.1", ""),
        ("+4930123456", ""),
        ("192.0.2.7\n", ""),
        ("", ""),
    ],
)
def test_the_country_of_an_address(file: Path, address: str, code: str) -> None:
    """Empty for what is not in the file, is no address, or has no country of two letters there."""
    assert CountryDatabase(file).of(address) == code
    assert NoCountries().of(address) == ""


def test_a_newer_file_is_taken_up_and_a_broken_one_is_not(file: Path) -> None:
    countries = CountryDatabase(file)
    assert countries.of("192.0.2.7") == "DE"
    write_countries(file, {"192.0.2.0/24": "AT"})
    assert countries.of("192.0.2.7") == "AT"
    file.write_bytes(b"not a database")
    assert countries.of("192.0.2.7") == "AT"
    file.unlink()
    assert countries.of("192.0.2.7") == "AT"
    write_countries(file, {"192.0.2.0/24": "CH"})
    assert countries.of("192.0.2.7") == "CH"


async def test_the_app_and_the_console_show_it(tmp_path: Path, file: Path) -> None:
    async with app_house(tmp_path, country_database=str(file)) as apps:
        _, (device,) = await apps.alice()
        await apps.sign_in()
        assert (await device.next_request())["country"] == "DE"
        attempt = (await apps.house.attempts())[-1].verification_id
        assert "192.0.2.7</span> · DE" in await console(apps, f"/attempts/{attempt}")
        environment = {"VESTIBULE_STATE_DIRECTORY": str(tmp_path), "VESTIBULE_COUNTRY_DATABASE": str(file)}
        cli = CommandLine(environment, tmp_path)
        assert "192.0.2.7 DE" in await asyncio.to_thread(cli.out, "attempts", "show", attempt)


async def test_without_a_file_it_is_empty(apps: AppHouse) -> None:
    _, (device,) = await apps.alice()
    await apps.sign_in()
    assert (await device.next_request())["country"] == ""
