"""Gateways: opened from their configuration, kept connected, and which of them to use next.

What a gateway hears goes to an inbox that is bound to it, so a gateway speaks only for its own tenant.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec
import structlog

from vestibule.crypto.sealing import Sealer, context
from vestibule.crypto.secret import Secret
from vestibule.interfaces.gateway import (
    Gateway,
    GatewayKind,
    Inbox,
    StaysConnected,
    Surroundings,
)
from vestibule.model.delivery import Carries
from vestibule.model.gateway import GatewayConfiguration
from vestibule.services.configuration import ConfigurationCache

log = structlog.get_logger(__name__)

_FAILURES_TO_REST: Final = 3
_REST_SECONDS: Final = 30.0
_LOOK_SECONDS: Final = 1.0

OpenInbox = Callable[[str, str], Inbox]
"""Makes the inbox of a tenant's gateway, from the two identifiers."""


class Opened(msgspec.Struct, eq=False):
    """A gateway in use. After some failures in a row it rests, and others go before it."""

    configured: GatewayConfiguration
    carries: frozenset[Carries]
    gateway: Gateway
    running: asyncio.Task[None] | None = None
    failures: int = 0
    rests_until: float = 0.0

    @property
    def is_resting(self) -> bool:
        return time.monotonic() < self.rests_until

    @property
    def is_connected(self) -> bool:
        return not isinstance(self.gateway, StaysConnected) or self.gateway.is_connected

    def note(self, *, worked: bool) -> None:
        """Remember how it went."""
        self.failures = 0 if worked else self.failures + 1
        if self.failures >= _FAILURES_TO_REST:
            self.rests_until = time.monotonic() + _REST_SECONDS


class Gateways:
    """Follows the configuration: what was changed is opened anew, what is gone is closed."""

    def __init__(
        self, kinds: Mapping[str, GatewayKind], configuration: ConfigurationCache, sealer: Sealer
    ) -> None:
        self.kinds = kinds
        self._configuration = configuration
        self._sealer = sealer
        self._opened: dict[tuple[str, str], Opened] = {}
        self._open_inbox: OpenInbox | None = None
        self._public_url = ""
        self._endings: set[asyncio.Task[None]] = set()

    def connect(self, open_inbox: OpenInbox, public_url: str) -> None:
        """Say where what they hear goes, and under which address they are called back."""
        self._open_inbox = open_inbox
        self._public_url = public_url

    def find(self, tenant_id: str, gateway_id: str) -> Gateway | None:
        """Return a gateway in use, for what calls back to it."""
        self._follow()
        opened = self._opened.get((tenant_id, gateway_id))
        return opened.gateway if opened is not None else None

    def all(self, tenant_id: str) -> tuple[Opened, ...]:
        """Return the tenant's gateways in use, in the order of priority."""
        self._follow()
        mine = [opened for key, opened in self._opened.items() if key[0] == tenant_id]
        return tuple(sorted(mine, key=lambda each: (each.configured.priority, each.configured.name)))

    def for_errand(self, tenant_id: str, carries: Carries, tried: tuple[str, ...]) -> Opened | None:
        """Return who should carry this next; one that rests or is not connected comes last."""
        able = [
            opened
            for opened in self.all(tenant_id)
            if carries in opened.carries and opened.configured.gateway_id not in tried
        ]
        able.sort(key=lambda each: each.is_resting or not each.is_connected)
        return able[0] if able else None

    async def watch(self) -> None:
        """Open what is configured without waiting for an errand: only who is connected hears replies and
        receipts, also those to what another node, or this one before its restart, has sent."""
        while True:
            try:
                self._follow()
            except Exception as error:
                log.warning("gateways do not follow the configuration", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def close(self) -> None:
        for key in list(self._opened):
            await self._close(key)

    def problem(self, kind: str, settings: Mapping[str, Any], secret: Secret[str]) -> str:
        """Return what is wrong with the settings, as `setting: why`; empty if they can be used."""
        found = self.kinds.get(kind)
        if found is None:
            return f"kind: there is no kind of gateway {kind!r}"
        try:
            found.open(settings, secret, Surroundings(gateway_id="", inbox=_Deaf()))
        except ValueError as wrong:
            return str(wrong)
        return ""

    def _follow(self) -> None:
        wanted = {
            (each.tenant_id, each.gateway_id): each
            for each in self._configuration.current.gateways.values()
            if each.is_enabled
        }
        for key, opened in list(self._opened.items()):
            if key not in wanted or wanted[key].version != opened.configured.version:
                del self._opened[key]
                ending = asyncio.get_running_loop().create_task(_end(opened))
                self._endings.add(ending)
                ending.add_done_callback(self._endings.discard)
        for key, configured in wanted.items():
            if key not in self._opened:
                self._open(configured)

    def _open(self, configured: GatewayConfiguration) -> None:
        kind = self.kinds.get(configured.kind)
        if kind is None or self._open_inbox is None:
            return
        tenant_id, gateway_id = configured.tenant_id, configured.gateway_id
        callback = f"{self._public_url}/callbacks/{tenant_id}/{gateway_id}/" if self._public_url else ""
        surroundings = Surroundings(
            gateway_id=gateway_id, inbox=self._open_inbox(tenant_id, gateway_id), callback_url=callback
        )
        try:
            gateway = kind.open(configured.settings, self._secret(configured), surroundings)
        except ValueError as wrong:
            log.error("gateway does not open", gateway=configured.name, problem=str(wrong))
            return
        opened = Opened(configured, kind.carries, gateway)
        if isinstance(gateway, StaysConnected):
            opened.running = asyncio.get_running_loop().create_task(_run(configured.name, gateway))
        self._opened[tenant_id, gateway_id] = opened

    def _secret(self, configured: GatewayConfiguration) -> Secret[str]:
        if not configured.secret:
            return Secret("")
        bound_to = gateway_context(configured.tenant_id, configured.gateway_id)
        return Secret(self._sealer.unseal(configured.secret, bound_to).decode())

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
