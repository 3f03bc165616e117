"""Reply attributes: what RADIUS clients are told of whom they may let in; added, tried out, removed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from litestar import Response, get, post

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.console.applications import application_choices
from vestibule.frontends.http.console.desk import Desk, desk, refused_form
from vestibule.frontends.http.fields import Fields, InPath, asked, read_fields
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice, Form, Words
from vestibule.model.actor import Right
from vestibule.model.application import ClientKind
from vestibule.model.reply_attribute import ReplyAttribute
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.reply_attributes import WantedReply

LONGEST_VALUE: Final = 600
_PLACES: Final = ("group_id", "client_id", "application_id")
_BESIDE: Final = {
    Refusal.REPLY_UNKNOWN: "attribute",
    Refusal.REPLY_NOT_GIVEN: "attribute",
    Refusal.REPLY_CONTAINER: "attribute",
    Refusal.REPLY_TAG: "attribute",
    Refusal.REPLY_VALUE: "value",
    Refusal.REPLY_LENGTH: "value",
}


@dataclass(frozen=True, slots=True)
class Tried:
    """What a client would be told, and what is for the person alone; None: nobody was named."""

    told: tuple[ReplyAttribute, ...]
    own: tuple[ReplyAttribute, ...] | None


@get("/tenants/{tenant:str}/reply-attributes", opt=needs(Right.READ_CONFIGURATION))
async def reply_attributes(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    client_id = asked(request, "client_id", 128)
    if not client_id:
        return await _page(at)
    username = asked(request, "username", 255)
    typed = {"client_id": client_id, "username": username}
    user_id = await _user_id(at, username)
    if user_id is None:
        return await _page(at, tried_form=Form(typed, {"username": Words("console.replies.no_user")}))
    replies = at.services.reply_attributes
    told = await replies.preview(at.actor, tenant, client_id, user_id)
    own = await replies.list(at.actor, tenant, user_id) if user_id else None
    return await _page(at, tried_form=Form(typed), tried=Tried(told, own))


@post("/tenants/{tenant:str}/reply-attributes", opt=needs(Right.APPLICATIONS))
async def add_reply_attribute(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    fields = await read_fields(request)
    typed = _typed(fields)
    user_id = await _user_id(at, typed["username"])
    if user_id is None:
        return await _page(at, Form(typed, {"username": Words("console.replies.no_user")}))
    places = {name: typed[name] for name in _PLACES}
    wanted = WantedReply(
        attribute=typed["attribute"],
        value=Secret(fields.raw("value", LONGEST_VALUE)),
        user_id=user_id,
        adds=fields.is_ticked("adds"),
        **places,
    )
    try:
        await at.services.reply_attributes.add(at.actor, tenant, wanted)
    except Refused as refused:
        return await _page(at, refused_form(refused, typed, _BESIDE))
    return at.done(at.path("reply-attributes"), "form.saved")


@post("/tenants/{tenant:str}/reply-attributes/{reply:str}/remove", opt=needs(Right.APPLICATIONS))
async def remove_reply_attribute(request: AnyRequest, tenant: InPath, reply: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.reply_attributes.remove(at.actor, tenant, reply)
    return at.done(at.path("reply-attributes"), "console.replies.removed")


async def _page(
    at: Desk, form: Form | None = None, tried_form: Form | None = None, tried: Tried | None = None
) -> Response[Any]:
    is_wrong = form is not None or (tried_form is not None and tried is None)
    groups = [each for each in at.snapshot.groups.values() if each.tenant_id == at.tenant_id]
    clients = at.services.applications.clients(at.actor, at.tenant_id, ClientKind.RADIUS)
    return at.page(
        "console/reply_attributes.html",
        status=422 if is_wrong else 200,
        lines=await at.services.reply_attributes.list(at.actor, at.tenant_id),
        groups=tuple(
            Choice(each.group_id, each.name) for each in sorted(groups, key=lambda one: one.name.casefold())
        ),
        clients=tuple(Choice(each.client_id, each.name) for each in clients),
        applications=application_choices(at),
        may_name_users=at.may(Right.READ_PEOPLE),
        form=form or Form(),
        tried_form=tried_form or Form(),
        tried=tried,
        longest_value=LONGEST_VALUE,
    )


async def _user_id(at: Desk, username: str) -> str | None:
    """Return whose name it is, empty if none was typed, None if it is nobody's."""
    if not username:
        return ""
    person = await at.services.users.find_by_name(at.actor, at.tenant_id, username)
    return person.user.user_id if person else None


def _typed(fields: Fields) -> dict[str, str]:
    """Return what was typed but the value, which may be a secret."""
    return {name: fields.text(name) for name in ("attribute", "username", "adds", *_PLACES)}


ROUTES: Final = [reply_attributes, add_reply_attribute, remove_reply_attribute]
