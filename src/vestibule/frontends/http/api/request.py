"""How a request is read: strictly, into the type that its handler names, or not at all (WEB-12, WEB-13).

Litestar by itself would take `"1"` for 1. Here a wrong type, an unknown field, anything that is not UTF-8
JSON and anything that nests without end is one and the same refusal, with the place of the mistake.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import msgspec
from litestar import Request
from litestar.exceptions import ClientException, HTTPException, ValidationException
from litestar.routes import HTTPRoute
from litestar.types import Empty

from vestibule.frontends.http.client_address import Headers

_PLACE: Final = re.compile(r"(?s)(.*) - at `(?:key in )?\$\.?(.*)`")
# The only message of msgspec that repeats what was sent.
_ECHO: Final = re.compile(r"(?s)Invalid enum value .*")
_JSON: Final = re.compile(rb"(?i)application/json(\s*;.*)?")


class Discreet(msgspec.Struct, forbid_unknown_fields=True):
    """A request that holds what nobody should see: it shows its name only."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(…)"


class UnsupportedMediaType(HTTPException):
    """The body is not declared to be JSON."""

    status_code = 415


class ApiRequest(Request[Any, Any, Any]):
    """A request whose JSON arrives as the very type that the handler asks for."""

    async def json(self) -> Any:
        if self._json is Empty:
            if not is_json(self.scope["headers"]):
                raise UnsupportedMediaType
            field = self.route_handler.parsed_data_field
            assert field is not None
            self._json = decode(await self.body(), field.annotation)
        return self._json


async def refuse_unknown_parameters(request: Request[Any, Any, Any]) -> None:
    """Refuse a query that names what the route does not take, or anything twice (WEB-13)."""
    given = [name for name, _ in request.query_params.multi_items()]
    known = _query_parameters(request) if given else ()
    for name in given:
        if name not in known:
            raise invalid("query", "names a parameter that there is not")
        if given.count(name) > 1:
            raise invalid(name, "came more than once")


def _query_parameters(request: Request[Any, Any, Any]) -> frozenset[str]:
    """Return what the route of a request takes, from what the library has made of all handlers."""
    state = request.app.state
    if "query_parameters" not in state:
        state.query_parameters = {
            handler: frozenset(parameter.field_alias for parameter in model.expected_query_params)
            for route in request.app.routes
            if isinstance(route, HTTPRoute)
            for handler, model in route.route_handler_map.values()
        }
    found: frozenset[str] = state.query_parameters[request.route_handler]
    return found


def is_json(headers: Headers) -> bool:
    """Tell whether a body is declared to be JSON (RFC 8259 §11)."""
    return any(name == b"content-type" and _JSON.fullmatch(value) for name, value in headers)


def decode(body: bytes, wanted: Any) -> Any:
    """Return `body` as a value of type `wanted`; raise ClientException or ValidationException."""
    try:
        return _decoder(wanted).decode(body)
    except msgspec.ValidationError as error:
        found = _PLACE.fullmatch(str(error))
        message, place = (found[1], found[2]) if found else (str(error), "")
        raise invalid(place, _ECHO.sub("Not one of the values there are", message)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ClientException("not JSON") from None


def invalid(where: str, message: str) -> ValidationException:
    """Return the refusal of one field; `message` never repeats what was sent."""
    return ValidationException(extra=[{"key": where, "message": message}])


@cache
def _decoder(wanted: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(wanted)
