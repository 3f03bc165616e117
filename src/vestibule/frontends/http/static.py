"""Built assets, served from memory by their exact names in the manifest. A request never becomes a path."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from vestibule.frontends.http.assets import URL_PREFIX
from vestibule.frontends.http.forms import EXEMPT
from vestibule.frontends.http.headers import IMMUTABLE
from vestibule.frontends.http.site import site_of


@get(URL_PREFIX + "{built_name:str}", include_in_schema=False, opt={EXEMPT: True})
async def asset(request: Request[Any, Any, Any], built_name: FromPath[str]) -> Response[bytes]:
    found = site_of(request).assets.find(built_name)
    if found is None:
        raise NotFoundException
    return Response(found.content, headers={"content-type": found.media_type, "cache-control": IMMUTABLE})
