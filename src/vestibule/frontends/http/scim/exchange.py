"""What requests carry beside a resource, and the form of answers (RFC 7644 §3.4.2, §3.9, §3.14)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from litestar import Request, Response
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.api.request import UnsupportedMediaType
from vestibule.frontends.http.scim_error import MEDIA_TYPE
from vestibule.wire.scim.documents import decode, member_of
from vestibule.wire.scim.filter_text import LONGEST
from vestibule.wire.scim.schema import MESSAGES, Schema
from vestibule.wire.scim.trouble import ScimTrouble

AnyRequest = Request[Any, Any, Any]

MOST_ROWS: Final = 200
"""Resources in one answer."""
_USUAL_ROWS: Final = 100
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,127}")
_TAG: Final = re.compile(r'(?:W/)?"([^"]*)"')
_BODY: Final = re.compile(r"application/(?:scim\+)?json\s*(?:;.*)?", re.I)
_ALWAYS: Final = frozenset({"schemas", "id"})


async def body_of(request: AnyRequest) -> dict[str, Any]:
    """Return the body; raises ScimTrouble, or the answer 415 for what is not declared to be JSON."""
    if not _BODY.fullmatch(request.headers.get("content-type", "")):
        raise UnsupportedMediaType
    return decode(await request.body())


def id_of(text: str) -> str:
    """Return an identifier of a path; one that nobody can have is not found."""
    if not _ID.fullmatch(text):
        raise NotFoundException
    return text


Query = Mapping[str, Any]
"""The parameters of a list or an answer, of the address line or of a search by POST (RFC 7644 §3.4.3)."""


async def searched(request: AnyRequest) -> Query:
    """Return the parameters of a search by POST."""
    body = await body_of(request)
    query = {name: member_of(body, name) for name in ("filter", "startIndex", "count")}
    for name in ("attributes", "excludedAttributes"):
        names = member_of(body, name)
        query[name] = ",".join(map(str, names)) if isinstance(names, list) else names
    return {name: str(value) for name, value in query.items() if value is not None}


def window_of(query: Query) -> tuple[int, int]:
    """Return behind how many resources a list begins, and how many are wanted at most."""
    start, count = _number(query, "startIndex", 1), _number(query, "count", _USUAL_ROWS)
    return max(start, 1) - 1, min(max(count, 0), MOST_ROWS)


def filter_text(query: Query) -> str:
    text: str = query.get("filter", "")
    if len(text) > LONGEST:
        raise ScimTrouble("invalidFilter", f"longer than {LONGEST} characters")
    return text


def expected_version(request: AnyRequest) -> str | None:
    """Return the version that the resource must have still; None: any."""
    given = request.headers.get("if-match", "*").strip()
    if given == "*":
        return None
    found = _TAG.fullmatch(given)
    return found[1] if found else ""


def is_unchanged(request: AnyRequest, version: str) -> bool:
    """Tell whether the client has this version already."""
    found = _TAG.fullmatch(request.headers.get("if-none-match", "").strip())
    return found is not None and found[1] == version


class Wanted(msgspec.Struct, frozen=True):
    """Which attributes an answer shows (RFC 7644 §3.9)."""

    only: frozenset[str]
    without: frozenset[str]

    def shows(self, name: str) -> bool:
        """Tell whether any of an attribute is shown."""
        wanted = name.lower()
        if wanted in _ALWAYS:
            return True
        if self.only:
            return any(each == wanted or each.startswith(f"{wanted}.") for each in self.only)
        return wanted not in self.without

    def of(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """Return what is shown of a resource."""
        return {
            name: self._parts(name.lower(), value) for name, value in resource.items() if self.shows(name)
        }

    def _parts(self, name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [self._parts(name, each) for each in value]
        if not isinstance(value, dict) or name in self.only:
            return value
        return {
            part: inner
            for part, inner in value.items()
            if (not self.only or f"{name}.{part.lower()}" in self.only)
            and f"{name}.{part.lower()}" not in self.without
        }


def wanted_of(query: Query, schema: Schema) -> Wanted:
    """Return what of a resource is wanted; raises ScimTrouble for both lists at once."""
    only = _names(query.get("attributes", ""), schema)
    without = _names(query.get("excludedAttributes", ""), schema)
    if only and without:
        raise ScimTrouble("invalidValue", "attributes and excludedAttributes exclude each other")
    return Wanted(only, without)


def resource_answer(resource: Mapping[str, Any], wanted: Wanted, status: int = 200) -> Response[Any]:
    """Return the answer that shows one resource, with its address and version."""
    meta = resource["meta"]
    headers = {"location": meta["location"]} if status == 201 else {"content-location": meta["location"]}
    if "version" in meta:
        headers["etag"] = meta["version"]
    return told(wanted.of(resource), status, headers)


def list_answer(resources: Iterable[Mapping[str, Any]], total: int, start: int) -> Response[Any]:
    """Return a list (RFC 7644 §3.4.2): `total` is how many there are beyond this part, too."""
    shown = list(resources)
    body = {
        "schemas": [f"{MESSAGES}ListResponse"],
        "totalResults": total,
        "startIndex": start + 1,
        "itemsPerPage": len(shown),
        "Resources": shown,
    }
    return told(body)


def told(body: Mapping[str, Any], status: int = 200, headers: dict[str, str] | None = None) -> Response[Any]:
    return Response(msgspec.json.encode(body), media_type=MEDIA_TYPE, status_code=status, headers=headers)


def unchanged(version: str) -> Response[Any]:
    return Response(None, status_code=304, headers={"etag": tag(version)})


def tag(version: str) -> str:
    return f'W/"{version}"'


def _number(query: Query, name: str, otherwise: int) -> int:
    text = query.get(name, "")
    if not text:
        return otherwise
    if not re.fullmatch(r"-?[0-9]{1,9}", text):
        raise ScimTrouble("invalidValue", f"{name} is a number")
    return int(text)


def _names(text: str, schema: Schema) -> frozenset[str]:
    own = f"{schema.id.lower()}:"
    return frozenset(
        name for part in text.lower().split(",") if (name := part.strip().removeprefix(own).rstrip(":"))
    )
