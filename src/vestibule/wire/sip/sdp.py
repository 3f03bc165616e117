"""Descriptions of the sound of a call (RFC 4566), offered and answered (RFC 3264): G.711 and pressed keys.

`read_session` accepts anything and never raises. Only one stream of sound is ever ours: further ones are
refused by port 0, and RTCP is neither offered nor looked at.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

LARGEST: Final = 16_384
MOST_STREAMS: Final = 16
MOST_FORMATS: Final = 64
EVENT_FORMAT: Final = 101
"""The number that is offered for telephone events; the peer may choose another for what it sends back."""
PACKET_MILLISECONDS: Final = 20

_STREAM: Final = re.compile(r"([a-z]+) ([0-9]{1,5})(?:/[0-9]+)? ([A-Za-z/]+) ([^ ].*)")
_MAP: Final = re.compile(r"([0-9]{1,3}) ([A-Za-z0-9._-]+)/([0-9]{1,6})(?:/1)?")
_STATIC: Final = {0: "PCMU/8000", 8: "PCMA/8000"}  # RFC 3551 §6


class Codec(StrEnum):
    PCMU = "PCMU"
    PCMA = "PCMA"

    @property
    def number(self) -> int:
        """The static payload type (RFC 3551 §6)."""
        return 0 if self is Codec.PCMU else 8


class Direction(StrEnum):
    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def answered(self) -> Direction:
        """What answers it when we would both send and hear (RFC 3264 §6.1)."""
        turned = {Direction.SENDONLY: Direction.RECVONLY, Direction.RECVONLY: Direction.SENDONLY}
        return turned.get(self, self)


class Stream(msgspec.Struct, frozen=True):
    """One `m=` line with what belongs to it."""

    kind: str
    port: int
    protocol: str
    formats: tuple[int, ...]
    names: tuple[tuple[int, str], ...]
    """Format numbers with `NAME/RATE`, upper case; static ones need not be there."""
    host: str
    direction: Direction
    line: str
    """As it came, to refuse it by."""

    def name_of(self, number: int) -> str:
        return dict(self.names).get(number) or _STATIC.get(number, "")


class Session(msgspec.Struct, frozen=True):
    streams: tuple[Stream, ...]

    @property
    def sound(self) -> Stream | None:
        """The first stream of sound over plain RTP that is not refused."""
        for stream in self.streams:
            if stream.kind == "audio" and stream.port and stream.protocol == "RTP/AVP":
                return stream
        return None


class Agreed(msgspec.Struct, frozen=True):
    """What both sides can do: where the peer wants its packets, and which numbers they bear."""

    host: str
    port: int
    codec: Codec
    codec_format: int
    event_format: int | None
    """None: the peer does not know telephone events."""
    direction: Direction
    """As the peer sees it."""

    @property
    def may_send(self) -> bool:
        # 0.0.0.0 is how calls were held before there were directions (RFC 3264 §8.4).
        return self.direction in (Direction.SENDRECV, Direction.RECVONLY) and not _is_nowhere(self.host)


def read_session(body: bytes) -> Session | None:
    """Read a description; None if it is none, or larger than anybody needs."""
    if len(body) > LARGEST:
        return None
    lines = body.decode("utf-8", "replace").replace("\r\n", "\n").rstrip("\n").split("\n")
    if lines[0].strip() != "v=0":
        return None
    sections: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            sections.append([])
        sections[-1].append(line.rstrip())
    if len(sections) > MOST_STREAMS + 1:
        return None
    host, direction = _host(sections[0]), _direction(sections[0])
    streams = [_stream(section, host, direction) for section in sections[1:]]
    return Session(tuple(stream for stream in streams if stream is not None)) if all(streams) else None


def agree(session: Session, codecs: Sequence[Codec]) -> Agreed | None:
    """Return what an offer or an answer and our codecs have in common, by the order of the peer's formats."""
    stream = session.sound
    if stream is None or not stream.host:
        return None
    ours = {f"{codec}/8000": codec for codec in codecs}
    chosen = next((number for number in stream.formats if stream.name_of(number) in ours), None)
    if chosen is None:
        return None
    codec = ours[stream.name_of(chosen)]
    events = (number for number in stream.formats if stream.name_of(number) == "TELEPHONE-EVENT/8000")
    return Agreed(stream.host, stream.port, codec, chosen, next(events, None), stream.direction)


def offer(host: str, port: int, codecs: Sequence[Codec], *, session_id: int, version: int = 1) -> bytes:
    """Write what we offer: all codecs, and telephone events 0 to 15 (RFC 4733 §2.4.1)."""
    maps = [f"a=rtpmap:{codec.number} {codec}/8000" for codec in codecs]
    stream = [
        _stream_line(port, [*(codec.number for codec in codecs), EVENT_FORMAT]),
        *maps,
        *_event_lines(EVENT_FORMAT),
        f"a=ptime:{PACKET_MILLISECONDS}",
        "a=sendrecv",
    ]
    return _written(host, stream, session_id, version)


def answer(host: str, port: int, offered: Session, agreed: Agreed, *, session_id: int, version: int) -> bytes:
    """Write the answer to an offer: the agreed codec under the peer's numbers; every further stream refused
    in its place (RFC 3264 §6)."""
    formats = [agreed.codec_format] + ([] if agreed.event_format is None else [agreed.event_format])
    lines: list[str] = []
    for stream in offered.streams:
        if stream is not offered.sound:
            lines.append(re.sub(r"^m=([a-z]+) [0-9]+(?:/[0-9]+)?", r"m=\1 0", stream.line))
            continue
        lines += [
            _stream_line(port, formats),
            f"a=rtpmap:{agreed.codec_format} {agreed.codec}/8000",
            *([] if agreed.event_format is None else _event_lines(agreed.event_format)),
            f"a=ptime:{PACKET_MILLISECONDS}",
            f"a={agreed.direction.answered}",
        ]
    return _written(host, lines, session_id, version)


def _event_lines(number: int) -> list[str]:
    return [f"a=rtpmap:{number} telephone-event/8000", f"a=fmtp:{number} 0-15"]


def _stream_line(port: int, formats: Sequence[int]) -> str:
    return f"m=audio {port} RTP/AVP {' '.join(map(str, formats))}"


def _written(host: str, stream: list[str], session_id: int, version: int) -> bytes:
    family = "IP6" if ":" in host else "IP4"
    lines = [
        "v=0",
        f"o=- {session_id} {version} IN {family} {host}",
        "s=-",
        f"c=IN {family} {host}",
        "t=0 0",
        *stream,
    ]
    return "".join(f"{line}\r\n" for line in lines).encode()


def _stream(section: list[str], session_host: str, session_direction: Direction | None) -> Stream | None:
    found = _STREAM.fullmatch(section[0][2:])
    if found is None or int(found[2]) > 65_535:
        return None
    numbers = [part for part in found[4].split() if part.isascii() and part.isdigit() and len(part) < 4]
    maps = [_MAP.fullmatch(line[9:].strip()) for line in section[1:] if line.startswith("a=rtpmap:")]
    names = [(int(mapped[1]), f"{mapped[2]}/{mapped[3]}".upper()) for mapped in maps if mapped]
    return Stream(
        kind=found[1],
        port=int(found[2]),
        protocol=found[3].upper(),
        formats=tuple(map(int, numbers[:MOST_FORMATS])),
        names=tuple(names[:MOST_FORMATS]),
        host=_host(section) or session_host,
        direction=_direction(section) or session_direction or Direction.SENDRECV,
        line=section[0],
    )


def _host(section: list[str]) -> str:
    """The numeric address of a `c=` line; names are not looked up."""
    for line in section:
        if line.startswith("c=IN IP"):
            try:
                return str(ipaddress.ip_address(line.split(" ")[2].partition("/")[0]))
            except (ValueError, IndexError):
                return ""
    return ""


def _direction(section: list[str]) -> Direction | None:
    for line in section:
        if line[2:] in Direction.__members__.values() and line.startswith("a="):
            return Direction(line[2:])
    return None


def _is_nowhere(host: str) -> bool:
    return ipaddress.ip_address(host).is_unspecified
