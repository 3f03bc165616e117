"""Apps at the service whose server is behind it: carried there and back, judged there, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Any
from unittest.mock import patch

import httpx
import pytest

from tests.houses import PASSWORD
from tests.integration.relay.conftest import PEER, SERVICE, Relay
from tests.peers.app_device import AppDevice, AppError
from vestibule.frontends.http.authenticator_app import relay as relay_of_apps
from vestibule.interfaces.link import Peer, Refused
from vestibule.interfaces.relay import APP, AppAnswer, AppRequest, packed, unpacked
from vestibule.model.verification import Reason, VerificationState
from vestibule.services.outcome import Progress

OTHER = Peer("customer", "d" * 32, "e" * 32, "f" * 32, "node-1")
"""As whom the server is known once it was activated for another provider."""


async def activated(relay: Relay) -> AppDevice:
    """Give Alice an app at the service."""
    alice = await relay.server.add_bare_person("alice")
    alice.secret = b""
    signed_in = await relay.apps.session_of(alice)
    pending, code = await relay.apps.begin(signed_in)
    device = relay.device()
    await device.activate(code)
    stage = await relay.server.services.app_activations.stage(signed_in, pending)
    done = await device.approve(await device.next_request(), stage.number)
    assert done["outcome"] == "approved"
    return device


async def begin(relay: Relay) -> tuple[Progress, str]:
    progress = await relay.server.start("alice", PASSWORD, user_address="192.0.2.7")
    assert progress.challenge is not None
    return progress, progress.challenge.number


async def test_an_app_at_the_service_is_activated_and_approves(relay: Relay) -> None:
    """A list is waited for; the server's own address is never asked."""
    device = await activated(relay)
    await device.requests()
    with patch.object(relay_of_apps, "_MOST_OF_A_GROUP", 0):
        assert await device.requests(20) == [], "answered at once, where too many wait already"
    waiting = asyncio.create_task(device.requests(20))
    progress, number = await begin(relay)
    # It may be woken by what was before, as an app may, which asks again.
    (request,) = await waiting or await device.requests(20)
    relay.pair.cut()
    with pytest.raises(AppError) as refused:
        await device.requests()
    assert (refused.value.status, refused.value.code) == (503, "unavailable"), "and it tries again"
    relay.pair.mend()
    assert request["place"] == "192.0.2.7"
    done = await device.approve(request, number)
    assert done["outcome"] == "approved"
    ended = await relay.server.wait("alice", progress)
    assert ended is not None
    assert (ended.state, ended.reason) == (VerificationState.APPROVED, Reason.APP_APPROVED)


async def test_a_service_that_alters_or_invents_an_approval_gets_nothing(relay: Relay) -> None:
    """It sees all that passes, and has neither the device's key nor its word for another decision."""
    device = await activated(relay)
    progress, number = await begin(relay)
    request = await device.next_request()
    token = device.account["token"]
    path = f"v1/requests/{request['id']}/answer"
    link = relay.pair.service

    async def forged(body: dict[str, Any]) -> AppAnswer:
        asked = AppRequest(
            method="POST",
            path=path,
            headers=(("authorization", f"Bearer {token}"), ("content-type", "application/json")),
            body=httpx.Request("POST", SERVICE, json=body).content,
        )
        return unpacked(await link.ask(APP, packed(asked), 10), AppAnswer)

    denied = device.answer_body(request, "deny")
    altered = await forged(denied | {"decision": "approve", "number": number})
    assert (altered.status, b"signature_wrong" in altered.body) == (422, True)
    thief = AppDevice(device.client)
    thief.account = device.account
    invented = await forged(thief.answer_body(request, "approve", number))
    assert invented.status == 422
    earlier = device.answer_body(request | {"id": "0" * 32}, "approve", number)
    assert (await forged(earlier)).status == 422, "an approval of another request"
    (attempt,) = [each for each in await relay.server.attempts() if each.state is VerificationState.PENDING]
    assert attempt.verification_id == progress.verification.verification_id
    assert (await forged(denied)).status == 200, "what was signed counts, whoever carries it"


_OTHER_DOORS = (
    ("GET", "v1/requests"),
    ("POST", "v1/requests/../../console/"),
    ("POST", "../console/sign-in"),
    ("GET", "texts/en.json"),
    ("POST", "v1/requests/" + "0" * 31 + "/answer"),
)


async def test_the_link_opens_no_other_door_of_a_server(relay: Relay) -> None:
    """Neither to apps nor to the service itself. An answer of a server is never a page of the service."""
    client = relay.device().client
    for method, path in _OTHER_DOORS:
        with pytest.raises(Refused, match="malformed"):
            await relay.pair.service.ask(APP, packed(AppRequest(method=method, path=path)), 10)
    carried = relay.asked_by_service.count(APP)
    for method, path in _OTHER_DOORS:
        await client.request(method, f"/app/{path}")
    assert relay.asked_by_service.count(APP) == carried
    seen: list[AppRequest] = []

    async def hostile(request: AppRequest, _service: str) -> AppAnswer:
        seen.append(request)
        return AppAnswer(status=200, body=b"<script>alert(1)</script>")

    relay.server.services.relayed_apps.open(hostile)
    headers = {"cookie": "s=1", "x-forwarded-for": "10.0.0.1"}
    answer = await client.put("/app/v1/push", json={}, headers=headers)
    assert answer.headers["content-type"].startswith("application/json")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert seen[0].client_address == "203.0.113.5"
    assert {name for name, _ in seen[0].headers} <= {"content-type", "accept-language", "authorization"}


async def test_pages_of_the_app_are_the_services_own_and_know_their_place(relay: Relay) -> None:
    client = relay.device().client
    root = f"/relay/{PEER.group_id}/app/"
    page = await client.get("/app/")
    assert f'href="{root}manifest.webmanifest"' in page.text
    manifest = (await client.get("/app/manifest.webmanifest")).json()
    assert (manifest["id"], manifest["scope"]) == (root, root)
    worker = await client.get("/app/worker.js")
    assert worker.headers["service-worker-allowed"] == root
    assert f'"{root}texts/en.json"' in worker.text
    redirect = await client.get("/app", follow_redirects=False)
    assert redirect.headers["location"] == root
    assert APP not in relay.asked_by_service
    address = await relay.server.services.relayed_apps.address()
    assert address == f"{SERVICE}/relay/{PEER.group_id}", "what the portal of the server shows"


async def test_s28_an_app_of_before_a_reactivation_is_told_so_until_it_is_activated_anew(
    relay: Relay,
) -> None:
    """S28, S73, S74; S27: texts go on."""
    device = await activated(relay)
    removed = await relay.service.store.transact(
        lambda tx: tx.remove_activated_server(PEER.tenant_id, PEER.server_id)
    )
    assert removed
    await relay.activate(OTHER)
    await begin(relay)
    with pytest.raises(AppError, match="not for an activated account") as refused:
        await device.requests()
    assert (refused.value.status, refused.value.code) == (401, "not_activated")
    await relay.add_phone("sms", "bob")
    await relay.server.start("bob")
    _, text = await relay.far.next_text()
    assert text.valid_seconds == 180
    anew = relay.device(OTHER.group_id)
    carol = await relay.server.add_bare_person("carol")
    carol.secret = b""
    signed_in = await relay.apps.session_of(carol)
    pending, code = await relay.apps.begin(signed_in)
    await anew.activate(code)
    stage = await relay.server.services.app_activations.stage(signed_in, pending)
    done = await anew.approve(await anew.next_request(), stage.number)
    assert done["outcome"] == "approved"


async def test_a_service_has_no_relay_for_whom_it_does_not_know(relay: Relay) -> None:
    client = relay.device("0" * 32).client
    answer = await client.post("/app/v1/requests", json={"accounts": [{"token": "x"}]})
    assert (answer.status_code, answer.json()["code"]) == (401, "not_activated")
    assert (await relay.device("nobody").client.get("/app/")).status_code == 404
    at_server = httpx.ASGITransport(relay.at_server)  # type: ignore[arg-type] # an application is one
    async with httpx.AsyncClient(transport=at_server, base_url="http://server") as other:
        assert (await other.get(f"/relay/{PEER.group_id}/app/")).status_code == 404, "no service, no relay"
