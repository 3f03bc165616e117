"""Signing in at either door for people: name and password, then a passcode, then a session.

The service decides each step; what is kept here between the two steps is the open challenge, in a short-lived
cookie of the browser that began (CH-07). Whatever was wrong, the answer is one and the same (BF-14, BF-15).
A session is always a new one, and the one before it ends (WEB-08).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.datastructures import Cookie

from vestibule.frontends.http.door import (
    APPLICATIONS,
    address_of,
    cookie_name,
    drop_session,
    find_session,
    keep_session,
    make_cookie,
    session_token,
)
from vestibule.frontends.http.fields import asked, read_fields
from vestibule.frontends.http.notices import after, noticed_page
from vestibule.frontends.http.redirects import local_path, see_other
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Door, Form, Words
from vestibule.model.tenant import Tenant
from vestibule.services.attempt import Origin
from vestibule.services.configuration import Peer
from vestibule.services.outcome import Progress
from vestibule.services.refusal import Refused
from vestibule.services.setup import built_in_client_id

AnyRequest = Request[Any, Any, Any]

KINDS: Final = ("passcode", "recovery_code")
REFUSED: Final = 403
_COOKIE: Final = "sign-in"
_REFUSED_TEXT: Final = "sign_in.refused"


@dataclass(frozen=True, slots=True)
class Entrance:
    """A door as somebody stands before it: whose it is, where it lives, and who it is to the services."""

    door: Door
    root: str
    tenant: Tenant
    peer: Peer

    @property
    def home(self) -> str:
        return f"{self.root}/"


class Pending(msgspec.Struct, frozen=True, array_like=True):
    """A sign-in that waits for its passcode, as the browser keeps it."""

    root: str
    challenge_id: str
    username: str


def entrance(request: AnyRequest, door: Door, tenant_id: str, root: str) -> Entrance | None:
    """Return the door of a tenant, or None if that tenant has no such door."""
    snapshot = site_of(request).services.configuration.current
    peer = snapshot.peers.get(built_in_client_id(tenant_id, APPLICATIONS[door]))
    tenant = snapshot.tenants.get(tenant_id)
    if peer is None or tenant is None or not peer.client.is_enabled:
        return None
    return Entrance(door, root, tenant, peer)


def destination(at: Entrance, wanted: str) -> str:
    """Return `wanted` if it is a page behind this door, else the first page behind it (WEB-07)."""
    path = local_path(wanted, at.home)
    has_dots = any(segment in (".", "..") for segment in path.partition("?")[0].split("/"))
    return path if path.startswith(at.home) and not has_dots and "//" not in path else at.home


# --- name and password ----------------------------------------------------------------------------------


async def password_page(request: AnyRequest, at: Entrance) -> Response[Any]:
    """Ask for name and password; who is signed in already goes on."""
    following = destination(at, asked(request, "next", 1000))
    signed_in = await find_session(request, at.door)
    if signed_in is not None and signed_in.user.tenant_id == at.tenant.tenant_id:
        return see_other(following)
    return _password_page(request, at, Form(), following)


async def take_password(request: AnyRequest, at: Entrance) -> Response[Any]:
    """Judge name and password: on to the passcode, in, or once more."""
    fields = await read_fields(request)
    following = destination(at, fields.raw("next", 1000))
    username, password = fields.raw("username"), fields.secret("password")
    if username.strip() and password:
        services = site_of(request).services
        progress = await services.verifications.start(_origin(request, at, username), password)
        if progress.is_approved:
            return await _let_in(request, at, progress, following) or _turned_away(
                request, at, username, following
            )
        if progress.is_pending and progress.challenge is not None:
            pending = Pending(at.root, progress.challenge.challenge_id, username)
            response: Response[Any] = see_other(_with_next(f"{at.root}/sign-in/second-factor", at, following))
            seconds = at.tenant.settings.challenge_seconds
            response.set_cookie(_pending_cookie(request, _written(pending), seconds))
            return response
    return _turned_away(request, at, username, following)


def _turned_away(request: AnyRequest, at: Entrance, username: str, following: str) -> Response[Any]:
    form = Form({"username": username}, problem=Words(_REFUSED_TEXT))
    return _password_page(request, at, form, following, status=REFUSED)


def _password_page(
    request: AnyRequest, at: Entrance, form: Form, following: str, *, status: int = 200
) -> Response[Any]:
    return noticed_page(
        request,
        "sign_in/password.html",
        door=at.door,
        root=at.root,
        status=status,
        form=form,
        next=following,
    )


# --- the passcode ---------------------------------------------------------------------------------------


async def passcode_page(request: AnyRequest, at: Entrance) -> Response[Any]:
    """Ask for a passcode or a recovery code; without an open challenge, start from the beginning."""
    following = destination(at, asked(request, "next", 1000))
    pending = _pending(request, at)
    if pending is None:
        return see_other(_with_next(f"{at.root}/sign-in", at, following))
    return _passcode_page(request, at, pending, asked(request, "with"), following)


async def take_passcode(request: AnyRequest, at: Entrance) -> Response[Any]:
    """Answer the open challenge: in, once more, or back to the beginning."""
    fields = await read_fields(request)
    following = destination(at, fields.raw("next", 1000))
    pending = _pending(request, at)
    if pending is None:
        return _start_again(request, at, following, "sign_in.too_late")
    verifications = site_of(request).services.verifications
    origin = _origin(request, at, pending.username)
    progress = await verifications.answer(origin, pending.challenge_id, fields.passcode())
    if progress.is_pending:
        return _passcode_page(request, at, pending, fields.raw("kind"), following, wrong=True)
    response = await _let_in(request, at, progress, following) if progress.is_approved else None
    if response is None:
        response = _start_again(request, at, following, _REFUSED_TEXT)
    response.set_cookie(_pending_cookie(request, "", 0))
    return response


def _passcode_page(
    request: AnyRequest, at: Entrance, pending: Pending, kind: str, following: str, *, wrong: bool = False
) -> Response[Any]:
    return noticed_page(
        request,
        "sign_in/second_factor.html",
        door=at.door,
        root=at.root,
        status=REFUSED if wrong else 200,
        form=Form(problem=Words(_REFUSED_TEXT)) if wrong else Form(),
        kind=kind if kind in KINDS else KINDS[0],
        kinds=KINDS,
        purpose="sign_in",
        person=pending.username,
        next=following,
    )


# --- the session ----------------------------------------------------------------------------------------


async def _let_in(
    request: AnyRequest, at: Entrance, progress: Progress, following: str
) -> Response[Any] | None:
    """Begin a session and end the older one; None if the door is not for this person."""
    sessions = site_of(request).services.sessions
    try:
        token = await sessions.begin(progress.verification)
    except Refused:
        return None
    older = session_token(request, at.door)
    if older:
        await sessions.end(older)
    response: Response[Any] = see_other(following)
    keep_session(response, site_of(request).options, at.door, token)
    return response


async def sign_out(request: AnyRequest, at: Entrance) -> Response[Any]:
    """End the session here and in the store."""
    site = site_of(request)
    token = session_token(request, at.door)
    if token:
        await site.services.sessions.end(token)
    response: Response[Any] = see_other(f"{at.root}/signed-out")
    drop_session(response, site.options, at.door)
    return response


def signed_out_page(request: AnyRequest, at: Entrance) -> Response[Any]:
    return noticed_page(
        request,
        "sign_in/signed_out.html",
        door=at.door,
        root=at.root,
        is_expired=bool(asked(request, "expired")),
    )


# --- parts ----------------------------------------------------------------------------------------------


def _origin(request: AnyRequest, at: Entrance, username: str) -> Origin:
    return Origin(peer=at.peer, channel=at.door, claimed_username=username, user_address=address_of(request))


def _start_again(request: AnyRequest, at: Entrance, following: str, key: str) -> Response[Any]:
    return after(request, _with_next(f"{at.root}/sign-in", at, following), key, "bad")


def _with_next(path: str, at: Entrance, following: str) -> str:
    if following == at.home:
        return path
    return f"{path}?next={quote(following, safe='/')}"


def _pending_cookie(request: AnyRequest, value: str, seconds: int) -> Cookie:
    return make_cookie(site_of(request).options, _COOKIE, value, max_age=seconds)


def _written(pending: Pending) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(pending)).decode().rstrip("=")


def _pending(request: AnyRequest, at: Entrance) -> Pending | None:
    """Read back what this browser began here; anything else is nothing."""
    value = request.cookies.get(cookie_name(site_of(request).options, _COOKIE), "")
    try:
        content = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        pending = msgspec.json.decode(content, type=Pending)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    return pending if pending.root == at.root and len(pending.username) <= 255 else None
