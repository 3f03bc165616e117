"""What the app and the server tell one another (docs/protocols/authenticator-app.md), but for HTTP: codes of
activation, keys, signatures and the texts that are signed.

No input or output, no clock, no randomness, nothing of the project outside this folder.
"""

from vestibule.wire.app.code import CODE_OCTETS, code_of, grouped, read_code
from vestibule.wire.app.signed import Answer, Decision, activation_text, answer_text
from vestibule.wire.app.signing import BadKey, is_signed, read_public_key

DIGITS = 6
INTERVAL = 30
"""Of the passcodes that the app shows (RFC 6238, SHA-1)."""

__all__ = [
    "CODE_OCTETS",
    "DIGITS",
    "INTERVAL",
    "Answer",
    "BadKey",
    "Decision",
    "activation_text",
    "answer_text",
    "code_of",
    "grouped",
    "is_signed",
    "read_code",
    "read_public_key",
]
