"""Whom one call listens to, and which keys it hears (VOI-01, VOI-03).

Sound is never listened to, so no tone in it is a key. Of the rest only one source counts: packets from the
address that the answer named, bearing one SSRC, as soon as one came. Another SSRC takes its place only at the
same address and only after a silence. Invariant: once a packet came from the named address, no other address
is ever heard.
"""

from __future__ import annotations

from collections.abc import Callable

from vestibule.gateways.sip.links import Place
from vestibule.wire.rtp import KeyReader, decode
from vestibule.wire.sip.sdp import EVENT_FORMAT, Agreed

SILENCE_SECONDS = 1.0
"""After this pause of the source we know, another one may take over."""

_HEADER = 12


class Hearing:
    """`receive` gets each datagram; `on_key` each key, once."""

    def __init__(
        self,
        agreed: Agreed,
        on_key: Callable[[str], None],
        now: Callable[[], float],
        *,
        hears_elsewhere: bool = False,
    ) -> None:
        self._on_key = on_key
        self._now = now
        self._hears_elsewhere = hears_elsewhere
        self._keys = KeyReader()
        self._ssrc: bytes | None = None
        self._heard_at = now()
        self._source: Place | None = None
        self._named = (agreed.host, agreed.port)
        self.change(agreed)

    def change(self, agreed: Agreed) -> None:
        """Listen as it was agreed anew. A new address is a new source."""
        named = (agreed.host, agreed.port)
        if self._named != named:
            self._source = self._ssrc = None
        self._named = named
        # What comes bears the numbers that we offered; peers that answered with others may send those
        # (RFC 3264 §6.1).
        self._event_formats = set() if agreed.event_format is None else {agreed.event_format, EVENT_FORMAT}
        self._formats = self._event_formats | {agreed.codec_format, agreed.codec.number}

    @property
    def source(self) -> Place:
        """Where to send to: where it comes from, once something did (symmetric RTP, RFC 4961)."""
        return self._source or self._named

    def receive(self, data: bytes, place: Place) -> None:
        """Judge one datagram, and tell the key if it is the first to bring one."""
        if len(data) < _HEADER or data[0] & 0xC0 != 0x80 or data[1] & 0x7F not in self._formats:
            return
        if place != self._source and not self._is_taken(place):
            return
        ssrc, now = data[8:12], self._now()
        if ssrc != self._ssrc:
            if self._ssrc is not None and now - self._heard_at < SILENCE_SECONDS:
                return
            self._ssrc = ssrc
        self._heard_at = now
        # Most packets are sound: they are not even taken apart.
        if data[1] & 0x7F not in self._event_formats:
            return
        packet = decode(data)
        key = self._keys.feed(packet) if packet is not None else ""
        if key:
            self._on_key(key)

    def _is_taken(self, place: Place) -> bool:
        """Decide whether a place that is not the source becomes it."""
        if place[0] == self._named[0]:
            # The port may be another than the announced one; the announced one always wins.
            is_better = self._source is None or self._source[0] != place[0] or place == self._named
        else:
            is_better = (
                self._hears_elsewhere
                and self._source is None
                and self._now() - self._heard_at >= SILENCE_SECONDS
            )
        if is_better:
            self._source, self._ssrc = place, None
        return is_better
