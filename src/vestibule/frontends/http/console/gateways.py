"""Gateways: what carries texts and calls, how each stands, and a test to one phone."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import NotFoundException

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.console.deliveries import delivery_rows
from vestibule.frontends.http.console.desk import CHANGED_MEANWHILE, Desk, desk, refused_words
from vestibule.frontends.http.fields import LONG, YES, Fields, InPath, read_fields
from vestibule.frontends.http.pages import language_of
from vestibule.frontends.http.rights import needs
from vestibule.frontends.http.sign_in import AnyRequest
from vestibule.frontends.http.templates.views import Form, GatewayRow, Notice, PluginSetting, Words
from vestibule.interfaces.store import Conflict
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import Right
from vestibule.model.delivery import TO_PHONES, Carries, Delivery, DeliveryState
from vestibule.model.dispatch import Dispatch, DispatchState
from vestibule.model.gateway import GatewayConfiguration
from vestibule.services.gateway_words import (
    cause_words,
    kind_name,
    second_secret_label,
    secret_label,
    setting_label,
)
from vestibule.services.gateways import GatewayState
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.setting_fields import chosen_settings, typed_settings

PREFIX: Final = "setting_"
"""In front of the plug-in's settings, so that none of them is taken for a field of ours."""
_ASKED_FIRST: Final = 8
"""So many settings of a kind are in sight; the rest has defaults that fit most providers."""
_LATELY: Final = 8
_TEST_SECONDS: Final = 3.0
_PRICES: Final = ("text_price", "call_price")
_ROWS_OF_OWN: Final = ("name", "priority", "serves", *_PRICES)


@get("/tenants/{tenant:str}/gateways", opt=needs(Right.READ_CONFIGURATION))
async def gateways(request: AnyRequest, tenant: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    states = at.services.gateway_settings.states(at.actor, tenant)
    return at.page(
        "console/gateways.html",
        gateways=tuple(_row(at, state) for state in states),
        kinds=_kinds(at),
        standing=await at.services.sending_limits.standing(at.actor, tenant),
        broken=await at.services.range_breakers.count(at.actor, tenant),
        caller_id=_unsure_caller_id(at, states),
    )


@get("/tenants/{tenant:str}/gateways/new/{kind:str}", opt=needs(Right.GATEWAYS))
async def new_gateway(request: AnyRequest, tenant: InPath, kind: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    _known(at, kind)
    return await _edit_page(at, kind, None, Form(_defaults(at, kind)))


@post("/tenants/{tenant:str}/gateways/new/{kind:str}", opt=needs(Right.GATEWAYS))
async def add_gateway(request: AnyRequest, tenant: InPath, kind: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    _known(at, kind)
    fields = await read_fields(request)
    form = Form(_typed(at, kind, fields))
    try:
        secret = _secret(fields)
        added = await at.services.gateway_settings.add(
            at.actor,
            tenant,
            kind,
            fields.text("name", 100),
            _settings(at, kind, fields),
            secret or Secret(""),
            priority=fields.whole("priority") or 0,
            is_enabled=fields.is_ticked("is_enabled"),
            text_price=fields.text("text_price", LONG),
            call_price=fields.text("call_price", LONG),
            serves=fields.text("serves", LONG),
        )
    except Refused as refused:
        return await _edit_page(at, kind, None, _refused(at, kind, form, refused))
    return at.done(at.path("gateways", added.gateway_id), "form.saved")


@get("/tenants/{tenant:str}/gateways/{gateway:str}", opt=needs(Right.READ_CONFIGURATION))
async def show_gateway(request: AnyRequest, tenant: InPath, gateway: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    return await _stored_page(at, at.services.gateway_settings.find(at.actor, tenant, gateway))


@post("/tenants/{tenant:str}/gateways/{gateway:str}", opt=needs(Right.GATEWAYS))
async def change_gateway(request: AnyRequest, tenant: InPath, gateway: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    current = at.services.gateway_settings.find(at.actor, tenant, gateway)
    fields = await read_fields(request)
    if fields.whole("version") != current.version:
        return await _stored_page(at, current, CHANGED_MEANWHILE)
    changed = msgspec.structs.replace(
        current,
        name=fields.text("name", 100),
        priority=fields.whole("priority") or 0,
        is_enabled=fields.is_ticked("is_enabled"),
        text_price=fields.text("text_price", LONG),
        call_price=fields.text("call_price", LONG),
        serves=fields.text("serves", LONG),
        settings=_settings(at, current.kind, fields),
    )
    form = Form(_typed(at, current.kind, fields))
    try:
        await at.services.gateway_settings.change(at.actor, changed, _secret(fields))
    except Refused as refused:
        return await _edit_page(at, current.kind, current, _refused(at, current.kind, form, refused))
    except Conflict:
        newest = at.services.gateway_settings.find(at.actor, tenant, gateway)
        return await _stored_page(at, newest, CHANGED_MEANWHILE)
    return at.done(at.path("gateways", gateway), "form.saved")


@post("/tenants/{tenant:str}/gateways/{gateway:str}/test", opt=needs(Right.GATEWAYS))
async def test_gateway(request: AnyRequest, tenant: InPath, gateway: InPath) -> Response[Any]:
    """Send one test through this gateway, and say what came of it so far."""
    at = await desk(request, tenant)
    current = at.services.gateway_settings.find(at.actor, tenant, gateway)
    fields = await read_fields(request)
    number = fields.text("number", 254)
    carries = fields.text("carries")
    try:
        if carries in (Carries.MAIL, Carries.WEBHOOK):
            result = _dispatched(at, await at.services.outbox.send_test(at.actor, tenant, gateway, number))
        else:
            wanted = Carries.CALL if carries == Carries.CALL else Carries.TEXT
            made = await at.services.gateway_settings.send_test(
                at.actor, tenant, gateway, number, wanted, wait_seconds=_TEST_SECONDS
            )
            result = _result(at, made)
    except Refused as refused:
        wrong = Form({**_shown(at, current), "number": number}, {"number": refused_words(refused)})
        return await _edit_page(at, current.kind, current, wrong)
    form = Form({**_shown(at, current), "number": number})
    return await _edit_page(at, current.kind, current, form, result=result)


@post("/tenants/{tenant:str}/gateways/{gateway:str}/remove", opt=needs(Right.GATEWAYS))
async def remove_gateway(request: AnyRequest, tenant: InPath, gateway: InPath) -> Response[Any]:
    at = await desk(request, tenant)
    await at.services.gateway_settings.remove(at.actor, tenant, gateway)
    return at.done(at.path("gateways"), "console.gateway.removed")


# --- pages ----------------------------------------------------------------------------------------------


async def _stored_page(
    at: Desk, gateway: GatewayConfiguration, problem: Words | None = None
) -> Response[Any]:
    form = Form(_shown(at, gateway), problem=problem)
    return await _edit_page(at, gateway.kind, gateway, form, status=409 if problem else 200)


async def _edit_page(
    at: Desk,
    kind: str,
    gateway: GatewayConfiguration | None,
    form: Form,
    *,
    status: int | None = None,
    result: Notice | None = None,
) -> Response[Any]:
    language = language_of(at.request)
    settings = _plugin_settings(at, kind)
    carries = at.services.gateway_settings.kinds.get(kind, frozenset())
    return at.page(
        "console/gateway_edit.html",
        status=status or (422 if form.errors or form.problem else 200),
        gateway=gateway,
        row=_row(at, at.services.gateway_settings.state(at.actor, at.tenant_id, gateway.gateway_id))
        if gateway
        else None,
        kind=kind,
        kind_name=kind_name(language, kind),
        first=settings[:_ASKED_FIRST],
        more=settings[_ASKED_FIRST:],
        secret_label=secret_label(language, kind),
        second_secret_label=second_secret_label(language, kind),
        carries=tuple(sorted(carries, reverse=True)),
        priced=tuple(sorted(carries & TO_PHONES, reverse=True)),
        callback_url=at.services.gateway_settings.callback_url(gateway) if gateway else "",
        caller_id=at.tenant.settings.caller_id if Carries.CALL in carries else "",
        form=form,
        result=result,
        lately=await _lately(at, gateway) if gateway else (),
    )


async def _lately(at: Desk, gateway: GatewayConfiguration) -> tuple[Any, ...]:
    if not at.may(Right.READ_HISTORY):
        return ()
    where = DeliveryFilter(gateway_id=gateway.gateway_id)
    listed = await at.services.gateway_settings.deliveries(at.actor, at.tenant_id, where, Page(_LATELY))
    return delivery_rows(at, listed)


def _row(at: Desk, state: GatewayState) -> GatewayRow:
    language = language_of(at.request)
    one = state.configured
    tone, standing = standing_of(state)
    return GatewayRow(
        gateway_id=one.gateway_id,
        name=one.name,
        kind=kind_name(language, one.kind),
        carries=tuple(sorted(at.services.gateway_settings.kinds.get(one.kind, ()), reverse=True)),
        priority=one.priority,
        tone=tone,
        standing=standing,
        failures=state.failures,
        cause=cause_words(language, state.cause),
    )


def standing_of(state: GatewayState) -> tuple[str, str]:
    """Return how a gateway stands: the tone of its badge and the name of its text."""
    if not state.configured.is_enabled:
        return "", "off"
    if not state.is_open:
        return ("bad", "unopened") if state.cause else ("wait", "unused")
    if not state.is_connected:
        return "bad", "disconnected"
    if state.is_resting:
        return "bad", "resting"
    return ("wait", "failing") if state.failures else ("good", "ready")


def _result(at: Desk, made: Delivery) -> Notice:
    why = cause_words(language_of(at.request), made.cause)
    match made.state:
        case DeliveryState.DELIVERED:
            return Notice("good", Words("console.gateway.tested_delivered"))
        case DeliveryState.FAILED | DeliveryState.DROPPED:
            return Notice("bad", Words("console.gateway.tested_failed", {"why": why}))
        case _ if made.cause:
            return Notice("wait", Words("console.gateway.tested_unsure", {"why": why}))
        case _:
            return Notice("info", Words("console.gateway.tested_sent"))


def _dispatched(at: Desk, made: Dispatch) -> Notice:
    if made.state is DispatchState.SENT:
        return Notice("good", Words("console.gateway.tested_taken"))
    why = cause_words(language_of(at.request), made.cause)
    return Notice("bad", Words("console.gateway.tested_failed", {"why": why}))


def _unsure_caller_id(at: Desk, states: tuple[GatewayState, ...]) -> str:
    """Return the caller ID if calls are placed with it: whether it is shown, carriers decide (S65)."""
    kinds = at.services.gateway_settings.kinds
    places_calls = any(Carries.CALL in kinds.get(each.configured.kind, ()) for each in states)
    return at.tenant.settings.caller_id if places_calls else ""


def _kinds(at: Desk) -> tuple[tuple[str, str], ...]:
    """Return the kinds that can be added, with their names."""
    language = language_of(at.request)
    return tuple((kind, kind_name(language, kind)) for kind in at.services.gateway_settings.kinds)


# --- forms ----------------------------------------------------------------------------------------------


def _known(at: Desk, kind: str) -> None:
    if kind not in at.services.gateway_settings.kinds:
        raise NotFoundException


def _plugin_settings(at: Desk, kind: str) -> tuple[PluginSetting, ...]:
    language = language_of(at.request)
    return tuple(
        PluginSetting(
            name=PREFIX + each.name,
            form=each.form,
            label=setting_label(language, kind, each.name),
            is_required=each.is_required,
            choices=each.choices,
        )
        for each in at.services.gateway_settings.fields(kind)
    )


def _settings(at: Desk, kind: str, fields: Fields) -> dict[str, Any]:
    asked = at.services.gateway_settings.fields(kind)
    return chosen_settings(asked, {each.name: fields.text(PREFIX + each.name, LONG) for each in asked})


def _secret(fields: Fields) -> Secret[str] | None:
    """Return the secret that was typed, with its second line if there is one; None leaves what is stored."""
    first, second = fields.secret("secret"), fields.secret("second_secret")
    if second and not first:
        raise Refused(Refusal.SETTING_INVALID, "first_secret: missing")
    if not first:
        return None
    return Secret(f"{first.reveal()}\n{second.reveal()}") if second else first


def _typed(at: Desk, kind: str, fields: Fields) -> dict[str, str]:
    names = [PREFIX + each.name for each in at.services.gateway_settings.fields(kind)]
    typed = {name: fields.text(name, LONG) for name in (*_ROWS_OF_OWN, *names)}
    return {**typed, "is_enabled": YES if fields.is_ticked("is_enabled") else ""}


def _defaults(at: Desk, kind: str) -> dict[str, str]:
    shown = typed_settings(at.services.gateway_settings.fields(kind), {})
    return {"priority": "10", "is_enabled": YES, **{PREFIX + name: value for name, value in shown.items()}}


def _shown(at: Desk, gateway: GatewayConfiguration) -> dict[str, str]:
    """Return what is stored as the form shows it; of the secret nothing."""
    shown = typed_settings(at.services.gateway_settings.fields(gateway.kind), gateway.settings)
    return {
        "name": gateway.name,
        "priority": str(gateway.priority),
        "text_price": gateway.text_price,
        "call_price": gateway.call_price,
        "serves": gateway.serves,
        "is_enabled": YES if gateway.is_enabled else "",
        **{PREFIX + name: value for name, value in shown.items()},
    }


def _refused(at: Desk, kind: str, form: Form, refused: Refused) -> Form:
    """Put a refusal beside the setting that it names."""
    setting, _, why = refused.key.partition(":")
    if setting == "first_secret":
        return Form(form.values, {"secret": Words("console.gateway.first_secret_too")})
    if refused.why is Refusal.NAME_TAKEN or (setting == "name" and not form.values["name"]):
        words = refused_words(refused) if form.values["name"] else Words("form.required")
        return Form(form.values, {"name": words})
    if setting == "priority":
        return Form(form.values, {"priority": Words("form.not_a_number", {"least": 1, "most": 1000})})
    if refused.why is Refusal.PRICE_INVALID and setting in _PRICES:
        return Form(form.values, {setting: Words("refusal.price_invalid", {"key": why.strip()})})
    if refused.why is Refusal.RANGE_INVALID:
        return Form(form.values, {"serves": refused_words(refused)})
    if refused.why is not Refusal.SETTING_INVALID:
        return Form(form.values, problem=refused_words(refused))
    words = Words("console.gateway.wrong", {"why": why.strip().rstrip(".") or refused.key})
    known = {each.name for each in at.services.gateway_settings.fields(kind)}
    field = PREFIX + setting if setting in known else "secret" if setting == "secret" else ""
    return Form(form.values, {field: words}) if field else Form(form.values, problem=words)


ROUTES: Final = [
    gateways,
    new_gateway,
    add_gateway,
    show_gateway,
    change_gateway,
    test_gateway,
    remove_gateway,
]
