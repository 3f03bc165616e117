"""What one call sends, packet by packet: speech, pressed keys, pauses, and silence in between.

Silence is sent, too: it keeps translations of addresses open and shows the far end where we are. Invariant:
each beat sends one packet of one sequence, and the timestamp moves on by one packet's worth of samples,
whatever is sent (RFC 3550 §5.1).
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Iterator

from vestibule.gateways.sip.pacer import BEAT_SECONDS
from vestibule.wire.rtp.events import KEYS, event_packets
from vestibule.wire.rtp.packet import encode
from vestibule.wire.sip.sdp import Agreed, Codec
from vestibule.wire.sound.g711 import A_SILENCE, MU_SILENCE

PACKET_SAMPLES = 160
KEY_BEATS = 6
"""How long a key is pressed: 120 ms, longer than the 40 ms that any exchange asks for."""
GAP_BEATS = 6
COMMA_BEATS = round(1.0 / BEAT_SECONDS)


class Voice:
    """`beat` is called every 20 milliseconds. What is put in a line is sent in turn."""

    def __init__(self, agreed: Agreed, send: Callable[[bytes], None]) -> None:
        self._send = send
        self._ssrc = secrets.randbits(32)
        self._sequence = secrets.randbits(16)
        self._timestamp = secrets.randbits(32)
        self._line: deque[tuple[Iterator[tuple[int, bytes, bool]], asyncio.Future[None]]] = deque()
        self._is_marked = True
        self._event_timestamp = 0
        self.is_held = False
        self.change(agreed)

    def change(self, agreed: Agreed) -> None:
        """Go on as it was agreed anew."""
        self._format = agreed.codec_format
        self._event_format = agreed.event_format
        self.is_held = not agreed.may_send
        octet = MU_SILENCE if agreed.codec is Codec.PCMU else A_SILENCE
        self._silence = bytes((octet,)) * PACKET_SAMPLES

    @property
    def presses_keys(self) -> bool:
        """Whether the far end knows telephone events."""
        return self._event_format is not None

    async def play(self, octets: bytes) -> None:
        """Send sound, encoded already; returns when its last packet is on its way."""
        await self._send_all(self._speech(octets))

    async def pause(self, beats: int) -> None:
        await self._send_all((self._format, self._silence, False) for _ in range(beats))

    async def press(self, key: str) -> None:
        """Send a key and the pause behind it."""
        await self._send_all(self._pressed(key))

    def hush(self) -> None:
        """Drop what was not sent yet; who waits for it waits no more."""
        while self._line:
            _, done = self._line.popleft()
            if not done.done():
                done.set_result(None)

    def beat(self) -> None:
        payload_type, payload, is_event = self._next()
        if not self.is_held:
            timestamp = self._event_timestamp if is_event else self._timestamp
            packet = encode(payload_type, self._sequence, timestamp, self._ssrc, payload, self._is_marked)
            self._sequence += 1
            self._is_marked = False
            self._send(packet)
        self._timestamp += PACKET_SAMPLES

    def _next(self) -> tuple[int, bytes, bool]:
        while self._line and not self.is_held:
            packets, done = self._line[0]
            packet = next(packets, None)
            if packet is not None:
                return packet
            self._line.popleft()
            if not done.done():
                done.set_result(None)
        return self._format, self._silence, False

    async def _send_all(self, packets: Iterator[tuple[int, bytes, bool]]) -> None:
        done = asyncio.get_running_loop().create_future()
        entry = (packets, done)
        self._line.append(entry)
        try:
            await done
        finally:
            if entry in self._line:
                self._line.remove(entry)

    def _speech(self, octets: bytes) -> Iterator[tuple[int, bytes, bool]]:
        for begin in range(0, len(octets), PACKET_SAMPLES):
            payload = octets[begin : begin + PACKET_SAMPLES]
            yield self._format, payload + self._silence[len(payload) :], False

    def _pressed(self, key: str) -> Iterator[tuple[int, bytes, bool]]:
        event_format = self._event_format
        if event_format is not None and key in KEYS:
            # All packets of an event bear the time of its beginning; the first is marked (RFC 4733 §2.5.1).
            self._event_timestamp, self._is_marked = self._timestamp, True
            for payload in event_packets(key, KEY_BEATS, PACKET_SAMPLES):
                yield event_format, payload, True
        for _ in range(GAP_BEATS):
            yield self._format, self._silence, False
