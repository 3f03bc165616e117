"""Base32 as people and vendors write it (RFC 4648 §6): the letters of a secret, to bytes and back.

Lower case, blanks between groups and missing padding are understood, because every authenticator app shows
secrets that way. Nothing else is: no digits 0, 1, 8 or 9 in place of letters, no hyphens, no padding in the
wrong place, no length that whole bytes cannot have. Surplus bits of the last letter are dropped (RFC 4648
§3.5 lets the reader choose): vendors draw random letters, not random bytes.

Text in, value out; it must never put the text it read into an error.
"""

import base64
import re
from typing import Final

_LETTERS: Final = re.compile(r"[A-Z2-7]+")
_PADDED: Final = re.compile(r"([A-Z2-7]+)(=*)")
_BITS_PER_LETTER: Final = 5
# Letters after the last full group of eight that stand for whole bytes (RFC 4648 §6).
_TAILS: Final = frozenset({0, 2, 4, 5, 7})
# `int(text, 32)` is ten times as fast as the standard library's decoder, but has its own 32 digits.
_AS_DIGITS: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789abcdefghijklmnopqrstuv")


def decode_base32(text: str) -> bytes | None:
    """Return the bytes that `text` stands for, or None if it is not Base32; the empty text is not."""
    letters = text.upper() if text.isascii() else ""
    if " " in letters:
        letters = letters.replace(" ", "")
    if not _LETTERS.fullmatch(letters):
        padded = _PADDED.fullmatch(letters)
        # RFC 4648 §6: padding, where there is any, fills the last group of eight.
        if padded is None or len(padded[2]) >= 8 or len(letters) % 8:
            return None
        letters = padded[1]
    if len(letters) % 8 not in _TAILS:
        return None
    bits = len(letters) * _BITS_PER_LETTER
    return (int(letters.translate(_AS_DIGITS), 32) >> bits % 8).to_bytes(bits // 8, "big")


def encode_base32(content: bytes) -> str:
    """Return `content` in capital letters without padding, as the key URI format wants it."""
    return base64.b32encode(content).decode("ascii").rstrip("=")
