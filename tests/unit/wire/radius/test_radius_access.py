"""An Access-Request read as a sign-in."""

import pytest

from vestibule.wire.radius import AccessRequest, Message, Proof, Unusable, decode, read_access_request
from vestibule.wire.radius.message import encode_attributes, header
from vestibule.wire.radius.numbers import (
    CALLING_STATION_ID,
    CHAP_PASSWORD,
    EAP_MESSAGE,
    NAS_IDENTIFIER,
    NAS_IP_ADDRESS,
    NAS_IPV6_ADDRESS,
    PROXY_STATE,
    STATE,
    USER_NAME,
    USER_PASSWORD,
    VENDOR_SPECIFIC,
)

ALICE = (USER_NAME, b"alice")
PAP = (USER_PASSWORD, bytes(16))
MS_CHAP = (VENDOR_SPECIFIC, b"\0\0\x01\x37\x01\x03x")
MS_CHAP2 = (VENDOR_SPECIFIC, b"\0\0\x01\x37\x19\x03x")
CISCO = (VENDOR_SPECIFIC, b"\0\0\0\x09\x01\x03x")


def read(*attributes: tuple[int, bytes]) -> AccessRequest | Unusable:
    body = encode_attributes(attributes)
    message = decode(header(1, 5, len(body)) + bytes(16) + body)
    assert isinstance(message, Message)
    return read_access_request(message)


def read_well(*attributes: tuple[int, bytes]) -> AccessRequest:
    found = read(*attributes)
    assert isinstance(found, AccessRequest)
    return found


def test_whole_request() -> None:
    found = read_well(
        ALICE,
        PAP,
        (STATE, b"s"),
        (PROXY_STATE, b"1"),
        (PROXY_STATE, b"1"),
        (CALLING_STATION_ID, b"192.0.2.1"),
        (NAS_IDENTIFIER, b"vpn"),
        (NAS_IP_ADDRESS, b"\x0a\0\0\1"),
        CISCO,
    )
    assert (found.user_name, found.hidden_password, found.state) == ("alice", bytes(16), b"s")
    assert found.proof is Proof.PASSWORD
    assert found.proxy_states == (b"1", b"1")
    assert (found.calling_station, found.nas_identifier) == ("192.0.2.1", "vpn")
    assert found.nas_address == b"\x0a\0\0\1"
    assert "alice" not in repr(found)


@pytest.mark.parametrize(
    ("attributes", "proof"),
    [
        ([], Proof.NONE),
        ([CISCO], Proof.NONE),
        ([PAP], Proof.PASSWORD),
        ([(CHAP_PASSWORD, bytes(17))], Proof.CHAP),
        ([(EAP_MESSAGE, b"\2\0\0\5\1")], Proof.EAP),
        ([(EAP_MESSAGE, b"x"), (EAP_MESSAGE, b"y")], Proof.EAP),
        ([MS_CHAP], Proof.MS_CHAP),
        ([CISCO, MS_CHAP2], Proof.MS_CHAP),
        ([PAP, (CHAP_PASSWORD, bytes(17))], Proof.SEVERAL),
        ([PAP, MS_CHAP2], Proof.SEVERAL),
        ([PAP, (EAP_MESSAGE, b"x")], Proof.SEVERAL),
    ],
)
def test_kind_of_proof(attributes: list[tuple[int, bytes]], proof: Proof) -> None:
    """RA-17: a proof that is not ours is recognized, also beside one that is."""
    assert read_well(ALICE, *attributes).proof is proof


@pytest.mark.parametrize(
    "again",
    [ALICE, PAP, (STATE, b"s"), (CHAP_PASSWORD, b"x"), (NAS_IDENTIFIER, b"a"), (CALLING_STATION_ID, b"")],
)
def test_single_attribute_twice_is_refused(again: tuple[int, bytes]) -> None:
    """RA-15, RA-16 (RFC 2865 §5.44): nobody may choose which of two User-Names or States is meant."""
    assert read(ALICE, again, again) is Unusable.REPEATED_ATTRIBUTE


@pytest.mark.parametrize("name", [None, b"", b"a\0b", b"\0", b"\xff\xfe", b"\xc3"])
def test_user_name_that_is_none(name: bytes | None) -> None:
    assert read(*([] if name is None else [(USER_NAME, name)]), PAP) is Unusable.USER_NAME


def test_more_proxy_state_than_a_reply_could_carry() -> None:
    """RA-16: all are returned or none is accepted."""
    states = [(PROXY_STATE, bytes(198))] * 15
    assert len(read_well(ALICE, *states).proxy_states) == 15
    assert read(ALICE, *states, (PROXY_STATE, b"")) is Unusable.PROXY_STATE


def test_text_that_is_no_utf8_is_left_empty() -> None:
    found = read_well(ALICE, (NAS_IDENTIFIER, b"\xff"), (CALLING_STATION_ID, b"\xff"))
    assert (found.nas_identifier, found.calling_station) == ("", "")


def test_address_may_be_of_either_family() -> None:
    assert read_well(ALICE, (NAS_IPV6_ADDRESS, bytes(16))).nas_address == bytes(16)
    assert read_well(ALICE).nas_address == b""
