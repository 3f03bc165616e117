"""The two doors for people, and the session that stands behind each.

A browser's session is a cookie of its own for each door: signed in to the portal is not signed in to the
console. The cookie is sent back to this host only (`__Host-` where there is https), is not readable by
scripts, and is looked up in the store on every request.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Request, Response
from litestar.datastructures import Cookie

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.client_address import client_address
from vestibule.frontends.http.options import HttpOptions
from vestibule.frontends.http.redirects import local_path
from vestibule.frontends.http.site import Connection, site_of
from vestibule.frontends.http.templates.views import Door
from vestibule.model.application import CONSOLE_APPLICATION, PORTAL_APPLICATION
from vestibule.services.sessions import SignedIn

APPLICATIONS: Final[dict[Door, str]] = {"portal": PORTAL_APPLICATION, "console": CONSOLE_APPLICATION}
_FOUND: Final = "vestibule_signed_in"


class SignInRequired(Exception):
    """Nobody is signed in at this door; the person is sent to `<root>/sign-in` and comes back to `path`."""

    def __init__(self, door: Door, path: str, root: str = "") -> None:
        super().__init__(door)
        self.root = root or f"/{door}"
        self.path = path


class RegistrationRequired(Exception):
    """He must register before he gets any further; he is sent to `<root>/register`."""

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.root = root


def door_of(path: str) -> Door:
    """Return the door that a path belongs to; the portal if to none."""
    return "console" if path == "/console" or path.startswith("/console/") else "portal"


def address_of(connection: Connection) -> str:
    """Return the address of the client, seen through trusted proxies only."""
    peer = connection.scope.get("client")
    return client_address(peer[0] if peer else "", connection.scope["headers"], site_of(connection).proxies)


# --- sessions -------------------------------------------------------------------------------------------


async def find_session(connection: Connection, door: Door) -> SignedIn | None:
    """Return who is signed in at this door, or None. Asks the store once for each request."""
    found: dict[Door, SignedIn | None] = connection.scope.setdefault(_FOUND, {})  # type: ignore[typeddict-item]
    if door not in found:
        site = site_of(connection)
        token = connection.cookies.get(cookie_name(site.options, door), "")
        found[door] = (
            await site.services.sessions.find(token, APPLICATIONS[door], address_of(connection))
            if token
            else None
        )
    return found[door]


async def need_session(request: Request[Any, Any, Any], door: Door, root: str = "") -> SignedIn:
    """Return who is signed in at this door; raise `SignInRequired` if nobody is."""
    signed_in = await find_session(request, door)
    if signed_in is None:
        raise SignInRequired(door, path_of(request) if request.method in ("GET", "HEAD") else "", root)
    return signed_in


def known_session(connection: Connection) -> SignedIn | None:
    """Return the session that this request has already looked up, for error pages; asks nobody."""
    found: dict[Door, SignedIn | None] = connection.scope.get(_FOUND, {})  # type: ignore[assignment]  # a key of our own
    return next((signed_in for signed_in in found.values() if signed_in is not None), None)


def session_token(connection: Connection, door: Door) -> str:
    """Return the token of the browser's session at this door, to end it; empty if it has none."""
    return connection.cookies.get(cookie_name(site_of(connection).options, door), "")


def keep_session(response: Response[Any], options: HttpOptions, door: Door, token: Secret[str]) -> None:
    """Give the browser a new session. It lasts as long as the browser; the store ends it earlier."""
    response.set_cookie(make_cookie(options, door, token.reveal()))


def drop_session(response: Response[Any], options: HttpOptions, door: Door) -> None:
    """Take the session from the browser; who ends it in the store is the caller."""
    response.set_cookie(make_cookie(options, door, "", max_age=0))


# --- cookies --------------------------------------------------------------------------------------------


def cookie_name(options: HttpOptions, name: str) -> str:
    """Return the full name; browsers take `__Host-` only from this very host, by https."""
    return f"__Host-vestibule-{name}" if options.is_https else f"vestibule-{name}"


def make_cookie(options: HttpOptions, name: str, value: str, *, max_age: int | None = None) -> Cookie:
    return Cookie(
        key=cookie_name(options, name),
        value=value,
        path="/",
        max_age=max_age,
        httponly=True,
        secure=options.is_https,
        samesite="lax",
    )


def path_of(request: Request[Any, Any, Any]) -> str:
    """Return path and query of a request, as something to come back to."""
    query = request.scope["query_string"].decode("latin-1")
    return local_path(request.scope["path"] + (f"?{query}" if query else ""))
