"""Spraying: alarms of the last day because very many sign-ins failed."""

from __future__ import annotations

from vestibule.cli.checks.findings import Finding, OpenInstallation, ok, warning
from vestibule.cli.output import moment
from vestibule.model.actor import SYSTEM
from vestibule.model.spraying import Scope


async def spraying(at: OpenInstallation) -> list[Finding]:
    """Each tenant's own, and that of all together as one of the tenant `system`."""
    found = []
    for tenant_id in sorted(at.snapshot.tenants):
        for alarm in await at.house.services.spraying.alarms(SYSTEM, tenant_id):
            if alarm.tenant_id == tenant_id:
                see = at.command("attempts list --state denied", tenant=tenant_id)
                told: dict[str, str | int] = {"count": alarm.failures, "since": moment(alarm.began_at)}
                if alarm.scope is Scope.SERVICE:
                    found.append(warning("spraying", "spraying.service", command=see, **told))
                else:
                    found.append(
                        warning("spraying", "spraying.tenant", tenant=tenant_id, command=see, **told)
                    )
    return found or [ok("spraying", "spraying.fine")]
