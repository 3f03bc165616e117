"""Callbacks of providers: what a gateway is told of a request, and how its answer leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.integration.http_api.house import TENANT, HttpHouse, http_house
from vestibule.crypto.secret import Secret
from vestibule.frontends.http.headers import CONTENT_POLICY
from vestibule.frontends.http.options import HttpOptions
from vestibule.interfaces.gateway import (
    CallbackAnswer,
    CallbackRequest,
    Errand,
    NotSent,
    Sending,
    Surroundings,
)
from vestibule.model.actor import SYSTEM
from vestibule.model.delivery import Carries

PUBLIC = "https://signin.example.com"


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    pass


class Listener:
    """A gateway that keeps what it is told; implements `Gateway` and `TakesCallbacks`."""

    def __init__(self) -> None:
        self.requests: list[CallbackRequest] = []
        self.answer = CallbackAnswer()

    async def send(self, errand: Errand) -> Sending:
        return NotSent("not at all")

    async def callback(self, request: CallbackRequest) -> CallbackAnswer:
        self.requests.append(request)
        return self.answer

    async def close(self) -> None: ...


class Deaf:
    """A gateway without callbacks."""

    async def send(self, errand: Errand) -> Sending:
        return NotSent("not at all")

    async def close(self) -> None: ...


class Kind:
    carries = frozenset({Carries.TEXT})
    settings = Nothing

    def __init__(self, name: str, gateway: Any) -> None:
        self.name = name
        self._gateway = gateway

    def open(self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings) -> Any:
        return self._gateway


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[HttpHouse]:
    async with http_house(tmp_path, HttpOptions(public_url=PUBLIC)) as living:
        yield living


async def add(house: HttpHouse, kind: str, gateway: object) -> str:
    services = house.inside.services
    services.gateways.kinds = {**services.gateways.kinds, kind: Kind(kind, gateway)}
    added = await services.gateway_settings.add(SYSTEM, TENANT, kind, kind, {}, Secret(""))
    return f"/callbacks/{TENANT}/{added.gateway_id}"


async def test_a_gateway_is_told_what_the_provider_sent(house: HttpHouse) -> None:
    """SMS-01: signatures are made over the address that the provider knows, not over what a proxy made of
    it, and over the octets of path and query as they were written."""
    listener = Listener()
    base = await add(house, "listener", listener)
    async with house.caller() as proxy:
        answer = await proxy.post(
            f"{base}/receipt/%7Ea?b=1&b=%20two+&empty=",
            content=b"MessageSid=SM1&To=%2B49",
            headers={
                "X-Signature": "abc",
                "Host": "10.0.0.7:8080",
                "X-Forwarded-Host": "evil.example",
                "Content-Type": "application/x-www-form-urlencoded",
            },
        )
    assert (answer.status_code, answer.content) == (204, b"")
    (told,) = listener.requests
    assert told.url == f"{PUBLIC}{base}/receipt/%7Ea?b=1&b=%20two+&empty="
    assert (told.method, told.path) == ("POST", "receipt/~a")
    assert told.query == (("b", "1"), ("b", " two "), ("empty", ""))
    assert told.body == b"MessageSid=SM1&To=%2B49"
    assert ("x-signature", "abc") in told.headers


@pytest.mark.parametrize("end", ["", "/"])
async def test_the_bare_address_is_one_too(house: HttpHouse, end: str) -> None:
    listener = Listener()
    base = await add(house, "listener", listener)
    async with house.caller() as provider:
        assert (await provider.get(f"{base}{end}", params={"a": "b"})).status_code == 204
    (told,) = listener.requests
    assert (told.method, told.path, told.url) == ("GET", "", f"{PUBLIC}{base}{end}?a=b")


async def test_the_answer_leaves_as_it_is_with_our_headers(house: HttpHouse) -> None:
    listener = Listener()
    listener.answer = CallbackAnswer(status=200, content_type="text/xml", body=b"<Response/>")
    base = await add(house, "listener", listener)
    async with house.caller() as provider:
        answer = await provider.post(base)
    assert (answer.status_code, answer.content) == (200, b"<Response/>")
    assert answer.headers["content-type"].startswith("text/xml")
    assert answer.headers["content-security-policy"] == CONTENT_POLICY
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers


async def test_a_browser_of_another_site_is_no_hindrance(house: HttpHouse) -> None:
    """There is no session that a foreign form could misuse; what counts is the proof in the request."""
    base = await add(house, "listener", Listener())
    async with house.caller() as provider:
        answer = await provider.post(base, headers={"Origin": "https://provider.example"})
    assert answer.status_code == 204


async def test_what_takes_no_callbacks_is_not_there(house: HttpHouse) -> None:
    base = await add(house, "deaf", Deaf())
    async with house.caller() as provider:
        assert (await provider.post(base)).status_code == 404
        assert (await provider.get(f"/callbacks/{TENANT}/unknown")).status_code == 404
        assert (await provider.get(base.replace(TENANT, "umbrella"))).status_code == 404


async def test_bounds_hold_before_the_gateway_is_asked(house: HttpHouse) -> None:
    """WEB-14."""
    listener = Listener()
    base = await add(house, "listener", listener)
    async with house.caller() as provider:
        assert (await provider.post(base, content=b"x" * (64 * 1024 + 1))).status_code == 413
        assert (await provider.get(f"{base}?{'&'.join('a=1' for _ in range(300))}")).status_code == 400
        assert (await provider.delete(base)).status_code == 405
    assert listener.requests == []


async def test_a_gateway_that_breaks_tells_nothing(house: HttpHouse) -> None:
    class Broken(Listener):
        async def callback(self, request: CallbackRequest) -> CallbackAnswer:
            raise RuntimeError("the secret is 12345")

    base = await add(house, "broken", Broken())
    async with house.caller() as provider:
        answer = await provider.post(base)
    assert answer.status_code == 500
    assert "12345" not in answer.text
