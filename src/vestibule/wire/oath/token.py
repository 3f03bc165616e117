"""One token of a token file: what a row of CSV or a key of PSKC comes to, or why it is refused.

Both readers yield these two shapes, so whoever imports does not know which file they came from. A `TokenKey`
is complete: nothing in it was guessed. A `RowFault` names the row by its line and, where that is safe, by its
serial; it must never hold a secret, nor a cell that could be one by mistake.
"""

import re
from enum import StrEnum
from typing import Final

import msgspec

from vestibule.wire.oath.passcode import HashAlgorithm

MASK: Final = "••••••"
MIN_SECRET_BITS: Final = 128
"""RFC 4226 §4 R6: the shared secret must be at least 128 bits long."""
LEAST_SECRET_BITS: Final = 80
"""What old apps made and an importer may be told to take; shorter ones are refused whatever is asked."""
MAX_SECRET_BYTES: Final = 128
LONGEST_SERIAL: Final = 64
LONGEST_NAME: Final = 255

# ASCII only: a serial of look-alike letters of another script would be a second token of the same name.
_SERIAL: Final = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._:/# -]{0,62}[0-9A-Za-z])?")
_LONGEST_WORD: Final = 10
"""Makers number their tokens: a serial of this length of which less than a third are digits is doubtful."""
_LOOKS_LIKE_SECRET: Final = re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z+/=]{16,}|[0-9]{30,}")


class OathAlgorithm(StrEnum):
    HOTP = "hotp"
    TOTP = "totp"


class RowProblem(StrEnum):
    """Why a row is refused. Each is a key of the text catalog."""

    SERIAL_MISSING = "serial_missing"
    SERIAL_INVALID = "serial_invalid"
    SECRET_MISSING = "secret_missing"  # noqa: S105 - names of problems, not secrets
    SECRET_INVALID = "secret_invalid"  # noqa: S105 - a problem, no secret
    SECRET_AMBIGUOUS = "secret_ambiguous"  # noqa: S105 - a problem, no secret
    SECRET_TOO_SHORT = "secret_too_short"  # noqa: S105 - a problem, no secret
    SECRET_TOO_LONG = "secret_too_long"  # noqa: S105 - a problem, no secret
    INTERVAL_MISSING = "interval_missing"
    INTERVAL_UNSUPPORTED = "interval_unsupported"
    COUNTER_MISSING = "counter_missing"
    COUNTER_INVALID = "counter_invalid"
    DIGITS_MISSING = "digits_missing"
    DIGITS_UNSUPPORTED = "digits_unsupported"
    DRIFT_INVALID = "drift_invalid"
    ALGORITHM_UNSUPPORTED = "algorithm_unsupported"
    HASH_UNSUPPORTED = "hash_unsupported"
    RESPONSE_UNSUPPORTED = "response_unsupported"
    USAGE_NOT_PASSCODE = "usage_not_passcode"
    POLICY_UNKNOWN = "policy_unknown"
    DATE_INVALID = "date_invalid"
    OWNER_INVALID = "owner_invalid"
    NAME_INVALID = "name_invalid"
    FORMULA = "formula"
    REPEATED_ELEMENT = "repeated_element"
    CELL_COUNT = "cell_count"
    LINE_BREAK = "line_break"
    LINE_TOO_LONG = "line_too_long"
    NOT_TEXT = "not_text"
    QUOTES = "quotes"


class TokenKey(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One key, complete and checked.

    `line` is where its row begins, from 1. `serial` is as the file spells it, without blanks around it.
    `interval` is in seconds and None for HOTP, `counter` is the next one and None for TOTP. `drift` is the
    token's known distance from the clock, in steps. `valid_from` and `valid_until` are epoch milliseconds.
    `owner` is the user the file names, empty if none.
    """

    line: int
    serial: str
    algorithm: OathAlgorithm
    secret: bytes
    hash_algorithm: HashAlgorithm = HashAlgorithm.SHA1
    digits: int = 6
    interval: int | None = None
    counter: int | None = None
    drift: int = 0
    manufacturer: str = ""
    model: str = ""
    owner: str = ""
    valid_from: int | None = None
    valid_until: int | None = None

    def __repr__(self) -> str:
        return f"TokenKey(line={self.line}, serial={self.serial!r}, {self.algorithm}, secret={MASK})"


class RowFault(msgspec.Struct, frozen=True):
    """Why the row that begins at `line` is refused; `detail` is the offending public value, if short."""

    line: int
    problem: RowProblem
    serial: str = ""
    detail: str = ""


TokenRow = TokenKey | RowFault


class FileProblem(StrEnum):
    """Why a whole file is refused. Each is a key of the text catalog."""

    EMPTY = "empty"
    NOT_TEXT = "not_text"
    HEADER_UNKNOWN = "header_unknown"
    COLUMN_MISSING = "column_missing"
    COLUMN_REPEATED = "column_repeated"
    COLUMN_UNKNOWN = "column_unknown"
    QUOTE_OPEN = "quote_open"
    NOT_XML = "not_xml"
    DOCTYPE = "doctype"
    XINCLUDE = "xinclude"
    TOO_DEEP = "too_deep"
    TOO_LARGE = "too_large"
    NOT_PSKC = "not_pskc"
    VERSION_UNSUPPORTED = "version_unsupported"
    ELEMENT_ORDER = "element_order"
    PRESHARED_KEY_NEEDED = "preshared_key_needed"
    PASSPHRASE_NEEDED = "passphrase_needed"  # noqa: S105 - a problem, no secret
    KEY_LENGTH = "key_length"
    DERIVATION_UNSUPPORTED = "derivation_unsupported"
    ENCRYPTION_UNSUPPORTED = "encryption_unsupported"
    MAC_UNSUPPORTED = "mac_unsupported"
    MAC_MISSING = "mac_missing"
    KEY_WRONG = "key_wrong"


class FileRefused(Exception):
    """Nothing of this file may be used, not even what was read before this was raised.

    It is an exception, because a value at the end of a long iteration is easily overlooked. `line` is 0
    where no line is to blame; `detail` names a public value and is never part of a secret.
    """

    def __init__(self, problem: FileProblem, line: int = 0, detail: str = "") -> None:
        super().__init__(f"{problem} at line {line}" + (f": {detail}" if detail else ""))
        self.problem = problem
        self.line = line
        self.detail = detail


def is_serial(text: str) -> bool:
    """Tell whether `text` can be the serial of a token: up to 64 ASCII letters, digits and `._:/# -`."""
    return _SERIAL.fullmatch(text) is not None


def nameable_serial(text: str) -> str:
    """Return `text` if a report may show it as the serial of a bad row, else nothing.

    In a file whose columns are mixed up the serial is the secret, and in a damaged one a piece of it, so what
    looks like one is not shown.
    """
    if not is_serial(text) or _LOOKS_LIKE_SECRET.fullmatch(text.replace(" ", "")):
        return ""
    digits = sum(character.isdigit() for character in text)
    return "" if len(text) >= _LONGEST_WORD and digits * 3 < len(text) else text


def is_name(text: str) -> bool:
    """Tell whether `text` can be shown as a maker's, a model's or a person's name: short and printable."""
    return len(text) <= LONGEST_NAME and text.isprintable()


def shown(text: str) -> str:
    """Return the beginning of a public value for a report: at most 80 characters, all printable."""
    return "".join(character if character.isprintable() else "?" for character in text[:80])


def secret_problem(secret: bytes, least_bits: int) -> RowProblem | None:
    """Return what is wrong with the length of a secret, None if nothing is."""
    if len(secret) * 8 < max(least_bits, LEAST_SECRET_BITS):
        return RowProblem.SECRET_TOO_SHORT
    if len(secret) > MAX_SECRET_BYTES:
        return RowProblem.SECRET_TOO_LONG
    return None
