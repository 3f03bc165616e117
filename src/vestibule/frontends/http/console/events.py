"""What was changed, by whom."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from vestibule.frontends.http.console.desk import desk, listed, wanted_page
from vestibule.frontends.http.fields import InPath, asked
from vestibule.frontends.http.rights import needs_over_everybody
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.model.actor import Right


@get("/tenants/{tenant:str}/events", opt=needs_over_everybody(Right.READ_HISTORY))
async def events(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    text, page = asked(request, "text"), wanted_page(request)
    found = await listed(at.services.attempts.events(at.actor, tenant, text, page))
    return at.page("console/events.html", listed=found, text=text, cursor=page.cursor)


ROUTES: Final = [events]
