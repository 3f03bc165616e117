"""Gateways: opened from their configuration, kept connected, and which of them to use next.

One that shows passcodes on a page is opened in the demonstration's tenant and in no other, whoever made it.
What a gateway hears goes to an inbox that is bound to it, so a gateway speaks only for its own tenant.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final

import msgspec
import structlog

from vestibule.crypto.sealing import CannotUnseal, Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import (
    Gateway,
    GatewayKind,
    Inbox,
    ShowsPasscodes,
    StaysConnected,
    Surroundings,
)
from vestibule.interfaces.link import Link
from vestibule.model.delivery import Carries
from vestibule.model.gateway import GatewayConfiguration
from vestibule.model.tenant import DEMONSTRATION_TENANT
from vestibule.policy.routing import Route, ranked
from vestibule.services.configuration import ConfigurationCache
from vestibule.services.sending_outcomes import SendingOutcomes

log = structlog.get_logger(__name__)

_FAILURES_TO_REST: Final = 3
_REST_SECONDS: Final = 30.0
SERVICE_KIND: Final = "service"
"""Of the gateway that hands things to the service behind a server."""
_RETRY_SECONDS: Final = 30.0
"""After this time it is tried again to open what did not open: a file may be there now."""

OpenInbox = Callable[[str, str], Inbox]
"""Makes the inbox of a tenant's gateway, from the two identifiers."""


class Opened(msgspec.Struct, eq=False):
    """A gateway in use. After some failures in a row it rests, and others go before it."""

    configured: GatewayConfiguration
    carries: frozenset[Carries]
    gateway: Gateway
    line: StaysConnected | None = None
    """The same gateway, if it is one that stays connected."""
    running: asyncio.Task[None] | None = None
    failures: int = 0
    rests_until: float = 0.0
    cause: str = ""
    """Of the last failure, in the gateway's own words."""

    @property
    def is_resting(self) -> bool:
        return time.monotonic() < self.rests_until

    @property
    def is_connected(self) -> bool:
        return self.line is None or self.line.is_connected

    def note(self, *, worked: bool, cause: str = "") -> None:
        """Remember how it went. The last cause stays, for whoever looks later."""
        self.failures = 0 if worked else self.failures + 1
        self.cause = self.cause if worked else cause
        if self.failures >= _FAILURES_TO_REST:
            self.rests_until = time.monotonic() + _REST_SECONDS


class Unopened(msgspec.Struct, frozen=True):
    """A gateway that should be in use and cannot be opened."""

    configured: GatewayConfiguration
    problem: str
    at: float


class GatewayState(msgspec.Struct, frozen=True, kw_only=True):
    """How a gateway stands on this node. Of one that is not in use here, nothing but that is known."""

    configured: GatewayConfiguration
    is_open: bool = False
    is_connected: bool = False
    is_resting: bool = False
    failures: int = 0
    """In a row."""
    cause: str = ""
    """Of the last failure; or why it does not open, as `setting: why`."""


class Gateways:
    """Follows the configuration: what was changed is opened anew, what is gone is closed."""

    def __init__(
        self,
        kinds: Mapping[str, GatewayKind],
        configuration: ConfigurationCache,
        sealer: Sealer,
        outcomes: SendingOutcomes,
    ) -> None:
        self.kinds = kinds
        self._configuration = configuration
        self._sealer = sealer
        self._outcomes = outcomes
        self._opened: dict[tuple[str, str], Opened] = {}
        self._unopened: dict[tuple[str, str], Unopened] = {}
        self._followed: object = None
        """The snapshot that was followed last; None while this process uses no gateways."""
        self._sorted: object = None
        """The snapshot of which `_enabled` holds what is switched on, by tenant."""
        self._enabled: dict[str, tuple[GatewayConfiguration, ...]] = {}
        self._open_inbox: OpenInbox | None = None
        self._link: Link | None = None
        self._public_url = ""
        self._private_hosts: frozenset[str] = frozenset()
        self._endings: set[asyncio.Task[None]] = set()

    def connect(
        self,
        open_inbox: OpenInbox,
        public_url: str,
        private_hosts: frozenset[str] = frozenset(),
        link: Link | None = None,
    ) -> None:
        """Say where what they hear goes, under which address they are called back, which hosts webhooks may
        reach although their addresses are not public, and how the service is reached, if there is one."""
        self._open_inbox = open_inbox
        self._link = link
        self._public_url = public_url
        self._private_hosts = private_hosts

    async def follow(self) -> None:
        """Open and close what the configuration wants now, so that what stays connected is connected
        before the first text is sent."""
        self._follow()

    def find(self, tenant_id: str, gateway_id: str) -> Gateway | None:
        """Return a gateway in use, for what calls back to it."""
        self._follow()
        opened = self._opened.get((tenant_id, gateway_id))
        return opened.gateway if opened is not None else None

    def opened(self, tenant_id: str, gateway_id: str) -> Opened | None:
        """Return a gateway in use, and how it goes."""
        self._follow()
        return self._opened.get((tenant_id, gateway_id))

    def all(self, tenant_id: str) -> tuple[Opened, ...]:
        """Return the tenant's gateways in use, in the order of priority."""
        self._follow()
        mine = [opened for key, opened in self._opened.items() if key[0] == tenant_id]
        return tuple(sorted(mine, key=lambda each: (each.configured.priority, each.configured.name)))

    def for_errand(
        self, tenant_id: str, carries: Carries, tried: tuple[str, ...], number: str = ""
    ) -> Opened | None:
        """Return who should carry this next; `number` is where a text or call goes (E.164)."""
        self._follow()
        for route in self.routes(tenant_id, carries, number):
            opened = self._opened.get((tenant_id, route.gateway_id))
            if opened is not None and route.gateway_id not in tried:
                return opened
        return None

    def routes(self, tenant_id: str, carries: Carries, number: str = "") -> tuple[Route, ...]:
        """Return the gateways that are switched on and carry this to a number, in the order in which they are
        used. A process that uses none knows of none that it does not work."""
        if self._followed is not None:
            self._follow()
        return ranked(
            self._route(one, carries, number, digits)
            for one in self.switched_on(tenant_id, carries)
            if (digits := one.fitting_digits(number)) is not None
        )

    def _route(self, one: GatewayConfiguration, carries: Carries, number: str, digits: int) -> Route:
        opened = self._opened.get((one.tenant_id, one.gateway_id))
        is_working = opened is not None and opened.is_connected and not opened.is_resting
        carried, answered = self._outcomes.of_gateway(one.tenant_id, one.gateway_id)
        return Route(
            gateway_id=one.gateway_id,
            name=one.name,
            is_working=is_working or self._followed is None,
            digits=digits,
            priority=one.priority,
            cost=one.price(carries, number),
            carried=carried,
            answered=answered,
        )

    def dearest(self, tenant_id: str, carries: Carries, number: str) -> int:
        """Return what one text or call costs at most, whichever gateway that is switched on carries it, in
        1/10,000 of the currency unit."""
        able = (
            one
            for one in self._switched_on(tenant_id)
            if carries in self._carries(one) and one.fitting_digits(number) is not None
        )
        return max((one.price(carries, number) for one in able), default=0)

    def unpriced(self, tenant_id: str) -> tuple[str, ...]:
        """Return the names of gateways that are switched on and carry something without a price."""
        return tuple(
            one.name
            for one in self._switched_on(tenant_id)
            if not all(one.has_price(carries) for carries in self._carries(one))
        )

    def has_any(self, tenant_id: str, carries: frozenset[Carries]) -> bool:
        """Tell whether a gateway for any of these is switched on, whether or not it works."""
        return any(carries & self._carries(one) for one in self._switched_on(tenant_id))

    def may_use_service(self, tenant_id: str) -> bool:
        """Tell whether a text of this tenant may be handed to the service behind this server."""
        on = self._switched_on(tenant_id)
        return self._link is not None and any(one.kind == SERVICE_KIND for one in on)

    def switched_on(self, tenant_id: str, carries: Carries) -> tuple[GatewayConfiguration, ...]:
        """Return the gateways for this that are switched on, in no order."""
        return tuple(one for one in self._switched_on(tenant_id) if carries in self._carries(one))

    def _switched_on(self, tenant_id: str) -> tuple[GatewayConfiguration, ...]:
        current = self._configuration.current
        if current is not self._sorted:
            enabled: dict[str, list[GatewayConfiguration]] = {}
            for one in current.gateways.values():
                if one.is_enabled:
                    enabled.setdefault(one.tenant_id, []).append(one)
            self._enabled = {each: tuple(some) for each, some in enabled.items()}
            self._sorted = current
        return self._enabled.get(tenant_id, ())

    def _carries(self, one: GatewayConfiguration) -> frozenset[Carries]:
        kind = self.kinds.get(one.kind)
        return kind.carries if kind is not None else frozenset()

    async def close(self) -> None:
        for key in list(self._opened):
            await self._close(key)

    async def problem(self, kind: str, settings: Mapping[str, Any], secret: Secret[str]) -> str:
        """Return what is wrong with the settings, as `setting: why`; empty if they can be used."""
        found = self.kinds.get(kind)
        if found is None:
            return f"kind: there is no kind of gateway {kind!r}"
        if isinstance(found, ShowsPasscodes):
            return "kind: it shows every passcode on a page; only the demonstration makes one"
        try:
            gateway = found.open(settings, secret, self._nowhere())
        except ValueError as wrong:
            return str(wrong)
        await gateway.close()
        return ""

    def _nowhere(self) -> Surroundings:
        return Surroundings(gateway_id="", inbox=_Deaf(), link=self._link, private_hosts=self._private_hosts)

    def state(self, configured: GatewayConfiguration) -> GatewayState:
        """Return how a gateway stands on this node."""
        if self._followed is not None:
            self._follow()
        key = (configured.tenant_id, configured.gateway_id)
        if unopened := self._unopened.get(key):
            return GatewayState(configured=configured, cause=unopened.problem)
        opened = self._opened.get(key)
        if opened is None:
            return GatewayState(configured=configured)
        return GatewayState(
            configured=configured,
            is_open=True,
            is_connected=opened.is_connected,
            is_resting=opened.is_resting,
            failures=opened.failures,
            cause=opened.cause,
        )

    @contextlib.asynccontextmanager
    async def borrowed(self, configured: GatewayConfiguration) -> AsyncIterator[Opened]:
        """Lend a gateway as it is in use here; one that is not, for this occasion. ValueError if its
        settings cannot be used. A process that uses no gateways opens none but this one."""
        if self._followed is not None:
            self._follow()
        in_use = self._opened.get((configured.tenant_id, configured.gateway_id))
        if in_use is not None and in_use.configured.version == configured.version:
            yield in_use
            return
        opened = self._made(configured)
        try:
            yield opened
        finally:
            await _end(opened)

    def secret(self, configured: GatewayConfiguration) -> Secret[str]:
        """Return the unsealed password of a gateway."""
        if not configured.secret:
            return Secret("")
        bound_to = gateway_context(configured.tenant_id, configured.gateway_id)
        return Secret(self._sealer.unseal(configured.secret, bound_to).decode())

    def _follow(self) -> None:
        current = self._configuration.current
        now = time.monotonic()
        is_retried = any(now - each.at >= _RETRY_SECONDS for each in self._unopened.values())
        if current is self._followed and not is_retried:
            return
        self._followed = current
        wanted = {
            (each.tenant_id, each.gateway_id): each for each in current.gateways.values() if each.is_enabled
        }
        for key, opened in list(self._opened.items()):
            if key not in wanted or wanted[key].version != opened.configured.version:
                del self._opened[key]
                ending = asyncio.get_running_loop().create_task(_end(opened))
                self._endings.add(ending)
                ending.add_done_callback(self._endings.discard)
        self._unopened = {key: each for key, each in self._unopened.items() if key in wanted}
        for key, configured in wanted.items():
            if key not in self._opened:
                self._open(configured)

    def _open(self, configured: GatewayConfiguration) -> None:
        key = (configured.tenant_id, configured.gateway_id)
        try:
            self._opened[key] = self._made(configured)
            self._unopened.pop(key, None)
        except ValueError as wrong:
            known = self._unopened.get(key)
            self._unopened[key] = Unopened(configured, str(wrong), time.monotonic())
            if known is None or known.problem != str(wrong):
                log.error("gateway does not open", gateway=configured.name, problem=str(wrong))

    def _made(self, configured: GatewayConfiguration) -> Opened:
        kind = self.kinds.get(configured.kind)
        if kind is None or self._open_inbox is None:
            raise ValueError(f"kind: there is no kind of gateway {configured.kind!r}")
        if isinstance(kind, ShowsPasscodes) and configured.tenant_id != DEMONSTRATION_TENANT:
            # It would show passcodes of people who are real.
            raise ValueError(f"kind: {configured.kind} is for the demonstration only")
        tenant_id, gateway_id = configured.tenant_id, configured.gateway_id
        surroundings = Surroundings(
            gateway_id=gateway_id,
            tenant_id=tenant_id,
            link=self._link,
            inbox=self._open_inbox(tenant_id, gateway_id),
            callback_url=self.callback_url(configured),
            private_hosts=self._private_hosts,
        )
        try:
            gateway = kind.open(configured.settings, self.secret(configured), surroundings)
        except CannotUnseal:
            raise ValueError("secret: it was sealed under another key; enter it anew") from None
        opened = Opened(configured, kind.carries, gateway)
        if isinstance(gateway, StaysConnected):
            opened.line = gateway
            opened.running = asyncio.get_running_loop().create_task(_run(configured.name, gateway))
        return opened

    def callback_url(self, configured: GatewayConfiguration) -> str:
        """Return where its provider calls back, with a slash at the end; empty without a public address."""
        where = f"/callbacks/{configured.tenant_id}/{configured.gateway_id}/"
        return f"{self._public_url}{where}" if self._public_url else ""

    async def _close(self, key: tuple[str, str]) -> None:
        opened = self._opened.pop(key, None)
        if opened is not None:
            await _end(opened)


def gateway_context(tenant_id: str, gateway_id: str) -> bytes:
    """Return what a gateway's password is sealed to."""
    return context(tenant_id, "gateway_secret", gateway_id)


async def _run(name: str, gateway: StaysConnected) -> None:
    """Keep a connection; what should never end is begun anew if it does."""
    while True:
        try:
            await gateway.run()
        except Exception as error:
            log.exception("gateway stopped", gateway=name, error=type(error).__name__)
        await asyncio.sleep(1.0)


async def _end(opened: Opened) -> None:
    if opened.running is not None:
        opened.running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await opened.running
    try:
        await opened.gateway.close()
    except Exception as error:
        log.warning("gateway does not close", gateway=opened.configured.name, error=type(error).__name__)


class _Deaf:
    """The inbox of a gateway that is opened only to see whether it would."""

    async def receipt(self, receipt: object) -> None: ...

    async def reply(self, reply: object) -> None: ...

    async def on_call(self, delivery_id: str, event: object) -> tuple[Any, ...]:
        return ()

    async def sound(self, spoken: object) -> Any:
        raise NotImplementedError
