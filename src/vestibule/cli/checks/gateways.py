"""Gateways: whether each opens, gets its connection, and can be called back; and whether phones have one.

A gateway is opened here as the server would open it, and closed again; nothing is sent.
"""

from __future__ import annotations

import asyncio
import ipaddress
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from vestibule.catalog import text
from vestibule.cli.checks.findings import Finding, OpenInstallation, note, ok, problem, warning
from vestibule.interfaces.gateway import Probes, ShowsPasscodes, StaysConnected, TakesCallbacks
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.people import UserFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.authenticator import Authenticator, AuthenticatorStatus
from vestibule.model.delivery import Carries
from vestibule.model.sending_limit import LimitKind
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import UserStatus
from vestibule.services.gateway_words import cause_words

if TYPE_CHECKING:
    from vestibule.model.gateway import GatewayConfiguration
    from vestibule.services.gateways import Opened

_CONNECT_SECONDS: Final = 6.0
_LOOK_SECONDS: Final = 0.05
_MOST_USERS: Final = 10_000
_ROWS: Final = 500
_MOST_KEYS: Final = 3
"""How many users, numbers or countries of one limit are named."""
_NEEDS: Final = {"sms": Carries.TEXT, "voice": Carries.CALL}
"""What the methods that reach a phone are carried as."""


async def gateways(at: OpenInstallation) -> list[Finding]:
    """Each gateway that is switched on: opened, connected, and reachable for its provider."""
    kinds = at.house.services.gateways.kinds
    # Of simulated phones `tenants.simulated_phones` speaks.
    used = [
        one
        for one in at.snapshot.gateways.values()
        if one.is_enabled and not isinstance(kinds.get(one.kind), ShowsPasscodes)
    ]
    found = await asyncio.gather(*(_gateway(at, one) for one in used))
    return [finding for findings in found for finding in findings]


async def _gateway(at: OpenInstallation, one: GatewayConfiguration) -> list[Finding]:
    told = {"name": one.name, "tenant": one.tenant_id}
    found: list[Finding] = []
    try:
        async with at.house.services.gateways.borrowed(one) as opened:
            is_connected = await _is_connected(opened)
            if isinstance(opened.gateway, Probes) and (cause := await opened.gateway.probe()):
                why = cause_words(at.language, cause)
                return [problem("gateways", "gateways.refused", why=why, **told)]
            found += _reach(at, one, opened)
    except ValueError as wrong:
        return [*found, problem("gateways", "gateways.unusable", why=str(wrong), **told)]
    if not is_connected:
        # Some providers allow one connection, and the server that runs may have it.
        return [*found, warning("gateways", "gateways.disconnected", **told)]
    return found or [ok("gateways", "gateways.fine", **told)]


async def _is_connected(opened: Opened) -> bool:
    for _ in range(round(_CONNECT_SECONDS / _LOOK_SECONDS)):
        if opened.is_connected:
            return True
        await asyncio.sleep(_LOOK_SECONDS)
    return not isinstance(opened.gateway, StaysConnected)


def _reach(at: OpenInstallation, one: GatewayConfiguration, opened: Opened) -> list[Finding]:
    public_url = at.settings.http.public_url
    if not isinstance(opened.gateway, TakesCallbacks) or is_public(public_url):
        return []
    told = {"name": one.name, "tenant": one.tenant_id, "url": public_url or "–"}
    if Carries.CALL in opened.carries:
        return [problem("gateways", "gateways.calls_unreachable", **told)]
    return [note("gateways", "gateways.receipts_unreachable", **told)]


def is_public(url: str) -> bool:
    """Tell whether somebody else's machine may reach this address at all: not a name or address of this
    machine alone."""
    host = urlsplit(url).hostname or ""
    if not host or host == "localhost" or host.endswith(".localhost"):
        return False
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return True
    return not (address.is_loopback or address.is_unspecified)


async def limits(at: OpenInstallation) -> list[Finding]:
    """Tenants whose gateways reach no open country, limits that have refused of late, and a cap without
    prices."""
    found = []
    for tenant_id in sorted(at.snapshot.tenants):
        found += await _limits(at, tenant_id)
    return found


async def _limits(at: OpenInstallation, tenant_id: str) -> list[Finding]:
    standing = await at.house.services.sending_limits.standing(SYSTEM, tenant_id)
    found = []
    if standing.is_closed:
        opening = at.command("settings change --open-country CODE", tenant=tenant_id)
        found.append(problem("gateways", "gateways.nothing_open", tenant=tenant_id, command=opening))
    for kind in dict.fromkeys(one.kind for one in standing.reached):
        keys = list(dict.fromkeys(one.shown_key for one in standing.reached if one.kind is kind))
        shown = ", ".join(key for key in keys[:_MOST_KEYS] if key) or tenant_id
        told: dict[str, str | int] = {"tenant": tenant_id, "limit": text(at.language, f"limit.kind.{kind}")}
        see = at.command("gateway spending", tenant=tenant_id)
        if kind is LimitKind.APP:
            found.append(warning("gateways", "gateways.app_silent", keys=shown, command=see, **told))
        else:
            found.append(warning("gateways", "gateways.limit_reached", keys=shown, command=see, **told))
    if standing.unpriced:
        names = ", ".join(standing.unpriced)
        price = at.command("gateway change NAME --text-price 0.10", tenant=tenant_id)
        found.append(warning("gateways", "gateways.unpriced", tenant=tenant_id, names=names, command=price))
    return found


async def phones(at: OpenInstallation) -> list[Finding]:
    """People who are texted or called, in a tenant that has no gateway for it."""
    found = []
    for tenant_id in sorted(at.snapshot.tenants):
        if tenant_id != SYSTEM_TENANT:
            found += await _phones(at, tenant_id)
    return found


async def _phones(at: OpenInstallation, tenant_id: str) -> list[Finding]:
    kinds = at.house.services.gateways.kinds
    mine = [g for g in at.snapshot.gateways.values() if g.tenant_id == tenant_id and g.is_enabled]
    carried = {each for one in mine if one.kind in kinds for each in kinds[one.kind].carries}
    missing = {method: carries for method, carries in _NEEDS.items() if carries not in carried}
    if not missing:
        return []
    holders = await _holders(at, tenant_id, frozenset(missing))
    add = at.command("gateway kinds", tenant=tenant_id)
    told: dict[str, str | int] = {"tenant": tenant_id, "command": add}
    found = []
    if texted := holders.get("sms"):
        found.append(problem("gateways", "gateways.none_text", count=texted, **told))
    if called := holders.get("voice"):
        found.append(problem("gateways", "gateways.none_call", count=called, **told))
    return found


async def _holders(at: OpenInstallation, tenant_id: str, methods: frozenset[str]) -> dict[str, int]:
    """Return how many people hold a phone of each of these methods."""
    service, where = at.house.services.users, UserFilter(status=UserStatus.ACTIVE.value)
    counts: dict[str, int] = {}
    looked_at, cursor = 0, ""
    while True:
        listed = await service.list(SYSTEM, tenant_id, where, Page(_ROWS, cursor))
        held = await asyncio.gather(*(service.find(SYSTEM, tenant_id, user.user_id) for user in listed.rows))
        for subject in held:
            for method in _methods_of(subject.authenticators if subject else ()) & methods:
                counts[method] = counts.get(method, 0) + 1
        looked_at += len(listed.rows)
        cursor = listed.next_cursor
        if not cursor or looked_at >= _MOST_USERS:
            return counts


def _methods_of(authenticators: tuple[Authenticator, ...]) -> frozenset[str]:
    return frozenset(each.method for each in authenticators if each.status is AuthenticatorStatus.ACTIVE)
