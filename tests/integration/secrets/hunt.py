"""Canaries: secrets that are known to a test, and the hunt for them wherever they must not be."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote


@dataclass(slots=True)
class Cage:
    """All secrets of a test, by what they are, in every form in which they might escape."""

    canaries: dict[bytes, str] = field(default_factory=dict)

    def put(self, name: str, secret: str | bytes) -> None:
        """Add a secret. Octets are also looked for in their usual notations."""
        raw = secret.encode() if isinstance(secret, str) else secret
        for form, notation in _forms(raw, is_text=isinstance(secret, str)):
            self.canaries.setdefault(form, f"{name}, {notation}")

    def text(self, name: str, secret: str) -> str:
        """Add a secret and return it."""
        self.put(name, secret)
        return secret

    def seen_in(self, place: str, content: bytes) -> list[str]:
        """Return what escaped into `content`."""
        lower = content.lower()
        return [
            f"{name} in {place}"
            for form, name in self.canaries.items()
            if form in (lower if "hexadecimal" in name else content)
        ]

    def seen_in_files(self, folder: Path, besides: Iterable[str] = ()) -> list[str]:
        """Return what escaped into the files of a folder."""
        files = [path for path in folder.rglob("*") if path.is_file() and path.name not in besides]
        return [found for path in files for found in self.seen_in(path.name, path.read_bytes())]


def _forms(raw: bytes, *, is_text: bool) -> Iterator[tuple[bytes, str]]:
    yield raw, "as it is"
    if is_text and len(raw) < 12:
        return  # In other notations a passcode is too short to be told from chance.
    yield raw.hex().encode(), "hexadecimal"
    yield base64.b64encode(raw).rstrip(b"="), "Base64"
    yield base64.urlsafe_b64encode(raw).rstrip(b"="), "URL-safe Base64"
    yield base64.b32encode(raw).rstrip(b"="), "Base32"
    if is_text:
        yield quote(raw, safe="").encode(), "percent-encoded"
        yield raw.decode().encode("utf-16-le"), "UTF-16"
