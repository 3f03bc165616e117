"""Forms are answered only when they come from a page of ours (WEB-09).

Litestar's signed double submit does the work: a cookie and the field `csrf_token` must be the same, and
signed by us. Before that the browser's own word about where a request comes from is heard. A form with
files is read only for somebody who is signed in, because reading it costs.
"""

from __future__ import annotations

from typing import Any, Final, cast
from urllib.parse import urlsplit

from litestar import Request
from litestar.config.csrf import CSRFConfig
from litestar.enums import RequestEncodingType
from litestar.exceptions import PermissionDeniedException
from litestar.middleware.csrf import CSRFMiddleware
from litestar.types import Empty, HTTPScope, Receive, Scope, Send
from litestar.utils.scope.state import ScopeState

from vestibule.frontends.http.door import cookie_name, door_of, need_session
from vestibule.frontends.http.options import HttpOptions
from vestibule.frontends.http.pages import FORM

FIELD: Final = "csrf_token"
HEADER: Final = "x-csrf-token"
EXEMPT: Final = "answers_without_form_token"
"""Routes that no cookie opens, such as the API, carry this in `opt`."""
_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class ForeignForm(PermissionDeniedException):
    """The request does not come from a page of ours, or from one that is too old."""

    code = "form_expired"


def form_config(options: HttpOptions) -> CSRFConfig:
    return CSRFConfig(
        secret=options.form_key.reveal(),
        cookie_name=cookie_name(options, FORM),
        cookie_path="/",
        header_name=HEADER,
        cookie_secure=options.is_https,
        cookie_httponly=True,
        cookie_samesite="lax",
        exclude_from_csrf_key=EXEMPT,
    )


class FormCheck(CSRFMiddleware):
    """Litestar's check, for a field named `csrf_token`, behind the browser's own word."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        http = cast("HTTPScope", scope)  # Litestar's class asks for this kind only.
        if http["method"] not in _SAFE and not _is_exempt(scope):
            check_origin(http)
            await self._take_field(http, receive)
        try:
            await super().__call__(scope, receive, send)
        except PermissionDeniedException as refused:
            if "CSRF" in str(refused.detail):
                raise ForeignForm(detail="the form is not ours or too old") from None
            raise

    async def _take_field(self, scope: HTTPScope, receive: Receive) -> None:
        request: Request[Any, Any, Any] = Request(scope, receive)
        kind, _ = request.content_type
        if kind == RequestEncodingType.MULTI_PART:
            await need_session(request, door_of(scope["path"]))
        if kind in (RequestEncodingType.MULTI_PART, RequestEncodingType.URL_ENCODED):
            token = (await request.form()).get(FIELD)
            if isinstance(token, str) and token.isascii():
                name = HEADER.encode()
                others = [header for header in scope["headers"] if header[0] != name]
                scope["headers"] = [*others, (name, token.encode())]
                ScopeState.from_scope(scope).headers = Empty  # Litestar remembers those it has read.


def check_origin(scope: HTTPScope) -> None:
    """Refuse a request that the browser itself says another site has caused.

    `Origin: null` is what our own forms carry, because our pages send no referrer (Fetch §3.2).
    """
    headers = dict(scope["headers"])
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        if site not in (b"same-origin", b"none"):
            raise ForeignForm(detail="the request comes from another site")
        return
    origin = headers.get(b"origin", b"null").decode("latin-1")
    if origin != "null" and urlsplit(origin).netloc != headers.get(b"host", b"").decode("latin-1"):
        raise ForeignForm(detail="the request comes from another site")


def _is_exempt(scope: Scope) -> bool:
    handler = scope.get("route_handler")
    return bool(handler is not None and handler.opt.get(EXEMPT))
