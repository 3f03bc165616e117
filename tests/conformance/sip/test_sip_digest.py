"""Digest authentication against the examples of its RFCs."""

from __future__ import annotations

import pytest

from vestibule.wire.sip.digest import Challenge, answer, choose_challenge, read_challenge

# RFC 7616 §3.9.1, both algorithms for one nonce.
REALM = "http-auth@example.org"
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"
CNONCE = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
OPAQUE = "FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"
OFFER = f'Digest realm="{REALM}", qop="auth, auth-int", algorithm={{}}, nonce="{NONCE}", opaque="{OPAQUE}"'


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616(algorithm: str, response: str) -> None:
    """RFC 7616 §3.9.1, RFC 8760 §2."""
    challenge = read_challenge(OFFER.format(algorithm))
    assert challenge == Challenge(REALM, NONCE, algorithm, OPAQUE, has_qop=True)
    given = answer(
        challenge,
        method="GET",
        uri="/dir/index.html",
        user="Mufasa",
        password="Circle of Life",
        cnonce=CNONCE,
    )
    assert f'response="{response}"' in given
    assert f"algorithm={algorithm}" in given
    assert f'opaque="{OPAQUE}"' in given
    assert "qop=auth, nc=00000001" in given
    assert "Circle" not in given


def test_the_example_of_rfc_2617() -> None:
    """RFC 2617 §3.5."""
    challenge = read_challenge(
        'Digest realm="testrealm@host.com", qop="auth,auth-int",'
        'nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    assert challenge is not None
    given = answer(
        challenge,
        method="GET",
        uri="/dir/index.html",
        user="Mufasa",
        password="Circle Of Life",
        cnonce="0a4f113b",
    )
    assert 'response="6629fae49393a05397450978507c4ef1"' in given


def test_the_topmost_challenge_that_can_be_answered_is_taken() -> None:
    """RFC 8760 §2.4."""
    values = ["Basic realm=x", OFFER.format("SHA-512-256"), OFFER.format("SHA-256"), OFFER.format("MD5")]
    chosen = choose_challenge(values)
    assert chosen is not None
    assert chosen.algorithm == "SHA-256"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "Digest",
        'Digest realm="x"',
        'Digest realm="x", nonce=""',
        'Digest realm="x", nonce="y", qop="auth-int"',
        'Digest realm="x", nonce="y", algorithm=MD4',
        'Digest realm="x, nonce="y"',
        "Digest " + ",".join(f'a{n}="b"' for n in range(40)) + ', realm="x", nonce="y"',
    ],
)
def test_a_challenge_that_cannot_be_answered_is_none(value: str) -> None:
    assert read_challenge(value) is None


def test_a_challenge_without_qop_is_answered_in_the_old_form() -> None:
    """RFC 2069: the hash of three parts."""
    challenge = read_challenge('digest nonce="n", realm="r", stale=TRUE')
    assert challenge is not None
    assert challenge.is_stale
    given = answer(challenge, method="REGISTER", uri="sip:x", user="a", password="b", cnonce="never sent")
    assert "qop" not in given
    assert "cnonce" not in given


def test_a_quote_in_a_user_is_refused() -> None:
    with pytest.raises(ValueError, match="quote"):
        answer(Challenge("r", "n"), method="X", uri="sip:x", user='a"b', password="c", cnonce="d")
