"""Statements: one for a month, whoever issues it how often; nothing on it but usage and licences."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import unicodedata
import zlib
from collections.abc import Awaitable
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from tests.conformance.stores.records import delivery
from tests.houses import PASSWORD, TENANT
from tests.integration.billing.conftest import FIRST, LAST, MONTH, BillingHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, Actor, NotAllowed, Right
from vestibule.model.day import beginning_of, day_after, end_of
from vestibule.model.delivery import DeliveryState
from vestibule.model.licence import LicenceKind
from vestibule.model.provider import UsageModel
from vestibule.model.statement import LineKind
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.usage import GRACE_MS
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.statement_files import BilledStatement, statement_csv, statement_json
from vestibule.services.statement_fonts import LACKING
from vestibule.services.statement_pdf import not_as_written, statement_pdf

PER_USER, PER_AUTHENTICATION = UsageModel


async def refusal(working: Awaitable[Any]) -> Refusal:
    with pytest.raises(Refused) as refused:
        await working
    return refused.value.why


async def whole_month(billing: BillingHouse) -> None:
    """Let the month end: nobody comes and nobody goes."""
    await billing.look()
    await billing.go_to(end_of(LAST) + GRACE_MS)
    await billing.look()


async def test_s15_a_month_is_billed_by_usage_once(billing: BillingHouse) -> None:
    """S15, and the result of a repeated run: the same statement, by whomever it is issued at the same
    moment."""
    await billing.add_prices(per_user="31")
    await billing.add_provider(PER_USER)
    await billing.house.add_person("alice")
    statements = billing.house.services.statements
    await billing.look()
    assert await refusal(statements.issue(SYSTEM, TENANT, MONTH)) is Refusal.MONTH_OPEN
    await whole_month(billing)
    (draft,) = await statements.drafts(SYSTEM, TENANT, MONTH)
    assert (draft.total, draft.number) == (Decimal("28.00"), "")  # 28 of 31 days
    assert await statements.issue(SYSTEM, TENANT, MONTH, dry_run=True) == (draft,)
    assert await statements.list(SYSTEM, TENANT) == ()
    issued = await asyncio.gather(*(statements.issue(SYSTEM, TENANT, MONTH) for _ in range(3)))
    assert {one.number for (one,) in issued} == {"2027-000001"}
    (result,) = await statements.run(SYSTEM, MONTH)
    assert (result.statements, result.is_new) == (issued[0], False)
    assert await statements.drafts(SYSTEM, TENANT, MONTH) == issued[0]
    assert issued[0][0].lines == draft.lines


async def test_s11_no_call_and_no_text_is_on_a_bill(billing: BillingHouse) -> None:
    """S11, S12: whatever was called and texted, and by whatever method, there is one line, of attempts."""
    house = billing.house
    await billing.add_prices()
    await billing.add_provider(PER_AUTHENTICATION)
    alice, bob = await house.add_person("alice"), await house.add_bare_person("bob")
    await house.add_phone(bob, "sms", number="+4930123456")
    await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    await house.start("bob", PASSWORD)
    await whole_month(billing)
    (issued,) = await house.services.statements.issue(SYSTEM, TENANT, MONTH)
    (line,) = issued.lines
    assert (line.kind, line.count, line.units, line.amount) == (LineKind.ATTEMPTS, 2, "1/5", Decimal("0.28"))
    assert set(LineKind) == {LineKind.USERS, LineKind.ATTEMPTS, LineKind.LICENCES, LineKind.CREDIT}


async def test_s16_who_has_licences_pays_their_fee_and_his_usage_adds_nothing(billing: BillingHouse) -> None:
    """S16: own licences; a part of another product is paid with that."""
    house = billing.house
    await billing.add_prices()
    alice = await house.add_person("alice")
    await billing.license(alice.user.user_id)
    await billing.license(kind=LicenceKind.BUNDLE)
    await house.start("alice", PASSWORD, alice.passcode(house.clock.now()))
    await whole_month(billing)
    (issued,) = await house.services.statements.issue(SYSTEM, TENANT, MONTH)
    (line,) = issued.lines
    assert (line.kind, line.count, line.amount) == (LineKind.LICENCES, 10, Decimal("168.00"))


async def test_every_line_is_traced_to_its_days_in_every_format(billing: BillingHouse) -> None:
    house = billing.house
    await billing.add_prices()
    await billing.add_prices(from_day=day_after(FIRST, 10), per_user="2")
    await billing.add_provider(PER_USER)
    await house.add_person("alice")
    await whole_month(billing)
    (issued,) = await house.services.statements.issue(SYSTEM, TENANT, MONTH)
    billed = await house.services.statements.find(SYSTEM, TENANT, issued.number)
    assert [len(days) for days in billed.days] == [10, 18]
    told = json.loads(statement_json(billed))
    assert told["total"] == str(issued.total) == "1.61"  # 0.45 + 1.16
    assert [len(line["days"]) for line in told["lines"]] == [10, 18]
    rows = list(csv.DictReader(io.StringIO(statement_csv(billed).decode("utf-8-sig"))))
    assert [row["record"] for row in rows].count("day") == 28
    assert sum(Decimal(row["amount"]) for row in rows if row["record"] == "line") == issued.total
    for language in ("en", "de"):
        drawn = statement_pdf(billed, language, "Łódź Verification")
        assert drawn.startswith(b"%PDF-")
        assert drawn == statement_pdf(billed, language, "Łódź Verification")


async def test_names_are_written_as_they_are_or_it_is_said_before(billing: BillingHouse) -> None:
    """In letters that are in the file, whatever fonts a reader has."""
    await billing.add_prices()
    await billing.add_provider(PER_USER)
    await whole_month(billing)
    (issued,) = await billing.house.services.statements.issue(SYSTEM, TENANT, MONTH)
    billed = await billing.house.services.statements.find(SYSTEM, TENANT, issued.number)

    def named(customer: str) -> BilledStatement:
        return replace(billed, statement=replace(billed.statement, customer=customer))

    czech = named("Žižka a Dvořáčková s.r.o.")
    assert not_as_written(czech, "Łódź · Ελλάς · Москва") == ()
    drawn = _streams(statement_pdf(czech, "en", "Łódź"))
    assert "".join(letter for letter in "ŽižkaDvořáčŁódź" if _is_told(drawn, letter)) == "ŽižkaDvořáčŁódź"
    apart = named(unicodedata.normalize("NFD", czech.statement.customer))
    assert statement_pdf(apart, "en", "Łódź") == statement_pdf(czech, "en", "Łódź")
    japanese = named("株式会社 Vestibule")
    assert not_as_written(japanese, "株") == ("株", "株式会社 Vestibule")
    drawn = _streams(statement_pdf(japanese, "en", "Łódź"))
    assert _is_told(drawn, LACKING)
    assert not _is_told(drawn, "株")


def _streams(pdf: bytes) -> list[bytes]:
    """Return what is in the compressed streams of a file."""
    packed = re.findall(rb"/Filter \[ /FlateDecode \][^\n]*\n?>>\s*stream\r?\n(.*?)endstream", pdf, re.DOTALL)
    return [zlib.decompressobj().decompress(each) for each in packed]


def _is_told(streams: list[bytes], letter: str) -> bool:
    """Tell whether a font in the file has a sign that readers take for this letter (ISO 32000 §9.10.3)."""
    code = f"<{ord(letter):04X}>".encode()
    return any(b"begincmap" in each and code in each for each in streams)


async def test_a_credit_note_takes_back_no_more_than_there_is(billing: BillingHouse) -> None:
    house = billing.house
    await billing.add_prices(per_user="31")
    await billing.add_provider(PER_USER)
    await house.add_person("alice")
    await whole_month(billing)
    statements = house.services.statements
    (issued,) = await statements.issue(SYSTEM, TENANT, MONTH)
    assert issued.total == Decimal("28.00")
    for wrong in ("0", "28.01", "1.005", "x"):
        assert await refusal(statements.credit(SYSTEM, issued.number, "Outage", wrong)) in {
            Refusal.CREDIT_TOO_LARGE,
            Refusal.AMOUNT_INVALID,
        }
    assert await refusal(statements.credit(SYSTEM, issued.number, " ")) is Refusal.REASON_MISSING
    racing = [statements.credit(SYSTEM, issued.number, "Outage", "20") for _ in range(3)]
    done = await asyncio.gather(*racing, return_exceptions=True)
    assert [type(one).__name__ for one in done].count("Refused") == 2
    rest = await statements.credit(SYSTEM, issued.number, "Goodwill")
    assert (rest.total, rest.credits_number, rest.number) == (Decimal("-8.00"), issued.number, "2027-000003")
    assert await refusal(statements.credit(SYSTEM, issued.number, "More")) is Refusal.CREDIT_TOO_LARGE
    assert (await statements.find(SYSTEM, SYSTEM_TENANT, issued.number)).statement == issued
    assert await refusal(statements.find(SYSTEM, "other", issued.number)) is Refusal.NOT_FOUND
    assert await statements.drafts(SYSTEM, TENANT, MONTH) == (issued,)


async def test_prices_of_what_was_billed_stay(billing: BillingHouse) -> None:
    house = billing.house
    statements, lists = house.services.statements, house.services.price_lists
    await billing.add_provider(PER_USER)
    await house.add_person("alice")
    await whole_month(billing)
    assert await refusal(statements.issue(SYSTEM, TENANT, MONTH)) is Refusal.PRICE_MISSING
    (result,) = await statements.run(SYSTEM, MONTH)
    assert result.refused is not None
    prices = await billing.add_prices()
    assert await refusal(billing.add_prices()) is Refusal.NAME_TAKEN
    await statements.issue(SYSTEM, TENANT, MONTH)
    assert await refusal(billing.add_prices(from_day=LAST)) is Refusal.BILLED_ALREADY
    assert await refusal(lists.remove(SYSTEM, prices.price_list_id)) is Refusal.BILLED_ALREADY
    later = await billing.add_prices(from_day=day_after(LAST))
    assert await lists.remove(SYSTEM, later.price_list_id) == later
    assert await lists.list(SYSTEM) == (prices,)


async def test_a_customer_reads_his_own_bills_and_changes_none(billing: BillingHouse) -> None:
    services = billing.house.services
    customer = Actor(
        actor_id="c", name="c", tenant_id=TENANT, rights=frozenset({Right.ADMINISTER, Right.READ_BILLING})
    )
    assert await services.statements.drafts(customer, TENANT, MONTH) == ()
    for forbidden in (
        services.statements.list(customer, "other"),
        services.statements.issue(customer, TENANT, MONTH),
        services.statements.credit(customer, "1", "x"),
        services.statements.of_month(customer, MONTH),
        services.price_lists.list(customer),
        services.phone_costs.of_tenant(customer, TENANT, FIRST, LAST),
    ):
        with pytest.raises(NotAllowed):
            await forbidden


async def test_a_budget_is_told_of_once_a_month_at_each_part(billing: BillingHouse) -> None:
    house = billing.house
    budgets = house.services.budgets
    await billing.add_prices(per_user="31")
    provider = await billing.add_provider(PER_USER)
    await house.add_person("alice")
    await budgets.put(SYSTEM, TENANT, provider.provider_id, "2")
    told = []
    for number in range(4):
        await billing.end_of_day(day_after(FIRST, number))
        await asyncio.gather(budgets.round(), budgets.round())
        listed = await house.services.attempts.events(SYSTEM, TENANT, "budget.reached", Page())
        told.append(sorted(event.facts["name"] for event in listed.rows))
    assert told[0] == []
    assert told[1] == told[3] == ["100 %: 2.00 / 2.00 EUR", "80 %: 2.00 / 2.00 EUR"]


async def test_phone_costs_are_the_operators_and_counted_once(billing: BillingHouse) -> None:
    """They stand beside what the customer pays, by gateway and country, and never on his bill (S11)."""
    house = billing.house
    gateway = await house.services.gateway_settings.add(
        SYSTEM,
        TENANT,
        "smpp",
        "Trunk",
        {"host": "127.0.0.1", "port": 9, "system_id": "x"},
        Secret("p"),
        is_enabled=False,
        text_price="0.10 49:0.07",
    )
    await house.store.transact(lambda tx: _sent(tx, gateway.gateway_id, house.clock.now()))
    await billing.go_to(beginning_of(day_after(FIRST)))
    costs = house.services.phone_costs
    await asyncio.gather(costs.round(), costs.round())
    await costs.round()
    found = await costs.of_tenant(SYSTEM, TENANT, FIRST, LAST)
    assert [(one.gateway_id, one.calling_code, one.count, one.cost) for one in found] == [
        (gateway.gateway_id, "43", 1, 1000),
        (gateway.gateway_id, "49", 2, 1400),
    ]


async def _sent(tx: Transaction, gateway_id: str, now: int) -> None:
    for number, address in enumerate(("+4930123456", "+4930123456", "+4312345678")):
        sent = delivery(
            TENANT,
            f"d{number}",
            address=address,
            gateway_id=gateway_id,
            state=DeliveryState.SENT,
            created_at=now,
            expires_at=now + 1000,
            sent_at=now + 10,
        )
        await tx.add_delivery(sent)
