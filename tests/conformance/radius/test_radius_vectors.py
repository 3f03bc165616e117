"""The codec against written packets: the examples of the RFCs, and every way to break or bend a length."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from vestibule.wire.radius import (
    AccessRequest,
    CheckedReply,
    Malformed,
    Message,
    SharedSecret,
    check_reply,
    decode,
    encode_attributes,
    read_access_request,
)
from vestibule.wire.radius.numbers import STATE

VECTORS = Path(__file__).with_name("vectors")


def blocks(name: str) -> Iterator[dict[str, str]]:
    for block in (VECTORS / name).read_text(encoding="utf-8").split("\n\n"):
        title, *lines = block.strip().splitlines()
        if lines:
            yield {"title": title.lstrip("# "), **dict(re.split(r":\s?", line, maxsplit=1) for line in lines)}


def octets(notation: str) -> bytes:
    repeated = re.sub(r"(\S\S)\*(\d+)", lambda found: found[1] * int(found[2]), notation)
    return bytes.fromhex(repeated)


def cases(name: str) -> list[pytest.param]:  # type: ignore[valid-type]
    return [pytest.param(block, id=block["title"].replace(" ", "-")) for block in blocks(name)]


@pytest.mark.parametrize("case", cases("exchanges.txt"))
def test_example_of_an_rfc(case: dict[str, str]) -> None:
    secret = SharedSecret(case["secret"].encode())
    request = decode(octets(case["request"]))
    assert isinstance(request, Message)
    assert request.octets[20:] == encode_attributes(request.attributes)
    assert secret.has_signed(request) is ("signed" in case)
    if "user" in case:
        read = read_access_request(request)
        assert isinstance(read, AccessRequest)
        assert read.user_name == case["user"]
        assert read.proof.name == case["proof"]
        if read.hidden_password is not None:
            assert secret.reveal(read.hidden_password, request.authenticator) == case["password"].encode()
            assert secret.hide(case["password"].encode(), request.authenticator) == read.hidden_password
    reply = check_reply(octets(case["reply"]), request, secret)
    assert isinstance(reply, CheckedReply)
    assert reply.signature.name == case["signature"]
    if "state" in case:
        assert reply.message.values(STATE) == [octets(case["state"])]


@pytest.mark.parametrize("case", cases("malformed.txt"))
def test_broken_packet_is_told_from_a_good_one(case: dict[str, str]) -> None:
    """RA-14, RA-07: every wrong length ends the reading; none loops."""
    assert decode(octets(case["packet"])) is Malformed[case["fault"]]


@pytest.mark.parametrize("case", cases("tolerated.txt"))
def test_unusual_packet_is_kept_as_it_is(case: dict[str, str]) -> None:
    """RA-14, RA-16: unknown, empty, repeated and foreign attributes stay in order and unchanged."""
    message = decode(octets(case["packet"]))
    assert isinstance(message, Message)
    assert " ".join(f"{number}={value.hex()}" for number, value in message.attributes) == case["attributes"]


def test_passwords_hidden_by_another_implementation() -> None:
    """RA-13: 1 to 128 octets, across all block borders, and UTF-8."""
    lines = [
        line.split()
        for line in (VECTORS / "passwords.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
    ]
    assert len(lines) > 10
    for plain, text, authenticator, hidden in lines:
        secret = SharedSecret(text.encode())
        assert secret.hide(bytes.fromhex(plain), bytes.fromhex(authenticator)).hex() == hidden
        assert secret.reveal(bytes.fromhex(hidden), bytes.fromhex(authenticator)) == bytes.fromhex(plain)
