"""Notices: what the form before has done, said once on the page that follows it.

Between the two pages a notice travels in a cookie of this browser, as the name of a text and the values of
its placeholders. What is not a text of the catalog, asked for as the catalog wants it, is not said.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec
from litestar import Request, Response

from vestibule import catalog
from vestibule.frontends.http.door import cookie_name, make_cookie
from vestibule.frontends.http.pages import page
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Notice, Tone, Words

_COOKIE: Final = "notice"
_SECONDS: Final = 60
_LONGEST: Final = 100
"""Longest value of a placeholder: the cookie stays small."""


class _Left(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    tone: Tone
    key: str
    values: dict[str, str]


def after(
    request: Request[Any, Any, Any], path: str, key: str, tone: Tone = "good", **values: str
) -> Response[Any]:
    """Send the browser on to `path`, which will say the text `key` once."""
    response: Response[Any] = see_other(path)
    short = {name: value[:_LONGEST] for name, value in values.items()}
    written = base64.urlsafe_b64encode(msgspec.json.encode(_Left(tone, key, short))).decode().rstrip("=")
    response.set_cookie(make_cookie(site_of(request).options, _COOKIE, written, max_age=_SECONDS))
    return response


def noticed_page(
    request: Request[Any, Any, Any], template: str, *, notices: tuple[Notice, ...] = (), **more: Any
) -> Response[str]:
    """Return `page(…)` with the notice that was left for it, if any."""
    options = site_of(request).options
    written = request.cookies.get(cookie_name(options, _COOKIE), "")
    response = page(request, template, notices=(*_read(written), *notices), **more)
    if written:
        response.set_cookie(make_cookie(options, _COOKIE, "", max_age=0))
    return response


def _read(written: str) -> tuple[Notice, ...]:
    try:
        content = base64.urlsafe_b64decode(written + "=" * (-len(written) % 4))
        left = msgspec.json.decode(content, type=_Left)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return ()
    if not catalog.has(left.key):
        return ()
    if any(wording.placeholders != left.values.keys() for wording in catalog.wordings(left.key).values()):
        return ()
    return (Notice(left.tone, Words(left.key, left.values)),)
