"""The OpenAPI 3.1 description of the API, made from the handlers themselves."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec
from litestar import Request, Response, Router, get
from litestar.exceptions import NotFoundException
from litestar.handlers import BaseRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.datastructures import ResponseSpec
from litestar.openapi.spec import Components, SecurityScheme, Server

from vestibule import __version__
from vestibule.frontends.http.api.request import Discreet
from vestibule.frontends.http.forms import EXEMPT
from vestibule.frontends.http.problem import MEDIA_TYPE, Problem
from vestibule.frontends.http.site import Connection

KEY: Final = "apiKey"
_LISTING: Final = re.compile(rb"Listing_vestibule\.frontends\.http\.api\.records\.(\w+?)Record_")

_MEANINGS: Final = {
    400: "The request is not as it should be.",
    401: "There is no API key, or it is not good (any more, or from here).",
    403: "The API key has not the scope for this.",
    404: "There is no such thing in reach of this key.",
    409: "It stands against something that is there, or somebody else was quicker.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "It was understood and is refused.",
    423: "Too many wrong attempts: locked for now.",
    503: "Nothing can be decided durably just now; nothing has been. Try again.",
}
_ALWAYS: Final = (400, 401, 403, 413, 415, 503)


def problems(*statuses: int) -> dict[int, ResponseSpec]:
    """Return the problem answers of a route: those that every route may give, and `statuses`."""
    return {
        status: ResponseSpec(
            Problem, generate_examples=False, description=_MEANINGS[status], media_type=MEDIA_TYPE
        )
        for status in sorted({*_ALWAYS, *statuses})
    }


def describe() -> OpenAPIConfig:
    """Return how the API describes itself. What the library would serve of it is closed; see `openapi`."""
    return OpenAPIConfig(
        title="Vestibule REST API",
        version=__version__,
        description=(
            "Send an API key as `Authorization: Bearer vst_…`. Keys of the scope `verify` ask whether a "
            "person is who he says, for the application they belong to; keys of the scope `admin` "
            "administer their tenant. Times are milliseconds since 1970 (UTC). Errors are problem details "
            "(RFC 9457): `code` is for programs."
        ),
        components=Components(
            security_schemes={
                KEY: SecurityScheme(type="http", scheme="bearer", description="An API key, `vst_…`.")
            }
        ),
        security=[{KEY: []}],
        servers=[Server(url="/")],
        operation_id_creator=lambda handler, _method, _path: handler.handler_name,
        use_handler_docstrings=True,
        openapi_router=Router("/api/v1/schema", guards=[_nobody], route_handlers=[], include_in_schema=False),
    )


async def _nobody(_connection: Connection, _handler: BaseRouteHandler) -> None:
    raise NotFoundException


@get("/openapi.json", include_in_schema=False, opt={EXEMPT: True})
async def openapi(request: Request[Any, Any, Any]) -> Response[bytes]:
    state = request.app.state
    if "openapi" not in state:
        schema = request.app.openapi_schema.to_schema()
        _close(schema["components"]["schemas"])
        state.openapi = _named(msgspec.json.encode(schema))
    return Response(state.openapi, headers={"content-type": "application/json"})


def _close(schemas: dict[str, Any]) -> None:
    """Say of every request that it takes no further fields; the library does not."""
    for closed in Discreet.__subclasses__():
        schemas[closed.__name__]["additionalProperties"] = False


def _named(schema: bytes) -> bytes:
    """Give pages of lists a name that people can read, and unions a word that lets members overlap."""
    return _LISTING.sub(rb"\1Page", schema).replace(b'"oneOf":', b'"anyOf":')
