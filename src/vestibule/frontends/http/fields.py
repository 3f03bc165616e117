"""What a form or an address line of ours carries, read as text and nothing else.

A field that comes twice, is longer than a person would type, or holds a NUL is not from our pages: the
request is refused as a whole, never cut or guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.exceptions import ClientException
from litestar.params import FromPath

from vestibule import catalog
from vestibule.crypto.secret import Secret

SHORT: Final = 255
LONG: Final = 4096
YES: Final = "yes"

InPath = FromPath[str]
"""A part of the path, as text."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one form, each with all its values."""

    values: dict[str, list[str]]
    files: dict[str, UploadFile]

    def raw(self, name: str, longest: int = SHORT) -> str:
        """Return the field exactly as typed, empty if it is absent."""
        found = self.values.get(name, [])
        if len(found) > 1:
            raise ClientException("a field came more than once")
        return _sound(found[0], longest) if found else ""

    def text(self, name: str, longest: int = SHORT) -> str:
        """Return the field without the blanks around it."""
        return self.raw(name, longest).strip()

    def secret(self, name: str) -> Secret[str]:
        """Return a password exactly as typed."""
        return Secret(self.raw(name, LONG))

    def passcode(self, name: str = "passcode") -> Secret[str]:
        """Return a passcode without the blanks with which apps show it in groups."""
        return Secret("".join(self.raw(name).split()))

    def many(self, name: str) -> tuple[str, ...]:
        """Return all values of a field that may be repeated."""
        return tuple(_sound(value, SHORT) for value in self.values.get(name, []))

    def is_ticked(self, name: str) -> bool:
        return self.raw(name) == YES

    def whole(self, name: str) -> int | None:
        """Return the number, or None if the field is anything else."""
        return whole_number(self.text(name))


async def read_fields(request: Request[Any, Any, Any]) -> Fields:
    """Read the form of a request; its token has been checked before (forms.py)."""
    values: dict[str, list[str]] = {}
    files: dict[str, UploadFile] = {}
    for name, value in (await request.form()).multi_items():
        if isinstance(value, UploadFile):
            files[name] = value
        else:
            values.setdefault(name, []).append(str(value))
    return Fields(values, files)


def asked(request: Request[Any, Any, Any], name: str, longest: int = SHORT) -> str:
    """Return a parameter of the address line, empty if it is absent."""
    found = request.query_params.getall(name, [])
    if len(found) > 1:
        raise ClientException("a parameter came more than once")
    return _sound(str(found[0]), longest).strip() if found else ""


def chosen_language(fields: Fields, name: str) -> str:
    """Return the language chosen in a form, or empty for none that we speak."""
    chosen = fields.text(name)
    return chosen if chosen in catalog.LANGUAGES else ""


def whole_number(text: str) -> int | None:
    """Return the number that `text` writes in plain digits, or None."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _sound(value: str, longest: int) -> str:
    if len(value) > longest or "\0" in value:
        raise ClientException("a field is not as our pages send it")
    return value
