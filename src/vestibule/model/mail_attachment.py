"""Attachments of mails: one file for a template, such as instructions in PDF beside the words of a welcome.

Pure. What a file is, its first octets say and not its name, so that no mail of this house carries a program.
"""

from __future__ import annotations

import hashlib
from typing import Final

import msgspec

MOST_BYTES: Final = 2 * 1024 * 1024
"""It goes with every mail of its template, a third larger than it is."""
LONGEST_NAME: Final = 100
_SIGNATURES: Final = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
_TEXT: Final = "text/plain"


class MailAttachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file beside the words of a mail. Its content is kept beside it and read when a mail is sent."""

    tenant_id: str
    template: str
    """`KEY.LANGUAGE` or `KEY.METHOD.LANGUAGE`."""
    file_name: str
    content_type: str
    size: int
    """Octets."""
    digest: str
    """SHA-256 of the content, by which damage shows."""
    created_at: int


def content_type_of(content: bytes) -> str:
    """Return what kind of file it is, empty if it is none that may be sent: PDF, PNG, JPEG or plain text."""
    for signature, content_type in _SIGNATURES.items():
        if content.startswith(signature):
            return content_type
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return ""
    is_plain = all(each.isprintable() or each in "\t\r\n\ufeff" for each in text)
    return _TEXT if is_plain and text.strip() else ""


def digest_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def file_name_of(typed: str) -> str:
    """Return the name of a file as readers see it: without folders, on one line."""
    bare = typed.replace("\\", "/").rpartition("/")[2]
    return "".join(each for each in bare if each.isprintable()).strip()[-LONGEST_NAME:]
