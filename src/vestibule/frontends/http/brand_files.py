"""What tenants show of themselves: a style sheet of one colour, and a logo.

Both are known by what they are, so that browsers keep them.
"""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from vestibule.frontends.http.branding import HOME
from vestibule.frontends.http.forms import EXEMPT
from vestibule.frontends.http.headers import IMMUTABLE
from vestibule.frontends.http.site import site_of
from vestibule.model.branding import style


@get(f"{HOME}/{{tenant:str}}/style/{{color:str}}", include_in_schema=False, opt={EXEMPT: True})
async def brand_style(
    request: Request[Any, Any, Any], tenant: FromPath[str], color: FromPath[str]
) -> Response[bytes]:
    chosen = site_of(request).services.brandings.of(tenant).color
    if not chosen or f"#{color}" != chosen:
        raise NotFoundException
    return _kept(style(chosen).encode(), "text/css; charset=utf-8")


@get(f"{HOME}/{{tenant:str}}/logo/{{name:str}}", include_in_schema=False, opt={EXEMPT: True})
async def brand_logo(
    request: Request[Any, Any, Any], tenant: FromPath[str], name: FromPath[str]
) -> Response[bytes]:
    picture = await site_of(request).services.brandings.logo(tenant, name)
    if picture is None:
        raise NotFoundException
    return _kept(picture, "image/png")


def _kept(content: bytes, media_type: str) -> Response[bytes]:
    return Response(content, headers={"content-type": media_type, "cache-control": IMMUTABLE})
