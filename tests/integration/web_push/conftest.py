"""A push service, browsers that are subscribed to it, and a sender that may reach it."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.peers.openldap_certificates import TestAuthority
from tests.peers.push_service import Browser, PushService
from vestibule.outbound.web_push import WebPush
from vestibule.wire.web_push import LEAST_CHANCE, Subscription, VapidKey

SUBJECT = "mailto:push@example.com"
PAYLOAD = b'{"kind":"sign_in"}'

Opening = Callable[..., WebPush]


def subscribe(browser: Browser, origin: str, path: str = "/push/1") -> Subscription:
    return Subscription.read(origin + path, browser.p256dh, browser.auth)


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    return TestAuthority(tmp_path / "authority")


@pytest.fixture
def certificate(authority: TestAuthority) -> tuple[Path, Path]:
    """Of every name that a test may call this machine by: only an address is in the way of a connection."""
    return authority.issue("service", "localhost", "push.example.com", "web.push.apple.com")


@pytest.fixture
def key() -> VapidKey:
    return VapidKey.make(os.urandom(LEAST_CHANCE))


@pytest.fixture
async def service(certificate: tuple[Path, Path], key: VapidKey) -> AsyncIterator[PushService]:
    async with PushService(certificate, key.public) as service:
        yield service


@pytest.fixture
async def open_push(authority: TestAuthority, key: VapidKey) -> AsyncIterator[Opening]:
    """`web_push = open_push(private_hosts=[service.place])`."""
    async with AsyncExitStack() as stack:

        def open_(**given: Any) -> WebPush:
            settings: dict[str, Any] = {"subject": SUBJECT, "timeout_seconds": 5.0, **given}
            web_push = WebPush(key, **{"ca_file": str(authority.ca_file), **settings})
            stack.push_async_callback(web_push.close)
            return web_push

        yield open_


@pytest.fixture
def web_push(open_push: Opening, service: PushService) -> WebPush:
    return open_push(private_hosts=[service.place])
