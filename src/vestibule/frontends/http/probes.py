"""For machines that watch: /health (the process answers), /ready (it could decide durably), /metrics.

The first two say one word each. Figures are for who sits on this machine or holds an administrator's API
key; a request that came through a proxy sits on no machine of ours.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, Final

from litestar import Request, Response, get
from litestar.enums import MediaType
from litestar.exceptions import NotFoundException
from prometheus_client import generate_latest

from vestibule.frontends.http.api_key import holds_scope
from vestibule.frontends.http.client_address import is_forwarded, parse_address
from vestibule.frontends.http.forms import EXEMPT
from vestibule.frontends.http.site import Site, site_of
from vestibule.interfaces.store import Unavailable

METRICS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_CHECKED_FOR_SECONDS: Final = 1.0


class Readiness:
    """Asks the store at most once a second, however often it is asked itself."""

    def __init__(self) -> None:
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._is_ready = False

    async def check(self, site: Site) -> bool:
        async with self._asking:
            if time.monotonic() - self._asked_at >= _CHECKED_FOR_SECONDS:
                self._is_ready = await _is_ready(site)
                self._asked_at = time.monotonic()
                site.services.metrics.is_ready.set(int(self._is_ready))
        return self._is_ready


async def _is_ready(site: Site) -> bool:
    try:
        await site.services.check_store()
    except Unavailable:
        return False
    return True


@get("/health", media_type=MediaType.TEXT, include_in_schema=False, opt={EXEMPT: True})
async def health() -> str:
    return "alive\n"


@get("/ready", media_type=MediaType.TEXT, include_in_schema=False, opt={EXEMPT: True})
async def ready(request: Request[Any, Any, Any]) -> Response[str]:
    is_ready = await request.app.state.readiness.check(site_of(request))
    return Response("ready\n" if is_ready else "not ready\n", status_code=200 if is_ready else 503)


@get("/metrics", include_in_schema=False, opt={EXEMPT: True})
async def metrics(request: Request[Any, Any, Any]) -> Response[bytes]:
    if not (_is_local(request) or holds_scope(request, "admin")):
        raise NotFoundException
    return Response(
        generate_latest(site_of(request).services.metrics.registry), headers={"content-type": METRICS_TYPE}
    )


def _is_local(request: Request[Any, Any, Any]) -> bool:
    peer = request.scope.get("client")
    address = parse_address(peer[0]) if peer else None
    return address is not None and address.is_loopback and not is_forwarded(request.scope["headers"])
