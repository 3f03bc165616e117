"""`/Users`: people are looked up, added, replaced, changed and deleted (RFC 7644 §3.3 to §3.6)."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, delete, get, patch, post, put
from litestar.exceptions import NotFoundException

from vestibule.frontends.http.fields import InPath
from vestibule.frontends.http.scim.caller import Caller, caller_of
from vestibule.frontends.http.scim.exchange import (
    AnyRequest,
    Query,
    body_of,
    expected_version,
    filter_text,
    id_of,
    is_unchanged,
    list_answer,
    resource_answer,
    searched,
    unchanged,
    wanted_of,
    window_of,
)
from vestibule.frontends.http.scim.people import pushed_of, resource_of, version_of, writable
from vestibule.model.username import canonical_name
from vestibule.services.provisioned_users import KnownUser, PushedUser, Sought
from vestibule.services.refusal import Refusal, Refused
from vestibule.wire.scim.changes import patched, read_operations
from vestibule.wire.scim.documents import read_document
from vestibule.wire.scim.filter_text import parse_filter
from vestibule.wire.scim.filters import Filter, equal_to, fits
from vestibule.wire.scim.schema import USER

_TRIES: Final = 3
"""A change is made of what a user is; who is changed meanwhile is read again."""


@get("/Users")
async def list_users(request: AnyRequest) -> Response[Any]:
    return await _listed(caller_of(request), request.query_params)


@post("/Users/.search", status_code=200)
async def search_users(request: AnyRequest) -> Response[Any]:
    return await _listed(caller_of(request), await searched(request))


async def _listed(caller: Caller, query: Query) -> Response[Any]:
    wanted, (start, count), text = wanted_of(query, USER), window_of(query), filter_text(query)
    sought = _sought(caller, parse_filter(text, USER)) if text else None
    found = await caller.services.provisioned_users.list(caller.actor, caller.tenant_id, sought, start, count)
    return list_answer((wanted.of(_shown(caller, each)) for each in found.rows), found.total, start)


@post("/Users")
async def add_user(request: AnyRequest) -> Response[Any]:
    caller, wanted = caller_of(request), wanted_of(request.query_params, USER)
    pushed = pushed_of(read_document(await body_of(request), USER), caller.country_code)
    added = await caller.services.provisioned_users.add(
        caller.actor, caller.tenant_id, pushed, caller.settings
    )
    return resource_answer(_shown(caller, added), wanted, 201)


@get("/Users/{user_id:str}")
async def read_user(request: AnyRequest, user_id: InPath) -> Response[Any]:
    caller, wanted = caller_of(request), wanted_of(request.query_params, USER)
    known = await _found(caller, user_id)
    if is_unchanged(request, version_of(known)):
        return unchanged(version_of(known))
    return resource_answer(_shown(caller, known), wanted)


@put("/Users/{user_id:str}")
async def replace_user(request: AnyRequest, user_id: InPath) -> Response[Any]:
    caller, wanted = caller_of(request), wanted_of(request.query_params, USER)
    pushed = pushed_of(read_document(await body_of(request), USER), caller.country_code)
    replaced = await _replaced(caller, id_of(user_id), pushed, _version(request))
    return resource_answer(_shown(caller, replaced), wanted)


@patch("/Users/{user_id:str}")
async def change_user(request: AnyRequest, user_id: InPath) -> Response[Any]:
    caller, wanted = caller_of(request), wanted_of(request.query_params, USER)
    operations = read_operations(await body_of(request), USER)
    expected = _version(request)
    for left in range(_TRIES, 0, -1):
        known = await _found(caller, user_id)
        before = writable(_shown(caller, known))
        after = read_document(patched(before, operations), USER)
        told = known.record.told if known.record is not None else {}
        # What was never said and is not now is not the provider's to take away later.
        said = {
            key: value
            for key, value in after.items()
            if key in told or value != before.get(key) or key in ("userName", "externalId", "active")
        }
        version = known.user.version if expected is None else expected
        try:
            changed = await _replaced(caller, user_id, pushed_of(said, caller.country_code), version)
        except Refused as refused:
            if refused.why is Refusal.CHANGED_MEANWHILE and expected is None and left > 1:
                continue
            raise
        return resource_answer(_shown(caller, changed), wanted)
    raise AssertionError("the last try returns or raises")


@delete("/Users/{user_id:str}")
async def remove_user(request: AnyRequest, user_id: InPath) -> None:
    caller = caller_of(request)
    await caller.services.provisioned_users.remove(
        caller.actor, caller.tenant_id, id_of(user_id), caller.settings, _version(request)
    )


ROUTES: Final = [list_users, search_users, add_user, read_user, replace_user, change_user, remove_user]


def _shown(caller: Caller, known: KnownUser) -> dict[str, Any]:
    return resource_of(known, caller.base, caller.country_code)


async def _found(caller: Caller, user_id: str) -> KnownUser:
    known = await caller.services.provisioned_users.find(caller.actor, caller.tenant_id, id_of(user_id))
    if known is None:
        raise NotFoundException
    return known


async def _replaced(caller: Caller, user_id: str, pushed: PushedUser, version: int | None) -> KnownUser:
    return await caller.services.provisioned_users.replace(
        caller.actor, caller.tenant_id, user_id, pushed, caller.settings, version
    )


def _version(request: AnyRequest) -> int | None:
    expected = expected_version(request)
    if expected is None:
        return None
    return int(expected) if expected.isascii() and expected.isdigit() and len(expected) < 16 else 0


def _sought(caller: Caller, wanted: Filter) -> Sought:
    """Return whom a filter looks for. Who is looked for by name is found by each of his names, for
    otherwise a provider would add him a second time."""
    name = equal_to(wanted, "userName")

    def passes(known: KnownUser) -> bool:
        resource = _shown(caller, known)
        if name is not None and canonical_name(name) in known.user.names:
            resource["userName"] = name
        return fits(wanted, resource)

    return Sought(
        fits=passes,
        user_id=equal_to(wanted, "id"),
        name=name,
        external_id=equal_to(wanted, "externalId"),
    )
