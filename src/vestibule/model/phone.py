"""Phone numbers and extensions, in the one spelling that is stored and dialed.

Pure. A number is E.164: a plus sign and up to fifteen digits (ITU-T E.164 §6). What cannot be called by the
numbering plans (libphonenumber's), or must not be paid for, is refused before anybody pays; whether somebody
has the number is the carrier's to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Final

import msgspec
import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType, ValidationResult

LONGEST_TYPED: Final = 100
"""Characters of what somebody types for a phone; more is not a phone."""

_SEPARATORS: Final = re.compile(r"[\s./()\-\u2010-\u2015\u2212]")
_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_EXTENSION: Final = re.compile(r"@?[0-9,*#]{1,40}")
_MARKED: Final = re.compile(
    r"(?P<number>[^xX;]+?)\s*(?:;ext=|ext\.?|x)\s*(?P<extension>[@0-9,*# -]+)", re.IGNORECASE
)
_TRUNK: Final = re.compile(r"\(0+\)")

NORTH_AMERICA: Final = "1"
# Where there is no trunk prefix, a leading zero is a part of the number and is dialed from abroad, too.
_KEEP_ZERO: Final = frozenset({"39", "225", "241", "242", "378"})
_CODES: Final = frozenset(map(str, phonenumbers.COUNTRY_CODE_TO_REGION_CODE))
_LONGEST_CODE: Final = 3

_LENGTHS: Final = {ValidationResult.TOO_SHORT: "too_short", ValidationResult.TOO_LONG: "too_long"}
_COSTLY: Final = frozenset(
    {
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.PAGER,
        PhoneNumberType.UAN,
        PhoneNumberType.PERSONAL_NUMBER,
    }
)

REFUSED_PREFIXES: Final = (
    # Satellite networks and international networks, a minute of which costs what a day costs elsewhere.
    *("870", "871", "872", "873", "874", "881", "882", "883", "888"),
    # International shared cost, personal numbers, premium rate.
    *("808", "878", "979"),
    # National premium rate, mass calling and enquiries.
    *("1900", "1976", "31900", "31906", "31909", "3389", "34803", "34806", "34807", "3989", "41900", "41901"),
    *("41906", "43900", "43901", "43930", "43931", "449", "49118", "49137", "49900"),
)
"""Numbers that are never called or texted, whatever a tenant allows (VOI-09, SMS-04), besides those that the
numbering plans call costly."""


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
        return masked(self.number)

    @property
    def calling_code(self) -> str:
        return calling_code(self.number)


def read_phone(typed: str, country_code: str = NORTH_AMERICA) -> Phone:
    """Read a number as people write it, with an extension behind an `x` or `ext.` if there is one.

    `+49 (0)30 1234-5` and `0049…` are international, and `011…` where `country_code` is North America's; any
    other number belongs to `country_code`, and one leading zero of it is the trunk prefix and not dialed from
    abroad. Without a `country_code` only international numbers are read. Raises ValueError with the part that
    is wrong, `number` or `extension`; or, where it can be read and nobody can have it, with `too_short`,
    `too_long` or `unassigned`.
    """
    if len(typed) > LONGEST_TYPED:
        raise ValueError("number")
    plain = _plain(typed)
    marked = _MARKED.fullmatch(plain)
    number, extension = (marked["number"], marked["extension"]) if marked else (plain, "")
    return Phone(_number(number, country_code), read_extension(extension) if marked else "")


def read_extension(typed: str) -> str:
    """Return an extension without its blanks; raises ValueError with `extension`."""
    extension = typed.translate(str.maketrans("", "", " -"))
    if extension and _EXTENSION.fullmatch(extension) is None:
        raise ValueError("extension")
    return extension


def masked(number: str) -> str:
    return f"{'•' * max(len(number) - 3, 0)}{number[-2:]}"


def calling_code(number: str) -> str:
    """Return the country code that an E.164 number begins with, without the plus sign."""
    digits = number.removeprefix("+")
    lengths = range(1, _LONGEST_CODE + 1)
    return next((digits[:length] for length in lengths if digits[:length] in _CODES), digits[:_LONGEST_CODE])


def is_calling_code(text: str) -> bool:
    """Tell whether `text` can stand in a list of allowed codes: a whole country code, or one with further
    digits such as 1876, which is narrower."""
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 7 and text[0] != "0"):
        return False
    return calling_code(text) in _CODES


def costly_prefix(number: str) -> str:
    """Return with which digits an E.164 number says that it is costly; empty if it may be called and
    texted."""
    digits = number.removeprefix("+")
    known = next((prefix for prefix in REFUSED_PREFIXES if digits.startswith(prefix)), "")
    if known or _type(number) not in _COSTLY:
        return known
    return digits[: len(calling_code(digits)) + _LONGEST_CODE]


def is_open(number: str, open_codes: Iterable[str]) -> bool:
    """Tell whether an E.164 number begins with one of `open_codes`, each a country code or the longer
    beginning of a number. Without any, all countries are closed."""
    digits = number.removeprefix("+")
    return any(digits.startswith(code) and len(code) >= len(calling_code(digits)) for code in open_codes)


def _plain(typed: str) -> str:
    """Return what was typed without what only a screen shows: contacts are copied with invisible marks of
    direction, and digits and plus signs come in several widths."""
    text = unicodedata.normalize("NFKC", typed).strip()
    text = "".join(each for each in text if unicodedata.category(each) != "Cf")
    # RFC 3966 §3: how a number is written in a link.
    return text[4:] if text[:4].lower() == "tel:" else text


def _number(typed: str, country_code: str) -> str:
    number = typed.strip()
    is_international = number.startswith(("+", "00"))
    # `+49 (0)30`: the zero in parentheses is for those who dial from inside.
    bare = _SEPARATORS.sub("", _TRUNK.sub("", number) if is_international else number)
    if bare.startswith("00"):
        bare = f"+{bare[2:]}"
    elif not bare.startswith("+"):
        bare = _national(bare, country_code)
    if _NUMBER.fullmatch(bare) is None:
        raise ValueError("number")
    if not costly_prefix(bare):  # Of those it is said that they are costly, whoever may have them.
        _check_plan(bare)
    return bare


def _check_plan(number: str) -> None:
    """Raise ValueError for a number that the numbering plan of its country gives to nobody."""
    try:
        parsed = phonenumbers.parse(number)
    except NumberParseException:
        raise ValueError("unassigned") from None
    found = phonenumbers.is_possible_number_with_reason(parsed)
    if found in _LENGTHS:
        raise ValueError(_LENGTHS[found])
    if not phonenumbers.is_valid_number(parsed):
        raise ValueError("unassigned")


def _type(number: str) -> int:
    try:
        return phonenumbers.number_type(phonenumbers.parse(number))
    except NumberParseException:
        return PhoneNumberType.UNKNOWN


def _national(bare: str, country_code: str) -> str:
    """Return a number without a plus sign as an international one; a wrong one stays wrong."""
    if not country_code:
        raise ValueError("number")
    if country_code == NORTH_AMERICA:
        # 011 leaves the country, a leading 1 is the trunk prefix.
        return f"+{bare[3:]}" if bare.startswith("011") else f"+1{bare.removeprefix('1')}"
    if country_code in _KEEP_ZERO:
        return f"+{country_code}{bare}"
    return f"+{country_code}{bare.removeprefix('0')}"
