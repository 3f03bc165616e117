"""What an app asks a server behind this service: carried to it, and its answer carried back.

No answer of a server becomes a page or a script of the service's origin: it is JSON, and called so.
"""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, route
from litestar.exceptions import NotFoundException
from msgspec.structs import replace

from vestibule.frontends.http.authenticator_app.api import answered
from vestibule.frontends.http.client_address import client_address
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.site import site_of
from vestibule.interfaces.relay import AppAnswer, AppRequest
from vestibule.services.app_relay import CARRIED_HEADERS, MOST_BODY_BYTES, is_carried

_MOST_OF_A_GROUP: Final = 800
"""Requests to one server that wait at once: fewer than a link works at, so that there is room for texts and
calls. Those beyond are answered at once, as they are at a server that has no place."""
_LONGEST_RETRY: Final = 5


@route(
    "/v1/{rest:path}",
    http_method=["GET", "POST", "PUT", "PATCH", "DELETE"],
    request_max_body_size=MOST_BODY_BYTES,
)
async def relayed(request: AnyRequest) -> Response[Any]:
    services = site_of(request).services
    relay_id = str(request.path_params["relay_id"])
    path = f"v1{request.path_params['rest']}"
    if not services.app_relay.is_open or not is_carried(request.method, path):
        raise NotFoundException

    async def ask() -> Response[Any]:
        asked = await _asked(request, path)
        told: list[AppAnswer] = []

        async def wait() -> None:
            told.append(await services.app_relay.ask(relay_id, asked))

        if not await site_of(request).relay_polls.wait(relay_id, wait(), most=_MOST_OF_A_GROUP):
            told.append(await services.app_relay.ask(relay_id, replace(asked, may_wait=False)))
        return _answer(told[0])

    return await answered(request, ask())


async def _asked(request: AnyRequest, path: str) -> AppRequest:
    scope = request.scope
    peer = scope["client"][0] if scope["client"] else ""
    return AppRequest(
        method=request.method,
        path=path,
        query=scope["query_string"].decode("latin-1"),
        headers=tuple(
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in scope["headers"]
            if name.decode("latin-1") in CARRIED_HEADERS
        ),
        body=await request.body(),
        client_address=client_address(peer, scope["headers"], site_of(request).proxies),
    )


def _answer(told: AppAnswer) -> Response[Any]:
    headers = {"content-type": "application/json"} if told.body else {}
    if told.retry_after.isascii() and told.retry_after.isdigit():
        headers["retry-after"] = told.retry_after[:_LONGEST_RETRY]
    return Response(told.body or None, status_code=told.status, headers=headers)
