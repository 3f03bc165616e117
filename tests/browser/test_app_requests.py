"""Requests in the app: who asks, the number, no, fraud, and what ends by itself or elsewhere."""

from __future__ import annotations

import re

from playwright.async_api import expect

from tests.browser.app_scene import PLACE, Device, named, words
from tests.houses import TestHouse
from tests.integration.apps.test_approval import another, number_of
from vestibule.model.verification import Reason


async def reasons(house: TestHouse) -> list[Reason]:
    """Return how sign-ins at the VPN have ended, oldest first."""
    return [attempt.reason for attempt in await house.attempts() if attempt.application_id == "vpn"]


async def test_a_sign_in_is_approved_with_its_number(device: Device) -> None:
    """A wrong one can be tried again, twice."""
    await device.hold_alice()
    house, page = device.site.house, device.page
    progress = await device.asked()
    number = number_of(progress)
    for part in ("vpn", "alice", "Vestibule", PLACE):
        await expect(device.cards).to_contain_text(part)
    await expect(device.cards).to_contain_text(re.compile(r"5\d seconds left|60 seconds left"))
    await expect(device.focused).to_have_text(words("request.question"))
    await expect(page).to_have_title(words("requests.document_title", count=1, name=words("name")))
    await device.approve("7")
    await device.shows("request.number_missing", count=2)
    await device.approve(another(number))
    await device.shows("outcome.number_wrong", count=2)
    await expect(device.number).to_be_focused()
    await device.approve(number)
    await device.shows("outcome.approved", application=named("vpn"))
    await expect(page).to_have_title(words("name"))
    assert await device.is_let_in(progress)

    wrong = another(number_of(await device.asked()))
    for left in (2, 1):
        await device.approve(wrong)
        await device.shows("outcome.number_wrong", count=left)
    await device.approve(wrong)
    await device.shows("outcome.no_tries", application=named("vpn"))
    assert await reasons(house) == [Reason.APP_APPROVED, Reason.APP_TRIES_SPENT]


async def test_a_sign_in_is_denied_or_reported_as_fraud(device: Device) -> None:
    """A report asks first and says what follows; where reports are off there is none."""
    await device.hold_alice()
    house = device.site.house
    await house.change_settings(fraud_reports=False)
    await device.asked()
    await expect(device.button("request.fraud")).to_have_count(0)
    await device.number.fill("12")
    await device.button("request.deny").click()
    await device.shows("outcome.denied", application=named("vpn"))

    await house.change_settings(fraud_reports=True, fraud_blocks=False)
    await device.asked()
    await device.button("request.fraud").click()
    await expect(device.dialog).to_contain_text(words("request.fraud_reports"))
    await device.dialog.get_by_role("button", name=words("cancel")).click()
    await expect(device.button("request.fraud")).to_be_focused()
    assert (await reasons(house))[-1] is Reason.APP_PENDING
    await device.button("request.fraud").click()
    await device.button("request.fraud_confirm_reports").click()
    await device.shows("outcome.reported", application=named("vpn"))

    await house.change_settings(fraud_blocks=True)
    await device.asked()
    await device.button("request.fraud").click()
    await expect(device.dialog).to_contain_text(words("request.fraud_blocks"))
    await device.button("request.fraud_confirm_blocks").click()
    await expect(device.accounts).to_contain_text(words("not_activated"))
    assert await reasons(house) == [Reason.APP_DENIED, Reason.FRAUD_REPORTED, Reason.FRAUD_REPORTED]


async def test_what_is_answered_elsewhere_or_by_nobody_goes(device: Device) -> None:
    peer = await device.hold_alice()
    await device.asked()
    await peer.answer(await peer.next_request(), "deny")
    await device.shows("outcome.over", application=named("vpn"))
    await device.asked()
    await device.page.clock.fast_forward(61_000)
    await device.shows("outcome.expired", application=named("vpn"))


async def test_requests_of_several_accounts_stand_together(device: Device) -> None:
    """Whoever types goes on typing when another comes, also while he adds an account."""
    _, (first,) = await device.apps.alice()
    bob = await device.site.house.add_bare_person("bob")
    bob.secret = b""
    second = await device.apps.activated(await device.apps.session_of(bob), "Bob's")
    await device.site.house.add_application("mail")
    await device.hold(first, second)
    to_alice = await device.asked()
    await device.number.press_sequentially("4")
    to_bob = await device.asked("bob", door="mail")
    await expect(device.number.first).to_be_focused()
    await expect(device.said).to_contain_text("mail")
    await expect(device.cards).to_have_count(2)
    card = device.cards.filter(has_text="bob")
    await card.get_by_label(words("request.number")).fill(number_of(to_bob))
    await card.get_by_role("button", name=words("request.approve")).click()
    await device.shows("outcome.approved", application=named("mail"))
    await expect(device.cards).to_have_count(1)

    await device.page.get_by_role("link", name=words("add.short")).click()
    await device.label("add.entry").fill("K7QX2")
    await device.approve(number_of(to_alice))
    await device.shows("outcome.approved", application=named("vpn"))
    assert await device.is_let_in(to_alice)
    await device.label("add.entry").focus()
    await device.asked()
    await expect(device.label("add.entry")).to_be_focused()
    await expect(device.label("add.entry")).to_have_value("K7QX2")


async def test_a_door_that_can_show_no_number_is_approved_plainly(device: Device) -> None:
    await device.hold_alice()
    await device.site.house.change_settings(app_plain_approval=True)
    progress = await device.asked(can_show=False)
    await expect(device.number).to_have_count(0)
    await device.button("request.approve").click()
    await device.shows("outcome.approved", application=named("vpn"))
    assert await device.is_let_in(progress, can_show=False)
