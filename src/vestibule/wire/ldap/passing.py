"""What a proxy needs to know of messages that it passes on: whose they are, and what they lead to.

Pure, and as quick as it can be: `read_envelope` is called for every message of a directory.
"""

from __future__ import annotations

from typing import NamedTuple

from vestibule.wire.ldap import ber
from vestibule.wire.ldap.codec import encode_result
from vestibule.wire.ldap.filters import And, Extensible, Filter, Not, Or, read_filter
from vestibule.wire.ldap.messages import MAX_INTEGER, Control, Malformed, OpaqueOperation, Result

BIND_REQUEST = 0x60
SEARCH_REQUEST = 0x63
MODIFY_REQUEST = 0x66
ADD_REQUEST = 0x68
DELETE_REQUEST = 0x4A
RENAME_REQUEST = 0x6C
COMPARE_REQUEST = 0x6E
EXTENDED_REQUEST = 0x77
BIND_RESPONSE = 0x61
SEARCH_RESULT_REFERENCE = 0x73

RESPONSES = {
    BIND_REQUEST: BIND_RESPONSE,
    SEARCH_REQUEST: 0x65,
    MODIFY_REQUEST: 0x67,
    ADD_REQUEST: 0x69,
    DELETE_REQUEST: 0x6B,
    RENAME_REQUEST: 0x6D,
    COMPARE_REQUEST: 0x6F,
    EXTENDED_REQUEST: 0x78,
}
"""By the tag of a request, that of the response which ends it (RFC 4511 §4)."""

FINAL = frozenset(RESPONSES.values())

ASSERTION_OID = "1.3.6.1.1.12"
MATCHED_VALUES_OID = "1.2.826.0.1.3344810.2.3"

_REFERRAL_RESULT = b"\x0a\x01\x0a"


class Envelope(NamedTuple):
    """Whose a message is: its id, the tag of its operation, and where the content of that begins."""

    message_id: int
    tag: int
    start: int


def read_envelope(frame: bytes) -> Envelope | Malformed:
    """Read as much of one message as tells whose it is."""
    end = len(frame)
    try:
        outer = ber.read_header(frame, 0, end)
        number = ber.read_header(frame, outer[1], end) if outer else None
        if number is None or number[0] != ber.INTEGER or not 1 <= number[2] <= 4:
            return Malformed("a message without an id")
        start = number[1] + number[2]
        operation = ber.read_header(frame, start, end)
    except ber.MalformedBer as problem:
        return Malformed(str(problem))
    if operation is None:
        return Malformed("a message without an operation")
    message_id = int.from_bytes(frame[number[1] : start], "big", signed=True)
    if not 0 <= message_id <= MAX_INTEGER:
        return Malformed("message id out of range")
    return Envelope(message_id, operation[0], operation[1])


def is_referral(frame: bytes, envelope: Envelope) -> bool:
    """Tell whether a response sends its client to another server (RFC 4511 §4.1.10, result code 10)."""
    return frame.startswith(_REFERRAL_RESULT, envelope.start)


def final_response(message_id: int, request_tag: int, result: Result) -> bytes:
    """Return the message that ends a request with `result`: all of them begin with the same components."""
    response = ber.element(RESPONSES[request_tag], encode_result(result))
    return ber.element(ber.SEQUENCE, ber.integer(message_id) + response)


def compared_attribute(operation: OpaqueOperation) -> str | Malformed:
    """Return the attribute that a comparison asserts (RFC 4511 §4.10)."""
    try:
        reader = ber.Reader(operation.content, 0, len(operation.content), ber.Budget(8))
        reader.take_text()
        assertion = reader.enter(ber.SEQUENCE)
        attribute = assertion.take_text()
        assertion.take(ber.OCTET_STRING)
        assertion.finish(ber.OCTET_STRING)
        reader.finish(ber.OCTET_STRING, ber.SEQUENCE)
    except ber.MalformedBer as problem:
        return Malformed(str(problem))
    return attribute


def filters_in(control: Control) -> tuple[Filter, ...] | Malformed:
    """Return the filters that a control carries: one in an assertion (RFC 4528), several in matched values
    (RFC 3876), none in any other."""
    if control.oid not in (ASSERTION_OID, MATCHED_VALUES_OID):
        return ()
    value = control.value or b""
    limits = ber.DEFAULT_LIMITS
    try:
        reader = ber.Reader(value, 0, len(value), ber.Budget(limits.max_elements))
        if control.oid == ASSERTION_OID:
            return (read_filter(reader, limits.max_filter_depth),)
        items, filters = reader.enter(ber.SEQUENCE), []
        while not items.is_finished:
            filters.append(read_filter(items, limits.max_filter_depth))
    except ber.MalformedBer as problem:
        return Malformed(str(problem))
    return tuple(filters)


def asserted_attributes(filter_: Filter) -> set[str]:
    """Return every attribute that a filter looks at, as written; an empty one where it looks at all."""
    match filter_:
        case And(parts) | Or(parts):
            return set().union(*map(asserted_attributes, parts))
        case Not(part):
            return asserted_attributes(part)
        case Extensible(attribute=attribute):
            return {attribute or ""}
        case _:
            return {filter_.attribute}
