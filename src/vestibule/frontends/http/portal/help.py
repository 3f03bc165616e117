"""Help for who cannot get in: what to do and whom to ask (S78), and the guide to what goes wrong (S38).

Readable without signing in, and the same for everybody: it tells of the tenant what its administrator wrote
for all to read, and of nobody whether he exists (BF-15).
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.notices import noticed_page
from vestibule.frontends.http.portal.visitor import DOOR, own_session, portal_of
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of


@get("/troubleshooting")
async def guide_for_all(request: AnyRequest) -> Response[Any]:
    return noticed_page(request, "portal/troubleshooting.html", door=DOOR, contact="")


@get("/{tenant:str}/troubleshooting")
async def guide(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(request, tenant, "portal/troubleshooting.html")


@get("/{tenant:str}/help")
async def cannot_get_in(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(request, tenant, "portal/help.html", can_reset=_can_reset(request, tenant))


def _can_reset(request: AnyRequest, tenant: str) -> bool:
    return site_of(request).services.password_resets.is_offered(tenant)


async def _page(request: AnyRequest, tenant: str, template: str, **variables: Any) -> Response[Any]:
    at = portal_of(request, tenant)
    return noticed_page(
        request,
        template,
        door=DOOR,
        root=at.root,
        signed_in=await own_session(request, tenant),
        contact=at.tenant.settings.help_contact,
        **variables,
    )


ROUTES: Final = [guide_for_all, guide, cannot_get_in]
