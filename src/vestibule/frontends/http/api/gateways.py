"""Gateways: what carries texts and calls to phones, a test of one, and what was sent lately."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import JSONBody, QueryParameter
from msgspec import UNSET, Meta, UnsetType

from vestibule.crypto.secret import Secret
from vestibule.frontends.http.api.applications import changes
from vestibule.frontends.http.api.caller import Caller
from vestibule.frontends.http.api.description import problems
from vestibule.frontends.http.api.listing import USUAL_LIMIT, page_of
from vestibule.frontends.http.api.records.listing import Listing, whole
from vestibule.frontends.http.api.records.sending import (
    DeliveryRecord,
    GatewayKindRecord,
    GatewayRecord,
    SettingRecord,
    SpendingRecord,
    delivery_record,
    gateway_record,
    spending_record,
)
from vestibule.frontends.http.api.request import Discreet, invalid
from vestibule.frontends.http.api.values import Cursor, Id, Limit, Name, PathId, SearchId, Version
from vestibule.frontends.http.rights import needs, needs_over_everybody
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import Right
from vestibule.model.delivery import Carries, DeliveryState
from vestibule.services.gateways import GatewayState
from vestibule.services.refusal import Refusal, Refused

Text = Annotated[str, Meta(max_length=4096, pattern=r"^[^\x00]*$")]
Settings = Annotated[dict[Id, Any], Meta(max_length=100)]
Kind = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_]*$")]
GatewaySecret = Annotated[str, Meta(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]
Priority = Annotated[int, Meta(ge=1, le=1000)]
Prices = Annotated[str, Meta(max_length=2000, pattern=r"^[0-9+.,:; ]*$")]
Beginnings = Annotated[str, Meta(max_length=2000, pattern=r"^[0-9+*,; ]*$")]
Number = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*$")]
State = Annotated[
    DeliveryState | None, QueryParameter(name="state", description="Only deliveries that stand so.")
]


class NewGateway(Discreet):
    kind: Kind
    """E.g. `smpp`; see the kinds."""
    name: Name
    settings: Settings = msgspec.field(default_factory=dict)
    """Of the kind; see its fields."""
    secret: GatewaySecret | None = None
    """Password or token. Kinds with a second secret, for callbacks, take it on a second line."""
    priority: Priority = 10
    """The lowest that can be used is used."""
    is_enabled: bool = True
    text_price: Prices = ""
    """What a text costs, with exceptions by the beginning of the number: `0.10 49:0.07`."""
    call_price: Prices = ""
    serves: Beginnings = ""
    """The beginnings of the numbers that it carries to: `49 4366`, or `*` for all. Empty: all."""


class GatewayChange(Discreet):
    """What is left out stays as it is; `settings` are replaced as a whole."""

    name: Name | UnsetType = UNSET
    settings: Settings | UnsetType = UNSET
    secret: GatewaySecret | UnsetType = UNSET
    priority: Priority | UnsetType = UNSET
    is_enabled: bool | UnsetType = UNSET
    text_price: Prices | UnsetType = UNSET
    call_price: Prices | UnsetType = UNSET
    serves: Beginnings | UnsetType = UNSET
    version: Version | None = None


class GatewayTest(Discreet):
    number: Number
    """The phone that is texted or called; what that costs is charged."""
    carries: Carries = Carries.TEXT
    wait_seconds: Annotated[int, Meta(ge=0, le=60)] = 0
    """How long to wait for what comes of it."""


class Gateways(Controller):
    tags = ("Gateways",)

    @get("/gateway-kinds", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_gateway_kinds(self, caller: NamedDependency[Caller]) -> Listing[GatewayKindRecord]:
        """List the kinds of gateway that can be added, with their settings."""
        service = caller.services.gateway_settings
        return whole(
            GatewayKindRecord(
                kind=kind,
                carries=sorted(each.value for each in carries),
                settings=[
                    SettingRecord(
                        name=each.name,
                        form=each.form,
                        is_required=each.is_required,
                        default=each.default,
                        choices=list(each.choices),
                    )
                    for each in service.fields(kind)
                ],
            )
            for kind, carries in service.kinds.items()
        )

    @get("/gateways", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def list_gateways(self, caller: NamedDependency[Caller]) -> Listing[GatewayRecord]:
        """List the gateways in the order in which they are used, and how each stands on this server."""
        found = caller.services.gateway_settings.states(caller.actor, caller.tenant_id)
        return whole(_record(caller, state) for state in found)

    @post("/gateways", responses=problems(404, 409, 422), opt=needs(Right.GATEWAYS))
    async def add_gateway(self, caller: NamedDependency[Caller], data: JSONBody[NewGateway]) -> GatewayRecord:
        """Add a gateway; it is used from the next text or call on."""
        service = caller.services.gateway_settings
        try:
            added = await service.add(
                caller.actor,
                caller.tenant_id,
                data.kind,
                data.name,
                dict(data.settings),
                Secret(data.secret or ""),
                priority=data.priority,
                is_enabled=data.is_enabled,
                text_price=data.text_price,
                call_price=data.call_price,
                serves=data.serves,
            )
        except Refused as refused:
            raise _named(refused) from None
        return _record(caller, service.state(caller.actor, caller.tenant_id, added.gateway_id))

    @get("/gateways/{gateway_id:str}", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_gateway(self, caller: NamedDependency[Caller], gateway_id: PathId) -> GatewayRecord:
        """Read one gateway, and how it stands on this server."""
        return _record(caller, _state(caller, gateway_id))

    @patch("/gateways/{gateway_id:str}", responses=problems(404, 409, 422), opt=needs(Right.GATEWAYS))
    async def change_gateway(
        self, caller: NamedDependency[Caller], gateway_id: PathId, data: JSONBody[GatewayChange]
    ) -> GatewayRecord:
        """Change a gateway; it holds from the next text or call on."""
        current = _state(caller, gateway_id).configured
        given = changes(data, current.version)
        secret = given.pop("secret", None)
        changed = msgspec.structs.replace(current, **given)
        try:
            await caller.services.gateway_settings.change(
                caller.actor, changed, Secret(secret) if secret else None
            )
        except Refused as refused:
            raise _named(refused) from None
        return _record(caller, _state(caller, gateway_id))

    @delete("/gateways/{gateway_id:str}", responses=problems(404), opt=needs(Right.GATEWAYS))
    async def remove_gateway(self, caller: NamedDependency[Caller], gateway_id: PathId) -> None:
        """Remove a gateway with its settings and its secret."""
        await caller.services.gateway_settings.remove(caller.actor, caller.tenant_id, gateway_id)

    @post("/gateways/{gateway_id:str}/test", responses=problems(404, 422), opt=needs(Right.GATEWAYS))
    async def try_gateway(
        self, caller: NamedDependency[Caller], gateway_id: PathId, data: JSONBody[GatewayTest]
    ) -> DeliveryRecord:
        """Send a test text, or place a test call, through exactly this gateway."""
        sent = await caller.services.gateway_settings.send_test(
            caller.actor,
            caller.tenant_id,
            gateway_id,
            data.number,
            data.carries,
            wait_seconds=data.wait_seconds,
        )
        return delivery_record(sent)

    @get("/spending", responses=problems(404), opt=needs(Right.READ_CONFIGURATION))
    async def read_spending(self, caller: NamedDependency[Caller]) -> SpendingRecord:
        """Read what texts and calls cost today, and which limits have refused some within the last day."""
        service = caller.services.sending_limits
        return spending_record(await service.standing(caller.actor, caller.tenant_id))

    @get("/deliveries", responses=problems(404), opt=needs_over_everybody(Right.READ_HISTORY))
    async def list_deliveries(
        self,
        caller: NamedDependency[Caller],
        gateway_id: SearchId = "",
        standing: State = None,
        limit: Limit = USUAL_LIMIT,
        cursor: Cursor = "",
    ) -> Listing[DeliveryRecord]:
        """List the texts and calls of the last day, newest first: never what was said, of numbers the end."""
        where = DeliveryFilter(gateway_id=gateway_id, state=standing.value if standing else "")
        service = caller.services.gateway_settings
        asked = service.deliveries(caller.actor, caller.tenant_id, where, Page(limit, cursor))
        return await page_of(asked, delivery_record)


def _state(caller: Caller, gateway_id: str) -> GatewayState:
    try:
        return caller.services.gateway_settings.state(caller.actor, caller.tenant_id, gateway_id)
    except Refused:
        raise NotFoundException from None


def _record(caller: Caller, state: GatewayState) -> GatewayRecord:
    return gateway_record(state, caller.services.gateway_settings.callback_url(state.configured))


def _named(refused: Refused) -> Exception:
    """Return the refusal beside the setting that it names."""
    if refused.why is Refusal.PRICE_INVALID:
        setting, _, why = refused.key.partition(": ")
        return invalid(setting, f"not a price: {why}")
    if refused.why is Refusal.RANGE_INVALID:
        return invalid("serves", f"not the beginning of a number: {refused.key}")
    if refused.why is not Refusal.SETTING_INVALID:
        return refused
    setting, _, why = refused.key.partition(": ")
    own = {"kind", "name", "secret"}
    return invalid(setting if setting in own or not why else f"settings.{setting}", why or refused.key)
