"""Codes of activation for the app: fifty random bits in ten characters that are hard to mistake."""

from __future__ import annotations

from typing import Final

CODE_OCTETS: Final = 8
"""So many random octets make a code."""
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 10
_GROUP: Final = 5
_MISTAKEN: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})
"""What people type for a character that looks like it, and between the groups."""
_LONGEST: Final = 32


def code_of(octets: bytes) -> str:
    """Return the code that these random octets stand for."""
    number = int.from_bytes(octets, "big")
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in range(_LENGTH))


def read_code(typed: str) -> str | None:
    """Return the code as it is stored, None if what was typed cannot be one."""
    code = typed[:_LONGEST].upper().translate(_MISTAKEN)
    return code if len(code) == _LENGTH and set(code) <= set(_ALPHABET) else None


def grouped(code: str) -> str:
    """Return a code as it is shown: `K7QX2-M4VDH`."""
    return f"{code[:_GROUP]}-{code[_GROUP:]}"
