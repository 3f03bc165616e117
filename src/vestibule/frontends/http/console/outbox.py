"""The outbox: e-mails and webhooks, what became of each, and what failed once more."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get, post

from vestibule.frontends.http.console.desk import Desk, desk, listed, refused_words, wanted_page
from vestibule.frontends.http.fields import InPath, asked
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.rights import needs, needs_over_everybody
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import DispatchRow, Words
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.actor import Right
from vestibule.model.delivery import Carries
from vestibule.model.dispatch import Dispatch, DispatchState
from vestibule.services.gateway_words import cause_words, dispatch_kind
from vestibule.services.refusal import Refused

_CARRIED: Final = (Carries.MAIL.value, Carries.WEBHOOK.value)
_TONES: Final = {
    DispatchState.SENT: "good",
    DispatchState.FAILED: "bad",
    DispatchState.WAITING: "wait",
    DispatchState.TAKEN: "wait",
}


@get("/tenants/{tenant:str}/outbox", opt=needs_over_everybody(Right.READ_HISTORY))
async def outbox(request: AnyRequest, tenant: InPath) -> Response[Any]:
    return await _page(await desk(request, tenant))


@post("/tenants/{tenant:str}/outbox/{dispatch:str}/again", opt=needs(Right.GATEWAYS))
async def send_again(request: AnyRequest, tenant: InPath, dispatch: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    try:
        await at.services.outbox.again(at.actor, tenant, dispatch)
    except Refused as refused:
        return await _page(at, refused_words(refused))
    return at.done(at.path("outbox"), "console.outbox.sent_again")


async def _page(at: Desk, problem: Words | None = None) -> Response[Any]:
    state, carries = asked(at.request, "state"), asked(at.request, "carries")
    where = DispatchFilter(
        state=state if state in list(DispatchState) else "",
        carries=carries if carries in _CARRIED else "",
        address=asked(at.request, "address", 254),
    )
    page = wanted_page(at.request)
    found = await listed(at.services.outbox.list(at.actor, at.tenant_id, where, page))
    language = language_of(at.request)
    names = {g.gateway_id: g.name for g in at.snapshot.gateways.values() if g.tenant_id == at.tenant_id}
    return at.page(
        "console/outbox.html",
        status=422 if problem else 200,
        problem=problem,
        dispatches=tuple(_row(language, names, each) for each in found.rows),
        next_cursor=found.next_cursor,
        searched_to=found.searched_to,
        where=where,
        states=tuple(each.value for each in DispatchState),
        carried=_CARRIED,
        can_send=at.services.mails.can_send(at.tenant_id),
        cursor=page.cursor,
    )


def _row(language: str, names: dict[str, str], one: Dispatch) -> DispatchRow:
    is_mail = one.carries is Carries.MAIL
    return DispatchRow(
        dispatch_id=one.dispatch_id,
        at=one.created_at,
        carries=one.carries.value,
        kind=dispatch_kind(language, one.kind),
        address=one.address if is_mail else names.get(one.address, ""),
        gateway=names.get(one.gateway_id, ""),
        gateway_id=one.gateway_id,
        state=one.state.value,
        tone=_TONES[one.state],
        cause=cause_words(language, one.cause),
        tries=one.tries,
        due_at=one.due_at if one.state is DispatchState.WAITING else None,
        may_be_sent=one.state in (DispatchState.FAILED, DispatchState.WAITING),
    )


ROUTES: Final = [outbox, send_again]
