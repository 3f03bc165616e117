"""Provider: a purchase of verification by usage. A tenant is never billed by usage without one.

A linked provider is for a tenant that exists apart from it. With one that is not linked a tenant is made,
which has no people at the service and ends with its provider.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec


class UsageModel(StrEnum):
    """What is counted. It is fixed for the life of a provider (S20)."""

    PER_USER = "per_user"
    """Everybody who is configured, whether or not he verifies, by the day."""
    PER_AUTHENTICATION = "per_authentication"
    """Every attempt, approved or denied, by whatever method, licensed or not, in packs of ten."""


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    provider_id: str
    name: str
    usage_model: UsageModel
    is_linked: bool
    """Whether the tenant exists apart from it, and stays when it is deleted."""
    currency: str
    """In which it is billed: an ISO 4217 code, such as EUR."""
    created_at: int
    deleted_at: int | None = None
    """Kept after its end, because what was used until then is billed."""
    version: int = 1
