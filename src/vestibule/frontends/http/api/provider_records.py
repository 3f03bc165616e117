"""What the API shows of providers and licences."""

from __future__ import annotations

from vestibule.frontends.http.api.records.listing import Record
from vestibule.model.licence import Coverage, Licence, LicenceKind
from vestibule.model.provider import Provider, UsageModel
from vestibule.services.licences import Bundle
from vestibule.services.providers import Ending


class ProviderRecord(Record):
    named = "provider_id"

    id: str
    tenant_id: str
    name: str
    usage_model: UsageModel
    is_linked: bool
    """Whether the tenant exists apart from it."""
    currency: str
    created_at: int
    deleted_at: int | None
    version: int


class CoverageRecord(Record):
    """Today's numbers of a tenant."""

    configured: int
    """Users who are active, and hold something or have something required of them."""
    licensed: int
    """How many of them have a licence that is good today."""
    unlicensed: int
    licences: int
    """Licences that are good today, assigned or not."""


class EndingRecord(Record):
    """What comes with the deletion of a provider."""

    provider: ProviderRecord
    edition: str
    """Of a linked tenant: which it has afterwards."""
    closed_applications: tuple[str, ...]
    """Of a linked tenant: names of applications that let nobody in until there is another provider."""
    lost: dict[str, int]
    """Of a tenant that ends with its provider: how many of what is deleted."""
    coverage: CoverageRecord


class LicenceRecord(Record):
    """A bundle of licences."""

    named = "licence_id"

    id: str
    kind: LicenceKind
    product: str
    quantity: int
    first_day: str
    last_day: str
    assigned: int
    """How many users have one of it now."""
    created_at: int
    version: int


class AssignedRecord(Record):
    assigned: int
    """How many users have been given one."""


def provider_record(provider: Provider) -> ProviderRecord:
    found: ProviderRecord = ProviderRecord.of(provider)
    return found


def coverage_record(coverage: Coverage) -> CoverageRecord:
    found: CoverageRecord = CoverageRecord.of(coverage)
    return found


def ending_record(ending: Ending) -> EndingRecord:
    return EndingRecord(
        provider=provider_record(ending.provider),
        edition=ending.edition.value,
        closed_applications=ending.closed,
        lost=ending.lost,
        coverage=coverage_record(ending.coverage),
    )


def licence_record(licence: Licence, assigned: int) -> LicenceRecord:
    found: LicenceRecord = LicenceRecord.of(licence, assigned=assigned)
    return found


def bundle_record(bundle: Bundle) -> LicenceRecord:
    return licence_record(bundle.licence, bundle.assigned)
