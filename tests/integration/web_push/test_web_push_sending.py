"""A message to a push service: what it reads, what its answers come to, and what becomes of silence."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.web_push.conftest import PAYLOAD, SUBJECT, Opening, subscribe
from tests.peers.http_server import Asked, Behavior, Told
from tests.peers.listening import listening
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.push_service import Browser, PushService, claims_of
from vestibule.outbound.web_push import Cause, Gone, NotPushed, Pushed, WebPush
from vestibule.wire.web_push import VapidKey


async def test_the_browser_reads_what_was_pushed(web_push: WebPush, service: PushService) -> None:
    """PU-13: what the push service holds is no more than octets for the browser."""
    browser = Browser()
    to = subscribe(browser, service.origin, "/push/a?b=c")
    assert await web_push.push(to, PAYLOAD, ttl_seconds=90, topic="sign-in_7") == Pushed()
    (asked,) = service.server.asked
    assert browser.read(asked.body) == PAYLOAD
    assert PAYLOAD not in asked.body
    assert asked.target == "/push/a?b=c"
    assert {name: asked.headers.get(name) for name in ("host", "ttl", "urgency", "topic")} == {
        "host": service.place,
        "ttl": "90",
        "urgency": "high",
        "topic": "sign-in_7",
    }


async def test_without_a_topic_none_is_named(web_push: WebPush, service: PushService) -> None:
    assert await web_push.push(subscribe(Browser(), service.origin), b"", ttl_seconds=0) == Pushed()
    assert "topic" not in service.server.asked[0].headers


async def test_a_subscription_that_is_over_is_gone(web_push: WebPush, service: PushService) -> None:
    service.gone.add("/push/2")
    browser = Browser()
    assert await web_push.push(subscribe(browser, service.origin, "/push/2"), b"", ttl_seconds=9) == Gone()
    assert await web_push.push(subscribe(browser, service.origin, "/push/1"), b"", ttl_seconds=9) == Pushed()


async def test_a_key_that_the_browser_did_not_subscribe_with_is_not_accepted(
    certificate: tuple[Path, Path], open_push: Opening
) -> None:
    """RFC 8292 §4.2; that the peer looks."""
    async with PushService(certificate, VapidKey.make(bytes(40)).public) as service:
        web_push = open_push(private_hosts=[service.place])
        result = await web_push.push(subscribe(Browser(), service.origin), b"", ttl_seconds=9)
        assert result == NotPushed(Cause.UNAUTHORIZED, status=403)


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (Told(200), Pushed()),
        (Told(202, b"later"), Pushed()),
        (Told(204), Pushed()),
        (Told(404), Gone()),
        (Told(410, b"<html>"), Gone()),
        (Told(400), NotPushed(Cause.REJECTED, status=400)),
        (Told(401), NotPushed(Cause.UNAUTHORIZED, status=401)),
        (Told(413), NotPushed(Cause.TOO_LARGE, status=413)),
        (Told(429), NotPushed(Cause.BUSY, status=429)),
        (Told(429, headers={"Retry-After": "120"}), NotPushed(Cause.BUSY, 120, 429)),
        (Told(429, headers={"retry-after": "9" * 40}), NotPushed(Cause.BUSY, 86_400, 429)),
        (Told(429, headers={"Retry-After": "soon"}), NotPushed(Cause.BUSY, status=429)),
        (Told(429, headers={"Retry-After": "\u00b2"}), NotPushed(Cause.BUSY, status=429)),
        (Told(429, headers={"Retry-After": "-5"}), NotPushed(Cause.BUSY, status=429)),
        (
            Told(503, headers={"Retry-After": "Thu, 01 Jan 1970 00:16:50 GMT"}),
            NotPushed(Cause.FAILED, 10, 503),
        ),
        (
            Told(503, headers={"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}),
            NotPushed(Cause.FAILED, 0, 503),
        ),
        (
            Told(503, headers={"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}),
            NotPushed(Cause.FAILED, 86_400, 503),
        ),
        (Told(500), NotPushed(Cause.FAILED, status=500)),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_each_answer_comes_to_one_value(
    service: PushService, open_push: Opening, told: Told, expected: Pushed | Gone | NotPushed
) -> None:
    service.server.answer = told
    web_push = open_push(private_hosts=[service.place], now=lambda: 1000.0)
    assert await web_push.push(subscribe(Browser(), service.origin), b"", ttl_seconds=9) == expected


@pytest.mark.parametrize(
    ("behavior", "expected"),
    [
        (Behavior.HANG, Cause.TIMED_OUT),
        (Behavior.DEAF, Cause.TIMED_OUT),
        (Behavior.DRIP, Cause.TIMED_OUT),
        (Behavior.CLOSE, Cause.BROKEN_OFF),
        (Behavior.GARBAGE, Cause.BROKEN_OFF),
    ],
)
async def test_silence_and_nonsense_end_within_the_time(
    service: PushService, open_push: Opening, behavior: Behavior, expected: Cause
) -> None:
    """PU-14: a service that is slow or dead costs no more than the time that was allowed."""
    service.server.answer = behavior
    web_push = open_push(private_hosts=[service.place], timeout_seconds=0.4)
    async with asyncio.timeout(5):
        result = await web_push.push(subscribe(Browser(), service.origin), b"", ttl_seconds=9)
    assert result == NotPushed(expected)


@pytest.mark.parametrize("behavior", [Behavior.HALF, Behavior.FLOOD])
async def test_a_status_counts_whatever_becomes_of_the_body(
    service: PushService, open_push: Opening, behavior: Behavior
) -> None:
    """And a body without an end costs no memory."""
    service.server.answer = behavior
    web_push = open_push(private_hosts=[service.place])
    assert await web_push.push(subscribe(Browser(), service.origin), b"", ttl_seconds=9) == Pushed()


async def test_nobody_listens(open_push: Opening, free_port: Callable[[], int]) -> None:
    port = free_port()
    web_push = open_push(private_hosts=[f"localhost:{port}", "nobody.invalid"])
    for origin in (f"https://localhost:{port}", "https://nobody.invalid"):
        result = await web_push.push(subscribe(Browser(), origin), b"", ttl_seconds=9)
        assert result == NotPushed(Cause.UNREACHABLE)


async def test_the_next_address_is_tried(service: PushService, open_push: Opening) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["127.0.0.77", "127.0.0.1"]

    web_push = open_push(private_hosts=[service.place], resolve=resolve)
    assert await web_push.push(subscribe(Browser(), service.origin), b"", ttl_seconds=9) == Pushed()


async def test_a_handshake_without_an_end_is_given_up(open_push: Opening) -> None:
    """Something listens, and has never heard of TLS; its connection is closed, not forgotten."""
    closed = asyncio.Event()

    async def read_only(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(-1)
        closed.set()

    async with listening(read_only) as port:
        web_push = open_push(private_hosts=[f"localhost:{port}"], timeout_seconds=0.4)
        to = subscribe(Browser(), f"https://localhost:{port}")
        assert await web_push.push(to, b"", ttl_seconds=9) == NotPushed(Cause.TIMED_OUT)
        await asyncio.wait_for(closed.wait(), 20)


@pytest.mark.parametrize("case", ["other name", "expired", "unknown authority"])
async def test_certificates_are_checked(tmp_path: Path, open_push: Opening, key: VapidKey, case: str) -> None:
    authority = TestAuthority(tmp_path / "service")
    name = "example.org" if case == "other name" else "localhost"
    certificate = authority.issue("server", name, is_expired=case == "expired")
    trusted = TestAuthority(tmp_path / "other") if case == "unknown authority" else authority
    async with PushService(certificate, key.public) as service:
        web_push = open_push(private_hosts=[service.place], ca_file=str(trusted.ca_file))
        result = await web_push.push(subscribe(Browser(), service.origin), b"", ttl_seconds=9)
        assert result == NotPushed(Cause.INSECURE)
        assert service.server.asked == []


async def test_a_late_answer_is_not_taken_for_that_of_the_next_message(
    service: PushService, open_push: Opening
) -> None:
    """What was given up on may still be answered: over its own connection, which nobody uses any more."""
    late = asyncio.Event()

    async def answer(asked: Asked) -> Told:
        if asked.path == "/push/slow":
            await late.wait()
            return Told(410)
        late.set()
        return Told(201)

    service.server.answer = answer
    web_push = open_push(private_hosts=[service.place], timeout_seconds=0.4)
    slow = subscribe(Browser(), service.origin, "/push/slow")
    assert await web_push.push(slow, b"", ttl_seconds=9) == NotPushed(Cause.TIMED_OUT)
    assert await web_push.push(subscribe(Browser(), service.origin), b"", ttl_seconds=9) == Pushed()
    assert service.server.connections == 2


async def test_one_connection_carries_one_message_after_the_other(
    web_push: WebPush, service: PushService
) -> None:
    to = subscribe(Browser(), service.origin)
    assert [await web_push.push(to, b"", ttl_seconds=9) for _ in range(20)] == [Pushed()] * 20
    assert service.server.connections == 1


async def test_many_at_once_share_a_bounded_number_of_connections(
    web_push: WebPush, service: PushService
) -> None:
    browser = Browser()
    to = subscribe(browser, service.origin)
    payloads = [b"%d" % number for number in range(300)]
    results = await asyncio.gather(*(web_push.push(to, payload, ttl_seconds=9) for payload in payloads))
    assert results == [Pushed()] * 300
    assert sorted(browser.read(asked.body) for asked in service.server.asked) == sorted(payloads)
    assert service.server.connections <= 64


async def test_a_connection_that_the_service_closed_is_not_used_again(
    web_push: WebPush, service: PushService
) -> None:
    to = subscribe(Browser(), service.origin)
    service.server.answer = Told(201, headers={"Connection": "close"})
    assert [await web_push.push(to, b"", ttl_seconds=9) for _ in range(3)] == [Pushed()] * 3
    assert service.server.connections == 3


async def test_a_service_that_hangs_holds_up_no_other(
    certificate: tuple[Path, Path], service: PushService, open_push: Opening, key: VapidKey
) -> None:
    """PU-14: who waits for one push service does not stand in the way to another."""
    async with PushService(certificate, key.public) as dead:
        dead.server.answer = Behavior.HANG
        web_push = open_push(private_hosts=[service.place, dead.place], timeout_seconds=20)
        to = subscribe(Browser(), dead.origin)
        waiting = [asyncio.ensure_future(web_push.push(to, b"", ttl_seconds=9)) for _ in range(70)]
        await dead.server.wait_for(64)
        result = await web_push.push(subscribe(Browser(), service.origin), b"", ttl_seconds=9)
        assert result == Pushed()
        assert dead.server.connections == 64
        await web_push.close()
        causes = {(await each).cause for each in waiting}  # type: ignore[union-attr] # one that was pushed has none, and fails
        assert causes == {Cause.BROKEN_OFF, Cause.UNREACHABLE}


async def test_closing_leaves_nobody_without_an_answer(web_push: WebPush, service: PushService) -> None:
    to = subscribe(Browser(), service.origin)
    assert await web_push.push(to, b"", ttl_seconds=9) == Pushed()
    await web_push.close()
    assert await web_push.push(to, b"", ttl_seconds=9) == NotPushed(Cause.UNREACHABLE)


async def test_a_signature_is_kept_for_its_origin_until_shortly_before_its_end(
    certificate: tuple[Path, Path], service: PushService, open_push: Opening, key: VapidKey
) -> None:
    """RFC 8292 §2: a token of at most 24 hours, for one origin. Ours is valid for 12 and used for 11."""
    moment = time.time()
    signed: list[str] = []

    async def take(asked: Asked) -> Told:
        signed.append(asked.headers["authorization"])
        return Told(201)

    async with PushService(certificate, key.public) as other:
        service.server.answer = other.server.answer = take
        web_push = open_push(private_hosts=[service.place, other.place], now=lambda: moment)

        async def push(to: PushService, later: float) -> str:
            nonlocal moment
            moment += later
            assert await web_push.push(subscribe(Browser(), to.origin), b"", ttl_seconds=9) == Pushed()
            return signed[-1]

        first = await push(service, 0)
        assert await push(service, 10.9 * 3600) == first
        second = await push(service, 0.2 * 3600)
        assert second != first
        assert await push(service, -0.1 * 3600) != second, "the clock was set back"
        assert claims_of(first) == {
            "aud": service.origin,
            "exp": int(moment - 11 * 3600 + 12 * 3600),
            "sub": SUBJECT,
        }
        assert claims_of(await push(other, 0))["aud"] == other.origin


@pytest.mark.parametrize(
    "given", [{"ttl_seconds": -1}, {"topic": "a b"}, {"topic": "x" * 33}, {"topic": "\n"}]
)
async def test_what_no_message_can_be_is_a_mistake_of_ours(
    web_push: WebPush, service: PushService, given: dict[str, object]
) -> None:
    with pytest.raises(ValueError, match="RFC 8030"):
        await web_push.push(subscribe(Browser(), service.origin), b"", **{"ttl_seconds": 9, **given})  # type: ignore[arg-type] # what no message can be
    with pytest.raises(ValueError, match="payload"):
        await web_push.push(subscribe(Browser(), service.origin), bytes(4000), ttl_seconds=9)
    assert service.server.asked == []


async def test_neither_endpoint_nor_payload_is_logged(
    web_push: WebPush, service: PushService, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for answer in (Told(201), Told(500), Behavior.CLOSE):
        service.server.answer = answer
        to = subscribe(Browser(), service.origin, "/capability")
        result = await web_push.push(to, b"sign-in", ttl_seconds=9)
        assert "capability" not in repr(result)
    assert "capability" not in caplog.text
    assert "sign-in" not in caplog.text
