"""What this server can do, which resources there are and of what they are made (RFC 7644 §4, RFC 7643 §5 to
§7); and what it does not do: bulk requests, searches of everything at once, and `/Me`."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post, route
from litestar.exceptions import NotFoundException, PermissionDeniedException

from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.scim.caller import caller_of
from vestibule.frontends.http.scim.exchange import MOST_ROWS, AnyRequest, list_answer, told
from vestibule.frontends.http.scim_error import scim_error
from vestibule.wire.scim.schema import CORE, GROUP, USER, Schema

_RESOURCES: Final = {"User": ("/Users", USER), "Group": ("/Groups", GROUP)}
_SCHEMAS: Final = {schema.id: schema for schema in (USER, GROUP)}


@get("/ServiceProviderConfig")
async def service_provider(request: AnyRequest) -> Response[Any]:
    base = caller_of(request).base
    return told(
        {
            "schemas": [f"{CORE}ServiceProviderConfig"],
            "patch": {"supported": True},
            "bulk": {"supported": False, "maxOperations": 0, "maxPayloadSize": 0},
            "filter": {"supported": True, "maxResults": MOST_ROWS},
            "changePassword": {"supported": False},
            "sort": {"supported": False},
            "etag": {"supported": True},
            "authenticationSchemes": [
                {
                    "type": "oauthbearertoken",
                    "name": "API key",
                    "description": "A key of the scope scim, as a bearer token.",
                    "specUri": "https://www.rfc-editor.org/info/rfc6750",
                    "primary": True,
                }
            ],
            "meta": {
                "resourceType": "ServiceProviderConfig",
                "location": f"{base}/ServiceProviderConfig",
            },
        }
    )


@get("/ResourceTypes")
async def resource_types(request: AnyRequest) -> Response[Any]:
    base = caller_of(request).base
    _refuse_filter(request)
    return list_answer([_resource_type(name, base) for name in _RESOURCES], len(_RESOURCES), 0)


@get("/ResourceTypes/{name:str}")
async def resource_type(request: AnyRequest, name: InPath) -> Response[Any]:
    base = caller_of(request).base
    if name not in _RESOURCES:
        raise NotFoundException
    return told(_resource_type(name, base))


@get("/Schemas")
async def schemas(request: AnyRequest) -> Response[Any]:
    base = caller_of(request).base
    _refuse_filter(request)
    return list_answer([_schema(each, base) for each in _SCHEMAS.values()], len(_SCHEMAS), 0)


@get("/Schemas/{schema_id:str}")
async def schema(request: AnyRequest, schema_id: InPath) -> Response[Any]:
    base = caller_of(request).base
    if schema_id not in _SCHEMAS:
        raise NotFoundException
    return told(_schema(_SCHEMAS[schema_id], base))


@post("/Bulk")
async def bulk(request: AnyRequest) -> Response[Any]:
    """Refused as RFC 7644 §3.7 has it."""
    caller_of(request)
    return scim_error(501, "", "Bulk requests are not served: send one request for each resource.")


@post("/.search")
async def search_everything(request: AnyRequest) -> Response[Any]:
    """Not served: of users and groups together nobody asks."""
    caller_of(request)
    return scim_error(501, "", "Search under /Users or /Groups.")


@route("/Me", http_method=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def me(request: AnyRequest) -> Response[Any]:
    """Refused as RFC 7644 §3.11 has it: a key is nobody."""
    caller_of(request)
    return scim_error(501, "", "A key stands for no user: ask for one under /Users.")


ROUTES: Final = [
    service_provider,
    resource_types,
    resource_type,
    schemas,
    schema,
    bulk,
    search_everything,
    me,
]


def _refuse_filter(request: AnyRequest) -> None:
    """RFC 7644 §4: these lists take no filter, and an answer to one would be wrong."""
    if "filter" in request.query_params:
        raise PermissionDeniedException


def _resource_type(name: str, base: str) -> dict[str, Any]:
    endpoint, described = _RESOURCES[name]
    return {
        "schemas": [f"{CORE}ResourceType"],
        "id": name,
        "name": name,
        "endpoint": endpoint,
        "description": described.description,
        "schema": described.id,
        "schemaExtensions": [],
        "meta": {"resourceType": "ResourceType", "location": f"{base}/ResourceTypes/{name}"},
    }


def _schema(described: Schema, base: str) -> dict[str, Any]:
    return {
        "schemas": [f"{CORE}Schema"],
        "id": described.id,
        "name": described.name,
        "description": described.description,
        "attributes": [each.told() for each in described.attributes],
        "meta": {"resourceType": "Schema", "location": f"{base}/Schemas/{described.id}"},
    }
