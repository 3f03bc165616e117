"""The link: whether a server reaches its service and is known there, and how a service's servers stand."""

from __future__ import annotations

from vestibule.catalog import text
from vestibule.cli.checks.findings import Finding, OpenInstallation, note, ok, problem, warning
from vestibule.model.actor import SYSTEM
from vestibule.model.replication import ServerStatus
from vestibule.runtime import settings


async def link(at: OpenInstallation) -> list[Finding]:
    """Of whichever end this is; it is neither by default."""
    match at.settings.role:
        case settings.SERVER:
            return [await _of_server(at)]
        case settings.SERVICE:
            return await _of_service(at)
        case _:
            return []


async def _of_server(at: OpenInstallation) -> Finding:
    from vestibule.frontends.link import address_of
    from vestibule.frontends.link.connecting import CannotDial, dial
    from vestibule.wire.link import MAX_FRAME

    address = address_of(at.settings.link)
    membership = await at.house.services.service_link.membership()
    if membership is None or membership.service != address.service:
        return problem("link", "link.not_activated", service=address.service, command=at.command("activate"))
    try:
        socket = await dial(address, MAX_FRAME)
    except CannotDial as why:
        said = text(at.language, f"link.cannot_dial.{why.kind}", service=address.service, detail=why.detail)
        return problem("link", "link.none", why=said)
    await socket.close()
    return ok("link", "link.reached", service=address.service, name=membership.peer.server_name)


async def _of_service(at: OpenInstallation) -> list[Finding]:
    found = []
    connected = 0
    for tenant_id in sorted(at.snapshot.tenants):
        servers = (await at.house.services.replication.fleet(SYSTEM, tenant_id)).servers
        standing = [each.status(at.now) for each in servers]
        connected += standing.count(ServerStatus.CONNECTED)
        amiss = len(standing) - standing.count(ServerStatus.CONNECTED)
        if amiss:
            command = at.command("server list", tenant=tenant_id)
            found.append(warning("link", "link.amiss", tenant=tenant_id, count=amiss, command=command))
    if not connected and not found:
        return [note("link", "link.no_servers", command=at.command("server credentials GROUP"))]
    return [*found, ok("link", "link.connected", count=connected)]
