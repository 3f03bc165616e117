"""Statements as files to hand out: PDF, CSV or JSON, with a name that says what they are."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from vestibule.interfaces.gateway import Attachment
from vestibule.services.statement_files import BilledStatement, statement_csv, statement_json
from vestibule.services.statement_pdf import statement_pdf


class FileFormat(StrEnum):
    PDF = "pdf"
    CSV = "csv"
    JSON = "json"


_CONTENT_TYPES: Final = {
    FileFormat.PDF: "application/pdf",
    FileFormat.CSV: "text/csv",
    FileFormat.JSON: "application/json",
}


def statement_file(billed: BilledStatement, wanted: FileFormat, language: str, issuer: str) -> Attachment:
    """Return a statement as a file; only a PDF is in one of our languages."""
    statement = billed.statement
    match wanted:
        case FileFormat.PDF:
            content = statement_pdf(billed, language, issuer)
        case FileFormat.CSV:
            content = statement_csv(billed)
        case FileFormat.JSON:
            content = statement_json(billed)
    name = f"statement-{statement.number or statement.statement_id}.{wanted.value}"
    return Attachment(file_name=name, content_type=_CONTENT_TYPES[wanted], content=content)
