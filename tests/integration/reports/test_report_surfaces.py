"""Reports at the console and over the API: the same rows, as pages and as files."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.conformance.stores.records import decided
from tests.houses import START, TENANT
from tests.integration.console.desk import ConsoleWindow, at_console, words
from tests.integration.http_api.house import API, SYSTEM_TENANT, HttpHouse, http_house
from vestibule.interfaces.store import Transaction
from vestibule.model.user import Role
from vestibule.model.verification import Reason


async def fill(tx: Transaction) -> None:
    for number, name in enumerate(("bob", "alice")):
        one = {"username": name, "started_at": START - number, "reason": Reason.TEXT_VERIFIED}
        await tx.add_verification(decided(TENANT, f"v{number}", method="sms", **one))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[HttpHouse]:
    async with http_house(tmp_path) as living:
        await living.inside.store.transact(fill)
        yield living


@pytest.fixture
async def console(house: HttpHouse) -> AsyncIterator[ConsoleWindow]:
    root = await house.inside.add_person("root", tenant_id=SYSTEM_TENANT, role=Role.ADMINISTRATOR)
    async with at_console(house, root.user) as window:
        yield window


async def test_reports_are_read_narrowed_and_taken_away_at_the_console(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    """1.31: without a script: a form that asks, a link to the file, a button for the background."""
    assert "Fraud alerts" in words(await console.get("reports"))
    usage = await console.get("reports/usage")
    assert 'role="img" aria-label="Usage: overall: 2 in all, at most 2 on one day"' in usage.text
    assert "The chart as a table" in words(usage)
    page = await console.get("reports/attempts?state=approved&since=2027-01-15")
    assert ("alice" in words(page), "bob" in words(page)) == (True, True)
    assert "reports/attempts/csv?since=2027-01-15&amp;state=approved" in page.text
    assert "alice" not in words(await console.get("reports/attempts?state=denied"))
    wrong = await console.get("reports/attempts?phones=12")
    assert wrong.status_code == 422
    assert (await console.get("reports/attempts?cursor=none")).status_code == 400
    assert (await console.get("reports/none")).status_code == 404
    file = await console.get("reports/attempts/csv?state=approved")
    assert file.headers["content-disposition"] == 'attachment; filename="attempts-2027-01-15.csv"'
    assert file.text.count("\r\n") == 3
    queued = await console.post("reports/attempts/queue", {"state": "approved"})
    assert "The report is being prepared." in words(queued)
    await house.inside.services.report_runs.write_next()
    listed = await console.get("reports")
    path = listed.text.partition("/report-files/")[2].partition('"')[0]
    assert (await console.get(f"report-files/{path}")).text == file.text
    await console.post(f"report-files/{path}/remove")
    assert "within the last three days" in words(await console.get("reports"))


async def test_reports_over_the_api(house: HttpHouse) -> None:
    async with house.caller(await house.add_key("admin")) as caller:
        listed = (await caller.get(f"{API}/reports")).json()["items"]
        assert {"usage", "attempts", "fraud"} <= {one["id"] for one in listed}
        page = (await caller.get(f"{API}/reports/user_details", params={"limit": 1})).json()
        assert page["rows"][0][page["columns"].index("Username")] == "bob"
        rest = {"cursor": page["next_cursor"], "state": "approved"}
        assert len((await caller.get(f"{API}/reports/user_details", params=rest)).json()["rows"]) == 1
        assert (await caller.get(f"{API}/reports/none")).status_code == 404
        assert (await caller.get(f"{API}/reports/attempts", params={"cursor": "x"})).status_code == 400
        asked = (await caller.post(f"{API}/reports/user_details/files", json={"state": "approved"})).json()
        await house.inside.services.report_runs.write_next()
        where = f"{API}/report-files/{asked['id']}"
        assert (await caller.get(where)).json()["rows"] == 2
        content = await caller.get(f"{where}/content")
        assert content.headers["content-type"].startswith("text/csv")
        assert content.text.count("\r\n") == 3
        assert (await caller.delete(where)).status_code == 204
        assert (await caller.get(f"{API}/report-files")).json()["items"] == []
