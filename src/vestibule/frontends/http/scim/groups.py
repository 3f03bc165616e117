"""`/Groups`: groups and who is in them (RFC 7644 §3.3 to §3.6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import Response, delete, get, patch, post, put

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
    tag,
    unchanged,
    wanted_of,
    window_of,
)
from vestibule.frontends.http.scim.people import moment
from vestibule.services.provisioned_groups import GroupChange, KnownGroup, Step, version_of
from vestibule.wire.scim.changes import member_ids, member_steps, patched, read_operations
from vestibule.wire.scim.documents import read_document
from vestibule.wire.scim.filter_text import parse_filter
from vestibule.wire.scim.filters import fits
from vestibule.wire.scim.schema import GROUP, GROUP_SCHEMA
from vestibule.wire.scim.trouble import ScimTrouble

LONGEST_NAME: Final = 100
LONGEST_ID: Final = 255


@get("/Groups")
async def list_groups(request: AnyRequest) -> Response[Any]:
    return await _listed(caller_of(request), request.query_params)


@post("/Groups/.search", status_code=200)
async def search_groups(request: AnyRequest) -> Response[Any]:
    return await _listed(caller_of(request), await searched(request))


async def _listed(caller: Caller, query: Query) -> Response[Any]:
    wanted, (start, count), text = wanted_of(query, GROUP), window_of(query), filter_text(query)
    where = parse_filter(text, GROUP) if text else None
    looks_at_members = "members" in text.lower()
    found: list[KnownGroup] = []
    for each in await caller.services.provisioned_groups.list(caller.actor, caller.tenant_id):
        members = await _members(caller, each) if looks_at_members else None
        if where is None or fits(where, _shown(caller, each, members)):
            found.append(each)
    shown = [
        wanted.of(_shown(caller, each, await _members(caller, each) if wanted.shows("members") else None))
        for each in found[start : start + count]
    ]
    return list_answer(shown, len(found), start)


@post("/Groups")
async def add_group(request: AnyRequest) -> Response[Any]:
    caller, wanted = caller_of(request), wanted_of(request.query_params, GROUP)
    said = read_document(await body_of(request), GROUP)
    added = await caller.services.provisioned_groups.add(
        caller.actor, caller.tenant_id, _name(said), _external_id(said), member_ids(said.get("members"))
    )
    return resource_answer(_shown(caller, added, await _members(caller, added)), wanted, 201)


@get("/Groups/{group_id:str}")
async def read_group(request: AnyRequest, group_id: InPath) -> Response[Any]:
    caller, wanted = caller_of(request), wanted_of(request.query_params, GROUP)
    known = await _found(caller, group_id)
    if not wanted.shows("members"):
        return resource_answer(_shown(caller, known, None), wanted)
    members = await _members(caller, known)
    version = version_of(known, members)
    if is_unchanged(request, version):
        return unchanged(version)
    return resource_answer(_shown(caller, known, members), wanted)


@put("/Groups/{group_id:str}")
async def replace_group(request: AnyRequest, group_id: InPath) -> Response[Any]:
    caller, wanted = caller_of(request), wanted_of(request.query_params, GROUP)
    said = read_document(await body_of(request), GROUP)
    change = GroupChange(
        name=_name(said),
        external_id=_external_id(said),
        steps=(Step("replace", member_ids(said.get("members"))),),
        version=expected_version(request),
    )
    known = await _changed(caller, group_id, change)
    return resource_answer(_shown(caller, known, await _members(caller, known)), wanted)


@patch("/Groups/{group_id:str}")
async def change_group(request: AnyRequest, group_id: InPath) -> Response[Any]:
    """Answered without the group, which may be large, unless attributes are asked for."""
    caller, wanted = caller_of(request), wanted_of(request.query_params, GROUP)
    operations = read_operations(await body_of(request), GROUP)
    known = await _found(caller, group_id)
    others = [each for each in operations if each.attribute.name != "members"]
    before = {"displayName": known.group.name, "externalId": known.external_id}
    said = read_document(patched(before, others), GROUP)
    change = GroupChange(
        name=_name(said) if others else None,
        external_id=_external_id(said) if others else None,
        steps=tuple(Step(each.kind, each.user_ids) for each in member_steps(operations)),
        version=expected_version(request),
    )
    changed = await _changed(caller, group_id, change)
    if not wanted.only:
        return Response(None, status_code=204)
    members = await _members(caller, changed) if wanted.shows("members") else None
    return resource_answer(_shown(caller, changed, members), wanted)


@delete("/Groups/{group_id:str}")
async def remove_group(request: AnyRequest, group_id: InPath) -> None:
    caller = caller_of(request)
    await caller.services.provisioned_groups.remove(
        caller.actor, caller.tenant_id, id_of(group_id), caller.settings, expected_version(request)
    )


ROUTES: Final = [list_groups, search_groups, add_group, read_group, replace_group, change_group, remove_group]


async def _found(caller: Caller, group_id: str) -> KnownGroup:
    return await caller.services.provisioned_groups.find(caller.actor, caller.tenant_id, id_of(group_id))


async def _changed(caller: Caller, group_id: str, change: GroupChange) -> KnownGroup:
    return await caller.services.provisioned_groups.change(
        caller.actor, caller.tenant_id, id_of(group_id), change, caller.settings
    )


async def _members(caller: Caller, known: KnownGroup) -> tuple[str, ...]:
    groups = caller.services.provisioned_groups
    return await groups.members(caller.actor, caller.tenant_id, known.group.group_id)


def _name(said: Mapping[str, Any]) -> str:
    name: str = said.get("displayName", "")
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ScimTrouble("invalidValue", f"displayName has 1 to {LONGEST_NAME} characters")
    return name


def _external_id(said: Mapping[str, Any]) -> str:
    external_id: str = said.get("externalId", "")
    if len(external_id) > LONGEST_ID:
        raise ScimTrouble("invalidValue", f"externalId has at most {LONGEST_ID} characters")
    return external_id


def _shown(caller: Caller, known: KnownGroup, members: Sequence[str] | None) -> dict[str, Any]:
    """Return a group as a resource. Without its members it has no version: they are a part of that."""
    group = known.group
    meta = {
        "resourceType": "Group",
        "created": moment(group.created_at),
        "lastModified": moment(known.changed_at),
        "location": f"{caller.base}/Groups/{group.group_id}",
    }
    resource: dict[str, Any] = {
        "schemas": [GROUP_SCHEMA],
        "id": group.group_id,
        "externalId": known.external_id,
        "displayName": group.name,
        "meta": meta,
    }
    if members is not None:
        meta["version"] = tag(version_of(known, members))
        resource["members"] = [
            {"value": user_id, "$ref": f"{caller.base}/Users/{user_id}", "type": "User"}
            for user_id in members
        ]
    return {key: value for key, value in resource.items() if value not in ("", [])}
