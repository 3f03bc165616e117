"""What a file is, its first octets say; its name is what readers may see of it."""

from __future__ import annotations

import pytest

from vestibule.model.mail_attachment import content_type_of, file_name_of


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"%PDF-1.7\n\x00", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("Grüße,\r\n\tIhr Helpdesk\n".encode(), "text/plain"),
        (b"\xef\xbb\xbfHello\n", "text/plain"),
        (b"", ""),
        (b" \n", ""),
        (b"MZ\x90\x00", ""),
        (b"PK\x03\x04", ""),
        (b"text\x00", ""),
        (b"\x1b[2J", ""),
        ("Grüße".encode("latin-1"), ""),
    ],
)
def test_only_what_can_do_nothing_is_an_attachment(content: bytes, expected: str) -> None:
    assert content_type_of(content) == expected


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("First steps.pdf", "First steps.pdf"),
        ("C:\\Users\\me\\Größe.pdf", "Größe.pdf"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nBcc: b.pdf", "aBcc: b.pdf"),
        ("/", ""),
        ("x" * 200 + ".pdf", "x" * 96 + ".pdf"),
    ],
)
def test_a_name_has_no_folder_and_no_line(typed: str, expected: str) -> None:
    assert file_name_of(typed) == expected
