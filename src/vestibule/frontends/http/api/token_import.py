"""Import of hardware tokens from a file, however large: it is read in pieces and never held whole."""

from __future__ import annotations

import binascii
from typing import Annotated, BinaryIO, Final, Literal, cast

import msgspec
from litestar import post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.exceptions import HTTPException
from litestar.params import MultipartBody
from msgspec import Meta

from vestibule import catalog
from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.request import Discreet, invalid
from vestibule.frontends.http.api.verifications import AnyRequest
from vestibule.frontends.http.options import MAX_UPLOAD_BYTES
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.services.token_import import ImportReport, TokenFileOptions, UnusableFile

_KEY_BYTES: Final = (16, 24, 32)


class ImportRequest(Discreet):
    """A file and what it does not say of itself."""

    file: UploadFile
    """CSV or PSKC (RFC 6030)."""
    dry_run: bool = False
    """Say what the import would do, and store nothing."""
    form: Literal["auto", "pskc", "csv_server", "csv_cloud"] = "auto"
    passphrase: Annotated[str, Meta(max_length=1024)] = ""
    """Of a PSKC file that is encrypted under one."""
    key_hex: Annotated[str, Meta(max_length=64)] = ""
    """The pre-shared AES key of a PSKC file, in hexadecimal digits."""
    secret_encoding: Literal["unstated", "base32", "hex"] = "unstated"  # noqa: S105 - a word, no secret
    text_encoding: Literal["detect", "windows-1252"] = "detect"
    allows_short_secrets: bool = False
    """Take secrets of 80 to 127 bits too."""


class RowRecord(msgspec.Struct, frozen=True):
    """A row that was not used, and why. `line` is its line, or the number of the key package."""

    line: int
    serial: str
    problem: str
    detail: str


class ImportRecord(msgspec.Struct, frozen=True):
    """What the import did, or would do. `problems` are the first of the `bad` rows."""

    is_dry_run: bool
    form: str
    read: int
    added: int
    updated: int
    unchanged: int
    assigned: int
    bad: int
    problems: list[RowRecord]


class FileUnusable(HTTPException):
    """Nothing of the file was used."""

    status_code = 422

    def __init__(self, unusable: UnusableFile, language: str) -> None:
        super().__init__()
        self.code = unusable.problem
        self.told = _words(unusable, language)


@post(
    "/tokens/import",
    status_code=200,
    tags=["Hardware tokens"],
    request_max_body_size=MAX_UPLOAD_BYTES,
    responses=problems(404, 422),
    opt=needs(Right.TOKENS),
)
async def import_tokens(
    request: AnyRequest, caller: NamedDependency[Caller], data: MultipartBody[ImportRequest]
) -> ImportRecord:
    """Import hardware tokens. A row stands or falls alone; importing again never lowers a counter."""
    options = TokenFileOptions(
        form=data.form,
        passphrase=Secret(data.passphrase) if data.passphrase else None,
        preshared_key=_key(data.key_hex),
        secret_encoding=data.secret_encoding,
        text_encoding=data.text_encoding,
        allows_short_secrets=data.allows_short_secrets,
    )
    # A spooled file does all that is asked of a binary one.
    file = cast("BinaryIO", data.file.file)
    try:
        report = await caller.services.token_imports.run(
            caller.actor, caller.tenant_id, file, options, is_dry_run=data.dry_run
        )
    except UnusableFile as unusable:
        raise FileUnusable(unusable, language_of(request)) from None
    return _record(report)


def _key(key_hex: str) -> Secret[bytes] | None:
    if not key_hex:
        return None
    try:
        key = binascii.unhexlify(key_hex)
    except ValueError:
        key = b""
    if len(key) not in _KEY_BYTES:
        raise invalid("key_hex", "not an AES key of 128, 192 or 256 bits")
    return Secret(key)


def _record(report: ImportReport) -> ImportRecord:
    rows = [RowRecord(row.line, row.serial, row.problem, row.detail) for row in report.problems]
    told = {name: getattr(report, name) for name in ImportRecord.__struct_fields__ if name != "problems"}
    return ImportRecord(**told, problems=rows)


def _words(unusable: UnusableFile, language: str) -> str:
    key = f"token.unusable.{unusable.problem}"
    if not catalog.has(key):
        return ""
    values: dict[str, str | int] = {"line": unusable.line, "detail": unusable.detail}
    wanted = catalog.wordings(key)[language].placeholders
    return catalog.text(language, key, **{name: values[name] for name in wanted})
