"""Who stands at which portal: the tenant in the path, and the person whose session it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.door import RegistrationRequired, SignInRequired, find_session, path_of
from vestibule.frontends.http.notices import noticed_page
from vestibule.frontends.http.redirects import see_other
from vestibule.frontends.http.sign_in import AnyRequest, Entrance, entrance
from vestibule.frontends.http.site import site_of
from vestibule.model.actor import Actor
from vestibule.model.application import PORTAL_APPLICATION
from vestibule.model.user import User
from vestibule.policy.registration import Asked
from vestibule.services.sessions import SignedIn

DOOR: Final = "portal"


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person behind the door of his own tenant's portal."""

    at: Entrance
    signed_in: SignedIn

    @property
    def actor(self) -> Actor:
        return self.signed_in.actor

    @property
    def user(self) -> User:
        return self.signed_in.user


def portals(request: AnyRequest) -> list[str]:
    """Return the roots of all portals there are."""
    snapshot = site_of(request).services.configuration.current
    return [
        root_of(tenant_id)
        for tenant_id, application in snapshot.applications
        if application == PORTAL_APPLICATION
    ]


def root_of(tenant_id: str) -> str:
    return f"/portal/{quote(tenant_id, safe='')}"


def portal_of(request: AnyRequest, tenant_id: str) -> Entrance:
    """Return the portal of a tenant; a tenant without one is as good as none."""
    found = entrance(request, DOOR, tenant_id, root_of(tenant_id))
    if found is None:
        raise NotFoundException
    return found


async def own_session(request: AnyRequest, tenant_id: str) -> SignedIn | None:
    """Return the session of a person of this tenant, if there is one."""
    signed_in = await find_session(request, DOOR)
    return signed_in if signed_in is not None and signed_in.user.tenant_id == tenant_id else None


async def visitor(request: AnyRequest, tenant_id: str, *, registering: bool = False) -> Visitor:
    """Return who is signed in here; raise `SignInRequired` if nobody of this tenant is.

    Who must register gets no further: `RegistrationRequired` is raised, unless `registering` says that this
    is a page on the way there (ENR-03).
    """
    at = portal_of(request, tenant_id)
    signed_in = await own_session(request, tenant_id)
    if signed_in is None:
        raise SignInRequired(DOOR, path_of(request) if request.method in ("GET", "HEAD") else "", at.root)
    if not registering and (await registering_now(request, signed_in)) is not None:
        raise RegistrationRequired(at.root)
    return Visitor(at, signed_in)


async def registering_now(request: AnyRequest, signed_in: SignedIn) -> Asked | None:
    """Return why he must register now, None if he need not, or not yet."""
    services = site_of(request).services
    asked = (await services.registrations.standing(signed_in)).asked
    return None if asked is None or asked.can_wait(services.clock.now()) else asked


async def may_change(request: AnyRequest, who: Visitor) -> bool:
    """Tell whether he may add or remove authenticators now (ENR-02, ENR-07)."""
    return await site_of(request).services.sessions.may_enroll(who.signed_in)


async def may_finish(request: AnyRequest, who: Visitor) -> bool:
    """Tell whether he may finish what he was allowed to begin: the same, however long installing an app took.

    Who has got an authenticator meanwhile must have proven it.
    """
    as_if_fresh = msgspec.structs.replace(who.signed_in, is_fresh=True)
    return await site_of(request).services.sessions.may_enroll(as_if_fresh)


def to_confirm(who: Visitor, path: str) -> Response[Any]:
    """Send him to prove himself once more, and from there to `path`."""
    response: Response[Any] = see_other(f"{who.at.root}/confirm?next={quote(path, safe='/')}")
    return response


def portal_page(
    request: Request[Any, Any, Any], template: str, who: Visitor, **variables: Any
) -> Response[Any]:
    return noticed_page(
        request, template, door=DOOR, root=who.at.root, base=who.at.root, signed_in=who.signed_in, **variables
    )
