"""A browser that is to be remembered after a second factor: its cookie, and what people call it.

The token is a new one each time, never one that the browser brought, so nobody can prepare a browser for
somebody else. One browser is remembered for one person at a time.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.door import cookie_name, make_cookie
from vestibule.frontends.http.site import Connection, site_of
from vestibule.model.verification import Verification

_COOKIE: Final = "browser"
_DAY_SECONDS: Final = 86_400
# The first that fits: most browsers name others, too.
_BROWSERS: Final = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
_NAMES: Final = {"Edg": "Edge", "OPR": "Opera"}
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def remembered_token(connection: Connection) -> Secret[str] | None:
    """Return the token by which this browser may be remembered, if it has one."""
    token = connection.cookies.get(cookie_name(site_of(connection).options, _COOKIE), "")
    return Secret(token) if 0 < len(token) <= 100 else None


async def remember(
    request: Request[Any, Any, Any], response: Response[Any], verification: Verification
) -> None:
    """Remember this browser for who was approved just now, where that is possible."""
    services, options = site_of(request).services, site_of(request).options
    browsers = services.remembered_browsers
    token = await browsers.remember(verification, browser_label(request.headers.get("user-agent", "")))
    if token is not None:
        days = browsers.days(verification.tenant_id, verification.application_id)
        cookie = make_cookie(options, _COOKIE, token.reveal(), max_age=days * _DAY_SECONDS)
        response.set_cookie(cookie)


def browser_label(user_agent: str) -> str:
    """Return what a browser says it is, such as `Firefox, Windows`; empty if it says nothing known."""
    browser = next((_NAMES.get(word, word) for word in _BROWSERS if f"{word}/" in user_agent), "")
    system = next((name for word, name in _SYSTEMS if word in user_agent), "")
    return ", ".join(part for part in (browser, system) if part)
