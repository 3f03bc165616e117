"""Base64url without padding (RFC 4648 §5), as browsers and JSON Web Tokens write it."""

import base64


def encode_base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")


def decode_base64url(text: str) -> bytes:
    """Read what `encode_base64url` writes, and nothing else; raises ValueError."""
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        content = None
    # Two spellings of the same octets would be two subscriptions.
    if content is None or encode_base64url(content) != text:
        raise ValueError("not Base64url without padding")
    return content
