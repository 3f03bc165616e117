"""Subscriptions by the letter: a refusal names the field and the reason, and never repeats what was read."""

from __future__ import annotations

import os
import re

import pytest

from vestibule.wire.web_push import LEAST_CHANCE, LONGEST_ENDPOINT, Subscription, VapidKey
from vestibule.wire.web_push.base64url import decode_base64url, encode_base64url
from vestibule.wire.web_push.content_encoding import encode_aes128gcm

ENDPOINT = "https://push.example.net/wpush/v2/gAAAAABf?token=a%2Bb~c"
P256DH = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_a_subscription_is_read() -> None:
    read = Subscription.read(ENDPOINT, P256DH, AUTH)
    assert (read.host, read.port, read.origin) == ("push.example.net", 443, "https://push.example.net")
    assert read.target == "/wpush/v2/gAAAAABf?token=a%2Bb~c"
    assert read.endpoint == ENDPOINT
    assert (len(read.p256dh), len(read.auth)) == (65, 16)


@pytest.mark.parametrize(
    ("authority", "port", "origin"),
    [
        ("push.example.net:443", 443, "https://push.example.net"),
        ("push.example.net:8443", 8443, "https://push.example.net:8443"),
        ("a", 443, "https://a"),
    ],
)
def test_the_origin_has_the_port_only_if_it_is_another(authority: str, port: int, origin: str) -> None:
    """RFC 6454 §6.2, which is what RFC 8292 §2 wants signed."""
    read = Subscription.read(f"https://{authority}/x", P256DH, AUTH)
    assert (read.port, read.origin) == (port, origin)


@pytest.mark.parametrize(
    ("endpoint", "why"),
    [
        ("", "not https"),
        ("http://push.example.net/x", "not https"),
        ("HTTPS://push.example.net/x", "not https"),
        (" https://push.example.net/x", "not https"),
        ("https:/push.example.net/x", "not https"),
        ("ftp://push.example.net/x", "not https"),
        ("file:///etc/passwd", "not https"),
        ("https://me@push.example.net/x", "user information"),
        ("https://push.example.net:pass@127.0.0.1/x", "user information"),
        ("https://@push.example.net/x", "user information"),
        ("https://push.example.net/x#", "fragment"),
        ("https://push.example.net#@127.0.0.1/x", "fragment"),
        ("https:///x", "host is not a name"),
        ("https://push.example.net./x", "host is not a name"),
        ("https://.example.net/x", "host is not a name"),
        ("https://push_.example.net/x", "host is not a name"),
        ("https://Push.example.net/x", "host is not a name"),
        ("https://pu%73h.example.net/x", "host is not a name"),
        ("https://püsh.example.net/x", "host is not a name"),
        ("https://push。example.net/x", "host is not a name"),
        ("https://push.example.net\t/x", "host is not a name"),
        ("https://push.example.net\n/x", "host is not a name"),
        ("https://[::1]/x", "host is not a name"),
        ("https://[::ffff:127.0.0.1]:443/x", "host is not a name"),
        (f"https://{'a' * 64}.net/x", "host is not a name"),
        (f"https://{'a.' * 127}net/x", "host is not a name"),
        ("https://push.example.net:/x", "port"),
        ("https://push.example.net:0/x", "port"),
        ("https://push.example.net:0443/x", "port"),
        ("https://push.example.net:65536/x", "port"),
        ("https://push.example.net:4٣/x", "port"),
        ("https://push.example.net:443:443/x", "port"),
        ("https://push.example.net", "path"),
        ("https://push.example.net?x", "path"),
        ("https://push.example.net\\@127.0.0.1/x", "path"),
        ("https://push.example.net/x y", "path"),
        ("https://push.example.net/x\r\nHost: 127.0.0.1", "path"),
        ("https://push.example.net/x\0", "path"),
        ("https://push.example.net/ü", "path"),
        ('https://push.example.net/"', "path"),
        ("https://push.example.net/" + "x" * LONGEST_ENDPOINT, "longer than 2048"),
    ],
)
def test_what_is_no_endpoint_is_refused(endpoint: str, why: str) -> None:
    with pytest.raises(ValueError, match=f"^endpoint: .*{why}") as refused:
        Subscription.read(endpoint, P256DH, AUTH)
    assert "example" not in str(refused.value)


@pytest.mark.parametrize(
    ("p256dh", "why"),
    [
        ("", "65 octets"),
        (P256DH + "AA", "Base64url|65 octets"),
        (P256DH + "=", "Base64url"),
        (P256DH.replace("_", "/"), "Base64url"),
        (P256DH[:-1] + "5", "Base64url"),
        (P256DH[:40] + "\n" + P256DH[40:], "Base64url"),
        ("é" * 87, "Base64url"),
        (encode_base64url(b"\x03" + decode_base64url(P256DH)[1:33]), "65 octets"),
        (encode_base64url(b"\x06" + decode_base64url(P256DH)[1:]), "65 octets"),
        (encode_base64url(b"\x00" * 65), "65 octets"),
        (encode_base64url(b"\x04" + bytes(64)), "curve"),
        (encode_base64url(b"\x04" + b"\xff" * 64), "curve"),
        (encode_base64url(decode_base64url(P256DH)[:-1] + b"\x0f"), "curve"),
    ],
)
def test_what_is_no_point_on_the_curve_is_refused(p256dh: str, why: str) -> None:
    """NIST SP 800-56A §5.6.2.3.3: a point elsewhere is no key."""
    with pytest.raises(ValueError, match=f"^p256dh: .*({why})"):
        Subscription.read(ENDPOINT, p256dh, AUTH)


@pytest.mark.parametrize("auth", ["", AUTH[:-2], encode_base64url(bytes(17)), AUTH + "==", "!" * 22])
def test_a_secret_of_another_length_is_refused(auth: str) -> None:
    """RFC 8291 §3.2."""
    with pytest.raises(ValueError, match=r"^auth: "):
        Subscription.read(ENDPOINT, P256DH, auth)


def test_neither_endpoint_nor_keys_are_shown() -> None:
    key = VapidKey.make(os.urandom(LEAST_CHANCE))
    subscription = Subscription.read(ENDPOINT, P256DH, AUTH)
    assert re.fullmatch(r"<[\w.]+ object at 0x[0-9a-f]+>", repr(key))
    assert re.fullmatch(r"<[\w.]+ object at 0x[0-9a-f]+>", repr(subscription))


@pytest.mark.parametrize(
    "octets", [b"", bytes(32), b"\x01" * 31, b"\x01" * 33, ORDER.to_bytes(32, "big"), b"\xff" * 32]
)
def test_what_is_no_private_key_is_refused(octets: bytes) -> None:
    with pytest.raises(ValueError, match="private key"):
        VapidKey(octets)


def test_the_first_and_the_last_key_are_keys() -> None:
    """Chance of any size becomes a number that the curve has."""
    assert int.from_bytes(VapidKey.make(bytes(40)).octets, "big") == 1
    assert int.from_bytes(VapidKey.make((ORDER - 2).to_bytes(40, "big")).octets, "big") == ORDER - 1
    assert int.from_bytes(VapidKey.make((ORDER - 1).to_bytes(40, "big")).octets, "big") == 1
    with pytest.raises(ValueError, match="chance"):
        VapidKey.make(bytes(LEAST_CHANCE - 1))


@pytest.mark.parametrize(
    "subject", ["", "admin@example.com", "mailto:", "http://example.com", "mailto:a@b\n"]
)
def test_a_subject_that_reaches_nobody_is_refused(subject: str) -> None:
    """RFC 8292 §2.1."""
    with pytest.raises(ValueError, match=r"^subject: "):
        VapidKey.make(bytes(40)).authorization("https://push.example.net", 0, subject)


@pytest.mark.parametrize("records", [[], [(b"x" * 9, 0)], [(b"short", 0), (b"x", 0)], [(b"x", 8)]])
def test_records_of_a_wrong_size_are_refused(records: list[tuple[bytes, int]]) -> None:
    """RFC 8188 §2: all but the last are full."""
    with pytest.raises(ValueError, match="size"):
        encode_aes128gcm(records, bytes(16), bytes(16), record_size=25)


def test_a_salt_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="salt"):
        encode_aes128gcm([(b"x", 0)], bytes(16), bytes(15))
