"""Pressed keys in RTP: each counts once, whatever is lost, repeated or replayed."""

from __future__ import annotations

import pytest

from vestibule.wire.rtp import KeyReader, Packet
from vestibule.wire.rtp.events import Event, event_packets, read_event, write_event


def pressed(key: str, timestamp: int, *, ssrc: int = 1, ticks: int = 4) -> list[Packet]:
    return [
        Packet(101, number, timestamp & 0xFFFFFFFF, ssrc, payload, number == 0)
        for number, payload in enumerate(event_packets(key, ticks, 160))
    ]


def read(packets: list[Packet]) -> str:
    reader = KeyReader()
    return "".join(reader.feed(packet) for packet in packets)


def test_a_payload_is_read() -> None:
    """RFC 4733 §2.3."""
    assert read_event(bytes.fromhex("0b8a03c0")) == Event(11, True, 960)
    assert write_event("#", is_end=True, duration=960) == bytes.fromhex("0b8a03c0")
    assert read_event(b"\x01\x02\x03") is None


def test_a_key_is_sent_with_three_ends() -> None:
    """RFC 4733 §2.5.1.4."""
    events = [read_event(payload) for payload in event_packets("5", 4, 160)]
    assert [event and (event.is_end, event.duration) for event in events] == [
        (False, 160), (False, 320), (False, 480), (True, 640), (True, 640), (True, 640),
    ]  # fmt: skip


def test_all_packets_of_a_press_are_one_key() -> None:
    """VOI-03: three ends, one key."""
    assert read(pressed("1", 1_000) + pressed("1", 3_000) + pressed("*", 5_000)) == "11*"


@pytest.mark.parametrize("lost", range(6))
def test_one_packet_that_arrives_is_enough(lost: int) -> None:
    assert read([pressed("7", 1_000)[lost]]) == "7"


def test_replayed_packets_press_nothing() -> None:
    """VOI-03."""
    first, second = pressed("1", 1_000), pressed("2", 3_000)
    assert read(first + second + first + second + first[:1]) == "12"


def test_a_late_end_of_the_key_before_presses_nothing() -> None:
    first, second = pressed("1", 1_000), pressed("2", 3_000)
    assert read([*first[:4], second[0], *first[4:], *second[1:]]) == "12"


def test_timestamps_wrap_around() -> None:
    assert read(pressed("1", 0xFFFFFF00) + pressed("2", 0x1_0000_0100)) == "12"


def test_a_key_held_for_long_is_one_key() -> None:
    """RFC 4733 §2.5.1.3: the event goes on in a further one when its duration runs out."""
    held = [Packet(101, 1, 0, 1, write_event("9", is_end=False, duration=0xFFFF))]
    more = [Packet(101, 2, 0xFFFF, 1, write_event("9", is_end=True, duration=160))]
    assert read(held + more) == "9"
    assert read(held + more + pressed("9", 0xFFFF + 2_000)) == "99"


def test_events_that_are_no_keys_press_nothing() -> None:
    assert (
        read([Packet(101, 1, number * 1_000, 1, bytes((number, 0, 0, 160))) for number in range(12, 256)])
        == ""
    )


def test_another_source_has_its_own_time() -> None:
    assert read(pressed("1", 5_000) + pressed("2", 10, ssrc=2)) == "12"
