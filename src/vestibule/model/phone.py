"""Phone numbers and extensions, in the one spelling that is stored and dialed.

Pure. A number is E.164: a plus sign and up to fifteen digits (ITU-T E.164 §6). Whether it exists is the
carrier's to say; here only what cannot be a number is refused, before anybody pays for a call.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

_SEPARATORS: Final = str.maketrans("", "", " \t\u00a0-./()")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_EXTENSION: Final = re.compile(r"@?[0-9,*#]{1,40}")
_MARKED: Final = re.compile(r"(?P<number>[^xX]+?)\s*[xX]\s*(?P<extension>[@0-9,*# -]+)")


class Phone(msgspec.Struct, frozen=True):
    """`number` is E.164; `extension` is what is keyed after the call was answered: digits, `*`, `#` and
    commas, each a pause of a second. With `@` in front a person is asked to put the call through."""

    number: str
    extension: str = ""

    def __str__(self) -> str:
        return f"{self.number} x{self.extension}" if self.extension else self.number

    @property
    def masked(self) -> str:
        """The number as it may be shown at a door: its last two digits only."""
        return f"{'•' * (len(self.number) - 3)}{self.number[-2:]}"


def read_phone(typed: str, country_code: str = "1") -> Phone:
    """Read a number as people write it, with an extension behind an `x` if there is one.

    `+49 30 1234-5` and `0049…` are international; any other number belongs to `country_code`, and one
    leading zero of it is the trunk prefix and not dialed from abroad. Raises ValueError with `number` or
    `extension`, the part that is wrong.
    """
    marked = _MARKED.fullmatch(typed.strip())
    number, extension = (marked["number"], marked["extension"]) if marked else (typed, "")
    return Phone(_number(number, country_code), read_extension(extension) if marked else "")


def read_extension(typed: str) -> str:
    """Return an extension without its blanks; raises ValueError with `extension`."""
    extension = typed.translate(str.maketrans("", "", " -"))
    if extension and _EXTENSION.fullmatch(extension) is None:
        raise ValueError("extension")
    return extension


def _number(typed: str, country_code: str) -> str:
    bare = typed.translate(_SEPARATORS)
    if bare.startswith("00"):
        bare = f"+{bare[2:]}"
    if not bare.startswith("+"):
        # Italy and a few others dial the zero from abroad, too; who has one of those writes the plus sign.
        bare = f"+{country_code}{bare.removeprefix('0')}"
    # The North American plan has exactly ten digits behind its 1 (ITU-T E.164, NANP).
    if _NUMBER.fullmatch(bare) is None or (bare.startswith("+1") and len(bare) != 12):
        raise ValueError("number")
    return bare
