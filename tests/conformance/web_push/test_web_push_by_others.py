"""What we encrypt and sign, read by implementations that share nothing with ours: http-ece and py-vapid."""

from __future__ import annotations

import os
import random

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from tests.peers.push_service import Browser, claims_of
from vestibule.wire.web_push import LONGEST_PAYLOAD, Subscription, VapidKey

ENDPOINT = "https://push.example.net/push/1"
SUBJECT = "mailto:push@example.com"


def encrypt(browser: Browser, payload: bytes, padded_to: int = 1) -> bytes:
    subscription = Subscription.read(ENDPOINT, browser.p256dh, browser.auth)
    return subscription.encrypt(payload, ec.generate_private_key(ec.SECP256R1()), os.urandom(16), padded_to)


@pytest.mark.parametrize("length", [0, 1, 127, 128, 3968, 3969, LONGEST_PAYLOAD])
@pytest.mark.parametrize("padded_to", [1, 128])
def test_the_browser_reads_what_was_encrypted(length: int, padded_to: int) -> None:
    browser, payload = Browser(), random.Random(length).randbytes(length)
    message = encrypt(browser, payload, padded_to)
    assert browser.read(message) == payload
    assert len(message) <= 4096
    assert (len(message) - 103) % padded_to == 0 or len(message) == 4096


def test_payloads_of_similar_length_make_messages_of_one_length() -> None:
    browser = Browser()
    assert len({len(encrypt(browser, b"x" * length, 128)) for length in range(1, 129)}) == 1


def test_nobody_else_reads_it() -> None:
    """Neither another browser, nor one that knows the key but not the secret."""
    browser = Browser()
    message = encrypt(browser, b"sign-in 7")
    for other in (Browser(), Browser(secret=browser.secret), Browser(key=browser.key)):
        with pytest.raises(http_ece.ECEException):
            other.read(message)


def test_the_same_payload_is_never_the_same_message() -> None:
    browser = Browser()
    assert len({encrypt(browser, b"sign-in 7") for _ in range(20)}) == 20


def test_a_payload_too_long_for_one_record_is_refused() -> None:
    """RFC 8291 §4."""
    with pytest.raises(ValueError, match="payload: longer"):
        encrypt(Browser(), bytes(LONGEST_PAYLOAD + 1))


def test_the_signature_is_valid_and_says_what_was_asked() -> None:
    key = VapidKey.make(os.urandom(40))
    header = key.authorization("https://push.example.net:8443", 1_900_000_000_123, SUBJECT)
    assert claims_of(header) == {
        "aud": "https://push.example.net:8443",
        "exp": 1_900_000_000,
        "sub": SUBJECT,
    }
    assert header.endswith(f", k={key.public}")


def test_a_changed_token_and_a_foreign_key_are_noticed() -> None:
    """That the other implementation would refuse."""
    key, other = VapidKey.make(os.urandom(40)), VapidKey.make(os.urandom(40))
    header = key.authorization("https://push.example.net", 1_900_000_000_000, SUBJECT).replace(", ", ",")
    assert Vapid02.verify(header)
    assert not Vapid02.verify(header.replace(key.public, other.public))
    payload = header.split(".")[1]
    assert not Vapid02.verify(header.replace(payload, payload[:-1] + ("A" if payload[-1] != "A" else "B")))


def test_the_key_is_the_one_that_others_make_of_its_octets() -> None:
    """What is sealed at rest is the private number of RFC 7518 §6.2.2, and comes back as the same key."""
    for chance in (bytes(40), b"\xff" * 40, os.urandom(64)):
        key = VapidKey.make(chance)
        assert VapidKey(key.octets).public == key.public
        theirs = ec.derive_private_key(int.from_bytes(key.octets, "big"), ec.SECP256R1()).public_key()
        numbers = theirs.public_numbers()
        assert Vapid02.from_raw_public(key.public.encode()).public_key.public_numbers() == numbers
