"""LDAP messages to bytes and back (RFC 4511), for a client and for a server.

`decode` reads one whole message, `frame_length` finds where it ends in a stream. Both return a `Malformed`
for bad bytes and never raise, whatever the bytes are. What an encoder cannot say raises ValueError, because
that is an error of the program.

Must never follow a referral, look into a distinguished name or keep anything between two calls.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from vestibule.wire.ldap import ber
from vestibule.wire.ldap.filters import encode_filter, read_filter
from vestibule.wire.ldap.messages import (
    MAX_INTEGER,
    AbandonRequest,
    Aliases,
    Attribute,
    Authentication,
    BindRequest,
    BindResponse,
    Control,
    ExtendedRequest,
    ExtendedResponse,
    Malformed,
    Message,
    OpaqueOperation,
    Operation,
    Result,
    Sasl,
    Scope,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
    Simple,
    UnbindRequest,
    UnknownAuthentication,
)

_BIND_REQUEST = 0x60
_BIND_RESPONSE = 0x61
_UNBIND_REQUEST = 0x42
_SEARCH_REQUEST = 0x63
_SEARCH_RESULT_ENTRY = 0x64
_SEARCH_RESULT_DONE = 0x65
_SEARCH_RESULT_REFERENCE = 0x73
_MODIFY_RESPONSE = 0x67
_ABANDON_REQUEST = 0x50
_EXTENDED_REQUEST = 0x77
_EXTENDED_RESPONSE = 0x78
# modify, add, delete (primitive), rename and compare with their responses; intermediate response.
_OPAQUE = frozenset((0x66, 0x67, 0x68, 0x69, 0x4A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x79))

_CONTROLS = 0xA0
_SIMPLE = 0x80
_SASL = 0xA3
_REFERRAL = 0xA3
_SERVER_CREDENTIALS = 0x87
_REQUEST_NAME = 0x80
_REQUEST_VALUE = 0x81
_RESPONSE_NAME = 0x8A
_RESPONSE_VALUE = 0x8B

_OID = re.compile(r"[0-9]+(?:\.[0-9]+)*", re.ASCII)
_MAX_OID = 255


def frame_length(data: bytes | bytearray, limits: ber.Limits = ber.DEFAULT_LIMITS) -> int | Malformed | None:
    """Return how many bytes the first message of `data` takes, or None while that cannot be told yet.

    A message longer than the limit is refused as soon as its length is known, before its content arrives.
    """
    if data and data[0] != ber.SEQUENCE:
        return Malformed("a message that does not begin with a sequence")
    try:
        header = ber.read_header(data, 0, len(data))
    except ber.MalformedBer as problem:
        return Malformed(str(problem))
    if header is None:
        return None
    _, start, length = header
    if start + length > limits.max_message_bytes:
        return Malformed("a message longer than allowed")
    return start + length


def decode(data: bytes, limits: ber.Limits = ber.DEFAULT_LIMITS) -> Message | Malformed:
    """Return the message that `data` is, all of it."""
    length = frame_length(data, limits)
    if isinstance(length, Malformed):
        return length
    if length != len(data):
        return Malformed("the bytes are not exactly one message")
    outer = ber.Reader(data, 0, len(data), ber.Budget(limits.max_elements))
    try:
        return _read_message(outer.enter(ber.SEQUENCE), limits)
    except ber.MalformedBer as problem:
        return Malformed(str(problem))


def _read_message(reader: ber.Reader, limits: ber.Limits) -> Message:
    message_id = _in_range(reader.take_integer(), 0, MAX_INTEGER, "message id")
    operation = _read_operation(reader, limits)
    controls: tuple[Control, ...] = ()
    if reader.next_tag() == _CONTROLS:
        controls = _read_controls(reader.enter(_CONTROLS))
    reader.finish(_CONTROLS, *_OPERATIONS)
    return Message(message_id, operation, controls)


def _read_operation(reader: ber.Reader, limits: ber.Limits) -> Operation:
    tag = reader.next_tag()
    if tag is None:
        raise ber.MalformedBer("a message without an operation")
    match tag:
        case 0x42:  # unbind is a NULL
            if reader.take(tag):
                raise ber.MalformedBer("an unbind with content")
            return UnbindRequest()
        case 0x50:  # abandon is a bare integer
            return AbandonRequest(_in_range(reader.take_integer(tag), 0, MAX_INTEGER, "message id"))
        case 0x63:
            return _read_search_request(reader.enter(tag), limits.max_filter_depth)
        case _ if tag in _OPAQUE:
            return OpaqueOperation(*reader.take_any())
        case _ if tag in _READERS:
            return _READERS[tag](reader.enter(tag))
        case _:
            raise ber.MalformedBer(f"tag 0x{tag:02x} is no operation")


def _in_range(value: int, low: int, high: int, name: str) -> int:
    if not low <= value <= high:
        raise ber.MalformedBer(f"{name} out of range")
    return value


def _read_oid(content: bytes) -> str:
    try:
        oid = content.decode("ascii")
    except UnicodeDecodeError:
        raise ber.MalformedBer("an object identifier that is not ASCII") from None
    if not _is_oid(oid):
        raise ber.MalformedBer("not an object identifier")
    return oid


def _is_oid(oid: str) -> bool:
    return len(oid) <= _MAX_OID and _OID.fullmatch(oid) is not None


def _read_controls(reader: ber.Reader) -> tuple[Control, ...]:
    controls = []
    while not reader.is_finished:
        inner = reader.enter(ber.SEQUENCE)
        oid = _read_oid(inner.take(ber.OCTET_STRING))
        is_critical = inner.next_tag() == ber.BOOLEAN and inner.take_boolean()
        controls.append(Control(oid, is_critical, inner.take_if(ber.OCTET_STRING)))
        inner.finish(ber.OCTET_STRING, ber.BOOLEAN)
    return tuple(controls)


def _read_bind_request(reader: ber.Reader) -> BindRequest:
    version = _in_range(reader.take_integer(), 1, 127, "version")
    name = reader.take_text()
    authentication = _read_authentication(reader)
    reader.finish(ber.INTEGER, ber.OCTET_STRING, _SIMPLE, _SASL)
    return BindRequest(version, name, authentication)


def _read_authentication(reader: ber.Reader) -> Authentication:
    match reader.next_tag():
        case 0x80:
            return Simple(reader.take(_SIMPLE))
        case 0xA3:
            inner = reader.enter(_SASL)
            sasl = Sasl(inner.take_text(), inner.take_if(ber.OCTET_STRING))
            inner.finish(ber.OCTET_STRING)
            return sasl
        case _:
            return UnknownAuthentication(reader.take_any()[0])


def _read_result(reader: ber.Reader) -> Result:
    code = _in_range(reader.take_integer(ber.ENUMERATED), 0, MAX_INTEGER, "result code")
    matched_name = reader.take_text()
    # A diagnostic is for people. One that is not UTF-8 must not turn a clear answer into none.
    diagnostic = reader.take(ber.OCTET_STRING).decode(errors="replace")
    referrals: tuple[str, ...] = ()
    if reader.next_tag() == _REFERRAL:
        referrals = _read_texts(reader.enter(_REFERRAL))
    return Result(code, matched_name, diagnostic, referrals)


def _read_texts(reader: ber.Reader) -> tuple[str, ...]:
    """Read the rest of `reader` as a list of texts that has at least one."""
    texts = [reader.take_text()]
    while not reader.is_finished:
        texts.append(reader.take_text())
    return tuple(texts)


def _read_bind_response(reader: ber.Reader) -> BindResponse:
    response = BindResponse(_read_result(reader), reader.take_if(_SERVER_CREDENTIALS))
    reader.finish(ber.ENUMERATED, ber.OCTET_STRING, _REFERRAL, _SERVER_CREDENTIALS)
    return response


def _read_search_request(reader: ber.Reader, depth: int) -> SearchRequest:
    base = reader.take_text()
    scope = _in_range(reader.take_integer(ber.ENUMERATED), 0, 2, "scope")
    aliases = _in_range(reader.take_integer(ber.ENUMERATED), 0, 3, "alias handling")
    size_limit = _in_range(reader.take_integer(), 0, MAX_INTEGER, "size limit")
    time_limit = _in_range(reader.take_integer(), 0, MAX_INTEGER, "time limit")
    types_only = reader.take_boolean()
    filter_ = read_filter(reader, depth)
    attributes = _read_selection(reader.enter(ber.SEQUENCE))
    reader.finish(ber.SEQUENCE)
    return SearchRequest(
        base, Scope(scope), filter_, attributes, Aliases(aliases), size_limit, time_limit, types_only
    )


def _read_selection(reader: ber.Reader) -> tuple[str, ...]:
    # RFC 4511 §4.5.1.8 lets a server ignore a selector it does not know, so their form is not checked.
    attributes = []
    while not reader.is_finished:
        attributes.append(reader.take_text())
    return tuple(attributes)


def _read_entry(reader: ber.Reader) -> SearchResultEntry:
    name = reader.take_text()
    listing = reader.enter(ber.SEQUENCE)
    attributes = []
    while not listing.is_finished:
        attributes.append(_read_attribute(listing.enter(ber.SEQUENCE)))
    reader.finish(ber.SEQUENCE)
    return SearchResultEntry(name, tuple(attributes))


def _read_attribute(reader: ber.Reader) -> Attribute:
    name = reader.take_text()
    listing = reader.enter(ber.SET)
    values = []
    while not listing.is_finished:
        values.append(listing.take(ber.OCTET_STRING))
    reader.finish(ber.SET)
    return Attribute(name, tuple(values))


def _read_done(reader: ber.Reader) -> SearchResultDone:
    done = SearchResultDone(_read_result(reader))
    reader.finish(ber.ENUMERATED, ber.OCTET_STRING, _REFERRAL)
    return done


def _read_extended_request(reader: ber.Reader) -> ExtendedRequest:
    request = ExtendedRequest(_read_oid(reader.take(_REQUEST_NAME)), reader.take_if(_REQUEST_VALUE))
    reader.finish(_REQUEST_NAME, _REQUEST_VALUE)
    return request


def _read_extended_response(reader: ber.Reader) -> ExtendedResponse:
    result = _read_result(reader)
    name = reader.take_if(_RESPONSE_NAME)
    value = reader.take_if(_RESPONSE_VALUE)
    reader.finish(ber.ENUMERATED, ber.OCTET_STRING, _REFERRAL, _RESPONSE_NAME, _RESPONSE_VALUE)
    # OpenLDAP and Active Directory both send an empty name where they have none to send.
    return ExtendedResponse(result, _read_oid(name) if name else None, value)


def read_modify_response(answer: OpaqueOperation) -> Result | Malformed:
    """Return how a modification ended (RFC 4511 §4.6), or what is wrong with the answer."""
    if answer.tag != _MODIFY_RESPONSE:
        return Malformed(f"operation 0x{answer.tag:02x} where a ModifyResponse belongs")
    try:
        budget = ber.Budget(ber.DEFAULT_LIMITS.max_elements)
        return _read_result(ber.Reader(answer.content, 0, len(answer.content), budget))
    except ber.MalformedBer as problem:
        return Malformed(str(problem))


_READERS: dict[int, Callable[[ber.Reader], Operation]] = {
    _BIND_REQUEST: _read_bind_request,
    _BIND_RESPONSE: _read_bind_response,
    _SEARCH_RESULT_ENTRY: _read_entry,
    _SEARCH_RESULT_DONE: _read_done,
    _SEARCH_RESULT_REFERENCE: lambda reader: SearchResultReference(_read_texts(reader)),
    _EXTENDED_REQUEST: _read_extended_request,
    _EXTENDED_RESPONSE: _read_extended_response,
}
_OPERATIONS = frozenset((_UNBIND_REQUEST, _ABANDON_REQUEST, _SEARCH_REQUEST, *_READERS, *_OPAQUE))


def encode(message: Message) -> bytes:
    """Return the bytes of `message`; raises ValueError for what LDAP cannot say."""
    if not 0 <= message.message_id <= MAX_INTEGER:
        raise ValueError("message id out of range")
    content = ber.integer(message.message_id) + _encode_operation(message.operation)
    if message.controls:
        content += ber.element(_CONTROLS, b"".join(map(_encode_control, message.controls)))
    return ber.element(ber.SEQUENCE, content)


def _encode_control(control: Control) -> bytes:
    content = ber.string(_checked_oid(control.oid))
    if control.is_critical:
        content += ber.boolean(True)
    if control.value is not None:
        content += ber.string(control.value)
    return ber.element(ber.SEQUENCE, content)


def _checked_oid(oid: str) -> str:
    if not _is_oid(oid):
        raise ValueError("not an object identifier")
    return oid


def _encode_operation(operation: Operation) -> bytes:
    match operation:
        case BindRequest():
            return ber.element(_BIND_REQUEST, _encode_bind_request(operation))
        case BindResponse(result, credentials):
            content = encode_result(result) + _optional(credentials, _SERVER_CREDENTIALS)
            return ber.element(_BIND_RESPONSE, content)
        case UnbindRequest():
            return ber.element(_UNBIND_REQUEST, b"")
        case SearchRequest():
            return ber.element(_SEARCH_REQUEST, _encode_search_request(operation))
        case SearchResultEntry(name, attributes):
            listing = b"".join(map(_encode_attribute, attributes))
            return ber.element(_SEARCH_RESULT_ENTRY, ber.string(name) + ber.element(ber.SEQUENCE, listing))
        case SearchResultReference(addresses):
            return ber.element(_SEARCH_RESULT_REFERENCE, _encode_texts(addresses))
        case SearchResultDone(result):
            return ber.element(_SEARCH_RESULT_DONE, encode_result(result))
        case AbandonRequest(abandoned_id):
            return ber.integer(abandoned_id, _ABANDON_REQUEST)
        case ExtendedRequest(oid, value):
            content = ber.string(_checked_oid(oid), _REQUEST_NAME) + _optional(value, _REQUEST_VALUE)
            return ber.element(_EXTENDED_REQUEST, content)
        case ExtendedResponse(result, name, value):
            content = encode_result(result)
            content += _optional(None if name is None else _checked_oid(name).encode(), _RESPONSE_NAME)
            return ber.element(_EXTENDED_RESPONSE, content + _optional(value, _RESPONSE_VALUE))
        case OpaqueOperation(tag, content):
            if tag not in _OPAQUE:
                raise ValueError("not an operation that is passed on unread")
            return ber.element(tag, content)


def _optional(value: bytes | None, tag: int) -> bytes:
    return b"" if value is None else ber.string(value, tag)


def _encode_bind_request(request: BindRequest) -> bytes:
    if not 1 <= request.version <= 127:
        raise ValueError("version out of range")
    match request.authentication:
        case Simple(password):
            proof = ber.string(password, _SIMPLE)
        case Sasl(mechanism, credentials):
            proof = ber.element(_SASL, ber.string(mechanism) + _optional(credentials, ber.OCTET_STRING))
        case UnknownAuthentication():
            raise ValueError("an unknown authentication cannot be sent")
    return ber.integer(request.version) + ber.string(request.name) + proof


def encode_result(result: Result) -> bytes:
    """Return the components that every response has (RFC 4511 §4.1.9)."""
    content = ber.integer(result.code, ber.ENUMERATED)
    content += ber.string(result.matched_name) + ber.string(result.diagnostic)
    if result.referrals:
        content += ber.element(_REFERRAL, _encode_texts(result.referrals))
    return content


def _encode_texts(texts: tuple[str, ...]) -> bytes:
    if not texts:
        raise ValueError("a list of addresses must not be empty")
    return b"".join(map(ber.string, texts))


def _encode_search_request(request: SearchRequest) -> bytes:
    return b"".join(
        (
            ber.string(request.base),
            ber.integer(request.scope, ber.ENUMERATED),
            ber.integer(request.aliases, ber.ENUMERATED),
            ber.integer(request.size_limit),
            ber.integer(request.time_limit_seconds),
            ber.boolean(request.types_only),
            encode_filter(request.filter),
            ber.element(ber.SEQUENCE, b"".join(map(ber.string, request.attributes))),
        )
    )


def _encode_attribute(attribute: Attribute) -> bytes:
    values = ber.element(ber.SET, b"".join(map(ber.string, attribute.values)))
    return ber.element(ber.SEQUENCE, ber.string(attribute.name) + values)
