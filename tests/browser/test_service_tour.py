"""A service from both sides: its operator makes a provider and bills it, and his customer activates a server,
sees it come and go, and what was used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio

from tests.browser.scene import Phone, Window, enter_console, sign_in, sign_in_to_console
from tests.browser.shelf import DESK, PHONE
from tests.houses import PASSWORD, TENANT, TestHouse, open_house
from tests.integration.link.conftest import Certificate, listening
from tests.peers.ports import free_port
from tests.until import until
from vestibule import __version__
from vestibule.crypto.secret import Secret
from vestibule.frontends.link import LinkFrontend, address_of
from vestibule.frontends.link.arriving import activate
from vestibule.model.actor import SYSTEM
from vestibule.model.day import end_of
from vestibule.model.role import ADMINISTRATOR, Grant
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.usage import GRACE_MS
from vestibule.model.user import Role
from vestibule.services.attempt_telling import SETTLED_MS

MONTH = "2027-01"


@pytest.fixture
def certificate(tmp_path: Path) -> Certificate:
    return Certificate(tmp_path / "certificates")


@pytest.fixture
def link_port() -> int:
    return free_port()


@pytest_asyncio.fixture(loop_scope="session")
async def site_house(tmp_path: Path, link_port: int, certificate: Certificate) -> AsyncIterator[TestHouse]:
    """A service, with the door for its servers."""
    url = f"https://localhost:{link_port}"
    files = {"http_tls_certificate": str(certificate.file), "http_tls_key": str(certificate.key)}
    async with open_house(tmp_path / "state", role="service", http_public_url=url, **files) as house:
        await house.services.setup.ensure_portal(TENANT)
        async with listening(house, certificate, link_port):
            yield house


@asynccontextmanager
async def activated(
    folder: Path, house: TestHouse, certificate: Certificate, shown: str
) -> AsyncIterator[tuple[TestHouse, LinkFrontend]]:
    """A server that was activated with what a page has shown."""
    opened = open_house(
        folder,
        clock=house.clock,
        role="server",
        node_name="mfa-1.berlin.example.com",
        link_service=house.services.public_url,
        link_ca_file=str(certificate.ca_file),
    )
    async with opened as server:
        address = address_of(server.house.settings.link)
        await activate(server.services.service_link, address, Secret(shown))
        link = LinkFrontend(server.services, address)
        await link.start()
        try:
            await until(lambda: server.services.service_link.is_up)
            yield server, link
        finally:
            await link.stop(1)


async def test_a_provider_a_server_and_a_statement_at_both_consoles(
    window: Window, tmp_path: Path, certificate: Certificate
) -> None:
    """S3, S4, S11, S20: the operator sees all customers, the customer himself, and both the same numbers."""
    house, site = window.site.house, window.site
    operators_phone = await enter_console(window)
    await provided(window)
    boss = await house.add_person("boss", tenant_id=SYSTEM_TENANT, role=Role.LIMITED)
    grant = Grant(role_id=ADMINISTRATOR, tenant_id=TENANT)
    await house.services.roles.give(SYSTEM, boss.user.user_id, [grant])
    customer, customers_phone = await window.another(), Phone(site, boss.secret)
    await sign_in(customer, f"{site.url}/console", "boss", PASSWORD, customers_phone)
    shown = await credentials(customer)
    async with activated(tmp_path / "server", house, certificate, shown) as (server, link):
        await seen_and_named(customer)
        await told(server)
        await link.stop(1)
        await until(lambda: not house.services.links._by_server)
        await customer.go(f"{site.console}/servers")
        assert "away" in await customer.page.inner_text("main table")
    await house.services.metering.round()
    house.clock.time = end_of(f"{MONTH}-31") + GRACE_MS
    await house.services.metering.round()
    await sign_in_to_console(window, operators_phone)
    await issued(window)
    await sign_in(customer, f"{site.url}/console", "boss", PASSWORD, customers_phone)
    await billed(customer)
    assert customer.problems == []


async def provided(operator: Window) -> None:
    """The operator writes his prices, and makes a provider for Acme."""
    system = f"{operator.site.url}/console/tenants/system"
    await operator.go(f"{system}/prices")
    await operator.fill(
        currency="EUR", from_day="2027-01-01", per_user="1.40", per_pack="1.40", per_licence="16.80"
    )
    await operator.press("Add a price list")
    await both_languages(operator, f"{system}/prices", "90-prices")
    await operator.go(f"{system}/providers")
    await operator.fill(name="Acme servers")
    await operator.page.get_by_label("Per authentication").check()
    await operator.page.get_by_label("Linked to").select_option(label="Acme")
    await operator.press("Create provider")
    assert "The provider Acme servers was created." in await operator.text()
    await operator.shoot("91-provider")
    await both_languages(operator, f"{system}/providers", "92-providers")


async def credentials(customer: Window) -> str:
    """The customer makes activation credentials, and is shown them this one time."""
    await customer.go(f"{customer.site.console}/servers")
    assert "No servers yet" in await customer.text()
    await customer.shoot("93-servers-none")
    await customer.fill(group="Berlin")
    await customer.press("Make activation credentials")
    shown = await customer.page.inner_text("#new-credentials")
    assert customer.site.house.services.public_url in await customer.text()
    await customer.shoot("94-credentials")
    await customer.go(f"{customer.site.console}/servers")
    assert shown not in await customer.page.content()
    assert "Credentials that no server has used yet" in await customer.text()
    return shown


async def seen_and_named(customer: Window) -> None:
    """The server is there with all that is known of it; its group gets another name."""
    servers = f"{customer.site.console}/servers"
    await customer.go(servers)
    row = await customer.page.locator("main table tbody tr").first.inner_text()
    for facts in ("mfa-1.berlin.example.com", "127.0.0.1", __version__, "Berlin", "connected", "2027"):
        assert facts in row, facts
    assert "Credentials that no server has used yet" not in await customer.text()
    await customer.page.get_by_role("button", name="Rename: Berlin").click()
    dialog = customer.page.get_by_role("dialog")
    await dialog.get_by_label("New name").fill("Hauptsitz")
    await customer.assert_accessible("renaming a group")
    await customer.press("Save", within="dialog[open], dialog:popover-open")
    assert "is called “Hauptsitz” now" in await customer.text()
    await both_languages(customer, servers, "95-servers")


async def told(server: TestHouse) -> None:
    """Bob signs in at the server, and somebody else is not let in; the service hears of both."""
    telling = server.services.attempt_telling
    await telling.begin()
    await server.add_application("vpn")
    bob = await server.add_person("bob")
    assert (await server.start("bob", passcode=bob.passcode(server.clock.now()))).is_approved
    assert not (await server.start("bob", password="wrong")).is_approved
    server.clock.advance(SETTLED_MS / 1000 + 1)
    assert await telling.tell() == 2
    await telling.tell_users()


async def issued(operator: Window) -> None:
    """When the month is over, the operator issues its statements."""
    billing = f"{operator.site.url}/console/tenants/system/billing?month={MONTH}"
    await operator.go(billing)
    assert "Draft of a statement" in await operator.text()
    await operator.confirm("Issue statements")
    assert "Statements newly issued to customers: 1." in await operator.text()
    await both_languages(operator, billing, "96-all-customers")
    await operator.press("2027-000001")
    assert "Acme" in await operator.text()
    await operator.shoot("97-statement-of-the-operator")


async def billed(customer: Window) -> None:
    """The customer sees the days, what each is made of, and the same statement, which he cannot change."""
    billing = f"{customer.site.console}/billing?month={MONTH}"
    await customer.go(billing)
    assert "Cost of texts and calls" not in await customer.text()
    await both_languages(customer, billing, "98-usage")
    await customer.press(f"{MONTH}-15")
    facts = " ".join((await customer.page.inner_text("main dl.facts")).split())
    assert "Attempts told by servers 2" in facts
    await customer.shoot("99-day")
    await customer.go(billing)
    await customer.press("2027-000001")
    text = await customer.text()
    assert "1.40" in text, "two attempts begin one pack of ten"
    assert await customer.page.get_by_label("Reason").count() == 0
    await both_languages(customer, customer.page.url, "99-statement")


BROKEN_LABELS = """() => {
  const ruler = document.createElement("canvas").getContext("2d");
  const broken = [];
  for (const cell of document.querySelectorAll("td[data-label]")) {
    const label = getComputedStyle(cell, "::before");
    if (label.content === "none" || !cell.checkVisibility()) continue;
    const room = parseFloat(getComputedStyle(cell).gridTemplateColumns);
    ruler.font = label.font;
    const words = cell.dataset.label.split(/[\\s\\u00AD-]+/);
    broken.push(...words.filter(it => ruler.measureText(it).width > room));
  }
  return broken;
}"""
"""Words of labels that are too long for their column, and can only be broken where nobody would."""


async def both_languages(window: Window, url: str, name: str) -> None:
    mark = "&" if "?" in url else "?"
    for language in ("de", "en"):
        await window.go(f"{url}{mark}lang={language}")
        await window.page.set_viewport_size(PHONE)
        assert await window.page.evaluate(BROKEN_LABELS) == [], name
        await window.page.set_viewport_size(DESK)
        await window.shoot(f"{name}-{language}")
        await window.assert_accessible(name)
