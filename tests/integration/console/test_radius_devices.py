"""RADIUS devices at the desk and over the API: who signs, what is wrong, what is told of sessions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import API, HttpHouse
from vestibule.model.accounting_record import AccountingRecord, Forwarding
from vestibule.model.actor import SYSTEM
from vestibule.model.application import Client, ClientKind
from vestibule.model.client_sighting import Seen, Sighting
from vestibule.model.tenant import SYSTEM_TENANT


@pytest.fixture
async def vpn(house: HttpHouse) -> Client:
    """A client that need not sign yet."""
    applications = house.inside.services.applications
    application = await applications.add_application(SYSTEM, TENANT, "VPN")
    settings = {"message_authenticator": "warn"}
    return await applications.add_client(
        SYSTEM,
        TENANT,
        application.application_id,
        ClientKind.RADIUS,
        "vpn-1",
        address="192.0.2.1",
        settings=settings,
    )


async def see(house: HttpHouse, client_id: str, *kinds: Seen, tenant_id: str = TENANT, ago: int = 0) -> None:
    """Let a node have seen something."""
    at = house.inside.clock.now() - ago
    sightings = tuple(
        Sighting(
            tenant_id=tenant_id,
            client_id=client_id,
            kind=kind,
            began_at=at,
            count=3,
            first_at=at,
            last_at=at,
            source="192.0.2.1",
        )
        for kind in kinds
    )
    await house.inside.services.client_sightings.keep(sightings)


async def tell(house: HttpHouse, client: Client, number: int, **fields: Any) -> None:
    """Let a client have told something of a session."""
    now = house.inside.clock.now()
    usual = {
        "record_id": f"r{number}",
        "received_at": now + number,
        "expires_at": now + 9_000_000,
        "kind": "Start",
        "username": "alice",
        "session": "s-1",
        "attributes": {"Framed-IP-Address": ["198.51.100.7"], "Acct-Session-Time": ["60"]},
    }
    record = AccountingRecord(
        tenant_id=TENANT, client_id=client.client_id, client_name=client.name, **(usual | fields)
    )
    await house.inside.services.accounting.keep(record)


async def test_what_is_wrong_with_a_device_is_said_at_the_desk(
    house: HttpHouse, console: ConsoleWindow, vpn: Client
) -> None:
    page = f"clients/{vpn.client_id}/doctor"
    assert "Nothing has come from this client." in words(await console.get(page))
    await see(house, vpn.client_id, Seen.WRONG_SIGNATURE, ago=60_000)
    shown = words(await console.get(page))
    assert "3 requests were signed with another secret." in shown
    since = house.inside.clock.now() - 30_000
    listening = words(await console.get(f"{page}?since={since}"))
    assert "Sign in at the device now" in listening
    assert "another secret" not in listening
    assert (await console.get(f"{page}?since=soon")).status_code == 200
    assert (await console.get("clients/nobody/doctor")).status_code == 404


async def test_addresses_of_nobody_are_shown_to_who_runs_the_installation(
    house: HttpHouse, console: ConsoleWindow
) -> None:
    """RA-12, TEN-03: they belong to no tenant, so a tenant's key sees none."""
    await see(house, "198.51.100.23", Seen.UNKNOWN_CLIENT, tenant_id=SYSTEM_TENANT)
    assert "198.51.100.23" in words(await console.get("clients"))
    async with house.caller(await house.add_key("admin")) as office:
        assert (await office.get(f"{API}/radius-strangers")).json()["items"] == []
    async with house.caller(await house.add_key("admin", tenant_id=SYSTEM_TENANT)) as office:
        (stranger,) = (await office.get(f"{API}/radius-strangers")).json()["items"]
    assert (stranger["address"], stranger["count"]) == ("198.51.100.23", 3)


async def test_a_step_more_is_demanded_at_the_desk_when_a_client_is_ready(
    house: HttpHouse, console: ConsoleWindow, vpn: Client
) -> None:
    """RA-06, CVE-2024-3596."""
    await see(house, vpn.client_id, Seen.UNSIGNED)
    assert "3 unsigned" in words(await console.get("clients"))
    assert "Not yet" in words(await console.get(f"clients/{vpn.client_id}"))
    raised = await console.post(f"clients/{vpn.client_id}/raise-signing")
    assert "Unsigned requests are dropped" in words(raised)
    again = await console.post(f"clients/{vpn.client_id}/raise-signing")
    assert again.status_code == 422
    kept = house.inside.services.configuration.current.peers[vpn.client_id].client
    assert kept.settings == {"message_authenticator": "require"}


async def test_the_same_over_the_api(house: HttpHouse, vpn: Client) -> None:
    await see(house, vpn.client_id, Seen.SIGNED, Seen.PASSWORD)
    client = f"{API}/radius-clients/{vpn.client_id}"
    async with house.caller(await house.add_key("admin")) as office:
        (report,) = (await office.get(f"{API}/radius-signing")).json()["items"]
        assert (report["step"], report["signed"], report["advice"]) == ("warn", 3, "ready")
        (finding,) = (await office.get(f"{client}/findings")).json()["items"]
        assert (finding["finding"], finding["grade"], finding["count"]) == ("undecided", "note", 3)
        later = {"since": house.inside.clock.now() + 1}
        (finding,) = (await office.get(f"{client}/findings", params=later)).json()["items"]
        assert (finding["finding"], finding["first_at"]) == ("silent", None)
        raised = await office.post(f"{client}/raise-signing")
        assert raised.json()["settings"] == {"message_authenticator": "require"}
        again = await office.post(f"{client}/raise-signing")
        assert (again.status_code, again.json()["code"]) == (422, "not_possible")


async def test_sessions_are_found_and_taken_away(
    house: HttpHouse, console: ConsoleWindow, vpn: Client
) -> None:
    """WEB-11: no cell of the file is a formula."""
    assert "No sessions told yet" in words(await console.get("accounting"))
    await tell(house, vpn, 1, forwarding=Forwarding.PENDING)
    await tell(house, vpn, 2, username="=cmd()", session="s-2")
    await tell(house, vpn, 3, kind="Stop", username="=cmd()", session="s-2")
    everything = words(await console.get("accounting"))
    assert "Not yet" in everything
    assert "=cmd()" in everything
    still_open = words(await console.get(f"accounting?open=yes&client_id={vpn.client_id}"))
    assert "s-1" in still_open
    assert "s-2" not in still_open
    assert "s-2" not in words(await console.get("accounting?session=s-1&user=alice"))
    assert "s-1" not in words(await console.get("accounting?until=2001-01-01"))
    file = await console.get("accounting.csv?user=%3Dcmd()")
    lines = file.text.removeprefix("\ufeff").splitlines()
    assert lines[0].startswith('"received","kind","user"')
    assert [line.split(",")[1:4] for line in lines[1:]] == [
        ['"Stop"', '"\'=cmd()"', '"s-2"'],
        ['"Start"', '"\'=cmd()"', '"s-2"'],
    ]
    async with house.caller(await house.add_key("admin")) as office:
        listed = await office.get(f"{API}/accounting", params={"open": "true", "client_id": vpn.client_id})
        (item,) = listed.json()["items"]
        assert (item["session"], item["forwarding"]) == ("s-1", "pending")
        assert item["attributes"]["Framed-IP-Address"] == ["198.51.100.7"]
        wrong = await office.get(f"{API}/accounting", params={"cursor": "nonsense"})
        assert wrong.status_code == 400
