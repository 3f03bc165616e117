"""A new authenticator as a page shows it: the QR code, the secret to type, and what the app must know.

All of it comes from the key URI that the method made. While a person corrects a wrong passcode the URI
travels in the form of his own page; it is read again as strictly as anything that comes from outside.
"""

from __future__ import annotations

import io
from typing import Any

import segno

from vestibule.wire.oath import KeyUri, encode_base32, parse_key_uri

_HASH_NAMES = {"SHA1": "SHA-1", "SHA256": "SHA-256", "SHA512": "SHA-512"}


def enrollment_view(uri: str) -> dict[str, Any] | None:
    """Return the variables of `parts/enrollment.html`, or None if `uri` is no key URI."""
    key = parse_key_uri(uri)
    if not isinstance(key, KeyUri):
        return None
    return {
        "qr_svg": draw_qr(uri),
        "otpauth_uri": uri,
        "secret": encode_base32(key.secret),
        "account": f"{key.issuer} ({key.account})" if key.issuer else key.account,
        "parameters": {
            "algorithm": _HASH_NAMES.get(key.algorithm.name, key.algorithm.name),
            "digits": key.digits,
            "period": key.interval or "–",
        },
    }


def draw_qr(content: str) -> str:
    """Return a QR code (ISO/IEC 18004) as an SVG element, black on white, as large as its place."""
    drawing = io.BytesIO()
    segno.make(content, error="m", micro=False).save(
        drawing,
        kind="svg",
        border=4,
        dark="#000",
        light="#fff",
        omitsize=True,
        xmldecl=False,
        svgns=False,
        svgclass=None,
        lineclass=None,
        nl=False,
    )
    return drawing.getvalue().decode()
