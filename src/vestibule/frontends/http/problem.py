"""Problem details of the API (RFC 9457): one shape for every refusal, and nothing of the inside in it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Response

MEDIA_TYPE: Final = "application/problem+json"


class InvalidField(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that is wrong with a request; `where` is a path into the body, or a parameter's name."""

    where: str
    message: str


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """`code` is for programs and never changes; `detail` is for people."""

    title: str
    status: int
    code: str
    detail: str = ""
    type: str = "about:blank"
    invalid: tuple[InvalidField, ...] = ()
    request_id: str = ""
    """Of an unexpected error: the same identifier stands in the log of the server."""


def problem(
    status: int,
    code: str,
    detail: str = "",
    *,
    invalid: tuple[InvalidField, ...] = (),
    request_id: str = "",
    headers: dict[str, str] | None = None,
) -> Response[Any]:
    """Return the answer; the title is the status' own phrase (RFC 9457 §4.2.1)."""
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        code=code,
        detail=detail,
        invalid=invalid,
        request_id=request_id,
    )
    return Response(msgspec.json.encode(body), media_type=MEDIA_TYPE, status_code=status, headers=headers)
