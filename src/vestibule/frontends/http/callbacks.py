"""What providers call back with: handed to the gateway that is meant, and its answer handed back as it is.

There is no session, cookie or form token here: the gateway itself proves who calls. Nothing is told to
anybody about which gateways there are; one that takes no callbacks is not there either.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Request, Response, route
from litestar.exceptions import ClientException, NotFoundException

from vestibule.frontends.http.forms import EXEMPT
from vestibule.frontends.http.site import Site, site_of
from vestibule.interfaces.gateway import CallbackAnswer, CallbackRequest, TakesCallbacks

PATH: Final = "/callbacks/{tenant:str}/{gateway:str}"
MAX_BODY_BYTES: Final = 64 * 1024
_MOST_FIELDS: Final = 200


@route(
    [PATH, f"{PATH}/{{rest:path}}"],
    http_method=["GET", "POST"],
    include_in_schema=False,
    request_max_body_size=MAX_BODY_BYTES,
    opt={EXEMPT: True},
)
async def callback(request: Request[Any, Any, Any]) -> Response[bytes]:
    parameters = request.path_params
    gateways = site_of(request).services.gateways
    found: object = gateways.find(str(parameters["tenant"]), str(parameters["gateway"]))
    if not isinstance(found, TakesCallbacks):
        raise NotFoundException
    answer = await found.callback(await _request(request))
    return _response(answer)


async def _request(request: Request[Any, Any, Any]) -> CallbackRequest:
    query = request.scope["query_string"].decode("latin-1")
    return CallbackRequest(
        method=request.method,
        url=_public_url(site_of(request), request, query),
        path=str(request.path_params.get("rest", "")).removeprefix("/"),
        query=_fields(query),
        headers=tuple(
            (name.decode("latin-1").lower(), value.decode("latin-1"))
            for name, value in request.scope["headers"]
        ),
        body=await request.body(),
    )


def _public_url(site: Site, request: Request[Any, Any, Any], query: str) -> str:
    """Return the address as the provider wrote it. A proxy in front speaks to us under another scheme and
    host, so those are the configured ones and never what a header says."""
    path = request.scope["raw_path"].decode("latin-1").partition("?")[0]
    return f"{site.options.public_url.rstrip('/')}{path}{'?' if query else ''}{query}"


def _fields(query: str) -> tuple[tuple[str, str], ...]:
    try:
        return tuple(parse_qsl(query, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise ClientException("too many parameters") from None


def _response(answer: CallbackAnswer) -> Response[bytes]:
    return Response(
        answer.body, status_code=answer.status, media_type=answer.content_type or "application/octet-stream"
    )
