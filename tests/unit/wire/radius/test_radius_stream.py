"""Packets out of a stream (RFC 6613 §2.6): the same ones, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.wire.radius import Malformed
from vestibule.wire.radius.stream import PacketStream


def packet(size: int) -> bytes:
    return bytes((1, 2)) + size.to_bytes(2, "big") + bytes(size - 4)


@given(
    sizes=st.lists(st.sampled_from((20, 21, 57, 4096)), max_size=6),
    cuts=st.lists(st.integers(1, 5000), min_size=1, max_size=30),
)
def test_a_stream_is_the_same_packets_however_it_is_cut(sizes: list[int], cuts: list[int]) -> None:
    octets, at, turn = b"".join(map(packet, sizes)), 0, 0
    stream, taken = PacketStream(), []
    while at < len(octets):
        stream.feed(octets[at : at + cuts[turn % len(cuts)]])
        at, turn = at + cuts[turn % len(cuts)], turn + 1
        while (found := stream.next_packet()) is not None:
            taken.append(found)
    assert taken == list(map(packet, sizes))
    assert not stream.has_rest


@pytest.mark.parametrize("length", [0, 19, 4097, 65535])
def test_a_length_that_no_packet_has_is_told_at_once(length: int) -> None:
    stream = PacketStream()
    stream.feed(packet(20) + bytes((1, 2)) + length.to_bytes(2, "big"))
    assert stream.next_packet() == packet(20)
    assert stream.next_packet() is Malformed.LENGTH_FIELD


def test_what_is_not_whole_waits() -> None:
    stream = PacketStream()
    stream.feed(packet(20)[:3])
    assert stream.next_packet() is None
    assert stream.has_rest
    stream.feed(packet(20)[3:19])
    assert stream.next_packet() is None
    stream.feed(packet(20)[19:])
    assert stream.next_packet() == packet(20)
