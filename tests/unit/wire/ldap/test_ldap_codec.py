"""Codec properties: what is written is read back, and nothing but a message is a message."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.wire.ldap import Limits, decode, encode, frame_length
from vestibule.wire.ldap.filters import (
    And,
    Approximate,
    Equality,
    Extensible,
    Filter,
    GreaterOrEqual,
    LessOrEqual,
    Not,
    Or,
    Present,
    Substrings,
)
from vestibule.wire.ldap.messages import (
    AbandonRequest,
    Aliases,
    Attribute,
    BindRequest,
    BindResponse,
    Control,
    ExtendedRequest,
    ExtendedResponse,
    Malformed,
    Message,
    OpaqueOperation,
    Result,
    Sasl,
    Scope,
    SearchRequest,
    SearchResultDone,
    SearchResultEntry,
    SearchResultReference,
    Simple,
    UnbindRequest,
    simple_bind,
)

_text = st.text(st.characters(codec="utf-8"), max_size=20)
_bytes = st.binary(max_size=40)
_numbers = st.integers(0, 2**31 - 1)
_oids = st.from_regex(r"[0-9]{1,4}(\.[0-9]{1,4}){0,5}", fullmatch=True)
_descriptions = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,9}(;[a-z0-9-]{1,5})?", fullmatch=True) | _oids
_assertions = st.sampled_from((Equality, GreaterOrEqual, LessOrEqual, Approximate))
_substrings = st.builds(
    Substrings, _descriptions, st.none() | _bytes, st.lists(_bytes, max_size=3).map(tuple), st.none() | _bytes
).filter(lambda made: made.initial is not None or bool(made.any_) or made.final is not None)
_extensibles = st.builds(
    Extensible, _bytes, st.none() | _descriptions, st.none() | _descriptions, st.booleans()
).filter(lambda made: made.rule is not None or made.attribute is not None)
_leaves: st.SearchStrategy[Filter] = (
    st.builds(Present, _descriptions)
    | st.builds(lambda kind, name, value: kind(name, value), _assertions, _descriptions, _bytes)
    | _substrings
    | _extensibles
)
_filters = st.recursive(
    _leaves,
    lambda inner: (
        st.builds(Not, inner)
        | st.builds(And, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, max_size=3).map(tuple))
    ),
    max_leaves=8,
)
_results = st.builds(Result, _numbers, _text, _text, st.lists(_text, max_size=2).map(tuple))
_optional = st.none() | _bytes
_attributes = st.builds(Attribute, _text, st.lists(_bytes, max_size=3).map(tuple))
_selectors = st.lists(_descriptions | st.sampled_from(("*", "+", "1.1")), max_size=3).map(tuple)
_operations = st.one_of(
    st.builds(
        BindRequest, st.integers(1, 127), _text, st.builds(Simple, _bytes) | st.builds(Sasl, _text, _optional)
    ),
    st.builds(BindResponse, _results, _optional),
    st.just(UnbindRequest()),
    st.builds(
        SearchRequest,
        _text,
        st.sampled_from(Scope),
        _filters,
        _selectors,
        st.sampled_from(Aliases),
        _numbers,
        _numbers,
        st.booleans(),
    ),
    st.builds(SearchResultEntry, _text, st.lists(_attributes, max_size=3).map(tuple)),
    st.builds(SearchResultReference, st.lists(_text, min_size=1, max_size=3).map(tuple)),
    st.builds(SearchResultDone, _results),
    st.builds(AbandonRequest, _numbers),
    st.builds(ExtendedRequest, _oids, _optional),
    st.builds(ExtendedResponse, _results, st.none() | _oids, _optional),
    st.builds(OpaqueOperation, st.sampled_from((0x66, 0x68, 0x4A, 0x6C, 0x6E, 0x79)), _bytes),
)
_controls = st.builds(Control, _oids, st.booleans(), _optional)
_messages = st.builds(Message, _numbers, _operations, st.lists(_controls, max_size=2).map(tuple))


@given(_messages)
def test_what_is_written_is_read_back(message: Message) -> None:
    assert decode(encode(message)) == message


@given(_messages, st.data())
def test_a_message_cut_anywhere_is_not_a_message(message: Message, data: st.DataObject) -> None:
    whole = encode(message)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert isinstance(decode(whole[:cut]), Malformed)
    assert frame_length(whole[:cut]) in (None, len(whole))


@given(st.binary(max_size=200))
def test_any_bytes_end_in_a_value(data: bytes) -> None:
    """LD-14: the decoder returns; it raises nothing."""
    assert isinstance(decode(data), (Message, Malformed))


@given(st.binary(max_size=200))
def test_any_bytes_in_an_envelope_end_in_a_value_that_can_be_written_again(data: bytes) -> None:
    """LD-14: behind a right header the decoder gets further, and what it accepts it means."""
    body = b"\x02\x01\x01" + data
    found = decode(b"\x30\x82" + len(body).to_bytes(2, "big") + body)
    if isinstance(found, Message) and "UnknownAuthentication" not in repr(found):
        assert decode(encode(found)) == found


def _nested(depth: int) -> bytes:
    filter_ = b"\x87\x03uid"
    for _ in range(depth):
        size = len(filter_)
        filter_ = b"\xa2\x84" + size.to_bytes(4, "big") + filter_
    search = b"\x04\x00\x0a\x01\x00\x0a\x01\x00\x02\x01\x00\x02\x01\x00\x01\x01\x00" + filter_ + b"\x30\x00"
    operation = b"\x63\x84" + len(search).to_bytes(4, "big") + search
    body = b"\x02\x01\x01" + operation
    return b"\x30\x84" + len(body).to_bytes(4, "big") + body


def test_a_filter_as_deep_as_allowed_is_read() -> None:
    assert isinstance(decode(_nested(49)), Message)


@pytest.mark.parametrize("depth", [50, 20_000])
def test_a_filter_nested_too_deeply_is_malformed(depth: int) -> None:
    """LD-14: 20,000 levels cost no stack."""
    assert decode(_nested(depth)) == Malformed("a filter nested too deeply")


def test_a_message_has_a_budget_of_elements() -> None:
    """LD-14: a million attributes in one megabyte are refused after the twenty thousandth."""
    listing = b"\x30\x04\x04\x00\x31\x00" * 150_000
    entry = b"\x04\x00\x30\x84" + len(listing).to_bytes(4, "big") + listing
    body = b"\x02\x01\x01\x64\x84" + len(entry).to_bytes(4, "big") + entry
    message = b"\x30\x84" + len(body).to_bytes(4, "big") + body
    assert decode(message) == Malformed("too many elements in one message")


def test_a_long_object_identifier_is_refused() -> None:
    """LD-14: an arc stays text, and the text has a limit."""
    value = b"\x80\x82\x01\x2c" + b"1." * 149 + b"11"
    body = b"\x02\x01\x01\x77\x82" + len(value).to_bytes(2, "big") + value
    message = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    assert decode(message) == Malformed("not an object identifier")


def test_the_length_limit_holds_before_the_content_is_there() -> None:
    """LD-14: four gigabytes are refused at the sixth byte."""
    assert frame_length(bytes.fromhex("3084ffffffff")) == Malformed("a message longer than allowed")
    assert frame_length(bytes.fromhex("30820100"), Limits(max_message_bytes=259)) == Malformed(
        "a message longer than allowed"
    )
    assert frame_length(bytes.fromhex("30820100"), Limits(max_message_bytes=260)) == 260


def test_nothing_secret_is_in_a_representation() -> None:
    secret = b"hunter2-secret"
    values = (
        simple_bind("cn=x", secret),
        Message(1, BindRequest(3, "", Sasl("PLAIN", secret))),
        BindResponse(Result(0), secret),
        SearchResultEntry("cn=x", (Attribute("userPassword", (secret,)),)),
        ExtendedRequest("1.2", secret),
        ExtendedResponse(Result(0), None, secret),
        OpaqueOperation(0x66, secret),
        Control("1.2", False, secret),
    )
    assert [value for value in values if "hunter2" in repr(value)] == []


@pytest.mark.parametrize(
    ("name", "password"), [("cn=x", b""), ("", b"secret"), ("cn=x", b"sec\x00ret"), ("cn=x", b"\x00")]
)
def test_a_client_cannot_build_a_bind_that_proves_nothing(name: str, password: bytes) -> None:
    """LD-01, OTP-20: no name, no password, or a password that a server would cut short."""
    with pytest.raises(ValueError, match=r"proves nothing|NUL") as caught:
        simple_bind(name, password)
    assert "sec" not in str(caught.value)


@pytest.mark.parametrize(
    "message",
    [
        Message(-1, UnbindRequest()),
        Message(2**31, UnbindRequest()),
        Message(1, BindRequest(0, "", Simple(b"x"))),
        Message(1, ExtendedRequest("not an oid")),
        Message(1, OpaqueOperation(0x60, b"")),
        Message(1, SearchResultReference(())),
        Message(1, SearchRequest("", Scope.BASE, Present("uid)(x"))),
        Message(1, SearchRequest("", Scope.BASE, Substrings("uid"))),
        Message(1, SearchRequest("", Scope.BASE, Extensible(b"x"))),
    ],
)
def test_what_ldap_cannot_say_is_not_written(message: Message) -> None:
    with pytest.raises(ValueError, match=r"."):
        encode(message)


def test_an_attribute_of_an_entry_is_found_whatever_its_case() -> None:
    entry = SearchResultEntry("cn=x", (Attribute("MAIL", ()), Attribute("Mail", (b"a", b"b"))))
    assert entry.first("mail") == b"a"
    assert entry.first("uid") is None
