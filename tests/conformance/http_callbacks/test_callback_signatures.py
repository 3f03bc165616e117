"""Signatures of callbacks against the values that providers and their own libraries publish."""

from __future__ import annotations

import pytest

from vestibule.wire.http_forms.signature import (
    Algorithm,
    Spelling,
    is_signed,
    sorted_pairs,
    spellings,
    url_and_form,
)

URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = (
    ("Digits", "1234"),
    ("To", "+18005551212"),
    ("From", "+14158675309"),
    ("Caller", "+14158675309"),
    ("CallSid", "CA1234567890ABCDE"),
)


def is_twilio_s(
    told: str, url: str = URL, form: tuple[tuple[str, str], ...] = FORM, key: str = "12345"
) -> bool:
    return is_signed(url_and_form(url, form), key.encode(), told, Algorithm.SHA1, Spelling.BASE64)


def test_twilio_s_documented_signature() -> None:
    """The example of "Webhooks Security", with its auth token 12345."""
    assert is_twilio_s("RSOYDt4T1cUTdK1PDd93/VVr8B8=")
    assert is_twilio_s("RSOYDt4T1cUTdK1PDd93/VVr8B8=", form=FORM[::-1])
    assert not is_twilio_s("RSOYDt4T1cUTdK1PDd93/VVr8B8=", key="54321")
    assert not is_twilio_s("RSOYDt4T1cUTdK1PDd93/VVr8B8=", url=URL[:-1])
    assert not is_twilio_s("")


def test_twilio_s_signature_of_repeated_fields() -> None:
    """Values of one name are sorted, and two that are the same count once."""
    form = (
        ("Sid", "CA123"),
        ("SidAccount", "AC123"),
        ("Digits", "5678"),
        ("Digits", "1234"),
        ("Digits", "1234"),
    )
    assert is_twilio_s("IK+Dwps556ElfBT0I3Rgjkr1wJU=", form=form)


@pytest.mark.parametrize(
    ("algorithm", "told"),
    [
        (Algorithm.SHA1, "3e19a4e6880fdc2c1426bfd0587c98b9532f0210"),
        (Algorithm.SHA256, "a321e824b9b816be7c3f28859a31749a098713d39f613c80d455bbaffae1cd24"),
    ],
)
def test_vonage_s_published_signatures(algorithm: Algorithm, told: str) -> None:
    """The values that the provider's own library for Python is tested with; the secret is `secret`."""
    fields = (("timestamp", "1461605396"), ("b", "2"), ("a", "1"), ("sig", told))
    content = sorted_pairs(fields, "sig")
    assert content == b"&a=1&b=2&timestamp=1461605396"
    assert is_signed(content, b"secret", told, algorithm, Spelling.HEX)
    assert is_signed(content, b"secret", told.upper(), algorithm, Spelling.HEX)
    assert not is_signed(content, b"", told, algorithm, Spelling.HEX)


def test_separators_in_vonage_s_values_become_underscores() -> None:
    assert sorted_pairs((("text", "a&b=c"), ("sig", "x")), "sig") == b"&text=a_b_c"


def test_nothing_is_signed_without_a_key() -> None:
    """An empty key would let anybody sign."""
    empty = "+9sdGxiqbAgyS31ktx+3Y3BpDh0="  # HMAC-SHA1 of nothing under nothing
    assert not is_signed(b"", b"", empty, Algorithm.SHA1, Spelling.BASE64)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x?y", {"https://a.example/x?y", "https://a.example:443/x?y"}),
        ("https://a.example:443/x", {"https://a.example/x", "https://a.example:443/x"}),
        ("http://a.example:80/x", {"http://a.example/x", "http://a.example:80/x"}),
        ("https://a.example:8443/x", {"https://a.example:8443/x"}),
        ("https://u:p@a.example/x", {"https://u:p@a.example/x", "https://u:p@a.example:443/x"}),
        ("https://[::1]/x", {"https://[::1]/x", "https://[::1]:443/x"}),
        ("https://[::1]:8443/x", {"https://[::1]:8443/x"}),
        ("nonsense", {"nonsense"}),
        ("", {""}),
    ],
)
def test_spellings_of_a_port(url: str, expected: set[str]) -> None:
    assert set(spellings(url)) == expected
    assert spellings(url)[0] == url
