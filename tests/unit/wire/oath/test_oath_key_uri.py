"""The URI behind the QR code."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.wire.oath import (
    INTERVALS,
    MAX_COUNTER,
    HashAlgorithm,
    KeyUri,
    KeyUriFault,
    OathAlgorithm,
    build_key_uri,
    parse_key_uri,
)

KEY = KeyUri(
    kind=OathAlgorithm.TOTP,
    secret=b"12345678901234567890",
    account="alice@example.com",
    issuer="Example & Söhne",
    interval=30,
)
LETTERS = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"

_names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=40).filter(
    lambda name: ":" not in name and name.strip() == name
)
_keys = st.one_of(
    st.builds(
        KeyUri,
        kind=st.just(OathAlgorithm.TOTP),
        secret=st.binary(min_size=10, max_size=64),
        account=_names,
        issuer=st.just("") | _names,
        algorithm=st.sampled_from(HashAlgorithm),
        digits=st.integers(6, 8),
        interval=st.sampled_from(INTERVALS),
    ),
    st.builds(
        KeyUri,
        kind=st.just(OathAlgorithm.HOTP),
        secret=st.binary(min_size=10, max_size=64),
        account=_names,
        issuer=st.just("") | _names,
        algorithm=st.sampled_from(HashAlgorithm),
        digits=st.integers(6, 8),
        counter=st.integers(0, MAX_COUNTER),
    ),
)


@given(_keys)
def test_what_is_built_is_read(key: KeyUri) -> None:
    uri = build_key_uri(key)
    assert uri.isascii()
    assert parse_key_uri(uri) == key


def test_defaults_are_left_out() -> None:
    assert build_key_uri(KEY) == (
        "otpauth://totp/Example%20%26%20S%C3%B6hne:alice%40example.com"
        f"?secret={LETTERS}&issuer=Example%20%26%20S%C3%B6hne"
    )


def test_others_parse_it_the_same_way() -> None:
    """By the standard library's reader of query strings, which apps resemble."""
    key = msgspec.structs.replace(KEY, digits=8, interval=60, algorithm=HashAlgorithm.SHA256)
    parts = urlsplit(build_key_uri(key))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Example & Söhne:alice@example.com"
    assert parse_qs(parts.query, strict_parsing=True) == {
        "secret": [LETTERS],
        "issuer": ["Example & Söhne"],
        "algorithm": ["SHA256"],
        "digits": ["8"],
        "period": ["60"],
    }


def test_a_colon_in_a_name_cannot_move_the_separator() -> None:
    key = msgspec.structs.replace(KEY, account="a:b", issuer="x:y")
    read = parse_key_uri(build_key_uri(key))
    assert isinstance(read, KeyUri)
    assert (read.issuer, read.account) == ("x-y", "a-b")


@pytest.mark.parametrize(
    ("uri", "fault"),
    [
        ("", KeyUriFault.NOT_OTPAUTH),
        ("https://totp/a?secret=" + LETTERS, KeyUriFault.NOT_OTPAUTH),
        ("otpauth://steam/a?secret=" + LETTERS, KeyUriFault.NOT_OTPAUTH),
        ("otpauth://[totp/a?secret=" + LETTERS, KeyUriFault.NOT_OTPAUTH),
        ("otpauth://totp/a?secret=" + LETTERS + "&image=" + "x" * 2048, KeyUriFault.TOO_LONG),
        ("otpauth://totp/a", KeyUriFault.SECRET),
        ("otpauth://totp/a?secret=", KeyUriFault.SECRET),
        ("otpauth://totp/a?secret=GEZDGNB1", KeyUriFault.SECRET),
        (f"otpauth://totp/a?secret={LETTERS}&Secret={LETTERS}", KeyUriFault.REPEATED),
        (f"otpauth://totp/a?secret={LETTERS}&digits=6&digits=8", KeyUriFault.REPEATED),
        (f"otpauth://totp/a?secret={LETTERS}&algorithm=MD5", KeyUriFault.ALGORITHM),
        (f"otpauth://totp/a?secret={LETTERS}&digits=5", KeyUriFault.DIGITS),
        (f"otpauth://totp/a?secret={LETTERS}&digits=9", KeyUriFault.DIGITS),
        (f"otpauth://totp/a?secret={LETTERS}&digits=６", KeyUriFault.DIGITS),
        (f"otpauth://totp/a?secret={LETTERS}&digits=", KeyUriFault.DIGITS),
        (f"otpauth://totp/a?secret={LETTERS}&period=0", KeyUriFault.PERIOD),
        (f"otpauth://totp/a?secret={LETTERS}&period=-30", KeyUriFault.PERIOD),
        (f"otpauth://totp/a?secret={LETTERS}&period=1000000000", KeyUriFault.PERIOD),
        (f"otpauth://hotp/a?secret={LETTERS}", KeyUriFault.COUNTER),
        (f"otpauth://hotp/a?secret={LETTERS}&counter=-1", KeyUriFault.COUNTER),
        (f"otpauth://hotp/a?secret={LETTERS}&counter={2**63}", KeyUriFault.COUNTER),
    ],
)
def test_faults(uri: str, fault: KeyUriFault) -> None:
    assert parse_key_uri(uri) is fault


def test_what_is_understood_besides() -> None:
    read = parse_key_uri(
        f"OTPAUTH://TOTP/Old%3A%20alice?secret={LETTERS.lower()}&issuer=New&image=x&algorithm=sha1"
    )
    assert isinstance(read, KeyUri)
    assert (read.issuer, read.account, read.interval) == ("New", "alice", 30)


def test_the_secret_is_masked() -> None:
    """OTP-18."""
    assert LETTERS not in repr(KEY)
    assert "12345678901234567890" not in repr(KEY)
