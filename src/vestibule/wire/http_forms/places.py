"""Where values stand in what a provider sends: a field of a form or a query, a header, a path in JSON.

A place is written `form:From`, `query:from`, `header:X-Token`, `json:results.0.status`, or `field:from` for
whichever of JSON, form and query came. A name that is there twice with different values means nothing here:
two readers would pick different ones. Decoding raises Unreadable and nothing else, whatever the bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec

_KINDS: Final = ("form", "query", "header", "json", "field")
_MOST_FIELDS = 200
_MOST_WORD: Final = 60
_UNSEEN: Final = re.compile(r"[^\x20-\x7e]")

Pairs = tuple[tuple[str, str], ...]


class Unreadable(Exception):
    """The bytes are not what they are said to be, or say two things at once. Carries none of them."""


class Place(NamedTuple):
    kind: str
    name: str


class Received(NamedTuple):
    """A request taken apart. `document` is None unless the body is JSON."""

    query: Pairs = ()
    headers: Pairs = ()
    form: Pairs = ()
    document: Any = None


def read_place(written: str) -> Place:
    """Return a place, or raise ValueError."""
    kind, colon, name = written.partition(":")
    if kind not in _KINDS or not colon or not name:
        raise ValueError(f"{written!r} is not a place such as form:From or json:status.code")
    return Place(kind, name.lower() if kind == "header" else name)


def decode_form(body: bytes) -> Pairs:
    """Decode application/x-www-form-urlencoded; raises Unreadable."""
    try:
        return tuple(
            parse_qsl(
                body.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
            )
        )
    except ValueError:  # UnicodeDecodeError is one
        raise Unreadable from None


def decode_json(body: bytes) -> Any:
    """Decode JSON; raises Unreadable."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Unreadable from None


def take_apart(query: Pairs, headers: Pairs, body: bytes) -> Received:
    """Take a request apart by its Content-Type; raises Unreadable for a body of any other kind."""
    kind = value_of(headers, "content-type").partition(";")[0].strip().lower()
    if not body:
        return Received(query, headers)
    if kind == "application/x-www-form-urlencoded":
        return Received(query, headers, form=decode_form(body))
    if kind == "application/json" or kind.endswith("+json"):
        return Received(query, headers, document=decode_json(body))
    raise Unreadable


def look_up(place: Place, received: Received, item: Any = None) -> str:
    """Return what stands there, or "" if nothing does; `item` is the part of a list that paths begin at."""
    if place.kind == "json" or (place.kind == "field" and received.document is not None):
        return as_text(value_at(received.document if item is None else item, place.name))
    if place.kind == "header":
        return value_of(received.headers, place.name)
    if place.kind == "form" or (place.kind == "field" and received.form):
        return value_of(received.form, place.name)
    return value_of(received.query, place.name)


def fields_of(received: Received) -> Pairs:
    """Return the fields of what came: of the JSON object, the form, or the query."""
    if isinstance(received.document, Mapping):
        return tuple((str(name), as_text(value)) for name, value in received.document.items())
    return received.form or received.query


def value_of(pairs: Iterable[tuple[str, str]], name: str) -> str:
    """Return the one value of a name, or ""; raises Unreadable for two that differ."""
    values = {value for key, value in pairs if key == name}
    if len(values) > 1:
        raise Unreadable
    return values.pop() if values else ""


def value_at(document: Any, path: str) -> Any:
    """Return what a dotted path leads to, numbers counting into lists, or None."""
    for step in path.split("."):
        if isinstance(document, Mapping):
            document = document.get(step)
        elif isinstance(document, list) and step.isascii() and step.isdigit() and len(step) < 6:
            document = document[int(step)] if int(step) < len(document) else None
        else:
            return None
    return document


def as_text(value: Any) -> str:
    """Return a single JSON value as text; of null, lists and objects there is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else ""


def word(text: str) -> str:
    """Return somebody else's word as it may stand in our records: short and visible."""
    return _UNSEEN.sub("?", text[:_MOST_WORD])
