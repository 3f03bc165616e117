"""What `vestibule doctor` says of gateways and of phones without one."""

from __future__ import annotations

import pytest

from tests.houses import TENANT
from tests.integration.phone.conftest import NUMBER, PhoneHouse
from vestibule.cli.checks.findings import Grade, OpenInstallation
from vestibule.cli.checks.gateways import gateways, is_public
from vestibule.cli.checks.gateways import phones as phones_check
from vestibule.cli.doctor import line
from vestibule.model.actor import SYSTEM


def installation(phones: PhoneHouse) -> OpenInstallation:
    house = phones.house
    return OpenInstallation(house.house.settings, "en", None, house.house, house.clock.now())


async def test_a_gateway_that_opens_is_fine(phones: PhoneHouse) -> None:
    (found,) = await gateways(installation(phones))
    assert (found.grade, line(found, "en")) == (Grade.OK, "“first” (tenant acme) opens")
    assert phones.far.errands == [], "nothing is sent"


async def test_one_that_does_not_open_is_a_problem(phones: PhoneHouse) -> None:
    await phones.add_gateway("odd", settings={"number": "none"})
    found = {finding.placeholders["name"]: finding for finding in await gateways(installation(phones))}
    assert found["odd"].grade is Grade.PROBLEM
    assert "carries nothing" in line(found["odd"], "en")
    await phones.house.services.gateway_settings.set_enabled(SYSTEM, TENANT, "odd", is_enabled=False)
    assert len(await gateways(installation(phones))) == 1, "what is switched off is left alone"


async def test_phones_without_a_gateway_are_a_problem(phones: PhoneHouse) -> None:
    person = await phones.house.add_bare_person("alice")
    await phones.house.add_phone(person, "sms", number=NUMBER)
    await phones.house.add_phone(person, "voice", number=NUMBER)
    assert await phones_check(installation(phones)) == []
    await phones.house.services.gateway_settings.set_enabled(SYSTEM, TENANT, "first", is_enabled=False)
    found = await phones_check(installation(phones))
    assert [finding.grade for finding in found] == [Grade.PROBLEM] * 2
    said = [line(finding, "en") for finding in found]
    assert said[0].startswith("tenant acme: one user is texted passcodes, and no gateway carries texts.")
    assert said[1].startswith("tenant acme: one user is called, and no gateway carries calls.")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://signin.example.com", True),
        ("http://192.0.2.7:8080", True),
        ("http://localhost:8080", False),
        ("http://127.0.0.1:8080", False),
        ("http://[::1]", False),
        ("", False),
    ],
)
def test_what_a_provider_can_reach(url: str, expected: bool) -> None:
    assert is_public(url) is expected
