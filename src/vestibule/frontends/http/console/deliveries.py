"""Deliveries: what was sent to phones lately, and what became of it."""

from __future__ import annotations

from typing import Any, Final

from litestar import Response, get

from vestibule.frontends.http.console.desk import Desk, desk, listed, wanted_page
from vestibule.frontends.http.fields import InPath, asked
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.rights import needs_over_everybody
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Choice, DeliveryRow
from vestibule.interfaces.transaction.lists import Listed
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import Right
from vestibule.model.delivery import Delivery, DeliveryState
from vestibule.model.phone import masked
from vestibule.services.gateway_words import cause_words
from vestibule.services.trial_calls import is_trial

_TONES: Final = {
    DeliveryState.DELIVERED: "good",
    DeliveryState.SENT: "info",
    DeliveryState.FAILED: "bad",
    DeliveryState.WAITING: "wait",
    DeliveryState.TAKEN: "wait",
    DeliveryState.DROPPED: "",
}


@get("/tenants/{tenant:str}/deliveries", opt=needs_over_everybody(Right.READ_HISTORY))
async def deliveries(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    state = asked(request, "state")
    where = DeliveryFilter(
        gateway_id=asked(request, "gateway_id", 64), state=state if state in list(DeliveryState) else ""
    )
    page = wanted_page(request)
    found = await listed(at.services.gateway_settings.deliveries(at.actor, tenant, where, page))
    return at.page(
        "console/deliveries.html",
        deliveries=delivery_rows(at, found),
        next_cursor=found.next_cursor,
        searched_to=found.searched_to,
        where=where,
        states=tuple(each.value for each in DeliveryState),
        gateways=tuple(Choice(gateway_id, name) for gateway_id, name in _names(at).items()),
        cursor=page.cursor,
    )


def delivery_rows(at: Desk, found: Listed) -> tuple[DeliveryRow, ...]:
    language = language_of(at.request)
    names = _names(at)
    return tuple(_row(language, names, each) for each in found.rows)


def _names(at: Desk) -> dict[str, str]:
    """Return what the gateways of the tenant are called; the list of deliveries is no list of settings."""
    found = [each for each in at.snapshot.gateways.values() if each.tenant_id == at.tenant_id]
    return {each.gateway_id: each.name for each in sorted(found, key=lambda each: each.name.casefold())}


def _row(language: str, names: dict[str, str], one: Delivery) -> DeliveryRow:
    return DeliveryRow(
        at=one.created_at,
        carries=one.carries.value,
        number=masked(one.address),
        gateway=names.get(one.gateway_id, ""),
        gateway_id=one.gateway_id,
        state=one.state.value,
        tone=_TONES[one.state],
        cause=cause_words(language, one.cause),
        is_test=is_trial(one),
    )


ROUTES: Final = [deliveries]
