"""A sign-in by call whose provider asks and calls back over HTTP, through the real front end.

The provider is the peer of `tests/peers/telephony.py`: it signs with the address that it was given, as
providers do, and repeats what it asks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import httpx
import msgspec
import pytest

from tests.houses import TENANT, TestHouse, open_house
from tests.integration.http_api.house import usual_frontend
from tests.peers.telephony import ACCOUNT, SILENCE, TOKEN, TelephonyPeer, signature
from vestibule.crypto.secret import Secret
from vestibule.frontends.http.headers import CONTENT_POLICY
from vestibule.frontends.http.options import HttpOptions
from vestibule.model.actor import SYSTEM
from vestibule.model.application import FirstFactor
from vestibule.model.delivery import Carries, DeliveryState
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.verification import Reason
from vestibule.worker.rounds import make_rounds

NUMBER = "+4930123456"


@dataclass(slots=True)
class Served:
    house: TestHouse
    provider: TelephonyPeer
    gateway: GatewayConfiguration
    url: str

    @property
    def callbacks(self) -> str:
        return f"{self.url}/callbacks/{TENANT}/{self.gateway.gateway_id}"


@pytest.fixture
async def served(tmp_path: Path, free_port: Callable[[], int]) -> AsyncIterator[Served]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    options = HttpOptions(listen=(("127.0.0.1", port),), public_url=url)
    async with TelephonyPeer() as provider, open_house(tmp_path) as house:
        services = house.services
        services.gateways._public_url = url
        with usual_frontend(services, options) as frontend:
            await frontend.start()
            rounds = asyncio.create_task(make_rounds(services))
            await house.add_application("vpn", FirstFactor.LOCAL)
            gateway = await services.gateway_settings.add(
                SYSTEM,
                TENANT,
                "http_call",
                "calls",
                {
                    "base_url": provider.url,
                    "allow_plain_http": True,
                    "account": ACCOUNT,
                    "caller_id": "+4930901820",
                },
                Secret(TOKEN),
            )
            try:
                yield Served(house, provider, gateway, url)
            finally:
                rounds.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await rounds
                await frontend.stop(1)


async def test_a_call_approves_a_sign_in(served: Served) -> None:
    """VOI-01, S64: every callback came in over HTTP, signed and twice."""
    served.provider.script = ["#"]
    served.provider.repeats = 2
    await served.house.change_settings(caller_id="+4989123456")
    person = await served.house.add_bare_person("alice")
    await served.house.add_phone(person, "voice", number=NUMBER)
    progress = await served.house.start("alice")
    result = await served.house.wait("alice", progress)
    assert result is not None
    assert (result.is_approved, result.reason) == (True, Reason.CALL_CONFIRMED)
    (call,) = served.provider.calls
    async with asyncio.timeout(10):
        await call.is_over.wait()
    assert (call.asked["To"], call.asked["From"]) == (NUMBER, "+4989123456")
    assert call.asked["Url"].startswith(served.callbacks)
    assert served.provider.refusals == []
    assert set(served.provider.statuses) == {204}


async def test_silence_approves_nothing(served: Served) -> None:
    served.provider.script = [SILENCE, SILENCE]
    person = await served.house.add_bare_person("alice")
    await served.house.add_phone(person, "voice", number=NUMBER)
    progress = await served.house.start("alice")
    result = await served.house.wait("alice", progress)
    assert result is not None
    assert (result.is_approved, result.reason) == (False, Reason.CALL_SILENCE)


async def test_recordings_are_fetched_by_the_provider(served: Served) -> None:
    """Sounds are fetched by GET without a signature; the address is the proof."""
    current = served.house.services.gateway_settings.find(SYSTEM, TENANT, served.gateway.gateway_id)
    spoken_here = msgspec.structs.replace(current, settings={**current.settings, "speech": "own"})
    await served.house.services.gateway_settings.change(SYSTEM, spoken_here)
    served.provider.script = ["#"]
    person = await served.house.add_bare_person("alice")
    await served.house.add_phone(person, "voice", number=NUMBER)
    result = await served.house.wait("alice", await served.house.start("alice"))
    assert result is not None
    assert result.is_approved
    (call,) = served.provider.calls
    assert call.heard[0].startswith("sound:")


async def test_a_test_call_is_heard_of_over_http(served: Served) -> None:
    made = await served.house.services.gateway_settings.send_test(
        SYSTEM, TENANT, served.gateway.gateway_id, NUMBER, Carries.CALL, wait_seconds=10
    )
    assert made.state is DeliveryState.DELIVERED
    (call,) = served.provider.calls
    assert "test call" in call.heard[0]
    assert call.questions == []


async def test_what_is_not_signed_is_refused_and_tells_nothing(served: Served) -> None:
    async with httpx.AsyncClient() as caller:
        form = {"AccountSid": ACCOUNT, "CallStatus": "completed"}
        refused = await caller.post(f"{served.callbacks}/status/x/0/mark", data=form)
        assert (refused.status_code, refused.content) == (403, b"")
        assert refused.headers["content-security-policy"] == CONTENT_POLICY
        assert refused.headers["cache-control"] == "no-store"
        assert "set-cookie" not in refused.headers
        url = f"{served.callbacks}/answered/x/0/mark"
        wrong = signature("another token", url, form)
        refused = await caller.post(url, data=form, headers={"X-Twilio-Signature": wrong})
        assert refused.status_code == 403


@pytest.mark.parametrize(
    "path", [f"/callbacks/{TENANT}/nothing/status", "/callbacks/umbrella/GATEWAY/status", "/callbacks/x"]
)
async def test_there_is_nothing_at_other_addresses(served: Served, path: str) -> None:
    """TEN-01: the gateway of one tenant is not there for another."""
    async with httpx.AsyncClient(base_url=served.url) as caller:
        here = path.replace("GATEWAY", served.gateway.gateway_id)
        assert (await caller.post(here)).status_code == 404
        assert (await caller.get(here)).status_code == 404


async def test_bodies_and_verbs_are_bounded(served: Served) -> None:
    """WEB-14."""
    async with httpx.AsyncClient() as caller:
        large = await caller.post(f"{served.callbacks}/status", content=b"x" * 70_000)
        assert large.status_code == 413
        assert (await caller.put(f"{served.callbacks}/status")).status_code == 405
        assert (await caller.get(f"{served.callbacks}/status")).status_code == 405
        assert (await caller.get(f"{served.callbacks}/sound/x/y.wav")).status_code == 404


async def test_a_gateway_that_is_switched_off_takes_no_callbacks(served: Served) -> None:
    await served.house.services.gateway_settings.set_enabled(
        SYSTEM, TENANT, served.gateway.gateway_id, is_enabled=False
    )
    async with httpx.AsyncClient() as caller:
        assert (await caller.post(f"{served.callbacks}/status")).status_code == 404
