"""RTP (RFC 3550) as far as a call needs it: packets, pressed keys (RFC 4733), and G.711.

No I/O, no clock, no chance and no other part of the project.
"""

from vestibule.wire.rtp.events import KeyReader
from vestibule.wire.rtp.packet import Packet, decode, encode

__all__ = ["KeyReader", "Packet", "decode", "encode"]
