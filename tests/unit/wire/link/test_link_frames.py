"""Frames of the link: read as they were written, bounded, and signed for one connection."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from vestibule.wire.link import (
    MAX_FRAME,
    Activate,
    Answer,
    Ask,
    BadFrame,
    Frame,
    Hello,
    Prove,
    Refusal,
    TurnedAway,
    Welcome,
    encode,
    read_arrival,
    read_hello,
    read_reception,
    read_said,
    signed_text,
)

SAID = {
    "name": "node-1",
    "version": "1.0",
    "address": "192.0.2.1",
    "installation": "i",
    "service": "https://mfa.example.com",
    "certificate": b"\x07" * 32,
}
PROVE = Prove(tenant_id="acme", server_id="s1", signature=b"\x05" * 64, **SAID)
ACTIVATE = Activate(credentials="never to be seen", public_key=b"\x01" * 32, **SAID)
FRAMES: tuple[Frame, ...] = (
    Hello(b"\x02" * 32, "1.0"),
    PROVE,
    ACTIVATE,
    Welcome("acme", "p", "g", "s", "node-1"),
    TurnedAway("wrong_key"),
    Ask(7, "attempts", b"body"),
    Answer(7, b""),
    Refusal(7, "unknown_kind"),
)


READERS = (read_hello, *[read_arrival] * 2, *[read_reception] * 2, *[read_said] * 3)


@pytest.mark.parametrize(("frame", "read"), [*zip(FRAMES, READERS, strict=True)])
def test_a_frame_is_read_as_it_was_written(frame: Frame, read: Callable[[bytes], Frame]) -> None:
    assert read(encode(frame)) == frame


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\xc1",
        b"\x93\xa3ask\x01",
        msgspec.msgpack.encode(["nothing we know", 1]),
        msgspec.msgpack.encode({"type": "ask"}),
        msgspec.msgpack.encode(["ask", -1, "kind", b""]),
        msgspec.msgpack.encode(["ask", 1, "k" * 65, b""]),
        msgspec.msgpack.encode(["hello", b"short", "1.0"]),
        msgspec.msgpack.encode(["activate", "c", b"no key", *[""] * 5, b"", b""]),
        encode(Ask(1, "kind", bytes(MAX_FRAME))),
    ],
)
def test_what_is_no_frame_is_refused(octets: bytes) -> None:
    for read in READERS:
        with pytest.raises(BadFrame):
            read(octets)


def test_a_frame_at_the_wrong_time_is_refused() -> None:
    for frame in FRAMES[:4]:
        with pytest.raises(BadFrame):
            read_said(encode(frame))


def test_a_newer_end_may_say_more() -> None:
    longer = msgspec.msgpack.encode([*msgspec.msgpack.decode(encode(FRAMES[6])), "more"])
    assert read_said(longer) == FRAMES[6]


def test_a_signature_covers_all_that_is_said_and_the_connection() -> None:
    text = signed_text(PROVE, b"\x02" * 32)
    assert signed_text(msgspec.structs.replace(PROVE, signature=b""), b"\x02" * 32) == text
    assert signed_text(PROVE, b"\x03" * 32) != text
    for name in ("tenant_id", "server_id", *SAID):
        changed = b"\x08" * 32 if name == "certificate" else "other"
        assert signed_text(msgspec.structs.replace(PROVE, **{name: changed}), b"\x02" * 32) != text


def test_credentials_are_not_shown() -> None:
    assert "never" not in repr(ACTIVATE)
