"""The simulated phone in the console: for administrators of its tenant, under the console's own rules."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.browser.plain import Plain
from tests.browser.scene import Site, Window, enter_console
from tests.houses import TENANT
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import Simulates, Text
from vestibule.model.actor import SYSTEM
from vestibule.model.tenant import DEMONSTRATION_TENANT
from vestibule.services.demonstration import PHONE
from vestibule.services.gateways import Gateways
from vestibule.services.simulated_phones import SimulatedPhones

PATH = f"/console/tenants/{DEMONSTRATION_TENANT}/simulated-phones"


async def send_text(gateways: Gateways, body: str) -> None:
    gateway = gateways.all(DEMONSTRATION_TENANT)[0].gateway
    await gateway.send(Text(delivery_id=body, to=PHONE, body=Secret(body), valid_seconds=60))


async def test_an_administrator_finds_the_phone_and_acts_on_it(window: Window) -> None:
    services = window.site.house.services
    await services.demonstrations.make({}, "127.0.0.1/32")
    await enter_console(window)
    await window.go(f"{window.site.url}/console/phones")
    assert window.page.url.endswith(PATH)
    await window.go(f"{window.site.url}/console/tenants/{DEMONSTRATION_TENANT}/")
    await window.press("Simulated phone")
    assert PHONE in await window.text()
    await send_text(services.gateways, "first")
    await window.page.get_by_text("first").first.wait_for()

    # A draft outlives what arrives meanwhile, and a key typed into it is a letter.
    await window.page.fill("#phone-reply", "half a th")
    await window.page.type("#phone-reply", "ou#ht")
    await send_text(services.gateways, "second")
    await window.page.get_by_text("second").first.wait_for()
    assert await window.page.input_value("#phone-reply") == "half a thou#ht"
    await window.page.keyboard.press("Enter")
    await window.page.locator(".bubble.mine").wait_for()
    assert await window.page.input_value("#phone-reply") == ""
    await window.press("Switch off")
    assert "nothing arrives" in await window.text()
    found = services.simulated_phones.of_tenant(SYSTEM, DEMONSTRATION_TENANT)
    assert isinstance(found, Simulates)
    assert found.phones()[0].is_unreachable
    await window.shoot("phone-in-console")

    # Where there are real people, there is none.
    for place in (
        f"{window.site.console}/simulated-phones",
        f"{window.site.console}/simulated-phones/screen",
    ):
        answer = await window.page.request.get(place)
        assert answer.status == 404


async def test_whoever_is_no_administrator_sees_no_phone(site: Site) -> None:
    """WEB-09, TEN-01: neither by its address nor by a form that is not ours."""
    await site.house.services.demonstrations.make({}, "127.0.0.1/32")
    await site.house.add_person("wendy")
    async with Plain(site) as browser:
        for path in (PATH, f"{PATH}/screen", "/console/phones"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.headers["location"].startswith("/console/sign-in")) == (
                303,
                True,
            )
        refused = await browser.client.post(f"{PATH}/act", data={"act": "answer", "number": PHONE})
        assert refused.status_code == 403
        unknown = await browser.post(f"{PATH}/act", act="answer", number=PHONE)
        assert unknown.status_code == 303
        assert unknown.headers["location"].startswith("/console/sign-in")
        await browser.sign_in("wendy")
        assert (await browser.get(PATH)).status_code == 303
        assert TENANT not in (await browser.get("/phone/x")).text


async def test_a_link_is_not_logged_even_when_everything_breaks(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOG-02: the path of the phone is a secret itself."""

    def breaks(phones: SimulatedPhones, token: str) -> None:
        raise RuntimeError("it is broken")

    monkeypatch.setattr(SimulatedPhones, "by_link", breaks)
    with capture_logs() as logs:
        async with Plain(site) as browser:
            assert (await browser.get("/phone/canary-link/screen")).status_code == 500
    assert [line["path"] for line in logs if line["event"] == "request failed"] == ["/phone/…/screen"]
    assert "canary" not in repr(logs)
