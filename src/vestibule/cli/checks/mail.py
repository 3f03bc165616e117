"""Mail: whether anybody can be told anything, whether anybody is, and what could not be sent of late."""

from __future__ import annotations

from typing import Final

from vestibule.cli.checks.findings import Finding, OpenInstallation, note, ok, warning
from vestibule.interfaces.transaction.lists import Page
from vestibule.interfaces.transaction.sending import DispatchFilter
from vestibule.model.actor import SYSTEM
from vestibule.model.dispatch import DispatchState

_MOST_COUNTED: Final = 500


async def mail(at: OpenInstallation) -> list[Finding]:
    """Each tenant."""
    return [finding for tenant_id in sorted(at.snapshot.tenants) for finding in await _mail(at, tenant_id)]


async def _mail(at: OpenInstallation, tenant_id: str) -> list[Finding]:
    if not at.house.services.mails.can_send(tenant_id):
        kinds = at.command("gateway kinds", tenant=tenant_id)
        return [note("mail", "mail.no_gateway", tenant=tenant_id, command=kinds)]
    found = []
    if not any(at.snapshot.tenants[tenant_id].settings.mail.alerts.values()):
        command = at.command("mail alert '*' ADDRESS", tenant=tenant_id)
        found.append(warning("mail", "mail.nobody_alerted", tenant=tenant_id, command=command))
    where = DispatchFilter(state=DispatchState.FAILED.value)
    failed = await at.house.services.outbox.list(SYSTEM, tenant_id, where, Page(_MOST_COUNTED))
    if failed.rows:
        command = at.command("mail list --state failed", tenant=tenant_id)
        count = len(failed.rows)
        found.append(warning("mail", "mail.failed", tenant=tenant_id, count=count, command=command))
    return found or [ok("mail", "mail.fine", tenant=tenant_id)]
