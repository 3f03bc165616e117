"""What changes in a request on its way to another server, and what does not."""

from __future__ import annotations

import pytest

from vestibule.directories.radius.carrying import of_nobody, to_client, to_server
from vestibule.interfaces.upstream import Attributes
from vestibule.wire.radius.numbers import (
    CHAP_CHALLENGE,
    CHAP_PASSWORD,
    EAP_MESSAGE,
    MESSAGE_AUTHENTICATOR,
    NAS_IDENTIFIER,
    NAS_IP_ADDRESS,
    NAS_IPV6_ADDRESS,
    PROXY_STATE,
    STATE,
    USER_NAME,
    USER_PASSWORD,
    VENDOR_SPECIFIC,
)

CISCO = (VENDOR_SPECIFIC, b"\x00\x00\x00\x09\x01\x03x")
MICROSOFT = (VENDOR_SPECIFIC, b"\x00\x00\x01\x37\x19\x03x")
OURS = (PROXY_STATE, b"ours")


def test_all_is_carried_in_order_but_what_belongs_to_the_connection() -> None:
    """RFC 2865 §2.3, §5.33: the client's Proxy-States stay, ours is the last."""
    sent: Attributes = (
        (MESSAGE_AUTHENTICATOR, bytes(16)),
        (USER_NAME, b"alice"),
        (PROXY_STATE, b"one"),
        (USER_PASSWORD, b"as the client hid it"),
        CISCO,
        (PROXY_STATE, b"two"),
        (NAS_IP_ADDRESS, b"\xc0\x00\x02\x01"),
    )
    assert to_server(sent, b"hidden anew", "vestibule", b"ours") == (
        (USER_NAME, b"alice"),
        (PROXY_STATE, b"one"),
        (USER_PASSWORD, b"hidden anew"),
        CISCO,
        (PROXY_STATE, b"two"),
        (NAS_IP_ADDRESS, b"\xc0\x00\x02\x01"),
        OURS,
    )


@pytest.mark.parametrize("number", [NAS_IP_ADDRESS, NAS_IPV6_ADDRESS, NAS_IDENTIFIER])
def test_who_does_not_say_which_device_asks_is_named_by_us(number: int) -> None:
    """RFC 2865 §4.1."""
    assert to_server(((number, b"told"),), None, "vestibule", b"ours") == ((number, b"told"), OURS)
    assert to_server((), None, "vestibule", b"ours") == ((NAS_IDENTIFIER, b"vestibule"), OURS)


def test_a_question_about_nobody_holds_no_proof_of_anybody() -> None:
    proofs = (USER_PASSWORD, CHAP_PASSWORD, CHAP_CHALLENGE, EAP_MESSAGE, STATE)
    sent: Attributes = (
        (USER_NAME, b"alice"),
        *[(number, b"proof") for number in proofs],
        MICROSOFT,
        CISCO,
    )
    assert of_nobody(sent, "nobody-1") == ((USER_NAME, b"nobody-1"), (USER_PASSWORD, b""), CISCO)


def test_an_answer_loses_what_belongs_to_the_connection() -> None:
    assert to_client(((MESSAGE_AUTHENTICATOR, bytes(16)), CISCO, OURS)) == (CISCO,)
