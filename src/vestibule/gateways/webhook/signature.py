"""The signature of an event (Standard Webhooks 1.0, "Signature scheme"): HMAC-SHA256 over identifier, time
and body, so that a receiver knows who speaks, that nothing was changed, and that it is no old one again."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final

from vestibule.crypto.secret import Secret

PREFIX: Final = "whsec_"
_LEAST_BYTES: Final = 24


def key_of(secret: Secret[str]) -> Secret[bytes]:
    """Return the key in a secret: Base64 behind `whsec_`, else the text itself. Raises ValueError."""
    text = secret.reveal().strip()
    try:
        key = (
            base64.b64decode(text[len(PREFIX) :], validate=True) if text.startswith(PREFIX) else text.encode()
        )
    except (binascii.Error, ValueError):
        raise ValueError("secret: what stands behind whsec_ is not Base64") from None
    if len(key) < _LEAST_BYTES:
        raise ValueError(f"secret: at least {_LEAST_BYTES} bytes, so that nobody guesses it")
    return Secret(key)


def signature(key: Secret[bytes], identifier: str, at: int, body: bytes) -> str:
    """Return the value of `webhook-signature`; `at` is in seconds."""
    signed = f"{identifier}.{at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key.reveal(), signed, "sha256")).decode()
