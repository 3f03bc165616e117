"""Import of hardware tokens from a file: tried out first, then done.

Between the two the file waits in the memory of this process, for the session that sent it and for a quarter
of an hour; it never becomes a file of ours, because it holds secrets. Larger files are for the command line.
"""

from __future__ import annotations

import binascii
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from litestar import Response, get, post

from vestibule import catalog
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id
from vestibule.frontends.http.console.desk import Desk, desk
from vestibule.frontends.http.fields import Fields, InPath, read_fields
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import BadRow, Form, ImportReport, Words
from vestibule.model.actor import Right
from vestibule.services.token_import import ImportReport as Done
from vestibule.services.token_import import RowProblem, TokenFileOptions, UnusableFile

MOST_MIB: Final = 16
"""About 150,000 tokens."""
FORMS: Final = ("auto", "csv_server", "csv_cloud", "pskc")
SECRET_ENCODINGS: Final = ("unstated", "base32", "hex")
TEXT_ENCODINGS: Final = {"detect": "detect", "windows_1252": "windows-1252"}
_KEPT_MS: Final = 15 * 60 * 1000
_MOST_KEPT: Final = 4
_SHOWN_PROBLEMS: Final = 100
_KEY_BYTES: Final = (16, 24, 32)


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was tried out and may now be imported."""

    owner: str
    tenant_id: str
    until: int
    name: str
    content: bytes = field(repr=False)
    options: TokenFileOptions = field(repr=False)


class Uploads:
    """The few files that wait, the oldest given up first."""

    def __init__(self) -> None:
        self._kept: dict[str, Upload] = {}

    def keep(self, upload: Upload, now: int) -> str:
        """Return the name under which `take` finds it again; one file for each session."""
        self._kept = {
            name: kept for name, kept in self._kept.items() if kept.until > now and kept.owner != upload.owner
        }
        while len(self._kept) >= _MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        upload_id = new_id()
        self._kept[upload_id] = upload
        return upload_id

    def take(self, upload_id: str, owner: str, tenant_id: str, now: int) -> Upload | None:
        """Return the file and forget it, if it was sent by this session for this tenant."""
        kept = self._kept.get(upload_id)
        if kept is None or (kept.owner, kept.tenant_id) != (owner, tenant_id):
            return None
        del self._kept[upload_id]
        return kept if kept.until > now else None


def _uploads(request: AnyRequest) -> Uploads:
    state = request.app.state
    if "token_uploads" not in state:
        state.token_uploads = Uploads()
    uploads: Uploads = state.token_uploads
    return uploads


@get("/tenants/{tenant:str}/tokens/import", opt=needs(Right.TOKENS))
async def show_import(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return _page(await desk(request, tenant), Form({"file_form": FORMS[0]}))


@post(
    "/tenants/{tenant:str}/tokens/import", request_max_body_size=(MOST_MIB + 1) * MIB, opt=needs(Right.TOKENS)
)
async def import_tokens(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    owner, now = at.signed_in.session.token_hash, at.services.clock.now()
    if fields.raw("upload_id"):
        waiting = _uploads(request).take(fields.raw("upload_id"), owner, tenant, now)
        if waiting is None:
            return _page(at, Form({"file_form": FORMS[0]}, problem=Words("console.token_import.gone")))
        return await _run(request, at, waiting, is_dry_run=False)
    options, errors = _options(fields)
    file = fields.files.get("file")
    content = await file.read() if file is not None else b""
    if not content:
        errors["file"] = Words("form.no_file")
    elif len(content) > MOST_MIB * MIB:
        errors["file"] = Words("form.file_too_large", {"most": MOST_MIB})
    if errors:
        return _page(at, Form({"file_form": options.form}, errors))
    name = (file.filename if file is not None else "")[-100:]
    upload = Upload(owner, tenant, now + _KEPT_MS, name, content, options)
    return await _run(request, at, upload, is_dry_run=fields.raw("act") != "import")


async def _run(request: AnyRequest, at: Desk, upload: Upload, *, is_dry_run: bool) -> Response[Any]:
    try:
        done = await at.services.token_imports.run(
            at.actor, at.tenant_id, io.BytesIO(upload.content), upload.options, is_dry_run=is_dry_run
        )
    except UnusableFile as unusable:
        words = _words("token.unusable", unusable.problem, {"line": unusable.line, "detail": unusable.detail})
        return _page(at, Form({"file_form": upload.options.form}, {"file": words}))
    is_useful = is_dry_run and bool(done.added or done.updated)
    upload_id = _uploads(request).keep(upload, at.services.clock.now()) if is_useful else ""
    return _page(at, Form({"file_form": FORMS[0]}), _report(done, upload.name), upload_id)


def _page(at: Desk, form: Form, report: ImportReport | None = None, upload_id: str = "") -> Response[Any]:
    return at.page(
        "console/token_import.html",
        status=422 if form.errors or form.problem else 200,
        form=form,
        file_forms=FORMS,
        secret_encodings=SECRET_ENCODINGS,
        text_encodings=tuple(TEXT_ENCODINGS),
        report=report,
        upload_id=upload_id,
    )


def _options(fields: Fields) -> tuple[TokenFileOptions, dict[str, Words]]:
    """Return what the person says of the file, and what is wrong with that."""
    errors: dict[str, Words] = {}
    form, passphrase, key_hex = fields.text("file_form"), fields.secret("passphrase"), fields.text("key_hex")
    key = _key(key_hex)
    if key_hex and key is None:
        errors["key_hex"] = Words("console.token_import.key_invalid")
    if key_hex and passphrase:
        errors["passphrase"] = Words("console.token_import.one_of_both")
    options = TokenFileOptions(
        form=_one_of(FORMS, form),
        passphrase=passphrase or None,
        preshared_key=key,
        secret_encoding=_one_of(SECRET_ENCODINGS, fields.text("secret_encoding")),
        text_encoding=TEXT_ENCODINGS.get(fields.text("text_encoding"), "detect"),
        allows_short_secrets=fields.is_ticked("allows_short_secrets"),
    )
    return options, errors


def _one_of(choices: tuple[str, ...], chosen: str) -> str:
    return chosen if chosen in choices else choices[0]


def _key(key_hex: str) -> Secret[bytes] | None:
    try:
        key = binascii.unhexlify("".join(key_hex.split()))
    except (binascii.Error, ValueError):
        return None
    return Secret(key) if len(key) in _KEY_BYTES else None


def _report(done: Done, file_name: str) -> ImportReport:
    return ImportReport(
        is_dry_run=done.is_dry_run,
        file_name=file_name,
        file_form=done.form,
        read=done.read,
        added=done.added,
        updated=done.updated,
        unchanged=done.unchanged,
        assigned=done.assigned,
        bad=done.bad,
        bad_rows=tuple(_bad_row(problem) for problem in done.problems[:_SHOWN_PROBLEMS]),
    )


def _bad_row(problem: RowProblem) -> BadRow:
    values: dict[str, str | int] = {"line": problem.line, "serial": problem.serial, "detail": problem.detail}
    return BadRow(problem.line, problem.serial, _words("token.problem", problem.problem, values))


def _words(area: str, problem: str, values: Mapping[str, str | int]) -> Words:
    """Return the text of a problem with those of `values` that it names."""
    key = f"{area}.{problem}"
    if not catalog.has(key):
        return Words("form.file_unreadable")
    wanted = catalog.wordings(key)[catalog.LANGUAGES[0]].placeholders
    return Words(key, {name: values.get(name, "") for name in wanted})


ROUTES: Final = [show_import, import_tokens]
