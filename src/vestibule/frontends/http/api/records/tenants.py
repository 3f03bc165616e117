"""Tenants."""

from __future__ import annotations

from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.tenant import Tenant, TenantSettings


class TenantRecord(Record):
    named = "tenant_id"

    id: str
    name: str
    edition: str
    is_standalone: bool
    """Whether it ends with its provider and has no people at the service."""
    sendings_ceiling: int
    """Texts and calls of a day that the operator allows; 0: as many as the settings say."""
    cost_ceiling: int
    """What the operator lets them cost, in whole units; 0: as much as the settings say."""
    settings: TenantSettings
    created_at: int
    version: int


def tenant_record(tenant: Tenant) -> TenantRecord:
    record: TenantRecord = TenantRecord.of(tenant)
    return record
