"""A server's apps are woken by its service, which hands messages over and cannot read them (S3)."""

from __future__ import annotations

import json
from pathlib import Path

from tests.integration.relay.conftest import Relay
from tests.integration.relay.test_relayed_apps import activated, begin
from tests.integration.web_push.conftest import authority, certificate
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.push_service import Browser, PushService
from tests.until import until
from vestibule.interfaces.relay import PUSH
from vestibule.outbound.push_services import BROWSERS
from vestibule.runtime.push import BrowserPush, LinkPush
from vestibule.runtime.settings import PushSettings
from vestibule.services.relayed_pushes import RelayedPushes

__all__ = ["authority", "certificate"]


async def test_an_app_is_woken_through_the_service(
    relay: Relay, authority: TestAuthority, certificate: tuple[Path, Path]
) -> None:
    device = await activated(relay)
    at_server = relay.server.services.apps.pushes._pusher
    at_service = relay.service.services.apps.pushes._pusher
    assert isinstance(at_server, LinkPush)
    assert isinstance(at_service, BrowserPush)
    async with PushService(certificate, at_server.public_key) as push_service:
        settings = PushSettings(
            hosts=BROWSERS,
            private_hosts=(push_service.place,),
            ca_file=authority.ca_file,
            contact="mailto:push@example.com",
        )
        at_server._own = BrowserPush(at_server._own._key, settings)
        hands_over = BrowserPush(at_service._key, settings)
        relay.service.services.links.handlers |= RelayedPushes(hands_over).handlers
        browser = Browser()
        await device.subscribe(push_service.origin + "/push/1", browser.p256dh, browser.auth)
        await begin(relay)
        await until(lambda: push_service.server.asked)
        (asked,) = push_service.server.asked
        assert json.loads(browser.read(asked.body)) == {
            "v": 1,
            "authenticator": device.account["authenticator"],
        }
        assert relay.asked.count(PUSH) == 1
        assert len(await device.requests()) == 1
        await hands_over.close()
