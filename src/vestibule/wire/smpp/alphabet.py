"""The GSM 7 bit default alphabet and its extension table (3GPP TS 23.038 §6.2.1), one septet an octet.

SMPP carries septets unpacked; packing them is the network's business. `encode` returns None for a text that
has a character outside; `decode` reads any octets.
"""

from __future__ import annotations

from typing import Final

ESCAPE: Final = 0x1B

_BASIC: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
_EXTENSION: Final = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
_OCTETS: Final = {
    **{character: bytes((code,)) for code, character in enumerate(_BASIC) if code != ESCAPE},
    **{character: bytes((ESCAPE, code)) for code, character in _EXTENSION.items()},
}


def encode(text: str) -> bytes | None:
    """Return the septets of a text, or None if one of its characters is not in the alphabet."""
    try:
        return b"".join([_OCTETS[character] for character in text])
    except KeyError:
        return None


def decode(septets: bytes) -> str:
    """Return the text of septets. The eighth bit is not part of them and not looked at."""
    if ESCAPE not in septets and ESCAPE | 0x80 not in septets:
        return "".join([_BASIC[septet & 0x7F] for septet in septets])
    found: list[str] = []
    is_escaped = False
    for octet in septets:
        septet = octet & 0x7F
        if is_escaped:
            # §6.2.1.1: an unknown extension is shown as the character of the main table, a second escape
            # (reserved for a further table) as a blank.
            found.append(" " if septet == ESCAPE else _EXTENSION.get(septet, _BASIC[septet]))
            is_escaped = False
        elif septet == ESCAPE:
            is_escaped = True
        else:
            found.append(_BASIC[septet])
    return "".join(found)
