"""The end of a tenant: everything that was set up in it goes.

Attempts and the record of changes stay, as they outlive all that they name, and so does what is billed.
"""

from __future__ import annotations

from typing import Final

from vestibule.stores.queries.generation import RAISE_GENERATION
from vestibule.stores.statement import Statement
from vestibule.stores.transaction import Requests

KEPT: Final = (
    "verifications", "events", "providers", "server_attempts", "server_users", "meters", "usage_days",
    "metered_users", "phone_costs", "price_lists", "statements", "budget_alarms",
)  # fmt: skip
EMPTIED: Final = (
    "client_sightings", "accounting_records", "range_breakers", "report_runs", "reply_attributes",
    "radius_dictionaries", "challenges",
    "deliveries", "dispatches", "untold_events", "sending_counts", "failure_counts", "spraying_alarms",
    "alert_counts", "budgets", "links", "proposals", "blocks", "bypasses", "authenticators", "licences",
    "users", "groups", "mail_attachments", "voice_messages", "rule_sets", "roles", "gateways", "certificates",
    "applications", "directories", "brandings", "tenants",
)  # fmt: skip
"""In this order, because some belong to others; what else there is goes with one of these."""

_EMPTYINGS: Final = tuple(
    Statement(f"delete from {table} where tenant_id = :tenant_id")  # noqa: S608 - constants
    for table in EMPTIED
)
_REACHES: Final = Statement("delete from grants where reach = :tenant_id")


class Tenants(Requests):
    __slots__ = ()

    async def remove_tenant(self, tenant_id: str) -> None:
        for statement in (*_EMPTYINGS, _REACHES):
            await self.execute(statement(tenant_id=tenant_id))
        await self.execute(RAISE_GENERATION())
