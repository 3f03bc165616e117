"""Spraying: one password or passcode tried on very many people, few times on each, so that no count of one
person ever locks. It shows in the sum: failures of a whole tenant, and of all tenants together, within ten
minutes (BF-08).

Pure. Windows are made of full minutes of UTC, so all nodes have the same ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from vestibule.model.tenant import SYSTEM_TENANT, Tenant
from vestibule.model.verification import Reason

MINUTE_MS: Final = 60_000
WINDOW_MINUTES: Final = 10
WINDOW_MS: Final = WINDOW_MINUTES * MINUTE_MS

WRONG_GUESSES: Final = frozenset(
    {
        Reason.UNKNOWN_USER,
        Reason.PASSWORD_WRONG,
        Reason.PASSCODE_WRONG,
        Reason.PASSCODE_MALFORMED,
        Reason.TEXT_WRONG,
        Reason.TEXT_PIN_WRONG,
        Reason.CHALLENGE_FAILED,
        Reason.TEXT_TRIES_SPENT,
    }
)
"""Reasons of what somebody typed and might have guessed. Who is locked is not among them: nothing of his was
judged."""


class Scope(StrEnum):
    TENANT = "tenant"
    SERVICE = "service"
    """All tenants together; such an alarm belongs to the system tenant."""


class SprayingAlarm(msgspec.Struct, frozen=True, kw_only=True):
    """Holds from `began_at` to `ends_at`, which moves on as long as failures do not become fewer."""

    tenant_id: str
    scope: Scope
    failures: int
    """The most there were within one window."""
    began_at: int
    ends_at: int


def sprayed(failures: Mapping[str, int], tenants: Mapping[str, Tenant]) -> Iterator[tuple[str, Scope, int]]:
    """Yield whose failures within a window are enough for an alarm: tenant, scope and the sum.

    To the sum of the service no tenant adds more than raises an alarm of its own, so that an attack on one
    slows down nobody else.
    """
    of_all = 0
    for tenant_id in sorted(failures.keys() & tenants.keys()):
        enough = tenants[tenant_id].settings.spraying_failures
        of_all += min(failures[tenant_id], enough)
        if failures[tenant_id] >= enough:
            yield tenant_id, Scope.TENANT, failures[tenant_id]
    system = tenants.get(SYSTEM_TENANT)
    if system is not None and of_all >= system.settings.service_spraying_failures:
        yield SYSTEM_TENANT, Scope.SERVICE, of_all
