"""Hardware tokens: find, assign, take back, bring back in step."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import (
    Desk,
    desk,
    listed,
    refused_form,
    refused_words,
    wanted_page,
)
from vestibule.frontends.http.fields import InPath, asked, read_fields
from vestibule.frontends.http.rights import needs, needs_over_everybody
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, TokenRow, Words
from vestibule.interfaces.method import Resynchronizes
from vestibule.interfaces.transaction.held import AuthenticatorFilter
from vestibule.model.actor import Right
from vestibule.model.authenticator import Authenticator, canonical_serial
from vestibule.model.user import User
from vestibule.services.refusal import Refusal, Refused

_ASSIGNED: Final[dict[str, bool | None]] = {"yes": True, "no": False}


@get("/tenants/{tenant:str}/tokens", opt=needs_over_everybody(Right.READ_PEOPLE))
async def tokens(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    text, assigned = asked(request, "text", 64), asked(request, "assigned")
    where = AuthenticatorFilter(
        text=canonical_serial(text), is_hardware=True, is_assigned=_ASSIGNED.get(assigned)
    )
    page = wanted_page(request)
    found = await listed(at.services.enrollments.tokens(at.actor, tenant, where, page))
    held_by = [token.user_id for token in found.rows if token.user_id]
    holders = await at.services.users.by_id(at.actor, tenant, held_by)
    rows = tuple([TokenRow(token, holders.get(token.user_id)) for token in found.rows])
    return at.page(
        "console/tokens.html",
        rows=rows,
        next_cursor=found.next_cursor,
        text=text,
        assigned=assigned if assigned in _ASSIGNED else "",
        cursor=page.cursor,
    )


@get("/tenants/{tenant:str}/tokens/{authenticator:str}", opt=needs(Right.READ_PEOPLE))
async def show_token(request: AnyRequest, tenant: InPath, authenticator: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return await _token_page(at, await _token(at, authenticator))


async def _token_page(
    at: Desk, token: Authenticator, form: Form | None = None, assign_form: Form | None = None
) -> Response[Any]:
    method = at.services.enrollments.methods.get(token.method)
    return at.page(
        "console/token.html",
        status=422 if form or assign_form else 200,
        token=token,
        holder=await _holder(at, token),
        can_resynchronize=bool(token.user_id) and isinstance(method, Resynchronizes),
        form=form or Form(),
        assign_form=assign_form or Form(),
    )


@post("/tenants/{tenant:str}/tokens/{authenticator:str}/assign", opt=needs(Right.TOKENS))
async def assign(request: AnyRequest, tenant: InPath, authenticator: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    token = await _token(at, authenticator)
    username = (await read_fields(request)).text("username")
    subject = await at.services.users.find_by_name(at.actor, tenant, username)
    if subject is None:
        form = Form({"username": username}, {"username": Words("console.token.no_such_user")})
        return await _token_page(at, token, assign_form=form)
    try:
        await at.services.enrollments.assign(at.actor, tenant, subject.user.user_id, token.serial or "")
    except Refused as refused:
        form = refused_form(refused, {"username": username}, {})
        return await _token_page(at, token, assign_form=form)
    return at.done(at.path("tokens", authenticator), "console.user.assigned", serial=token.serial or "")


@post("/tenants/{tenant:str}/tokens/{authenticator:str}/unassign", opt=needs(Right.TOKENS))
async def unassign(request: AnyRequest, tenant: InPath, authenticator: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    token = await _token(at, authenticator)
    try:
        await at.services.enrollments.remove(at.actor, tenant, token.user_id, authenticator)
    except Refused as refused:
        return await _token_page(at, token, form=Form(problem=refused_words(refused)))
    return at.done(at.path("tokens", authenticator), "console.token.unassigned")


@post("/tenants/{tenant:str}/tokens/{authenticator:str}/resynchronize", opt=needs(Right.TOKENS))
async def resynchronize(request: AnyRequest, tenant: InPath, authenticator: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    token = await _token(at, authenticator)
    fields = await read_fields(request)
    passcodes = (fields.passcode("passcode_first"), fields.passcode("passcode_second"))
    try:
        await at.services.enrollments.resynchronize(at.actor, tenant, token.user_id, authenticator, passcodes)
    except Refused as refused:
        words = refused_words(refused)
        if refused.why is Refusal.PASSCODE_WRONG:
            words = Words("console.token.not_in_step")
        return await _token_page(at, token, form=Form(problem=words))
    return at.done(at.path("tokens", authenticator), "console.token.resynchronized")


async def _token(at: Desk, authenticator_id: str) -> Authenticator:
    return await at.services.enrollments.token(at.actor, at.tenant_id, authenticator_id)


async def _holder(at: Desk, token: Authenticator) -> User | None:
    if not token.user_id:
        return None
    subject = await at.services.users.find(at.actor, at.tenant_id, token.user_id)
    return subject.user if subject else None


ROUTES: Final = [tokens, show_token, assign, unassign, resynchronize]
