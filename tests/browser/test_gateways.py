"""Gateways in the console: added, refused, tried, watched, removed; and settings of texts and calls."""

from __future__ import annotations

import pytest
import pytest_asyncio
from playwright.async_api import expect

from tests.browser.scene import Window, enter_console
from tests.houses import TENANT
from tests.peers.far_end import FarEndKind
from vestibule.crypto.secret import Secret
from vestibule.gateways.http_call import GATEWAY as HTTP_CALL
from vestibule.gateways.http_text import GATEWAY as HTTP_TEXT
from vestibule.interfaces.gateway import Receipt
from vestibule.model.actor import SYSTEM
from vestibule.model.delivery import Carries
from vestibule.services.refusal import Refused


@pytest_asyncio.fixture(loop_scope="session")
async def administrator(window: Window) -> Window:
    """Signed in, with a kind of gateway whose far end is the test."""
    far = FarEndKind()
    kinds = {"far_end": far, "http_call": HTTP_CALL, "http_text": HTTP_TEXT}
    window.site.house.services.gateways.kinds = kinds
    await enter_console(window)
    return window


def far_of(window: Window) -> FarEndKind:
    far = window.site.house.services.gateways.kinds["far_end"]
    assert isinstance(far, FarEndKind)
    return far


async def test_a_gateway_is_added_tried_watched_and_removed(administrator: Window) -> None:
    window = administrator
    await window.go(f"{window.site.console}/gateways")
    assert "No gateways yet" in await window.text()
    assert "may charge them" in await window.text(), "S13"
    await window.shoot("50-gateways-empty")
    await window.press("Add Calls over HTTP")
    await window.shoot("51-gateway-add")

    await window.fill(
        name="Calls", setting_caller_id="+4930901820", secret="s3cr3t-t0ken", setting_account="!!"
    )
    await window.press("Add Calls over HTTP")
    assert "the account SID is needed" in await window.text()
    assert await window.page.get_attribute("#field-setting_account", "aria-invalid") == "true"
    assert await window.page.input_value("#field-secret") == "", "a secret is never sent back"
    await window.shoot("52-gateway-refused")
    await window.fill(setting_account="AC0123", second_secret="another")
    await window.press("Add Calls over HTTP")
    assert await window.page.inner_text("#field-secret-error") == "Enter this secret too."
    await window.fill(secret="s3cr3t-t0ken", second_secret="another")
    await window.press("Add Calls over HTTP")
    assert await window.heading() == "Calls"
    (stored,) = window.site.house.services.gateway_settings.list(SYSTEM, TENANT)
    assert window.site.house.services.gateways.secret(stored).reveal() == "s3cr3t-t0ken\nanother"
    assert stored.settings == {"account": "AC0123", "caller_id": "+4930901820"}, "defaults are not stored"
    assert "s3cr3t-t0ken" not in await window.page.content()

    await window.page.get_by_text("More settings").click()
    await window.fill(setting_languages='{"en": "en-GB"}', priority="20")
    await window.press("Save")
    (stored,) = window.site.house.services.gateway_settings.list(SYSTEM, TENANT)
    assert (stored.settings["languages"], stored.priority) == ({"en": "en-GB"}, 20)
    assert window.site.house.services.gateways.secret(stored).reveal() == "s3cr3t-t0ken\nanother", (
        "left empty: kept"
    )

    await window.confirm("Remove gateway", "Remove")
    await window.page.get_by_text("The gateway is removed.").wait_for()


async def test_a_test_goes_out_and_is_seen(administrator: Window) -> None:
    window = administrator
    await window.go(f"{window.site.console}/gateways/new/far_end")
    await window.fill(name="Far end")
    await window.press("Add far_end")
    await window.fill(number="12")
    await window.press("Send a test text")
    assert "not a phone number" in await window.text()
    await window.fill(number="+49 30 123456")
    await window.press("Send a test text")
    assert "The gateway has taken it." in await window.text()
    gateway, text = await far_of(window).next_text()
    assert text.to == "+4930123456"
    reference = f"{gateway.gateway_id}:{text.delivery_id}"
    await gateway.inbox.receipt(Receipt(reference=reference, is_delivered=True))
    await window.go(f"{window.site.console}/gateways/{gateway.gateway_id}")
    assert "Delivered" in await window.text()
    assert "••••••••56" in await window.text()
    assert "123456" not in await window.text()
    await window.shoot("53-gateway")
    await window.press("All deliveries")
    await window.shoot("54-deliveries")
    await window.page.select_option("#filter-state", "failed")
    await window.press("Search")
    assert "Delivered" not in await window.page.inner_text("main section.card")


async def test_a_caller_id_that_may_not_be_shown_is_said_so(administrator: Window) -> None:
    """S65: wherever it is set and calls are placed."""
    window = administrator
    await window.site.house.change_settings(caller_id="+4930901820")
    await window.go(f"{window.site.console}/gateways/new/far_end")
    assert "is not guaranteed" in await window.text()
    await window.fill(name="Far end")
    await window.press("Add far_end")
    await window.go(f"{window.site.console}/gateways")
    assert "+4930901820" in await window.text()
    assert "is not guaranteed" in await window.text()
    await window.shoot("55-gateways")
    await window.press("Deutsch")
    assert "nicht garantiert" in await window.text()
    await window.shoot("56-gateways-german")


async def test_a_limit_that_bites_is_shown(administrator: Window) -> None:
    """SMS-04: where the gateways are, and in the list of changes."""
    window = administrator
    house = window.site.house
    service = house.services.gateway_settings
    gateway = await service.add(SYSTEM, TENANT, "far_end", "Far end", {}, Secret(""), text_price="0,75")
    await house.change_settings(daily_cost_cap=1, texts_per_number=1)
    await service.send_test(SYSTEM, TENANT, gateway.gateway_id, "+4930123456", Carries.TEXT)
    with pytest.raises(Refused):
        await service.send_test(SYSTEM, TENANT, gateway.gateway_id, "+4930123456", Carries.TEXT)
    await window.go(f"{window.site.console}/gateways")
    assert "Spent today (UTC): 0.75 of 1.00" in await window.text()
    assert "A limit has refused texts, calls or requests within the last day." in await window.text()
    assert "Texts and calls to one number in an hour: ••••••••56" in await window.text()
    assert "no price is written for: Far end" in await window.text(), "calls have none"
    await window.shoot("58-gateways-limits")
    await window.press("Changes", within="main")
    assert "Limit of texts, calls or requests reached" in await window.text()
    await house.change_settings(calling_codes=())
    await window.go(f"{window.site.console}/gateways")
    assert "No country is open" in await window.text()
    await window.press("Deutsch")
    assert "Heute ausgegeben (UTC): 0,75 von 1,00" in await window.text()


async def test_prices_are_written_beside_the_gateway(administrator: Window) -> None:
    window = administrator
    await window.go(f"{window.site.console}/gateways/new/far_end")
    await window.fill(name="Far end", text_price="0,1 49:0,07", call_price="much")
    await window.press("Add far_end")
    assert "A price cannot be read: much." in await window.page.inner_text("#field-call_price-error")
    await window.fill(call_price="0.15")
    await window.press("Add far_end")
    assert await window.page.input_value('[name="text_price"]') == "0.10 49:0.07"


async def test_settings_of_limits(administrator: Window) -> None:
    window = administrator
    await window.go(f"{window.site.console}/settings")
    await window.fill(texts_per_prefix="50", texts_per_number="0", texts_per_tenant="500")
    await window.fill(daily_cost_cap="20")
    await window.press("Save")
    assert "Saved." in await window.text()
    settings = window.site.house.services.configuration.current.tenants[TENANT].settings
    assert (settings.texts_per_number, settings.texts_per_prefix) == (0, 50)
    assert (settings.texts_per_tenant, settings.daily_cost_cap) == (500, 20)


async def test_settings_of_texts_and_calls(administrator: Window) -> None:
    """S52 to S54, S64."""
    window = administrator
    await window.go(f"{window.site.console}/settings")
    await window.fill(text_one_way_seconds="10", caller_id="030 12", text_template_en="no place for it")
    await window.control("Save").click()
    await expect(window.page.locator("#field-text_one_way_seconds")).to_be_focused()
    await window.fill(text_one_way_seconds="120")
    await window.press("Save")
    assert "caller_id: 030 12" in await window.page.inner_text("#field-caller_id-error")
    await window.fill(caller_id="+4930901820")
    await window.press("Save")
    assert await window.page.inner_text("#field-text_template_en-error")
    await window.fill(text_template_en="{application}: {passcode}", fraud_code="9", texts_per_hour="5")
    await window.page.get_by_label("A report blocks the user").uncheck()
    await window.press("Save")
    assert "Saved." in await window.text()
    await window.shoot("57-settings-of-texts")
    settings = window.site.house.services.configuration.current.tenants[TENANT].settings
    assert (settings.text_one_way_seconds, settings.caller_id) == (120, "+4930901820")
    assert settings.text_templates == {"en": "{application}: {passcode}"}
    assert (settings.fraud_code, settings.fraud_blocks, settings.texts_per_hour) == ("9", False, 5)
