"""Routes and ranges that rest, at the console and over the API: seen, explained, ended by hand (SMS-04)."""

from __future__ import annotations

from tests.houses import TENANT
from tests.integration.console.desk import ConsoleWindow, words
from tests.integration.http_api.house import API, HttpHouse
from vestibule.crypto.secret import Secret
from vestibule.model.actor import SYSTEM
from vestibule.model.range_breaker import opened


async def test_a_range_is_seen_and_served_again(house: HttpHouse, console: ConsoleWindow) -> None:
    services = house.inside.services
    settings = {"host": "127.0.0.1", "port": 9, "system_id": "x"}
    await services.gateway_settings.add(
        SYSTEM, TENANT, "smpp", "Operator", settings, Secret("p"), text_price="0.07", serves="49"
    )
    for prefix in ("+4917612", "+4917613"):
        one = opened(TENANT, prefix, house.inside.clock.now(), unanswered=20, cost=14_000)
        await house.inside.store.transact(lambda tx, one=one: tx.open_range_breaker(one))  # type: ignore[misc] # a default binds it
    assert "2 ranges of numbers rest" in words(await console.get("gateways"))
    page = words(await console.get("routes?number=%2B4930123456&carries=text"))
    assert "In this order to +4930123456" in page
    assert ("Operator (the last)" in page, "+4917612… Rests 20 1.40" in page) == (True, True)
    assert "No gateway" in words(await console.get("routes?number=%2B4312345678"))
    assert (await console.get("routes?number=12")).status_code == 422
    done = await console.post("routes/close", {"prefix": "+4917612"})
    assert "+4917612… is served again." in words(done)
    async with house.caller(await house.add_key("admin")) as caller:
        ranges = (await caller.get(f"{API}/number-ranges")).json()["items"]
        assert [(one["id"], one["state"]) for one in ranges] == [("4917613", "open"), ("4917612", "closed")]
        assert (await caller.delete(f"{API}/number-ranges/4917613")).status_code == 204
        assert (await caller.delete(f"{API}/number-ranges/4917613")).status_code == 404
        asked = {"number": "+4930123456"}
        (route,) = (await caller.get(f"{API}/gateway-routes", params=asked)).json()["items"]
        assert (route["name"], route["digits"], route["cost"], route["because"]) == (
            "Operator",
            2,
            "0.07",
            "last",
        )
        wrong = await caller.get(f"{API}/gateway-routes", params={"number": "12"})
        assert wrong.status_code == 422
