"""Usage and bills at the desk: the operator's of all customers, and a customer's own."""

from __future__ import annotations

from tests.houses import TENANT
from tests.integration.billing.conftest import FIRST, LAST, MONTH, BillingHouse
from tests.integration.console.desk import at_console, words
from tests.integration.http_api.house import API, HttpHouse
from vestibule.model.actor import SYSTEM
from vestibule.model.day import beginning_of, end_of
from vestibule.model.provider import UsageModel
from vestibule.model.role import Grant
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.usage import GRACE_MS
from vestibule.model.user import Role


async def used(house: HttpHouse) -> BillingHouse:
    """Let a month begin in which one person is configured."""
    billing = BillingHouse(house.inside)
    await billing.go_to(beginning_of(FIRST))
    await house.add_person("alice")
    await billing.add_provider(UsageModel.PER_USER)
    await billing.look()
    return billing


async def over(billing: BillingHouse) -> None:
    await billing.go_to(end_of(LAST) + GRACE_MS)
    await billing.look()


async def test_the_operator_sets_prices_issues_and_takes_back(house: HttpHouse) -> None:
    """S11: what phones have cost stands beside what is paid, and at the operator's alone."""
    billing = await used(house)
    await over(billing)
    root = await house.inside.add_person("root", tenant_id=SYSTEM_TENANT, role=Role.ADMINISTRATOR)
    async with at_console(house, root.user) as operator:
        form = {"currency": "eur", "from_day": FIRST, "per_user": "31", "per_pack": "x", "per_licence": "0"}
        wrong = await operator.post("prices", form, SYSTEM_TENANT)
        assert wrong.status_code == 422
        assert "“x” is no amount" in words(wrong)
        assert "31.00" in words(await operator.post("prices", form | {"per_pack": "1"}, SYSTEM_TENANT))
        overview = words(await operator.get(f"billing?month={MONTH}", SYSTEM_TENANT))
        assert "Draft of a statement" in overview
        issued = await operator.post("billing/issue", {"month": MONTH}, SYSTEM_TENANT)
        assert "2027-000001" in words(issued)
        note = {"amount": "3.50", "reason": "Outage"}
        await operator.post("statements/2027-000001/credit", note, SYSTEM_TENANT)
        refused = await operator.post("statements/2027-000001/credit", note | {"amount": "99"}, SYSTEM_TENANT)
        assert "At most 24.50 EUR" in words(refused)
        page = words(await operator.get(f"billing?month={MONTH}"))
        assert "Cost of texts and calls" in page
        drawn = await operator.get("statements/2027-000002/pdf")
        assert drawn.content.startswith(b"%PDF-")
        assert "lacks some letters" not in words(await operator.get("statements/2027-000002"))
        await operator.post("statements/2027-000001/credit", note | {"reason": "停電"}, SYSTEM_TENANT)
        assert "In these, others are replaced by a sign: 停電" in words(
            await operator.get("statements/2027-000003")
        )
        day = words(await operator.get(f"usage/{(await billing.usage())[0].provider_id}/{FIRST}"))
        assert "alice" in day
    await _customer_sees_his_own(house)


async def _customer_sees_his_own(house: HttpHouse) -> None:
    mine = await house.inside.add_person("boss", tenant_id=SYSTEM_TENANT, role=Role.LIMITED)
    await house.inside.services.roles.give(
        SYSTEM, mine.user.user_id, [Grant(role_id="auditor", tenant_id=TENANT)]
    )
    async with at_console(house, mine.user) as customer:
        page = words(await customer.get(f"billing?month={MONTH}"))
        assert "2027-000001" in page
        assert "Cost of texts and calls" not in page
        for closed in ("prices", "billing"):
            assert (await customer.get(closed, SYSTEM_TENANT)).status_code in (403, 404)
        assert (await customer.post("statements/2027-000001/credit", {"reason": "x"})).status_code in (
            403,
            404,
        )


async def test_prices_statements_and_files_over_the_api(house: HttpHouse) -> None:
    billing = await used(house)
    operator_key = await house.add_key("admin", tenant_id=SYSTEM_TENANT)
    own_key = await house.add_key("admin")
    async with house.caller(operator_key) as operator, house.caller(own_key) as customer:
        prices = {"currency": "EUR", "from_day": FIRST, "per_user": "31", "per_pack": "1"}
        tried = await operator.post(f"{API}/price-lists", json=prices | {"dry_run": True})
        assert tried.status_code == 201
        assert (await operator.get(f"{API}/price-lists")).json()["items"] == []
        added = (await operator.post(f"{API}/price-lists", json=prices)).json()
        assert (added["per_user"], added["per_licence"]) == ("31", "0")
        open_month = (await operator.post(f"{API}/statements", json={"month": MONTH})).json()["items"]
        assert [one["problem"] for one in open_month] == ["month_open"]
        await over(billing)
        usage = (await customer.get(f"{API}/usage", params={"month": MONTH})).json()["items"]
        assert [day["units"] for day in usage] == ["1/31"] * 28
        users = await customer.get(f"{API}/usage/{usage[0]['provider_id']}/{FIRST}/users")
        assert [user["username"] for user in users.json()["items"]] == ["alice"]
        (issued,) = (await operator.post(f"{API}/statements", json={"month": MONTH})).json()["items"]
        number = issued["statements"][0]["number"]
        assert (await customer.get(f"{API}/statements/{number}")).json()["total"] == "28.00"
        file = await customer.get(f"{API}/statements/{number}/file", params={"format": "json"})
        assert len(file.json()["lines"][0]["days"]) == 28
        back = {"reason": "Outage", "amount": "28.00"}
        credited = await operator.post(f"{API}/statements/{number}/credit", json=back)
        assert credited.json()["total"] == "-28.00"
        budget = await customer.put(f"{API}/budgets/{usage[0]['provider_id']}", json={"amount": "500"})
        assert budget.json()["amount"] == "500"
        for verb, path, body in (
            ("GET", "price-lists", None),
            ("GET", "phone-costs", None),
            ("POST", "statements", {"month": MONTH}),
            ("POST", f"statements/{number}/credit", back),
            ("DELETE", f"price-lists/{added['id']}", None),
        ):
            assert (await customer.request(verb, f"{API}/{path}", json=body)).status_code == 404, path
        for path in ("phone-costs", "statements/drafts"):
            asked = await operator.get(f"{API}/{path}", params={"month": "0000-01"})
            assert asked.status_code == 400, path
        refused = await operator.delete(f"{API}/price-lists/{added['id']}")
        assert refused.json()["code"] == "billed_already"
