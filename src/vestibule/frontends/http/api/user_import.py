"""Users from a CSV file: all of them, or nobody if one line is wrong."""

from __future__ import annotations

from typing import Final

import msgspec
from litestar import post
from litestar.datastructures import UploadFile
from litestar.di import NamedDependency
from litestar.params import MultipartBody

from vestibule import catalog
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.api.verifications import AnyRequest
from vestibule.frontends.http.options import MIB
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.rights import needs
from vestibule.model.actor import Right
from vestibule.services.name_list import MOST_FILE_BYTES, decoded_list
from vestibule.services.user_file import COLUMNS, RowProblem

_MOST_PROBLEMS: Final = 1000


class UserImportRequest(Discreet):
    file: UploadFile
    """CSV in UTF-8. The first line names the columns, of which only `username` is needed."""
    dry_run: bool = False
    """Say what the import would do, and add nobody."""


class BadRowRecord(msgspec.Struct, frozen=True):
    """What is wrong with a line, counted from 1. `problem` is for programs, `detail` for people."""

    line: int
    problem: str
    detail: str


class UserImportRecord(msgspec.Struct, frozen=True):
    """What the import did, or would do. With `problems`, the first of the `bad`, nobody was added."""

    is_dry_run: bool
    read: int
    added: list[str]
    bad: int
    problems: list[BadRowRecord]


@post(
    "/users/import",
    status_code=200,
    tags=["Users"],
    request_max_body_size=MOST_FILE_BYTES + MIB,
    responses=problems(404, 409, 422),
    opt=needs(Right.CHANGE_PEOPLE),
)
async def import_users(
    request: AnyRequest, caller: NamedDependency[Caller], data: MultipartBody[UserImportRequest]
) -> UserImportRecord:
    """Add the users of a file. One wrong line, such as a name that somebody has, and nobody is added."""
    text = decoded_list(await data.file.read(MOST_FILE_BYTES + 1))
    report = await caller.services.user_imports.run(
        caller.actor, caller.tenant_id, text, is_dry_run=data.dry_run
    )
    language = language_of(request)
    return UserImportRecord(
        is_dry_run=data.dry_run,
        read=report.read,
        added=list(report.added),
        bad=len(report.problems),
        problems=[_bad_row(language, row) for row in report.problems[:_MOST_PROBLEMS]],
    )


def _bad_row(language: str, row: RowProblem) -> BadRowRecord:
    key = f"user_file.{row.why}"
    told = {"key": row.key, "columns": ", ".join(COLUMNS)}
    wanted = catalog.wordings(key)[language].placeholders
    detail = catalog.text(language, key, **{name: told[name] for name in wanted})
    return BadRowRecord(row.line, row.why, detail)
