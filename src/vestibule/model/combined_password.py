"""Password and passcode in one field: where one ends and the other begins.

The rule is one sentence: the last N characters are the passcode, all before them is the password, and N is
a setting of the client. It looks at nothing but the length, so a password that itself ends in digits is
split at the same place as any other, and no input can be read in two ways. Input that does not fit is
refused; neither part is ever guessed.
"""

from __future__ import annotations

from enum import Enum, auto

import msgspec

from vestibule.crypto.secret import Secret


class Unsplittable(Enum):
    """Why a field holds no password and passcode."""

    NO_PASSCODE = auto()
    """The last characters are not all digits, or there are too few."""
    NO_PASSWORD = auto()
    """Nothing stands before the passcode. Nobody is ever asked about an empty password."""


class PasswordAndPasscode(msgspec.Struct, frozen=True):
    password: Secret[str]
    passcode: Secret[str]


def split(field: Secret[str], passcode_length: int) -> PasswordAndPasscode | Unsplittable:
    """Split the field at `passcode_length` characters before its end."""
    text = field.reveal()
    password, passcode = text[:-passcode_length], text[-passcode_length:]
    # isdigit() alone would take digits of every script; a passcode is ASCII (OATH, RFC 4226 §5.3).
    if len(passcode) != passcode_length or not (passcode.isascii() and passcode.isdigit()):
        return Unsplittable.NO_PASSCODE
    if not password:
        return Unsplittable.NO_PASSWORD
    return PasswordAndPasscode(Secret(password), Secret(passcode))
