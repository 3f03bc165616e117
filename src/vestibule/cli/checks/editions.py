"""Editions: tenants whose full edition ends soon, and applications that let nobody in for want of it."""

from __future__ import annotations

from vestibule.cli.checks.findings import Finding, OpenInstallation, warning
from vestibule.cli.output import moment
from vestibule.services.editions import is_in_effect


async def editions(at: OpenInstallation) -> list[Finding]:
    """What a provider or licences gave, and give no more. Nothing to say where all is well."""
    found = []
    for tenant_id, tenant in sorted(at.snapshot.tenants.items()):
        if tenant.lapses_at:
            see = at.command("licence coverage", tenant=tenant_id)
            until = moment(tenant.lapses_at)
            found.append(warning("editions", "editions.lapses", tenant=tenant_id, until=until, command=see))
        closed = {
            peer.application.name
            for peer in at.snapshot.peers.values()
            if peer.client.tenant_id == tenant_id
            and not is_in_effect(tenant, peer.application, peer.client.kind)
        }
        if closed:
            told = {"tenant": tenant_id, "names": ", ".join(sorted(closed)), "edition": tenant.edition.value}
            add = at.command(f"provider add NAME --model per-user --tenant {tenant_id}")
            found.append(warning("editions", "editions.closed", command=add, **told))
    return found
