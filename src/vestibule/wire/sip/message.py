"""A SIP message as bytes and as a value (RFC 3261 §7, §25).

`decode` accepts anything from the network and answers with a message or with the rule that the bytes break;
it never raises, and what it holds is bounded by the length of one datagram. Header fields keep their order
and their values; names are the long ones in lower case. It proves nothing about the sender.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import Enum
from typing import Final

import msgspec

LARGEST_MESSAGE: Final = 65_535
MOST_FIELDS: Final = 200
LONGEST_FIELD: Final = 8_192
LARGEST_SEQUENCE: Final = 2**31 - 1

_VERSION: Final = "SIP/2.0"
_TOKEN: Final = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"]+")
_SEQUENCE: Final = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9.!%*_+`'~-]+)")
_CONTROL: Final = re.compile("[\x00-\x08\x0a-\x1f\x7f]")

# RFC 3261 §7.3.3 and the registry of header fields that it began.
_COMPACT: Final = {
    "a": "accept-contact", "b": "referred-by", "c": "content-type", "d": "request-disposition",
    "e": "content-encoding", "f": "from", "i": "call-id", "j": "reject-contact", "k": "supported",
    "l": "content-length", "m": "contact", "o": "event", "r": "refer-to", "s": "subject", "t": "to",
    "u": "allow-events", "v": "via", "x": "session-expires", "y": "identity",
}  # fmt: skip
_SINGLE: Final = ("from", "to", "call-id", "cseq")
_WRITTEN: Final = {"call-id": "Call-ID", "cseq": "CSeq", "www-authenticate": "WWW-Authenticate"}

Field = tuple[str, str]
"""Name in lower case and value."""


class Malformed(Enum):
    """Why bytes are no SIP message. All are dropped in silence."""

    TOO_LONG = "longer than a datagram, a field longer than 8,192 characters, or more than 200 fields"
    TRUNCATED = "no empty line after the header, or less body than Content-Length says"
    START_LINE = "neither a request line nor a status line of SIP/2.0"
    FIELD = "a header field without a name, or with control characters"
    MISSING = "Via, From, To, Call-ID or CSeq is missing or there twice"
    SEQUENCE = "CSeq is no number and method, or names another method than the request"
    LENGTH = "Content-Length is no number, there twice, or missing in a stream"


class _Message(msgspec.Struct, frozen=True, kw_only=True):
    fields: tuple[Field, ...]
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        """All values of the fields of one name (long, lower case), in order, not split at commas."""
        return [value for found, value in self.fields if found == name]

    def first(self, name: str) -> str:
        """The first value, or an empty text."""
        for found, value in self.fields:
            if found == name:
                return value
        return ""

    @property
    def call_id(self) -> str:
        return self.first("call-id")

    @property
    def sequence(self) -> tuple[int, str]:
        """Number and method of CSeq; zero and nothing if there is none."""
        found = _SEQUENCE.fullmatch(self.first("cseq"))
        return (int(found[1]), found[2]) if found else (0, "")


class Request(_Message, frozen=True, kw_only=True):
    method: str
    uri: str

    def __repr__(self) -> str:
        return f"Request({self.method}, {len(self.fields)} fields)"


class Response(_Message, frozen=True, kw_only=True):
    status: int
    reason: str = ""

    def __repr__(self) -> str:
        return f"Response({self.status}, {len(self.fields)} fields)"

    @property
    def status_line(self) -> str:
        """`486 Busy Here`, safe to be shown: printable and short, whatever the peer wrote."""
        text = "".join(c if c.isprintable() and not "\ud800" <= c <= "\udfff" else "?" for c in self.reason)
        return f"{self.status} {text[:80]}".rstrip()


Message = Request | Response


def decode(data: bytes, *, is_stream: bool = False) -> Message | Malformed:
    """Read one message; bytes behind its end are ignored (RFC 3261 §18.3).

    `is_stream`: it came over TCP or TLS, where Content-Length must be there (§20.14).
    """
    if len(data) > LARGEST_MESSAGE:
        return Malformed.TOO_LONG
    # Empty lines before the start line are to be ignored (§7.5).
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not blank:
        return Malformed.TRUNCATED
    # What is no UTF-8 comes back as the same bytes when a field is copied into a response.
    start, *lines = head.decode("utf-8", "surrogateescape").split("\r\n")
    fields = _fields(lines)
    if isinstance(fields, Malformed):
        return fields
    length = content_length(fields)
    if isinstance(length, Malformed):
        return length
    if length is None and is_stream:
        return Malformed.LENGTH
    if length is not None and length > len(body):
        return Malformed.TRUNCATED
    return _message(start, fields, body if length is None else body[:length])


def encode(message: Message) -> bytes:
    """Write one message; Content-Length is ours. Raises ValueError if a line break is hidden in it."""
    if isinstance(message, Request):
        start = f"{message.method} {message.uri} {_VERSION}"
    else:
        start = f"{_VERSION} {message.status} {message.reason}"
    lines = [start]
    lines += [f"{_written(name)}: {value}" for name, value in message.fields if name != "content-length"]
    lines.append(f"Content-Length: {len(message.body)}")
    if any("\r" in line or "\n" in line or "\0" in line for line in lines):
        raise ValueError("a line break inside a header field")
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + message.body


def content_length(fields: Iterable[Field]) -> int | Malformed | None:
    """Return what Content-Length says, None if it is not there."""
    found = [value for name, value in fields if name == "content-length"]
    if not found:
        return None
    if len(found) > 1 or not found[0].isascii() or not found[0].isdigit() or len(found[0]) > 9:
        return Malformed.LENGTH
    return int(found[0])


def _fields(lines: list[str]) -> tuple[Field, ...] | Malformed:
    fields: list[Field] = []
    for line in lines:
        if len(line) > LONGEST_FIELD or len(fields) >= MOST_FIELDS:
            return Malformed.TOO_LONG
        if _CONTROL.search(line):
            return Malformed.FIELD
        if line[:1] in (" ", "\t"):
            # A field goes on in the next line when that begins with a blank (§7.3.1).
            if not fields:
                return Malformed.FIELD
            name, value = fields[-1]
            fields[-1] = (name, f"{value} {line.strip()}".strip())
            if len(fields[-1][1]) > LONGEST_FIELD:
                return Malformed.TOO_LONG
            continue
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t").lower()
        if not colon or _TOKEN.fullmatch(name) is None:
            return Malformed.FIELD
        fields.append((_COMPACT.get(name, name), value.strip(" \t")))
    return tuple(fields)


def _message(start: str, fields: tuple[Field, ...], body: bytes) -> Message | Malformed:
    names = [name for name, _ in fields]
    if "via" not in names or any(names.count(name) != 1 for name in _SINGLE):
        return Malformed.MISSING
    message = None if _CONTROL.search(start) else _started(start, fields, body)
    if message is None:
        return Malformed.START_LINE
    number, method = message.sequence
    if not method or number > LARGEST_SEQUENCE:
        return Malformed.SEQUENCE
    if isinstance(message, Request) and message.method != method:
        return Malformed.SEQUENCE
    return message


def _started(start: str, fields: tuple[Field, ...], body: bytes) -> Message | None:
    # Single blanks only, no others around (§7.1, §7.2).
    first, _, rest = start.partition(" ")
    second, _, third = rest.partition(" ")
    if first.upper() == _VERSION:
        if len(second) != 3 or not second.isascii() or not second.isdigit() or not 100 <= int(second) < 700:
            return None
        return Response(status=int(second), reason=third.strip(), fields=fields, body=body)
    is_request = _TOKEN.fullmatch(first) and _URI.fullmatch(second) and third.upper() == _VERSION
    return Request(method=first, uri=second, fields=fields, body=body) if is_request else None


def _written(name: str) -> str:
    return _WRITTEN.get(name) or "-".join(part.capitalize() for part in name.split("-"))
