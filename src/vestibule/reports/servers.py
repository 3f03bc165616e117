"""Server status: the servers that are activated here, how each stands and when it was heard of last."""

from __future__ import annotations

from typing import Final

from vestibule.interfaces.report import ReportDescriptor
from vestibule.interfaces.store import Transaction
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.replication import ActivatedServer
from vestibule.model.report import Cell, Column, Kind, ReportFilter, ReportPage


class Servers:
    descriptor = ReportDescriptor(
        name="servers",
        columns=(
            Column("Server Name", "server"),
            Column("Version", "version"),
            Column("Status", "status", Kind.STATUS),
            Column("IP Address", "server_address"),
            Column("Last Communication", "heard", Kind.TIME),
            Column("Replication Group", "group"),
            Column("Activated", "activated", Kind.TIME),
            Column("Unique Id"),
        ),
        asks=frozenset(),
        is_of_all=True,
    )

    async def page(self, tx: Transaction, tenant_id: str, where: ReportFilter, page: Page) -> ReportPage:
        groups = {group.group_id: group.name for group in await tx.replication_groups(tenant_id)}
        found = await tx.activated_servers(tenant_id)
        return ReportPage(tuple([_row(each, groups.get(each.group_id, ""), tx.now) for each in found]))


def _row(server: ActivatedServer, group: str, now: int) -> tuple[Cell, ...]:
    return (
        server.name,
        server.version,
        server.status(now).value,
        server.address,
        server.last_contact_at,
        group,
        server.activated_at,
        server.server_id,
    )


REPORT: Final = Servers()
