"""What a request gets that could not be answered: a page for people, problem details for programs.

Each error page has an identifier under which the log has the error, too (S77). An unexpected error is told
to the log alone: the answer carries the identifier and nothing else of it.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final, TypeAlias
from urllib.parse import quote

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from vestibule import catalog
from vestibule.crypto.tokens import new_id
from vestibule.frontends.http.door import RegistrationRequired, SignInRequired, door_of, known_session
from vestibule.frontends.http.pages import language_of, page
from vestibule.frontends.http.problem import InvalidField, problem
from vestibule.frontends.http.redirects import local_path, see_other
from vestibule.frontends.http.refused_acts import note_refused
from vestibule.frontends.http.scim_error import scim_error
from vestibule.frontends.http.site import site_of
from vestibule.interfaces.store import Conflict, Unavailable
from vestibule.model.actor import Forbidden, NotAllowed
from vestibule.model.application import PORTAL_APPLICATION
from vestibule.services.refusal import Refusal, Refused
from vestibule.wire.scim.trouble import ScimTrouble

log = structlog.get_logger(__name__)

API_PREFIX: Final = "/api/"
SCIM_PREFIX: Final = "/scim/"
AnyRequest: TypeAlias = Request[Any, Any, Any]

_CODES: Final = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "conflict",
    411: "bad_request",
    413: "too_large",
    415: "unsupported_media_type",
    422: "refused",
    429: "too_many_requests",
    503: "unavailable",
}
_REFUSALS: Final = {
    Refusal.NOT_FOUND: 404,
    Refusal.SERIAL_UNKNOWN: 404,
    Refusal.NO_PIN: 404,
    Refusal.NO_BYPASS: 404,
    Refusal.NO_PASS: 404,
    Refusal.ALREADY_BLOCKED: 409,
    Refusal.NOT_BLOCKED: 409,
    Refusal.CHANGED_MEANWHILE: 409,
    Refusal.NAME_TAKEN: 409,
    Refusal.SERIAL_TAKEN: 409,
    Refusal.ADDRESS_TAKEN: 409,
    Refusal.IN_USE: 409,
    Refusal.EDITION_EXCEEDED: 409,
    Refusal.EDITION_GIVEN: 409,
    Refusal.PRICES_OF_OPERATOR: 409,
    Refusal.MODEL_FIXED: 409,
    Refusal.PROVIDER_THERE: 409,
    Refusal.LICENCES_GIVEN: 409,
    Refusal.LICENCES_SPENT: 409,
    Refusal.LICENSED_ALREADY: 409,
    Refusal.SECOND_NEEDED: 409,
    Refusal.SYNC_RUNNING: 409,
    Refusal.LINKED_ALREADY: 409,
    Refusal.ENTRY_LINKED: 409,
    Refusal.LIMITS_A_ROLE: 409,
    Refusal.LOCKED_OUT: 423,
}
_TOKEN_IN_PATH: Final = re.compile(r"^(/phone/|/console/setup/)[^/]+")
_DOORS: Final = frozenset({"/api", "/app", "/assets", "/console", "/phone", "/portal", "/scim"})
_PAGES: Final = frozenset({403, 404, 413, 429, 503})


class Failure(msgspec.Struct, frozen=True):
    """A failure as it is told: status, a code that never changes, and a sentence that betrays nothing."""

    status: int
    code: str
    detail: str = ""
    invalid: tuple[InvalidField, ...] = ()
    headers: dict[str, str] = {}
    request_id: str = ""


def answer_failure(request: AnyRequest, error: Exception) -> Response[Any]:
    """The handler of every exception there is."""
    if isinstance(error, SignInRequired):
        came_from = quote(error.path, safe="/")
        return see_other(f"{error.root}/sign-in" + (f"?next={came_from}" if came_from else ""))
    if isinstance(error, RegistrationRequired):
        return see_other(f"{error.root}/register")
    failure = _failure(request, error)
    if request.scope["path"].startswith(API_PREFIX):
        return _as_problem(failure)
    if request.scope["path"].startswith(SCIM_PREFIX):
        return scim_error(failure.status, failure.code, failure.detail, failure.headers)
    return _as_page(request, failure if failure.request_id else _noted(request, failure))


def _failure(request: AnyRequest, error: Exception) -> Failure:
    match error:
        case Refused():
            return Failure(_REFUSALS.get(error.why, 422), error.why.value, _refusal_text(request, error))
        case ScimTrouble():
            return Failure(400, error.scim_type, error.detail)
        case Forbidden():
            log.warning("not allowed", why=str(error), **_facts(request))
            note_refused(request)
            return Failure(403, "forbidden")
        case NotAllowed():
            # What is out of reach is not there: another tenant's record must not differ from none (TEN-01).
            note_refused(request)
            return Failure(404, "not_found")
        case Conflict():
            return Failure(409, "changed_meanwhile", "Somebody else has changed it meanwhile; read it again.")
        case Unavailable():
            site_of(request).services.metrics.faults.labels("store").inc()
            return Failure(503, "unavailable", headers={"retry-after": "1"})
        case HTTPException() if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            return _client_error(error)
        case _:
            return _fault(request, error)


def _client_error(error: HTTPException) -> Failure:
    status = error.status_code
    headers = {name: value for name, value in (error.headers or {}).items() if name.lower() in _TOLD_HEADERS}
    code = getattr(error, "code", "") or _CODES.get(status, "bad_request")
    if isinstance(error, ValidationException):
        return Failure(status, "invalid", "The request is not as it should be.", _invalid(error), headers)
    if status == HTTPStatus.BAD_REQUEST:
        return Failure(status, code, "The request could not be read.", headers=headers)
    return Failure(status, code, getattr(error, "told", ""), headers=headers)


_TOLD_HEADERS: Final = frozenset({"allow", "retry-after", "www-authenticate"})


def _invalid(error: ValidationException) -> tuple[InvalidField, ...]:
    entries = error.extra if isinstance(error.extra, list) else []
    return tuple(
        InvalidField(str(entry.get("key", "")), str(entry.get("message", "")))
        for entry in entries
        if isinstance(entry, dict)
    )


def _fault(request: AnyRequest, error: Exception) -> Failure:
    request_id = new_id()[:12]
    site_of(request).services.metrics.faults.labels("http").inc()
    log.error(
        "request failed",
        request_id=request_id,
        **_facts(request),
        exc_info=(type(error), error, error.__traceback__),
    )
    return Failure(500, "fault", request_id=request_id)


def _noted(request: AnyRequest, failure: Failure) -> Failure:
    """Give a failure that a page will tell of its identifier, and write it to the log."""
    noted = msgspec.structs.replace(failure, request_id=new_id()[:12])
    log.info(
        "request refused",
        request_id=noted.request_id,
        status=noted.status,
        code=noted.code,
        **_facts(request),
    )
    return noted


def _facts(request: AnyRequest) -> dict[str, str]:
    signed_in = known_session(request)
    return {
        "method": request.method,
        "path": _logged_path(request),
        "user_id": signed_in.user.user_id if signed_in else "",
    }


def _logged_path(request: AnyRequest) -> str:
    """Return the path for the log; of one that leads nowhere only its beginning, for people paste passwords
    into address lines (LOG-02)."""
    path = _unspoken(request.scope["path"])
    if request.scope.get("path_template"):
        return path
    first = path.split("/", 2)[1] if path.startswith("/") else ""
    return f"/{first}/…" if f"/{first}" in _DOORS else "…"


def _refusal_text(request: AnyRequest, refused: Refused) -> str:
    key = f"refusal.{refused.why.value}"
    if not catalog.has(key):
        return ""
    language = language_of(request)
    wanted = catalog.wordings(key)[language].placeholders
    return catalog.text(language, key, **dict.fromkeys(wanted, refused.key))


def _as_problem(failure: Failure) -> Response[Any]:
    return problem(
        failure.status,
        failure.code,
        failure.detail,
        invalid=failure.invalid,
        request_id=failure.request_id,
        headers=failure.headers,
    )


def _unspoken(path: str) -> str:
    """Return the path without the secret in it: that stays out of the log and is not read out (LOG-02)."""
    return _TOKEN_IN_PATH.sub(r"\1…", path)


def _texts_of(failure: Failure) -> str:
    """Return the area of the texts that a page has for a failure; there are fewer of them than codes."""
    if catalog.has(f"error.{failure.code}.title"):
        return failure.code
    return _CODES.get(failure.status, "") if failure.status in _PAGES else "bad_request"


def _as_page(request: AnyRequest, failure: Failure) -> Response[Any]:
    """What stands on it lets support find the case (S77)."""
    signed_in = known_session(request)
    path = request.scope["path"]
    response = page(
        request,
        "error.html",
        status=failure.status,
        door=door_of(path),
        root=_root(request),
        texts=_texts_of(failure),
        code=failure.code,
        page=_unspoken(local_path(path)),
        request_id=failure.request_id,
        session_id=signed_in.session.verification_id[-12:] if signed_in else "",
        user_id=signed_in.user.user_id if signed_in else "",
        at=site_of(request).services.clock.now(),
    )
    response.headers.update(failure.headers)
    return response


def _root(request: AnyRequest) -> str:
    """Return the root of the portal that failed, if there is one: help and the way back are its own."""
    _, door, tenant_id, *_ = [*request.scope["path"].split("/"), "", "", ""]
    known = site_of(request).services.configuration.current.applications
    return (
        f"/portal/{quote(tenant_id, safe='')}"
        if door == "portal" and (tenant_id, PORTAL_APPLICATION) in known
        else ""
    )
