"""The sound of one call: a socket, what is heard on it and what is sent, both from the call's answer on.

Early media is read by nobody: before `begin` whatever arrives is thrown away (VOI-02).
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress

from vestibule.gateways.sip.hearing import Hearing
from vestibule.gateways.sip.pacer import Pacer
from vestibule.gateways.sip.settings import SipSettings
from vestibule.gateways.sip.voice import Voice
from vestibule.wire.sip.sdp import Agreed, Codec
from vestibule.wire.sound.g711 import encode_a_law, encode_mu_law

_MOST_AT_ONCE = 32
_LARGEST = 2_048


class Sounds:
    """Prompts in the codec of the line, encoded once. Bounded; the least used go first."""

    def __init__(self, most_octets: int = 32 << 20) -> None:
        self._most_octets = most_octets
        self._octets = 0
        self._encoded: OrderedDict[tuple[Codec, bytes], bytes] = OrderedDict()

    def encoded(self, codec: Codec, samples: bytes) -> bytes:
        """Return samples (16 bits, 8 kHz) in G.711."""
        key = (codec, samples)
        found = self._encoded.get(key)
        if found is not None:
            self._encoded.move_to_end(key)
            return found
        encoded = encode_mu_law(samples) if codec is Codec.PCMU else encode_a_law(samples)
        self._encoded[key] = encoded
        self._octets += len(samples) + len(encoded)
        while self._octets > self._most_octets:
            (_, oldest), dropped = self._encoded.popitem(last=False)
            self._octets -= len(oldest) + len(dropped)
        return encoded


class Line:
    """A socket of a call. `begin` once the call is answered; `close` in any case."""

    def __init__(self, settings: SipSettings, host: str, pacer: Pacer) -> None:
        """Raises OSError when no port is left."""
        self._settings = settings
        self._pacer = pacer
        self._socket = _open_socket(settings, host)
        self._hearing: Hearing | None = None
        self.voice: Voice | None = None

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def begin(self, agreed: Agreed, on_key: Callable[[str], None]) -> Voice:
        """Listen and speak from now on."""
        loop = asyncio.get_running_loop()
        self._drain()
        self._hearing = Hearing(agreed, on_key, loop.time, hears_elsewhere=self._settings.rtp_from_elsewhere)
        self.voice = Voice(agreed, self._send)
        loop.add_reader(self._socket.fileno(), self._read)
        self._pacer.join(self.voice.beat)
        return self.voice

    def change(self, agreed: Agreed) -> None:
        """Go on as it was agreed anew."""
        if self._hearing is not None and self.voice is not None:
            self._hearing.change(agreed)
            self.voice.change(agreed)

    def close(self) -> None:
        if self.voice is not None:
            self._pacer.leave(self.voice.beat)
            self.voice.hush()
            asyncio.get_running_loop().remove_reader(self._socket.fileno())
            self.voice = None
        self._socket.close()

    def _send(self, packet: bytes) -> None:
        assert self._hearing is not None
        # Full buffers and ports where nobody listens: one packet less to be heard.
        with suppress(OSError):
            self._socket.sendto(packet, self._hearing.source)

    def _read(self) -> None:
        hearing = self._hearing
        if hearing is None:
            return
        # A flood must not keep the loop here: what is left is read in its next round.
        for _ in range(_MOST_AT_ONCE):
            try:
                data, address = self._socket.recvfrom(_LARGEST)
            except OSError:
                return
            hearing.receive(data, (address[0], address[1]))
            if self._hearing is None or self.voice is None:
                return

    def _drain(self) -> None:
        # What arrived before the answer sits in the buffer of the kernel, which is bounded; so is this loop.
        for _ in range(100_000):
            try:
                self._socket.recvfrom(_LARGEST)
            except BlockingIOError:
                return
            except OSError:
                continue


def _open_socket(settings: SipSettings, host: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_DGRAM)
    opened.setblocking(False)
    first = settings.first_rtp_port + settings.first_rtp_port % 2
    begin = secrets.randbelow(settings.rtp_pairs)
    for step in range(settings.rtp_pairs):
        try:
            opened.bind((host, first + 2 * ((begin + step) % settings.rtp_pairs)))
        except OSError as problem:
            last = problem
        else:
            return opened
    opened.close()
    raise last
