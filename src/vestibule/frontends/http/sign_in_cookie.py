"""A sign-in between its two steps, as the browser that began it keeps it: a short-lived cookie.

It names the verification and holds a random key of which the store has a hash only: without it nobody sees
how the sign-in stands, and no approval becomes a session (CH-07, CH-08). It is read back as strictly as
anything that comes from outside.
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec
from litestar import Request, Response

from vestibule.frontends.http.door import cookie_name, make_cookie
from vestibule.frontends.http.site import site_of

AnyRequest = Request[Any, Any, Any]

SECONDS: Final = 15 * 60
"""Longer than any challenge lives; the store ends it earlier."""
_COOKIE: Final = "sign-in"
_LONGEST: Final = 255


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A sign-in that waits for its second factor."""

    root: str
    verification_id: str
    challenge_id: str
    username: str
    key: str
    remembers: bool = False
    """He wants this browser to be remembered."""

    def __repr__(self) -> str:
        return f"Pending({self.verification_id})"


def keep_pending(request: AnyRequest, response: Response[Any], pending: Pending) -> None:
    written = base64.urlsafe_b64encode(msgspec.json.encode(pending)).decode().rstrip("=")
    response.set_cookie(make_cookie(site_of(request).options, _COOKIE, written, max_age=SECONDS))


def drop_pending(request: AnyRequest, response: Response[Any]) -> None:
    response.set_cookie(make_cookie(site_of(request).options, _COOKIE, "", max_age=0))


def read_pending(request: AnyRequest, root: str) -> Pending | None:
    """Read back what this browser began at this door; anything else is nothing."""
    value = request.cookies.get(cookie_name(site_of(request).options, _COOKIE), "")
    try:
        content = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        pending = msgspec.json.decode(content, type=Pending)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    is_ours = pending.root == root and len(pending.username) <= _LONGEST and len(pending.key) >= 32
    return pending if is_ours else None
