"""The beat of all calls, and what one call sends at it."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.gateways.sip.hands import Hands
from vestibule.gateways.sip.pacer import Pacer
from vestibule.gateways.sip.voice import PACKET_SAMPLES, Voice
from vestibule.wire.rtp import KeyReader, Packet, decode
from vestibule.wire.sip.sdp import Agreed, Codec, Direction

AGREED = Agreed("192.0.2.9", 4_000, Codec.PCMU, 0, 101, Direction.SENDRECV)
HELD = Agreed("192.0.2.9", 4_000, Codec.PCMU, 0, 101, Direction.SENDONLY)


class Sent:
    def __init__(self, agreed: Agreed = AGREED) -> None:
        self.packets: list[Packet] = []
        self.voice = Voice(agreed, self._take)

    def _take(self, data: bytes) -> None:
        packet = decode(data)
        assert packet is not None
        self.packets.append(packet)

    async def beat(self, beats: int) -> None:
        for _ in range(beats):
            self.voice.beat()
            await asyncio.sleep(0)


def test_beats_do_not_drift() -> None:
    hands, beats = Hands(), []
    pacer = Pacer(hands, hands.now)
    member = lambda: beats.append(round(hands.time, 6))  # noqa: E731
    pacer.join(member)
    hands.turn(20.001)
    assert len(beats) == 1_000
    assert beats[-1] == pytest.approx(20.0)
    pacer.leave(member)
    assert hands.count == 0


def test_what_was_missed_is_made_up_unless_it_is_long_ago() -> None:
    hands, beats = Hands(), []
    pacer = Pacer(hands, hands.now)
    pacer.join(lambda: beats.append(hands.time))
    hands.time = 0.1
    hands.turn(0)
    assert len(beats) == 5
    hands.time = 10
    hands.turn(0)
    assert len(beats) == 6


async def test_speech_is_cut_into_packets_and_filled_up_with_silence() -> None:
    sent = Sent()
    playing = asyncio.ensure_future(sent.voice.play(b"\x01" * 200))
    await asyncio.sleep(0)
    await sent.beat(2)
    assert not playing.done()
    await sent.beat(1)
    await playing
    assert [packet.payload[:1] for packet in sent.packets] == [b"\x01", b"\x01", b"\xff"]
    assert sent.packets[1].payload == b"\x01" * 40 + b"\xff" * 120
    assert [packet.is_marked for packet in sent.packets] == [True, False, False]
    steps = {
        (later.timestamp - earlier.timestamp) & 0xFFFFFFFF
        for earlier, later in zip(sent.packets, sent.packets[1:], strict=False)
    }
    assert steps == {PACKET_SAMPLES}
    assert len({packet.ssrc for packet in sent.packets}) == 1


async def test_a_pressed_key_is_an_event_with_three_ends() -> None:
    """RFC 4733 §2.5.1."""
    sent = Sent()
    pressing = asyncio.ensure_future(sent.voice.press("#"))
    await asyncio.sleep(0)
    await sent.beat(20)
    await pressing
    events = [packet for packet in sent.packets if packet.payload_type == 101]
    assert len({packet.timestamp for packet in events}) == 1
    assert [packet.is_marked for packet in events] == [True] + [False] * 7
    assert [packet.payload[1] & 0x80 for packet in events] == [0] * 5 + [0x80] * 3
    reader = KeyReader()
    assert "".join(reader.feed(packet) for packet in events) == "#"


async def test_nothing_is_sent_or_lost_while_the_call_is_held() -> None:
    sent = Sent()
    playing = asyncio.ensure_future(sent.voice.play(b"\x01" * 160))
    await asyncio.sleep(0)
    sent.voice.change(HELD)
    await sent.beat(50)
    assert sent.packets == []
    sent.voice.change(AGREED)
    await sent.beat(2)
    await playing
    assert sent.packets[0].payload == b"\x01" * 160


async def test_speech_that_is_canceled_is_said_no_more() -> None:
    sent = Sent()
    playing = asyncio.ensure_future(sent.voice.play(b"\x01" * 1_600))
    await asyncio.sleep(0)
    await sent.beat(1)
    playing.cancel()
    await asyncio.wait([playing])
    await sent.beat(1)
    assert sent.packets[1].payload == b"\xff" * 160
