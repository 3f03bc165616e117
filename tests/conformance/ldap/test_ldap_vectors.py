"""LDAP messages by other programs and by the letter of the RFC, read and written by our codec."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vestibule.wire.ldap import MessageStream, decode, encode, filters, messages
from vestibule.wire.ldap.messages import Malformed, Message

_HERE = Path(__file__).parent
_NAMES = vars(messages) | vars(filters)


def _blocks(name: str) -> Iterator[dict[str, str]]:
    """Yield the blocks of a vector file as fields; an indented line goes on with the field before it."""
    for block in (_HERE / name).read_text().split("\n\n"):
        lines = [line for line in block.splitlines() if not line.startswith("#")]
        fields: dict[str, str] = {}
        field = ""
        for line in lines:
            if line.startswith(" "):
                fields[field] += " " + line.strip()
            else:
                field, _, value = line.partition(": ")
                fields[field] = value
        if fields:
            yield fields


def _bytes(text: str) -> bytes:
    """Return the bytes that a vector spells; `[ … ]` is an element's length and content."""
    while found := re.search(r"\[([^][]*)\]", text):
        inside = bytes.fromhex(found[1])
        length = bytes((len(inside),)) if len(inside) < 0x80 else b"\x82" + len(inside).to_bytes(2, "big")
        text = text[: found.start()] + (length + inside).hex() + text[found.end() :]
    return bytes.fromhex(text)


def _cases(name: str) -> list[Any]:
    return [pytest.param(block, id=block["source"][:60]) for block in _blocks(name)]


@pytest.mark.parametrize("block", _cases("messages.txt"))
def test_bytes_are_read_as_the_value(block: dict[str, str]) -> None:
    expected = eval(block["value"], dict(_NAMES))
    assert decode(_bytes(block["bytes"])) == expected


@pytest.mark.parametrize(
    "block", [case for case in _cases("messages.txt") if "reading only" not in case.values[0]["source"]]
)
def test_the_value_is_written_as_the_bytes(block: dict[str, str]) -> None:
    value = eval(block["value"], dict(_NAMES))
    assert encode(value).hex() == _bytes(block["bytes"]).hex()


@pytest.mark.parametrize("block", _cases("malformed.txt"))
def test_bad_bytes_are_malformed_for_the_reason(block: dict[str, str]) -> None:
    """LD-14: every bad form ends in a value that names the rule, never in an exception."""
    assert decode(_bytes(block["bytes"])) == Malformed(block["reason"])


def test_all_messages_in_one_stream_byte_by_byte() -> None:
    """A connection may cut its bytes anywhere."""
    recorded = [_bytes(block["bytes"]) for block in _blocks("messages.txt")]
    stream = MessageStream()
    found = []
    for byte in b"".join(recorded):
        stream.feed(bytes((byte,)))
        while isinstance(message := stream.next_message(), Message):
            found.append(message)
        assert message is None
    assert found == [decode(frame) for frame in recorded]
    assert stream.pending_bytes == 0
