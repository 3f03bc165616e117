"""Fonts of statements: letters of the Latin, Greek and Cyrillic scripts, in the file, so that each reader has
them.

Pure. What these fonts lack is drawn as a sign that says so, and `unwritable` says beforehand what that is:
people read it before they hand out a file in which somebody's name is not as he writes it.
"""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from reportlab.pdfbase.ttfonts import TTFont

PLAIN: Final = "NotoSans"
BOLD: Final = "NotoSans-Bold"
LACKING: Final = "\N{REPLACEMENT CHARACTER}"
_FILES: Final = {PLAIN: "notos", BOLD: "notosbo"}
"""What each font is called in the package that has it."""


def register() -> None:
    """Make the fonts known to what draws."""
    for name in _FILES:
        _font(name)


def drawable(words: str) -> str:
    """Return words in the letters that the fonts have."""
    return "".join(letter if _has(letter) else LACKING for letter in _composed(words))


def unwritable(texts: Iterable[str]) -> tuple[str, ...]:
    """Return those of the texts that cannot be drawn as they are, each once."""
    return tuple(dict.fromkeys(each for each in texts if not all(map(_has, _composed(each)))))


def _composed(words: str) -> str:
    """A letter and its mark are one sign where there is one: nobody puts them together for us."""
    return unicodedata.normalize("NFC", words)


def _has(letter: str) -> bool:
    return ord(letter) in _font(PLAIN).face.charToGlyph


@cache
def _font(name: str) -> TTFont:
    from pymupdf_fonts import myfont  # noqa: PLC0415 - unpacked when the first statement is drawn
    from reportlab.pdfbase.pdfmetrics import registerFont  # noqa: PLC0415 - loaded with it
    from reportlab.pdfbase.ttfonts import TTFont  # noqa: PLC0415 - loaded with it

    font = TTFont(name, io.BytesIO(myfont(_FILES[name])))
    registerFont(font)
    return font
