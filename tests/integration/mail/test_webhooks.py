"""Webhooks: signed, told once each, never into a private network, and not lost while the receiver is away."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.houses import TENANT, open_house
from tests.integration.mail.mailing import outbox, round_of
from tests.peers.http_server import Behavior, HttpServer, Told
from tests.peers.openldap_certificates import TestAuthority
from vestibule.crypto.secret import Secret
from vestibule.gateways.webhook import GATEWAY, WebhookGateway, WebhookSettings
from vestibule.interfaces.gateway import NotSent, Sending, Sent, Surroundings, Text, Unsure, Webhook
from vestibule.model.actor import SYSTEM
from vestibule.model.dispatch import DispatchState
from vestibule.services.users import UserFields

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
EVENT = Webhook(dispatch_id="msg_p5jXN8AQM9LWM0D4loKWxJek", kind="user.locked", body=b'{"test": 2432232314}')
NO_ONE: frozenset[str] = frozenset()


def opened(url: str, private_hosts: frozenset[str] = NO_ONE, **settings: Any) -> WebhookGateway:
    nobody: Any = None
    around = Surroundings(gateway_id="g", inbox=nobody, private_hosts=private_hosts)
    return GATEWAY.open({"url": url, **settings}, Secret(SECRET), around)


def resolving(*answers: str) -> tuple[Any, list[str]]:
    """Return a name service that says something else each time, and what it was asked."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return [answers[min(len(asked), len(answers)) - 1]]

    return resolve, asked


async def told(gateway: WebhookGateway) -> Sending:
    try:
        return await gateway.send(EVENT)
    finally:
        await gateway.close()


async def test_an_event_is_signed_as_receivers_know_it() -> None:
    """Standard Webhooks 1.0: identifier, time and body under the key behind `whsec_`."""
    async with HttpServer() as server:
        here = frozenset({f"localhost:{server.port}"})
        assert await told(opened(f"{server.url}/hook?a=b", here)) == Sent("")
        [asked] = server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/hook?a=b", EVENT.body)
    assert asked.headers["host"] == f"localhost:{server.port}"
    assert asked.headers["webhook-id"] == EVENT.dispatch_id
    at = asked.headers["webhook-timestamp"]
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    signed = f"{EVENT.dispatch_id}.{at}.".encode() + EVENT.body
    mine = base64.b64encode(hmac.new(key, signed, "sha256").digest()).decode()
    assert asked.headers["webhook-signature"] == f"v1,{mine}"


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "fe80::1", "fd00::1", "::ffff:127.0.0.1", "0.0.0.0"],
)
async def test_no_event_goes_into_a_private_network(address: str) -> None:
    """WEB-18: loopback, link-local and private addresses, mapped ones among them."""
    resolve, _ = resolving(address)
    settings = WebhookSettings(url="https://hook.example/x")
    gateway = WebhookGateway(settings, Secret(SECRET), NO_ONE, resolve=resolve)
    assert await told(gateway) == NotSent("webhook.cause.not_public")


async def test_a_name_is_looked_up_once_and_what_was_judged_is_connected_to(tmp_path: Path) -> None:
    """WEB-18, DNS rebinding: the second answer of a name service is never asked for; and the certificate is
    that of the name, wherever it leads."""
    authority = TestAuthority(tmp_path)
    async with HttpServer(certificate=authority.issue("hook", "hook.example")) as server:
        resolve, asked = resolving("127.0.0.1", "203.0.113.1")
        url = f"https://hook.example:{server.port}/x"
        settings = WebhookSettings(url=url, ca_file=str(authority.ca_file))
        here = frozenset({f"hook.example:{server.port}"})
        assert await told(WebhookGateway(settings, Secret(SECRET), here, resolve=resolve)) == Sent("")
        assert asked == ["hook.example"]
        assert server.asked[0].headers["host"] == f"hook.example:{server.port}"
        other = WebhookSettings(url=f"https://other.example:{server.port}/x", ca_file=str(authority.ca_file))
        there = frozenset({f"other.example:{server.port}"})
        outcome = await told(WebhookGateway(other, Secret(SECRET), there, resolve=resolve))
    assert outcome in (NotSent("webhook.cause.insecure"), NotSent("webhook.cause.unreachable"))
    assert len(server.asked) == 1


async def test_a_redirect_is_not_followed() -> None:
    """WEB-18."""
    async with HttpServer() as server:
        server.answer = Told(302, headers={"location": f"{server.url}/inside"})
        here = frozenset({f"localhost:{server.port}"})
        assert await told(opened(f"{server.url}/x", here)) == NotSent("webhook.cause.redirected 302")
        assert [asked.path for asked in server.asked] == ["/x"]


async def test_what_a_receiver_leaves_open_is_open() -> None:
    async with HttpServer() as server:
        here = frozenset({f"localhost:{server.port}"})
        for answer, expected in (
            (Told(500), NotSent("webhook.cause.refused 500")),
            (Behavior.CLOSE, Unsure("webhook.cause.broken_off")),
            (Behavior.HANG, Unsure("webhook.cause.timed_out")),
        ):
            server.answer = answer
            assert await told(opened(server.url, here, timeout_seconds=0.5)) == expected
    text = Text(delivery_id="d", to="+4930123456", body=Secret("x"), valid_seconds=60)
    gateway = opened("https://hook.example")
    assert isinstance(await gateway.send(text), NotSent)
    await gateway.close()


@pytest.mark.parametrize(
    ("setting", "settings", "secret"),
    [
        ("url", {"url": "ftp://hook.example"}, SECRET),
        ("url", {"url": "https://"}, SECRET),
        ("url", {"url": "https://hook.example:0/"}, SECRET),
        ("url", {"url": "https://a:b@hook.example/"}, SECRET),
        ("url", {"url": "https://hook.example/#x"}, SECRET),
        ("url", {"url": "http://hook.example/"}, SECRET),
        ("url", {"url": "https://hook.example/ x"}, SECRET),
        ("url", {}, SECRET),
        ("events", {"url": "https://hook.example", "events": ["user.sneezed"]}, SECRET),
        ("secret", {"url": "https://hook.example"}, "short"),
        ("secret", {"url": "https://hook.example"}, "whsec_%%%"),
        ("ca_file", {"url": "https://hook.example", "ca_file": "/nonexistent.pem"}, SECRET),
    ],
)
def test_a_setting_that_is_wrong_is_named(setting: str, settings: dict[str, Any], secret: str) -> None:
    nobody: Any = None
    with pytest.raises(ValueError, match=f"^{setting}: ") as wrong:
        GATEWAY.open(settings, Secret(secret), Surroundings(gateway_id="g", inbox=nobody))
    assert secret not in str(wrong.value)


async def test_a_receiver_that_was_away_is_told_everything_once(tmp_path: Path) -> None:
    """DEP-02: at least once, under an identifier of its own, with backoff; none is lost. Nothing secret is in
    it, and only the kinds that were asked for."""
    async with HttpServer() as server:
        hosts = f"localhost:{server.port}"
        async with open_house(tmp_path / "house", webhook_private_hosts=hosts) as house:
            await house.services.gateway_settings.add(
                SYSTEM,
                TENANT,
                "webhook",
                "tickets",
                {"url": f"{server.url}/hook", "events": ["user.added", "user.changed"]},
                Secret(SECRET),
            )
            server.answer = Told(503)
            for name in ("alice", "bob"):
                house.clock.advance(1)
                fields = UserFields(username=name)
                await house.services.users.add(SYSTEM, TENANT, fields, Secret("canary-password"))
            await house.services.applications.add_application(SYSTEM, TENANT, "not asked for")
            await round_of(house)
            waiting = await outbox(house)
            assert {(one.state, one.cause) for one in waiting} == {
                (DispatchState.WAITING, "webhook.cause.refused 503")
            }
            server.answer = Told(204)
            house.clock.advance(60)
            await round_of(house)
            assert {one.state for one in await outbox(house)} == {DispatchState.SENT}
            assert len(server.asked) == 4
        tries: dict[str, list[bytes]] = {}
        for asked in server.asked:
            tries.setdefault(asked.headers["webhook-id"], []).append(asked.body)
        assert [len(set(bodies)) for bodies in tries.values()] == [1, 1]
        bodies = [json.loads(each[0]) for each in tries.values()]
        assert sorted((one["kind"], one["subject"]["name"]) for one in bodies) == [
            ("user.added", "alice"),
            ("user.added", "bob"),
        ]
        assert b"canary" not in b"".join(asked.body for asked in server.asked)


async def test_a_webhook_of_one_tenant_hears_nothing_of_another(tmp_path: Path) -> None:
    """TEN-06."""
    async with HttpServer() as server:
        hosts = f"localhost:{server.port}"
        async with open_house(tmp_path / "house", webhook_private_hosts=hosts) as house:
            add = house.services.gateway_settings.add
            settings = {"url": server.url, "events": ["user.added"]}
            await add(SYSTEM, TENANT, "webhook", "tickets", settings, Secret(SECRET))
            await house.services.applications.add_tenant(SYSTEM, "other", "Other")
            await house.services.users.add(SYSTEM, "other", UserFields(username="carol"))
            await round_of(house)
            assert server.asked == []


async def test_a_test_event_tells_what_came_of_it(tmp_path: Path) -> None:
    async with HttpServer() as server:
        hosts = f"localhost:{server.port}"
        async with open_house(tmp_path / "house", webhook_private_hosts=hosts) as house:
            add = house.services.gateway_settings.add
            added = await add(SYSTEM, TENANT, "webhook", "tickets", {"url": server.url}, Secret(SECRET))
            sent = await house.services.outbox.send_test(SYSTEM, TENANT, added.gateway_id)
            assert sent.state is DispatchState.SENT
            assert json.loads(server.asked[0].body)["kind"] == "test"
