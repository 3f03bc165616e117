"""The messages that the RFCs print, octet by octet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from vestibule.wire.web_push import Subscription, VapidKey
from vestibule.wire.web_push.base64url import decode_base64url, encode_base64url
from vestibule.wire.web_push.content_encoding import encode_aes128gcm

_HERE = Path(__file__).parent


def _cases() -> list[Any]:
    cases = []
    for block in (_HERE / "aes128gcm.txt").read_text(encoding="utf-8").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith("#"))
        if fields:
            cases.append(pytest.param(fields, id=fields["source"][:13]))
    assert len(cases) == 2
    return cases


@pytest.mark.parametrize("case", _cases())
def test_the_content_encoding_is_that_of_the_rfc(case: dict[str, str]) -> None:
    records = [record.split("+") for record in case["records"].split()]
    message = encode_aes128gcm(
        [(decode_base64url(content), int(padding)) for content, padding in records],
        decode_base64url(case["keying"]),
        decode_base64url(case["salt"]),
        key_id=case.get("identifier", "").encode(),
        record_size=int(case["size"]),
    )
    assert encode_base64url(message) == case["message"]


def test_a_message_is_that_of_rfc_8291() -> None:
    """RFC 8291 §5 and appendix A."""
    subscription = Subscription.read(
        "https://push.example.net/push/JzLQ3raZJfFBR0aqvOMsLrt54w4rJUsV",
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    number = decode_base64url("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw")
    sender = ec.derive_private_key(int.from_bytes(number, "big"), ec.SECP256R1())
    message = subscription.encrypt(
        b"When I grow up, I want to be a watermelon", sender, decode_base64url("DGv6ra1nlYgDCS1FRnbzlw")
    )
    assert encode_base64url(message) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
        "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_what_is_signed_is_that_of_rfc_8292() -> None:
    """RFC 8292 §2.4, up to the signature, which no two signers make alike."""
    header = VapidKey.make(bytes(40)).authorization(
        "https://push.example.net", 1_453_523_768_999, "mailto:push@example.com"
    )
    assert header.startswith(
        "vapid t=eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9."
        "eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1haWx0bzpwdXNoQGV4YW1wbGUuY29tIn0."
    )
