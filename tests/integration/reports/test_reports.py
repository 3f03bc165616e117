"""Reports: what they say (S4-S10, inventory 1.31), to whom, as pages and as files."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.stores.records import decided
from tests.conformance.stores.test_store_server_records import attempt as told
from tests.houses import START, TENANT, TestHouse, open_house
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM, Actor, Forbidden, Reach, Right
from vestibule.model.edition import Edition
from vestibule.model.report import Cell, ReportFilter
from vestibule.model.verification import Reason, Verification, VerificationState
from vestibule.services.bypasses import NewBypass
from vestibule.services.name_list import NamedLine
from vestibule.services.refusal import Refusal, Refused

ALL = ReportFilter()
DENIED = {"state": VerificationState.DENIED, "is_authenticated": False}
Rows = list[dict[str, Cell]]


@pytest.fixture(params=["sqlite", "postgresql"])
async def house(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TestHouse]:
    url = request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
    async with open_house(tmp_path, url) as made:
        yield made


async def add(house: TestHouse, attempt_id: str = "v1", **fields: Any) -> Verification:
    made = decided(TENANT, attempt_id, **({"started_at": START} | fields))
    await house.store.transact(lambda tx: tx.add_verification(made))
    return made


async def rows(house: TestHouse, name: str, where: ReportFilter = ALL, actor: Actor = SYSTEM) -> Rows:
    view = await house.services.reporting.view(actor, TENANT, name, where, Page())
    names = [column.name for column in view.descriptor.columns]
    return [dict(zip(names, row, strict=True)) for row in view.page.rows]


async def file(house: TestHouse, name: str, where: ReportFilter = ALL) -> str:
    content = await house.services.reporting.file(SYSTEM, TENANT, name, where)
    return "".join([lines async for lines in content])


def read(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.removeprefix("\ufeff"))))


async def test_s4_an_attempt_has_who_mode_result_server_and_its_address(house: TestHouse) -> None:
    """S4."""
    await add(house, method="totp", legacy_result="SUCCESS_OATH_CODE_VERIFIED")
    (row,) = read(await file(house, "attempts"))
    assert (row["Username"], row["Unique Id"], row["User Id"]) == ("alice", "v1", "alice")
    assert (row["Authentication Method"], row["OATH Token Mode"]) == ("OATH Token", "Standard")
    assert (row["Overall Authenticated"], row["Overall Result"]) == ("Yes", "SUCCESS_OATH_CODE_VERIFIED")
    assert (row["MFA Server Name"], row["MFA Server IP"]) == ("node1", "192.0.2.10")


async def test_s5_names_and_address_are_there_if_they_were_recorded(house: TestHouse) -> None:
    """S5."""
    await add(house)
    await add(house, "v2", given_name="Alice", family_name="Liddell", email="alice@example.org")
    names = [
        (row["First Name"], row["Last Name"], row["Email Address"]) for row in await rows(house, "attempts")
    ]
    assert sorted(names) == [("", "", ""), ("Alice", "Liddell", "alice@example.org")]


async def test_s6_s7_s8_phone_device_and_address_stand_where_they_belong(house: TestHouse) -> None:
    """S6: a phone for calls and texts only; S7: a device for the app only; S8: the address if it was told."""
    await add(house, "v1", method="voice", phone="+4930123456", reason=Reason.CALL_PIN_WRONG, **DENIED)
    await add(house, "v2", method="app", device="token-of-a-phone", user_address="198.51.100.7")
    by_id = {row["Unique Id"]: row for row in await rows(house, "attempts")}
    call, app = by_id["v1"], by_id["v2"]
    assert (call["Primary Call Country Code"], call["Primary Call Phone Number"]) == ("49", "30123456")
    assert (call["Phone Number"], call["Phone Call Mode"]) == ("+4930123456", "PIN")
    assert (call["Device Token"], call["Initiating IP Address"]) == ("", "")
    assert (app["Device Token"], app["Initiating IP Address"]) == ("token-of-a-phone", "198.51.100.7")
    assert (app["Phone Number"], app["Primary Call Phone Number"], app["Mobile App Mode"]) == (
        "",
        "",
        "Standard",
    )


async def test_s9_the_reason_of_a_denial_shows_in_the_authentication_and_usage_reports(
    house: TestHouse,
) -> None:
    """S9."""
    await add(house, reason=Reason.TEXT_WRONG, legacy_result="FAILED_SMS_OTP_INCORRECT", **DENIED)
    for name in ("attempts", "user_details", "usage", "sign_ins"):
        (row,) = await rows(house, name)
        assert row.get("Reason", row.get("MFA Result")) == "text_wrong", name
        assert row["Result"] == "FAILED_SMS_OTP_INCORRECT", name


async def test_s10_the_result_of_a_success_shows_in_the_same_reports(house: TestHouse) -> None:
    """S10; and an attempt that a server has told counts with them."""
    await add(house, legacy_result="SUCCESS_OATH_CODE_VERIFIED")
    for name in ("attempts", "user_details", "usage"):
        (row,) = await rows(house, name)
        assert (row["Outcome"], row["Result"]) == ("approved", "SUCCESS_OATH_CODE_VERIFIED"), name
    await house.store.transact(
        lambda tx: tx.add_server_attempts([told(TENANT, "t1", legacy_result="SUCCESS_SMS_AUTHENTICATED")])
    )
    usage = {row["Result"]: row["Authentications"] for row in await rows(house, "usage")}
    assert usage == {"SUCCESS_OATH_CODE_VERIFIED": 1, "SUCCESS_SMS_AUTHENTICATED": 1}
    (row,) = await rows(house, "server_attempts", ReportFilter(users=("u1",)))
    assert (row["Username"], row["Phone Number"], row["MFA Server Name"]) == ("u1", "+4930123456", "node-1")
    assert await rows(house, "server_attempts", ReportFilter(users=("u2",))) == []


async def test_usage_goes_back_day_by_day_and_is_drawn(house: TestHouse) -> None:
    day = 86_400_000
    for number in range(10):
        await add(house, f"v{number}", started_at=START - number * day)
    await add(house, "d", reason=Reason.PASSWORD_WRONG, **DENIED)
    where = ReportFilter(since=START - 8 * day, until=START + 1)
    view = await house.services.reporting.view(SYSTEM, TENANT, "usage", where, Page())
    assert view.page.next_cursor
    assert view.chart is not None
    assert (len(view.chart.bars), view.chart.bars[-1].parts, view.chart.highest) == (7, (1, 1), 2)
    assert len(read(await file(house, "usage", where))) == 10, "nine days, one of them with two reasons"


async def test_people_are_summed_up_and_narrowed_by_name(house: TestHouse) -> None:
    alice, _ = await house.add_person("alice"), await house.add_person("bob")
    for number in range(3):
        await add(house, f"v{number}", user_id=alice.user.user_id)
    await add(house, "d", user_id=alice.user.user_id, reason=Reason.PASSCODE_WRONG, **DENIED)
    summary = {row["Username"]: row for row in await rows(house, "user_summary")}
    assert [summary["alice"][name] for name in ("Authentications", "Approved", "Denied")] == [4, 3, 1]
    assert summary["alice"]["Last Authentication"] == START
    assert summary["bob"]["Authentications"] == 0
    (row,) = await rows(house, "user_summary", ReportFilter(users=("ALICE", "nobody")))
    assert row["Username"] == "alice"
    assert await rows(house, "attempts", ReportFilter(users=("nobody",))) == []
    assert len(await rows(house, "user_details", ReportFilter(users=("alice",), state="denied"))) == 1


async def test_fraud_blocks_bypasses_activations_and_changes(house: TestHouse) -> None:
    """1.31: with the original's columns."""
    alice = await house.add_person("alice", phone="+4930123456")
    user_id, services = alice.user.user_id, house.services
    fraud = {"reason": Reason.FRAUD_REPORTED, "legacy_result": "FAILED_FRAUD_CODE_ENTERED", **DENIED}
    await add(house, user_id=user_id, method="voice", phone="+4930123456", **fraud)
    assert [row["Blocked"] for row in await rows(house, "fraud", ReportFilter(state="not_blocked"))] == [
        False
    ]
    await services.blocks.block(SYSTEM, TENANT, user_id, "lost phone")
    assert await rows(house, "fraud", ReportFilter(state="not_blocked")) == []
    (row,) = await rows(house, "fraud", ReportFilter(phones=("+49 30 123456",), users=("alice",)))
    assert (row["Username"], row["Result"]) == ("alice", "FAILED_FRAUD_CODE_ENTERED")
    assert await rows(house, "fraud", ReportFilter(phones=("+49 30 654321",))) == []
    await services.blocks.lift(SYSTEM, TENANT, user_id, "found it")
    (blocked,) = await rows(house, "blocked")
    assert (blocked["Block Reason"], blocked["Completion Reason"]) == ("lost phone", "found it")
    assert (blocked["Blocked"], blocked["Fraud Alert"]) == (False, "No")
    assert await rows(house, "blocked", ReportFilter(state="active")) == []
    await services.bypasses.make(SYSTEM, TENANT, user_id, NewBypass(reason="at home", seconds=300))
    (bypass,) = await rows(house, "bypassed")
    assert (bypass["Bypass Seconds"], bypass["Bypass Reason"], bypass["Bypass Used"]) == (
        300,
        "at home",
        False,
    )
    assert (bypass["Country Code"], bypass["Phone Number"]) == ("49", "30123456")
    await services.pins.set(SYSTEM, TENANT, user_id)
    (change,) = await rows(house, "changes", ReportFilter(users=("alice",)))
    assert (change["Change"], change["New PIN"], change["By Username"]) == ("pin.set", "Yes", "system")
    assert await rows(house, "activations") == []


async def test_who_is_limited_to_groups_reads_of_their_people_only(house: TestHouse) -> None:
    people = [await house.add_person(name) for name in ("alice", "bob")]
    group = await house.services.groups.add(SYSTEM, TENANT, "Staff")
    for number, person in enumerate(people):
        await add(house, f"v{number}", user_id=person.user.user_id, username=person.user.username)
    await house.services.groups.add_members(SYSTEM, TENANT, group.group_id, [NamedLine(1, "alice")])
    reach = Reach(
        rights=frozenset({Right.READ_HISTORY}), tenant_id=TENANT, groups=frozenset({group.group_id})
    )
    desk = Actor(actor_id="d", name="desk", tenant_id="", rights=frozenset(), reaches=(reach,))
    names = {one.name for one in house.services.reporting.all(desk, TENANT)}
    assert "attempts" in names
    assert "usage" not in names, "it cannot be told apart by people"
    for name in ("attempts", "user_summary"):
        assert [row["Username"] for row in await rows(house, name, actor=desk)] == ["alice"]
    with pytest.raises(Refused):
        await rows(house, "usage", actor=desk)
    stranger = Actor(actor_id="s", name="s", tenant_id=TENANT, rights=frozenset({Right.SELF}))
    with pytest.raises(Forbidden):
        await rows(house, "attempts", actor=stranger)


async def test_a_file_holds_no_formula_and_the_whole_report(house: TestHouse) -> None:
    """WEB-11; more rows than a page has."""
    await add(house, "v", claimed_username="=cmd()", username="", user_id="")
    for number in range(501):
        await add(house, f"v{number:03d}", started_at=START + number)
    content = await file(house, "user_details")
    assert len(read(content)) == 502
    assert read(content)[-1]["Username"] == "'=cmd()"
    assert read(content)[0]["Timestamp"] == "2027-01-15T08:00:00Z"


async def test_what_cannot_be_is_refused(house: TestHouse) -> None:
    for name, where, why in (
        ("none", ALL, Refusal.NOT_FOUND),
        ("usage", ReportFilter(state="denied"), Refusal.NOT_POSSIBLE),
        ("attempts", ReportFilter(users=("x",) * 21), Refusal.TOO_MANY),
        ("attempts", ReportFilter(phones=("12",)), Refusal.PHONE_INVALID),
    ):
        with pytest.raises(Refused) as refused:
            await rows(house, name, where)
        assert refused.value.why is why
    await house.services.editions.change(SYSTEM, TENANT, Edition.FREE_ADMINS)
    with pytest.raises(Refused) as refused:
        await rows(house, "attempts")
    assert refused.value.why is Refusal.EDITION_NEEDED
