"""Subscriptions and answers that nobody would send on purpose."""

from __future__ import annotations

import asyncio
import ipaddress
from typing import Any
from urllib.parse import urlsplit

from hypothesis import example, given
from hypothesis import strategies as st

from vestibule.outbound.kept_connection import KeptConnection
from vestibule.outbound.public_address import is_public
from vestibule.wire.web_push import Subscription

P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
PIECES = st.sampled_from(
    ["https://", "http://", "push.example.net", "127.0.0.1", "[::1]", "localhost", "a", "-", ".", "/", "//",
     "\\", "@", ":", ":443", ":65536", "#", "?", "%2e", "%00", "\r\n", "\0", " ", "\t", "ä", "。", "=",
     "x" * 70]
)  # fmt: skip
MIXED = st.lists(PIECES | st.text(max_size=3), max_size=12).map("".join)
ENDPOINTS = (
    MIXED | MIXED.map("https://push.example.net/{}".format) | MIXED.map("https://push.example.net{}/x".format)
)
ANSWERS = st.lists(
    st.sampled_from(
        [b"HTTP/1.1 201 Created\r\n", b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.0 410 Gone\r\n", b"\r\n",
         b"Content-Length: 0\r\n", b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n",
         b"HTTP/1.1 101 x\r\nUpgrade: y\r\nConnection: upgrade\r\n", b"Retry-After: ",
         b"Connection: close\r\n", b"5\r\nhello\r\n", b"\xff" * 9, b"HTTP/1.1 "]
    )
    | st.binary(max_size=9),
    max_size=12,
)  # fmt: skip


@given(ENDPOINTS, st.text(), st.text(), st.booleans())
@example("https://push.example.net/x", P256DH, AUTH, False)
def test_a_subscription_is_correct_or_refused(endpoint: str, p256dh: str, auth: str, keys: bool) -> None:
    """What we take for the host is what everybody takes for it, and nothing becomes another header."""
    try:
        read = Subscription.read(endpoint, *((p256dh, auth) if keys else (P256DH, AUTH)))
    except ValueError as refused:
        said = str(refused)
        read = None
    if read is None:
        assert said.startswith(("endpoint: ", "p256dh: ", "auth: "))
        return
    theirs = urlsplit(endpoint)
    assert (theirs.scheme, theirs.hostname, theirs.port or 443) == ("https", read.host, read.port)
    assert (theirs.username, theirs.password, theirs.fragment) == (None, None, "")
    assert read.origin.startswith("https://")
    assert read.target.startswith("/")
    assert (read.origin + read.target).isascii()
    assert not set(read.origin + read.target) & set("\r\n\0\t\\ @#") - {"@"}


@given(st.ip_addresses().map(str))
@example("224.0.0.1")
def test_public_is_never_what_the_standard_library_holds_for_special(address: str) -> None:
    """The other way round it may be: we hold more for special than it does."""
    if is_public(address):
        found = ipaddress.ip_address(address)
        assert found.is_global
        assert not found.is_multicast
        assert not found.is_reserved


class _Transport:
    """Takes what is written, and remembers that it was ended."""

    def __init__(self) -> None:
        self.is_ended = False

    def write(self, data: bytes) -> None:
        pass

    def abort(self) -> None:
        self.is_ended = True

    def is_closing(self) -> bool:
        return self.is_ended


@given(ANSWERS)
def test_an_answer_is_a_status_or_none(pieces: list[bytes]) -> None:
    """No exception but the one that is promised, no endless wait, nothing of one answer left for the next."""

    async def run() -> None:
        transport: Any = _Transport()
        connection = KeptConnection(("a", 443))
        connection.connection_made(transport)
        asking = asyncio.ensure_future(connection.ask(b"POST"))
        await asyncio.sleep(0)
        for piece in pieces:
            connection.data_received(piece)
        was_usable = connection.is_usable
        connection.connection_lost(None)
        try:
            head = await asking
        except ConnectionError:
            assert not was_usable
        else:
            assert 200 <= head.status <= 999
        assert not connection.is_usable
        assert connection.lost.is_set()

    asyncio.run(run())
