"""App password: a random password for one program of a person that can ask for nothing but name and password.

Pure: chance is passed in. It has 28 letters of 25, which is 130 bits: nobody guesses it, so a plain SHA-256
of it tells nothing. A slow hash would protect only what people think up, and cost each sign-in of a program.
All letters count; none is cut off (APP-04).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.model.user import Requirement, User

MOST: Final = 40
"""How many one person may have at once."""
LONGEST_NAME: Final = 64
_LETTERS: Final = "abcdefghijkmnopqrstuvwxyz"
"""Without l, which looks like i and 1."""
_LENGTH: Final = 28
_FORM: Final = re.compile(f"[{_LETTERS}]{{{_LENGTH}}}")
_SEPARATORS: Final = str.maketrans("", "", " -")


class AppPassword(msgspec.Struct, frozen=True, kw_only=True):
    """One app password as it is stored; the password itself is nowhere."""

    tenant_id: str
    app_password_id: str
    user_id: str
    name: str
    """What the person calls the program, such as "Thunderbird on the laptop"."""
    applications: tuple[str, ...]
    """Identifiers of the applications whose doors it opens."""
    token_hash: str
    created_at: int
    used_at: int | None = None

    def opens(self, application_id: str, void_before: int) -> bool:
        """Tell whether it is good at this door; one made before `void_before` (epoch ms) is good at none."""
        return application_id in self.applications and self.created_at >= void_before

    def __repr__(self) -> str:
        return f"AppPassword({self.tenant_id}/{self.app_password_id} {self.name!r})"


def generated(below: Callable[[int], int]) -> Secret[str]:
    """Return an app password in groups of four; `below(n)` is a random number from 0 to n - 1."""
    letters = "".join(_LETTERS[below(len(_LETTERS))] for _ in range(_LENGTH))
    return Secret("-".join(re.findall("....", letters)))


def letters_of(typed: Secret[str]) -> Secret[str] | None:
    """Return the letters of what has the form of an app password, however it is grouped; None: it has not."""
    letters = typed.reveal().translate(_SEPARATORS)
    # Lowered only if ASCII: there are other signs whose small letter is one of ours.
    return Secret(letters.lower()) if letters.isascii() and _FORM.fullmatch(letters.lower()) else None


def may_have(user: User) -> bool:
    """Tell whether a person may have app passwords: only of whom his own state demands a second factor. Where
    an access rule alone demands one, a password that knows none would be a way around the rule."""
    return user.requirement is not Requirement.DISABLED
