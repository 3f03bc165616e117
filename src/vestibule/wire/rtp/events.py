"""Pressed keys in RTP: telephone events (RFC 4733).

A key is told once, by the first packet of its event that arrives: the packets of one event share a timestamp
(§2.5.1.2), its end is sent three times (§2.5.1.4), and any of them may be lost or come again. Invariant: an
event that is not newer than the last one told is never told, so replayed packets press nothing.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import msgspec

from vestibule.wire.rtp.packet import Packet

KEYS: Final = "0123456789*#"
"""Events 0 to 11 (§3.2). A to D, which no telephone has, and flash are no keys to us."""
_EVENT: Final = struct.Struct("!BBH")
_LONGEST: Final = 0xFFFF


class Event(msgspec.Struct, frozen=True, gc=False):
    """The payload of one packet (§2.3)."""

    number: int
    is_end: bool
    duration: int
    """In ticks of the timestamp, an eighth of a millisecond."""


def read_event(payload: bytes) -> Event | None:
    """Read a payload; octets behind the fourth are further events (§2.5.1.5 lets none be) and ignored."""
    if len(payload) < _EVENT.size:
        return None
    number, flags, duration = _EVENT.unpack_from(payload)
    return Event(number, bool(flags & 0x80), duration)


def write_event(key: str, *, is_end: bool, duration: int, volume: int = 10) -> bytes:
    """Write the payload for a key; raises ValueError if it is none."""
    return _EVENT.pack(KEYS.index(key), (0x80 if is_end else 0) | volume, min(duration, _LONGEST))


class KeyReader:
    """Turns the event packets of one source into keys. Feed it only packets of the source listened to."""

    __slots__ = ("_event", "_ssrc", "_timestamp")

    def __init__(self) -> None:
        self._ssrc: int | None = None
        self._timestamp = 0
        self._event: Event | None = None

    def feed(self, packet: Packet) -> str:
        """Return the key that this packet is the first to tell of, or an empty text."""
        event = read_event(packet.payload)
        if event is None:
            return ""
        is_first = packet.ssrc != self._ssrc
        is_newer = is_first or self._is_newer(packet.timestamp)
        is_new = is_first or (is_newer and not self._goes_on(packet, event))
        if is_newer or packet.timestamp == self._timestamp:
            self._ssrc, self._timestamp, self._event = packet.ssrc, packet.timestamp, event
        return KEYS[event.number] if is_new and event.number < len(KEYS) else ""

    def _is_newer(self, timestamp: int) -> bool:
        # Timestamps wrap around: newer is what lies less than half the circle ahead.
        return 0 < (timestamp - self._timestamp) & 0xFFFFFFFF < 0x80000000

    def _goes_on(self, packet: Packet, event: Event) -> bool:
        """A key held for more than eight seconds comes as several events, each where the last one's duration
        ran out, and none but the last with an end (§2.5.1.3)."""
        last = self._event
        ahead = (packet.timestamp - self._timestamp) & 0xFFFFFFFF
        return (
            last is not None
            and not last.is_end
            and last.number == event.number
            and ahead == _LONGEST
            and not packet.is_marked
        )


def event_packets(key: str, ticks: int, samples: int) -> Iterator[bytes]:
    """Return the payloads of a pressed key in the order to send them: `ticks` packets, each `samples` longer
    than the one before, then the end three times."""
    for tick in range(1, ticks):
        yield write_event(key, is_end=False, duration=tick * samples)
    for _ in range(3):
        yield write_event(key, is_end=True, duration=ticks * samples)
