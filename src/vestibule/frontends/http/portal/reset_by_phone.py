"""Resetting a forgotten password by phone or app: a name is typed, the phone is answered, a password chosen.

What the browser that asked has begun stands in a cookie of its own, which looks the same whoever exists; the
pages are the same as well until somebody has answered (BF-15, CH-07).
"""

from __future__ import annotations

import base64
import binascii
from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.door import address_of, cookie_name, make_cookie
from vestibule.frontends.http.fields import InPath, read_fields
from vestibule.frontends.http.notices import after, noticed_page
from vestibule.frontends.http.portal.password import new_password, refused_password
from vestibule.frontends.http.portal.visitor import DOOR, portal_of
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.second_factor import WAIT_SECONDS
from vestibule.frontends.http.sign_in import AnyRequest, Entrance
from vestibule.frontends.http.site import site_of
from vestibule.frontends.http.templates.views import Form, Words
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.reset_by_phone import Asked, ResetsByPhone, Standing, StillProven

_COOKIE: Final = "reset"
_SECONDS: Final = 30 * 60
"""Longer than an answer and a choice may take; the store ends them earlier."""
_LONGEST: Final = 255
_FAILED: Final = f"refusal.{Refusal.NOT_PROVEN}"


class _Kept(msgspec.Struct, frozen=True, array_like=True):
    """What was asked, until it is answered; then the link of what is proven."""

    root: str
    asked: Asked
    link: str = ""


# --- asking -----------------------------------------------------------------------------------------------


@get("/{tenant:str}/reset/ask")
async def show_ask(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at, ways = portal_of(request, tenant), _resets(request).ways(tenant)
    if not ways:
        raise NotFoundException
    return noticed_page(request, "portal/reset_ask.html", door=DOOR, root=at.root, form=Form(), ways=ways)


@post("/{tenant:str}/reset/ask")
async def take_ask(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at, fields = portal_of(request, tenant), await read_fields(request)
    return await _ask(request, at, fields.raw("username", _LONGEST), fields.raw("way", 64))


@post("/{tenant:str}/reset/another")
async def ask_another(request: AnyRequest, tenant: InPath) -> Response[Any]:
    """Ask who has proven one thing for another."""
    at, fields = portal_of(request, tenant), await read_fields(request)
    kept = _read(request, at)
    if kept is None or not kept.link:
        return _failed(request, at)
    return await _ask(request, at, kept.asked.username, fields.raw("way", 64), kept.link)


async def _ask(request: AnyRequest, at: Entrance, username: str, way: str, proven: str = "") -> Response[Any]:
    try:
        asked = await _resets(request).ask(at.tenant.tenant_id, username, way, address_of(request), proven)
    except Refused:
        raise NotFoundException from None
    return _keep(request, see_other(f"{at.root}/reset/asked"), _Kept(at.root, asked))


# --- being answered ---------------------------------------------------------------------------------------


@get("/{tenant:str}/reset/asked")
async def show_asked(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = portal_of(request, tenant)
    kept = _read(request, at)
    if kept is None or _is_over(request, kept):
        return _failed(request, at)
    link = await _resets(request).claim(tenant, kept.asked, address_of(request))
    return _on(request, kept, link) if link else _asked_page(request, at, kept.asked)


@post("/{tenant:str}/reset/asked")
async def take_answer(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at, fields = portal_of(request, tenant), await read_fields(request)
    kept = _read(request, at)
    if kept is None or _is_over(request, kept):
        return _failed(request, at)
    passcode = fields.passcode()
    link = await _resets(request).answer(tenant, kept.asked, passcode, address_of(request))
    return _on(request, kept, link) if link else _asked_page(request, at, kept.asked, is_wrong=True)


@get("/{tenant:str}/reset/asked/state")
async def reset_state(request: AnyRequest, tenant: InPath) -> dict[str, bool]:
    """Answer as soon as the phone has, after WAIT_SECONDS at the latest."""
    site, at = site_of(request), portal_of(request, tenant)
    kept = _read(request, at)
    if kept is None or _is_over(request, kept):
        return {"moved": True}
    address = address_of(request)
    waiting = _resets(request).answered(tenant, kept.asked, WAIT_SECONDS, address)
    await site.long_polls.wait(kept.asked.verification_id, waiting, most=5)
    return {"moved": await _resets(request).answered(tenant, kept.asked, 0, address)}


def _asked_page(request: AnyRequest, at: Entrance, asked: Asked, *, is_wrong: bool = False) -> Response[Any]:
    return noticed_page(
        request,
        "portal/reset_asked.html",
        door=DOOR,
        root=at.root,
        status=422 if is_wrong else 200,
        form=Form(problem=Words(_FAILED) if is_wrong else None),
        way=asked.way,
        number=asked.number,
    )


# --- choosing ---------------------------------------------------------------------------------------------


@get("/{tenant:str}/reset/choose")
async def show_choose(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = portal_of(request, tenant)
    kept = _read(request, at)
    standing = await _resets(request).standing(tenant, kept.link) if kept else None
    return _failed(request, at) if standing is None else _choose_page(request, at, standing, Form())


@post("/{tenant:str}/reset/choose")
async def take_choose(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at, fields, resets = portal_of(request, tenant), await read_fields(request), _resets(request)
    kept = _read(request, at)
    link = kept.link if kept else ""
    try:
        await resets.reset(tenant, link, fields.passcode(), new_password(fields))
    except Refused as refused:
        if isinstance(refused, StillProven):
            link = refused.link.reveal()
        standing = await resets.standing(tenant, link)
        if kept is None or standing is None:
            return _failed(request, at)
        page = _choose_page(request, at, standing, refused_password(refused), 422)
        return _keep(request, page, msgspec.structs.replace(kept, link=link))
    response: Response[Any] = after(request, f"{at.root}/sign-in", "portal.password.sign_in_now")
    response.set_cookie(make_cookie(site_of(request).options, _COOKIE, "", max_age=0))
    return response


def _choose_page(
    request: AnyRequest, at: Entrance, standing: Standing, form: Form, status: int = 200
) -> Response[Any]:
    return noticed_page(
        request,
        "portal/reset_choose.html",
        door=DOOR,
        root=at.root,
        status=status,
        form=form,
        standing=standing,
    )


# --- parts ------------------------------------------------------------------------------------------------


def _resets(request: AnyRequest) -> ResetsByPhone:
    return site_of(request).services.resets_by_phone


def _on(request: AnyRequest, kept: _Kept, link: Secret[str]) -> Response[Any]:
    proven = msgspec.structs.replace(kept, link=link.reveal())
    return _keep(request, see_other(f"{kept.root}/reset/choose"), proven)


def _failed(request: AnyRequest, at: Entrance) -> Response[Any]:
    return after(request, f"{at.root}/reset", _FAILED, "bad")


def _is_over(request: AnyRequest, kept: _Kept) -> bool:
    return site_of(request).services.clock.now() >= kept.asked.expires_at


def _keep(request: AnyRequest, response: Any, kept: _Kept) -> Response[Any]:
    written = base64.urlsafe_b64encode(msgspec.json.encode(kept)).decode().rstrip("=")
    response.set_cookie(make_cookie(site_of(request).options, _COOKIE, written, max_age=_SECONDS))
    answer: Response[Any] = response
    return answer


def _read(request: AnyRequest, at: Entrance) -> _Kept | None:
    """Read back what this browser has begun at this portal; anything else is nothing."""
    value = request.cookies.get(cookie_name(site_of(request).options, _COOKIE), "")
    try:
        content = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
        kept = msgspec.json.decode(content, type=_Kept)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    is_ours = kept.root == at.root and len(kept.asked.username) <= _LONGEST and len(kept.asked.key) >= 32
    return kept if is_ours and kept.asked.way in _resets(request).ways(at.tenant.tenant_id) else None


ROUTES: Final = [
    show_ask,
    take_ask,
    ask_another,
    show_asked,
    take_answer,
    reset_state,
    show_choose,
    take_choose,
]
