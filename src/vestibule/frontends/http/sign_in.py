"""Signing in at either door for people: name and password, then the second factor (second_factor.py), then a
session.

The service decides each step; what is kept between the two steps is the verification, in a short-lived cookie
of the browser that began (CH-07). Whatever was wrong, the answer is one and the same (BF-14, BF-15).
A session is always a new one, and the one before it ends (WEB-08).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from litestar import Request, Response

from vestibule.crypto.tokens import new_id
from vestibule.frontends.http.door import (
    APPLICATIONS,
    address_of,
    drop_session,
    find_session,
    keep_session,
    session_token,
)
from vestibule.frontends.http.fields import asked, read_fields
from vestibule.frontends.http.notices import after, noticed_page
from vestibule.frontends.http.redirects import local_path, see_other
from vestibule.frontends.http.remembering import remember, remembered_token
from vestibule.frontends.http.sign_in_cookie import Pending, keep_pending
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Door, Form, Words
from vestibule.model.tenant import Tenant
from vestibule.model.verification import Reason
from vestibule.services.attempt import Origin
from vestibule.services.configuration import Peer
from vestibule.services.outcome import Progress
from vestibule.services.refusal import Refused
from vestibule.services.setup import built_in_client_id

AnyRequest = Request[Any, Any, Any]

REFUSED: Final = 403
REFUSED_TEXT: Final = "sign_in.refused"


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

    @property
    def security(self) -> str:
        """The portal's page of cards."""
        return f"{self.root}/security"


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
        key = new_id()
        progress = await services.verifications.start(origin_of(request, at, username, key), password)
        if progress.is_approved:
            return await let_in(request, at, progress, following) or _turned_away(
                request, at, username, following
            )
        if progress.is_pending and progress.challenge is not None:
            response: Response[Any] = see_other(with_next(f"{at.root}/sign-in/second-factor", at, following))
            pending = Pending(
                at.root,
                progress.verification.verification_id,
                progress.challenge.challenge_id,
                username,
                key,
                fields.is_ticked("remember"),
            )
            keep_pending(request, response, pending)
            return response
        if await _is_over(request, at, progress):
            return see_other(f"{at.root}/expired")
    return _turned_away(request, at, username, following)


async def _is_over(request: AnyRequest, at: Entrance, progress: Progress) -> bool:
    """Tell whether the directory wants the password changed first, and lets it be changed at this door."""
    passwords = site_of(request).services.passwords
    is_over = at.door == "portal" and progress.reason is Reason.PASSWORD_EXPIRED
    return is_over and await passwords.directory(at.tenant.tenant_id) is not None


def _turned_away(request: AnyRequest, at: Entrance, username: str, following: str) -> Response[Any]:
    form = Form({"username": username}, problem=Words(REFUSED_TEXT))
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
        remember_days=site_of(request).services.remembered_browsers.days(
            at.tenant.tenant_id, APPLICATIONS[at.door]
        ),
    )


# --- the session ----------------------------------------------------------------------------------------


async def let_in(
    request: AnyRequest, at: Entrance, progress: Progress, following: str, *, remembers: bool = False
) -> Response[Any] | None:
    """Begin a session and end the older one; None if the door is not for this person. `remembers`: he wants
    this browser to be remembered."""
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
    if remembers:
        await remember(request, response, progress.verification)
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


def origin_of(request: AnyRequest, at: Entrance, username: str, key: str) -> Origin:
    """Return who asks; `key` is the random name of this very sign-in, which its browser keeps (CH-08)."""
    return Origin(
        peer=at.peer,
        channel=at.door,
        claimed_username=username,
        user_address=address_of(request),
        browser=remembered_token(request),
        idempotency_key=key,
    )


def start_again(request: AnyRequest, at: Entrance, following: str, key: str) -> Response[Any]:
    return after(request, with_next(f"{at.root}/sign-in", at, following), key, "bad")


def with_next(path: str, at: Entrance, following: str) -> str:
    if following == at.home:
        return path
    return f"{path}?next={quote(following, safe='/')}"
