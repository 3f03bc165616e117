"""Gateways as an administrator sets them up and watches them: added, changed, removed, tried out.

The plug-in itself judges settings before they are written; a refusal names the setting. The secret is sealed
to its gateway and never told again. A test goes through exactly the gateway that was named, to one number,
and is a delivery like any other, so that its receipt finds it.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from vestibule.catalog import LANGUAGES, text
from vestibule.crypto.sealing import CannotUnseal, Sealer
from vestibule.crypto.secret import Secret
from vestibule.crypto.tokens import new_id, new_ordered_id
from vestibule.interfaces.gateway import (
    Call,
    Errand,
    NotSent,
    Sending,
    Sent,
    ShowsPasscodes,
    StaysConnected,
    Text,
)
from vestibule.interfaces.store import AlreadyExists, Conflict, Store, Transaction
from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.interfaces.transaction.sending import DeliveryFilter
from vestibule.model.actor import Actor, Right
from vestibule.model.delivery import Carries, Delivery, DeliveryState
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.number_range import LONGEST_BEGINNINGS, read_beginnings, written_beginnings
from vestibule.model.price import LONGEST_PRICES, read_prices, written_prices
from vestibule.policy.routing import Route
from vestibule.services.ceilings import demand_prices
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.deliveries import hand_over
from vestibule.services.gateways import Gateways, GatewayState, Opened, gateway_context
from vestibule.services.phones import Phones
from vestibule.services.recording import record
from vestibule.services.refusal import Refusal, Refused
from vestibule.services.sending_limits import LimitRefuses, SendingLimits, refused_by
from vestibule.services.setting_fields import SettingField, fields_of

MOST_GATEWAYS: Final = 50
LOWEST_PRIORITY: Final = 1000
TEST_MS: Final = 180_000
"""How long a test may take in all, and how long its receipt finds it."""
_CONNECT_SECONDS: Final = 8.0
_LOOK_SECONDS: Final = 0.1
_OPEN: Final = frozenset({DeliveryState.WAITING, DeliveryState.TAKEN, DeliveryState.SENT})


class GatewaySettings:
    def __init__(
        self,
        store: Store,
        configuration: ConfigurationCache,
        sealer: Sealer,
        gateways: Gateways,
        phones: Phones,
        limits: SendingLimits,
    ) -> None:
        self._store = store
        self._configuration = configuration
        self._sealer = sealer
        self._gateways = gateways
        self._phones = phones
        self._limits = limits

    # --- what there is ------------------------------------------------------------------------------

    @property
    def kinds(self) -> dict[str, frozenset[Carries]]:
        """The kinds of gateway that can be added, and what each carries."""
        return {
            name: kind.carries
            for name, kind in sorted(self._gateways.kinds.items())
            if not isinstance(kind, ShowsPasscodes)
        }

    def fields(self, kind: str) -> tuple[SettingField, ...]:
        """Return the settings of a kind; none for a kind that is not installed (any more)."""
        found = self._gateways.kinds.get(kind)
        return fields_of(found.settings) if found is not None else ()

    def list(self, actor: Actor, tenant_id: str) -> tuple[GatewayConfiguration, ...]:
        """Return the gateways of a tenant in the order in which they are used."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        return self._of(tenant_id)

    def _of(self, tenant_id: str) -> tuple[GatewayConfiguration, ...]:
        found = [g for g in self._configuration.current.gateways.values() if g.tenant_id == tenant_id]
        return tuple(sorted(found, key=lambda each: (each.priority, each.name)))

    def find(self, actor: Actor, tenant_id: str, gateway_id: str) -> GatewayConfiguration:
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        found = self._configuration.current.gateways.get((tenant_id, gateway_id))
        if found is None:
            raise Refused(Refusal.NOT_FOUND, gateway_id)
        return found

    def _to_change(self, actor: Actor, tenant_id: str, gateway_id: str) -> GatewayConfiguration:
        actor.demand(Right.GATEWAYS, tenant_id)
        return self.find(actor, tenant_id, gateway_id)

    def states(self, actor: Actor, tenant_id: str) -> tuple[GatewayState, ...]:
        """Return how each gateway stands on this node."""
        return tuple(self._gateways.state(each) for each in self.list(actor, tenant_id))

    def state(self, actor: Actor, tenant_id: str, gateway_id: str) -> GatewayState:
        return self._gateways.state(self.find(actor, tenant_id, gateway_id))

    def routes(
        self, actor: Actor, tenant_id: str, number: str, carries: Carries
    ) -> tuple[str, tuple[Route, ...]]:
        """Return which gateways would carry a text or call to a number now, in which order and why; first the
        number as it was read. No number: those that carry to all."""
        actor.demand(Right.READ_CONFIGURATION, tenant_id)
        read = self._phones.read(tenant_id, number).number if number else ""
        return read, self._gateways.routes(tenant_id, carries, read)

    def callback_url(self, configured: GatewayConfiguration) -> str:
        """Return what is entered at the provider; empty without a public address."""
        return self._gateways.callback_url(configured)

    async def deliveries(self, actor: Actor, tenant_id: str, where: DeliveryFilter, page: Page) -> Listed:
        """Return one page of what was sent lately, newest first. No body is among it."""
        actor.demand(Right.READ_HISTORY, tenant_id)
        listed = await self._store.read(lambda tx: tx.deliveries(tenant_id, where, page))
        bare = tuple(msgspec.structs.replace(each, sealed_body=b"") for each in listed.rows)
        return Listed(bare, listed.next_cursor)

    # --- changes ------------------------------------------------------------------------------------

    async def add(
        self,
        actor: Actor,
        tenant_id: str,
        kind: str,
        name: str,
        settings: dict[str, Any],
        secret: Secret[str],
        *,
        priority: int = 10,
        is_enabled: bool = True,
        text_price: str = "",
        call_price: str = "",
        serves: str = "",
    ) -> GatewayConfiguration:
        """Add a gateway; it is used from the next text or call on."""
        actor.demand(Right.GATEWAYS, tenant_id)
        mine = self._of(tenant_id)
        if len(mine) >= MOST_GATEWAYS:
            raise Refused(Refusal.TOO_MANY, str(MOST_GATEWAYS))
        configured = GatewayConfiguration(
            tenant_id=tenant_id,
            gateway_id=new_id(),
            kind=kind,
            name=_name(name),
            settings=settings,
            priority=_priority(priority),
            is_enabled=is_enabled,
            text_price=_prices("text_price", text_price),
            call_price=_prices("call_price", call_price),
            serves=_beginnings(serves),
            created_at=0,
        )
        await self._judge(configured, secret)
        sealed = self._sealed(configured, secret)
        return await self._put(actor, sealed, "gateway.added")

    async def change(
        self, actor: Actor, changed: GatewayConfiguration, secret: Secret[str] | None = None
    ) -> GatewayConfiguration:
        """Write a gateway as given; without a secret the one before stays. `Conflict` if its version is not
        the newest."""
        before = self._to_change(actor, changed.tenant_id, changed.gateway_id)
        if changed.version != before.version:
            raise Conflict
        _name(changed.name)
        _priority(changed.priority)
        changed = msgspec.structs.replace(
            changed,
            text_price=_prices("text_price", changed.text_price),
            call_price=_prices("call_price", changed.call_price),
            serves=_beginnings(changed.serves),
        )
        if (changed.kind, changed.secret) != (before.kind, before.secret):
            raise Refused(Refusal.NOT_POSSIBLE)
        if (changed.text_price, changed.call_price) != (before.text_price, before.call_price):
            demand_prices(actor, self._configuration.current.tenants[changed.tenant_id])
        if secret:
            sealed = self._sealed(changed, secret)
            await self._judge(sealed, secret)
            return await self._put(actor, sealed, "gateway.changed")
        if changed.settings != before.settings:
            await self._judge(changed, self._kept(before))
        return await self._put(actor, changed, "gateway.changed")

    async def set_enabled(
        self, actor: Actor, tenant_id: str, gateway_id: str, *, is_enabled: bool
    ) -> GatewayConfiguration:
        found = self._to_change(actor, tenant_id, gateway_id)
        if found.is_enabled is is_enabled:
            return found
        changed = msgspec.structs.replace(found, is_enabled=is_enabled)
        return await self._put(actor, changed, "gateway.enabled" if is_enabled else "gateway.disabled")

    async def remove(self, actor: Actor, tenant_id: str, gateway_id: str) -> None:
        found = self._to_change(actor, tenant_id, gateway_id)

        async def body(tx: Transaction) -> None:
            if not await tx.remove(found):
                raise Refused(Refusal.NOT_FOUND, gateway_id)
            await record(tx, actor, tenant_id, "gateway.removed", gateway_id, found.name)

        await self._store.transact(body)
        await self._configuration.refresh()

    # --- trying out ---------------------------------------------------------------------------------

    async def send_test(
        self,
        actor: Actor,
        tenant_id: str,
        gateway_id: str,
        number: str,
        carries: Carries,
        *,
        wait_seconds: float = 0.0,
    ) -> Delivery:
        """Send a test text, or place a test call, through exactly this gateway; return what came of it.

        `wait_seconds` is how long to wait for the receipt, or for the end of the call, after the network has
        taken it. A call of a gateway that is not in use here ends when the waiting does.
        """
        configured = self._to_change(actor, tenant_id, gateway_id)
        kind = self._gateways.kinds.get(configured.kind)
        if kind is None or carries not in kind.carries:
            raise Refused(Refusal.NOT_POSSIBLE, configured.name)
        phone = self._phones.read(tenant_id, number)
        if configured.fitting_digits(phone.number) is None:
            raise Refused(Refusal.NOT_SERVED, phone.masked)
        try:
            delivery = await self._begun(actor, configured, phone.number, phone.masked, carries)
        except LimitRefuses as refuses:
            await self._limits.alarm(tenant_id, (refuses.limit,))
            raise refused_by(refuses.limit) from None
        try:
            async with self._gateways.borrowed(configured) as opened:
                await _until_connected(opened)
                sending = await hand_over(opened, self._errand(delivery))
                delivery = await self._noted(delivery, sending)
                return await self._waited(delivery, wait_seconds)
        except ValueError as wrong:
            return await self._noted(delivery, NotSent(str(wrong)))

    async def _begun(
        self, actor: Actor, configured: GatewayConfiguration, number: str, masked: str, carries: Carries
    ) -> Delivery:
        tenant_id, gateway_id = configured.tenant_id, configured.gateway_id

        async def body(tx: Transaction) -> Delivery:
            refusing = await self._limits.reserve(tx, tenant_id, number, carries)
            if refusing is not None:
                raise LimitRefuses(refusing)
            until = tx.now + TEST_MS
            # Taken from the beginning: no node's round sends it, and when its time is over it is dropped.
            begun = Delivery(
                tenant_id=tenant_id,
                delivery_id=new_ordered_id(tx.now),
                verification_id="",
                challenge_id="",
                user_id="",
                carries=carries,
                address=number,
                state=DeliveryState.TAKEN,
                gateway_id=gateway_id,
                tried=(gateway_id,),
                due_at=until,
                expires_at=until,
                created_at=tx.now,
            )
            await tx.add_delivery(begun)
            facts = {"number": masked, "carries": carries.value}
            await record(tx, actor, tenant_id, "gateway.tested", gateway_id, configured.name, **facts)
            return begun

        return await self._store.transact(body)

    def _errand(self, delivery: Delivery) -> Errand:
        settings = self._configuration.current.tenants[delivery.tenant_id].settings
        if delivery.carries is Carries.CALL:
            return Call(
                delivery_id=delivery.delivery_id,
                to=delivery.address,
                caller_id=settings.caller_id,
                most_seconds=60,
            )
        language = settings.language if settings.language in LANGUAGES else LANGUAGES[0]
        return Text(
            delivery_id=delivery.delivery_id,
            to=delivery.address,
            body=Secret(text(language, "gateway.test.text")),
            valid_seconds=TEST_MS // 1000,
        )

    async def _noted(self, delivery: Delivery, sending: Sending) -> Delivery:
        async def body(tx: Transaction) -> Delivery:
            current = await tx.delivery(delivery.tenant_id, delivery.delivery_id)
            if current is None or current.state is not DeliveryState.TAKEN:
                return current or delivery  # What was told of it meanwhile says more.
            if isinstance(sending, Sent):
                changes: dict[str, Any] = {"state": DeliveryState.SENT, "reference": sending.reference}
            elif isinstance(sending, NotSent):
                changes = {"state": DeliveryState.FAILED, "cause": sending.cause}
            else:
                changes = {"state": DeliveryState.SENT, "cause": sending.cause}
            changed = msgspec.structs.replace(current, sent_at=tx.now, **changes)
            if not await tx.replace_delivery(changed):
                raise Conflict
            return msgspec.structs.replace(changed, version=changed.version + 1)

        return await self._store.transact(body)

    async def _waited(self, delivery: Delivery, seconds: float) -> Delivery:
        """Look until it is decided or the time is over. Another node may be the one that is told."""
        tenant_id, delivery_id = delivery.tenant_id, delivery.delivery_id
        for _ in range(round(seconds / _LOOK_SECONDS)):
            if delivery.state not in _OPEN:
                break
            await asyncio.sleep(_LOOK_SECONDS)
            found = await self._store.read(lambda tx: tx.delivery(tenant_id, delivery_id))
            delivery = found or delivery
        return delivery

    # --- parts --------------------------------------------------------------------------------------

    async def _judge(self, configured: GatewayConfiguration, secret: Secret[str]) -> None:
        if wrong := await self._gateways.problem(configured.kind, configured.settings, secret):
            raise Refused(Refusal.SETTING_INVALID, wrong)

    def _kept(self, configured: GatewayConfiguration) -> Secret[str]:
        try:
            return self._gateways.secret(configured)
        except CannotUnseal:
            raise Refused(
                Refusal.SETTING_INVALID, "secret: it was sealed under another key; enter it anew"
            ) from None

    def _sealed(self, configured: GatewayConfiguration, secret: Secret[str]) -> GatewayConfiguration:
        if not secret:
            return configured
        bound_to = gateway_context(configured.tenant_id, configured.gateway_id)
        sealed = self._sealer.seal(secret.reveal().encode(), bound_to)
        return msgspec.structs.replace(configured, secret=sealed)

    async def _put(self, actor: Actor, configured: GatewayConfiguration, kind: str) -> GatewayConfiguration:
        tenant_id, gateway_id = configured.tenant_id, configured.gateway_id

        async def body(tx: Transaction) -> None:
            created_at = configured.created_at or tx.now
            await tx.put(msgspec.structs.replace(configured, created_at=created_at))
            facts = {"gateway_kind": configured.kind, "priority": configured.priority}
            await record(tx, actor, tenant_id, kind, gateway_id, configured.name, **facts)

        try:
            await self._store.transact(body)
        except AlreadyExists as taken:
            raise Refused(Refusal.NAME_TAKEN, taken.key) from None
        await self._configuration.refresh()
        return self._configuration.current.gateways[tenant_id, gateway_id]


async def _until_connected(opened: Opened) -> None:
    """Give a gateway that stays connected a moment for it; if that is not enough, sending says so."""
    if not isinstance(opened.gateway, StaysConnected):
        return
    for _ in range(round(_CONNECT_SECONDS / _LOOK_SECONDS)):
        if opened.is_connected:
            break
        await asyncio.sleep(_LOOK_SECONDS)


def _name(name: str) -> str:
    plain = name.strip()
    if not plain or len(plain) > 100 or not plain.isprintable():
        raise Refused(Refusal.SETTING_INVALID, "name: one to 100 characters that can be seen")
    return plain


def _prices(setting: str, written: str) -> str:
    """Return a list of prices in its one spelling."""
    try:
        if len(written) > LONGEST_PRICES:
            raise ValueError(f"at most {LONGEST_PRICES} characters")
        return written_prices(read_prices(written))
    except ValueError as wrong:
        raise Refused(Refusal.PRICE_INVALID, f"{setting}: {str(wrong)[:40]}") from None


def _beginnings(written: str) -> str:
    """Return a list of beginnings of numbers in its one spelling."""
    try:
        if len(written) > LONGEST_BEGINNINGS:
            raise ValueError(f"at most {LONGEST_BEGINNINGS} characters")
        return written_beginnings(read_beginnings(written))
    except ValueError as wrong:
        raise Refused(Refusal.RANGE_INVALID, str(wrong)[:40]) from None


def _priority(priority: int) -> int:
    if not 1 <= priority <= LOWEST_PRIORITY:
        raise Refused(Refusal.OUT_OF_BOUNDS, f"priority: 1…{LOWEST_PRIORITY}")
    return priority
