"""PU-12: a subscription never makes us connect to where its sender could not connect himself.

In each of these tests a listener with a good certificate waits where the attacker wants us to go; it would
answer, and is never connected to. No test leaves this machine: the system's calls are watched, and those to
anywhere else fail.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.integration.web_push.conftest import Opening, subscribe
from tests.peers.http_server import Told
from tests.peers.push_service import Browser, PushService
from tests.unit.outbound.test_public_address import NOT_PUBLIC
from vestibule.outbound.push_services import BROWSERS
from vestibule.outbound.web_push import Cause, NotPushed, Pushed, Resolve, WebPush
from vestibule.wire.web_push import VapidKey

REFUSED = NotPushed(Cause.ENDPOINT_REFUSED)
PUBLIC = "93.184.215.14"
ADDRESSES = [address for address in NOT_PUBLIC if (address and not address[0].isalpha()) or ":" in address]


def always(*addresses: str) -> Resolve:
    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


class Watched:
    """What the event loop is asked for: names that are looked up, addresses that are connected to."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
        """`answers` is what the name server says, one after the other, and the last one ever after."""
        self.looked_up: list[str] = []
        self.connected: list[str] = []
        loop: Any = asyncio.get_running_loop()
        connect = loop.sock_connect

        async def getaddrinfo(host: str, port: int, **options: object) -> list[Any]:
            self.looked_up.append(host)
            address = answers.pop(0) if len(answers) > 1 else answers[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        async def sock_connect(sock: socket.socket, address: tuple[str, int]) -> None:
            self.connected.append(address[0])
            if not address[0].startswith("127."):
                raise OSError("no route from here")
            await connect(sock, address)

        monkeypatch.setattr(loop, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(loop, "sock_connect", sock_connect)


@pytest.fixture
async def push_to(open_push: Opening, service: PushService) -> Callable[..., Any]:
    """`await push_to("https://…/x", hosts=[…], …)`."""

    async def push(endpoint: str, **given: Any) -> object:
        browser = Browser()
        return await open_push(**given).push(subscribe(browser, endpoint, ""), b"", ttl_seconds=9)

    return push


async def test_the_listener_would_answer(
    push_to: Callable[..., Any], service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That the tests below prove something: all that keeps us from it is that the host may not be private."""
    watched = Watched(monkeypatch, ["127.0.0.1"])
    place = f"push.example.com:{service.server.port}"
    service.server.answer = Told(201)
    assert await push_to(f"https://{place}/x", private_hosts=[place]) == Pushed()
    assert watched.connected == ["127.0.0.1"]


@pytest.mark.parametrize("address", ["127.0.0.1", *ADDRESSES])
async def test_a_name_with_an_address_of_somebodys_own_is_refused(
    push_to: Callable[..., Any], service: PushService, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    watched = Watched(monkeypatch, [address])
    place = f"push.example.com:{service.server.port}"
    assert await push_to(f"https://{place}/x", hosts=[place]) == REFUSED
    assert watched.looked_up == ["push.example.com"]
    assert (watched.connected, service.server.connections) == ([], 0)


@pytest.mark.parametrize(
    "addresses", [(PUBLIC, "127.0.0.1"), ("127.0.0.1", PUBLIC), (PUBLIC, "::ffff:7f00:1")]
)
async def test_one_address_of_somebodys_own_among_others_is_enough(
    push_to: Callable[..., Any],
    service: PushService,
    monkeypatch: pytest.MonkeyPatch,
    addresses: tuple[str, ...],
) -> None:
    watched = Watched(monkeypatch, [PUBLIC])
    place = f"push.example.com:{service.server.port}"
    assert await push_to(f"https://{place}/x", hosts=[place], resolve=always(*addresses)) == REFUSED
    assert (watched.connected, service.server.connections) == ([], 0)


async def test_a_name_that_changes_between_look_and_connection_gains_nothing(
    push_to: Callable[..., Any], service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when it is judged, loopback for whoever asks again. Nobody asks again."""
    watched = Watched(monkeypatch, [PUBLIC, "127.0.0.1"])
    place = f"push.example.com:{service.server.port}"
    assert await push_to(f"https://{place}/x", hosts=[place]) == NotPushed(Cause.UNREACHABLE)
    assert watched.looked_up == ["push.example.com"]
    assert (watched.connected, service.server.connections) == ([PUBLIC], 0)


async def test_a_name_is_judged_anew_with_each_connection(
    open_push: Opening, service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That it was public once is no merit."""
    watched = Watched(monkeypatch, [PUBLIC, "127.0.0.1"])
    place = f"push.example.com:{service.server.port}"
    web_push: WebPush = open_push(hosts=[place])
    to = subscribe(Browser(), f"https://{place}")
    assert await web_push.push(to, b"", ttl_seconds=9) == NotPushed(Cause.UNREACHABLE)
    assert await web_push.push(to, b"", ttl_seconds=9) == REFUSED
    assert (watched.connected, service.server.connections) == ([PUBLIC], 0)


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "0", "169.254.169.254",
        "push.example.com", "fcm.googleapis.com.example.com", "evilfcm.googleapis.com", "googleapis.com",
        "x.fcm.googleapis.com", "notify.windows.com", "evilnotify.windows.com", "push.apple.com",
        "windows.com", "com", "web.push.apple.com.example.com",
    ],
)  # fmt: skip
async def test_a_host_that_nobody_named_is_not_even_looked_up(
    push_to: Callable[..., Any], service: PushService, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    watched = Watched(monkeypatch, ["127.0.0.1"])
    for port in (443, service.server.port):
        assert await push_to(f"https://{host}:{port}/x") == REFUSED
    assert (watched.looked_up, watched.connected, service.server.connections) == ([], [], 0)


async def test_a_port_that_nobody_named_is_not_even_looked_up(
    push_to: Callable[..., Any], service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's push service is no way to the other doors of its host."""
    watched = Watched(monkeypatch, ["127.0.0.1"])
    for endpoint in (f"https://web.push.apple.com:{service.server.port}/x", f"https://{service.place}/x"):
        assert await push_to(endpoint, private_hosts=["localhost"]) == REFUSED
    assert (watched.looked_up, watched.connected, service.server.connections) == ([], [], 0)


@pytest.mark.parametrize(
    "host",
    [
        "fcm.googleapis.com", "jmt17.google.com", "updates.push.services.mozilla.com",
        "autopush.push.services.mozilla.com", "wns2-am3p.notify.windows.com", "web.push.apple.com",
        "api.web.push.apple.com",
    ],
)  # fmt: skip
async def test_the_services_of_browsers_are_asked(
    push_to: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    watched = Watched(monkeypatch, [PUBLIC])
    assert await push_to(f"https://{host}/x", hosts=BROWSERS) == NotPushed(Cause.UNREACHABLE)
    assert (watched.looked_up, watched.connected) == ([host], [PUBLIC])


async def test_even_the_services_of_browsers_are_not_asked_on_this_machine(
    push_to: Callable[..., Any], service: PushService, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(monkeypatch, ["127.0.0.1"])
    assert await push_to("https://web.push.apple.com/x") == REFUSED
    assert (watched.connected, service.server.connections) == ([], 0)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(
    push_to: Callable[..., Any],
    certificate: tuple[Path, Path],
    service: PushService,
    key: VapidKey,
    status: int,
) -> None:
    async with PushService(certificate, key.public) as other:
        service.server.answer = Told(status, headers={"Location": f"{other.origin}/x"})
        result = await push_to(f"{service.origin}/x", private_hosts=[service.place, other.place])
        assert result == NotPushed(Cause.REJECTED, status=status)
        assert (len(service.server.asked), other.server.connections) == (1, 0)


async def test_no_proxy_is_taken_from_the_environment(
    push_to: Callable[..., Any],
    certificate: tuple[Path, Path],
    service: PushService,
    key: VapidKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with PushService(certificate, key.public) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.origin)
        assert await push_to(f"{service.origin}/x", private_hosts=[service.place]) == Pushed()
        assert proxy.server.connections == 0


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"private_hosts": ["*.example.com"]}, "private_hosts"),
        ({"hosts": ["https://push.example.com"]}, "hosts"),
        ({"hosts": ["*"]}, "hosts"),
        ({"hosts": ["push.*.com"]}, "hosts"),
        ({"hosts": ["push.example.com:x"]}, "hosts"),
        ({"subject": "nobody"}, "subject"),
        ({"ca_file": "/nowhere"}, "ca_file"),
        ({"ca_file": __file__}, "ca_file"),
    ],
)
async def test_a_setting_that_means_nothing_is_refused(
    open_push: Opening, given: dict[str, object], why: str
) -> None:
    with pytest.raises(ValueError, match=why):
        open_push(**given)
