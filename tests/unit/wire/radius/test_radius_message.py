"""Octets to messages and back."""

import pytest

from vestibule.wire.radius import Message, decode, encode_attributes, reply_messages, vendor_attributes
from vestibule.wire.radius.message import header
from vestibule.wire.radius.numbers import REPLY_MESSAGE, USER_NAME, VENDOR_MICROSOFT, VENDOR_SPECIFIC


def packet(*attributes: tuple[int, bytes], code: int = 1) -> bytes:
    body = encode_attributes(attributes)
    return header(code, 5, len(body)) + bytes(16) + body


def decoded(*attributes: tuple[int, bytes]) -> Message:
    message = decode(packet(*attributes))
    assert isinstance(message, Message)
    return message


def test_message_gives_values_by_number() -> None:
    message = decoded((USER_NAME, b"a"), (33, b"x"), (33, b"y"))
    assert message.values(33) == [b"x", b"y"]
    assert message.first(33) == b"x"
    assert message.first(77) is None


def test_largest_packet_is_read_and_a_larger_one_not_written() -> None:
    largest = [(200, bytes(253))] * 15 + [(200, bytes(249))]
    assert len(packet(*largest)) == 4096
    assert len(decoded(*largest).attributes) == 16
    with pytest.raises(ValueError, match="4097"):
        header(2, 1, 4077)


def test_value_too_long_for_an_attribute_is_the_writers_mistake() -> None:
    with pytest.raises(ValueError, match="254"):
        encode_attributes([(1, bytes(254))])


def test_representation_shows_no_content() -> None:
    """I10: a message in a log line gives nothing away."""
    assert "alice" not in repr(decoded((USER_NAME, b"alice")))


def test_vendor_attributes_of_one_vendor() -> None:
    ours = VENDOR_MICROSOFT.to_bytes(4, "big")
    message = decoded(
        (VENDOR_SPECIFIC, ours + b"\x01\x03a\x19\x04bc"),
        (VENDOR_SPECIFIC, b"\0\0\0\x09\x01\x03z"),
        (VENDOR_SPECIFIC, ours + b"\x02\x02"),
    )
    assert list(vendor_attributes(message, VENDOR_MICROSOFT)) == [(1, b"a"), (25, b"bc"), (2, b"")]


def test_broken_rest_of_an_unknown_vendor_is_left_out() -> None:
    message = decoded((VENDOR_SPECIFIC, b"\0\0\0\x09\x01\x03z\x01\x00"))
    assert list(vendor_attributes(message, 9)) == [(1, b"z")]


def test_text_is_split_between_characters() -> None:
    """RFC 2865 §5.18: 253 octets at most; a letter of two octets is never cut."""
    text = "ä" * 300
    values = reply_messages(text)
    assert [number for number, _ in values] == [REPLY_MESSAGE] * 3
    assert [len(value) for _, value in values] == [252, 252, 96]
    assert "".join(value.decode() for _, value in values) == text
    assert reply_messages("") == []
