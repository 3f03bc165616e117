"""Limits of what is sent: how many texts and calls may go out in a window of time, and what a day may cost.

Pure. A limit counts for one key: a person, a number, all numbers that begin alike, or the whole tenant.
Windows begin at full hours and days of UTC, so all nodes have the same ones.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

from vestibule.model.number_range import range_of
from vestibule.model.phone import calling_code, costly_prefix, is_open, masked
from vestibule.model.price import UNIT
from vestibule.model.tenant import Tenant, TenantSettings

HOUR_MS: Final = 3_600_000
DAY_MS: Final = 24 * HOUR_MS
BOUNDLESS: Final = 2**53
"""More than ever is counted: there is no limit."""


class LimitKind(StrEnum):
    """What is limited. The texts are in the catalog under `limit.…`."""

    PREMIUM = "premium"
    """Numbers that are never called or texted."""
    COUNTRY = "country"
    """Countries that the tenant has not opened."""
    BLOCKED = "blocked"
    """Numbers for which a block of somebody holds as well."""
    USER = "user"
    NUMBER = "number"
    PREFIX = "prefix"
    BREAKER = "breaker"
    """A range of numbers in which nobody answers (`model.range_breaker`)."""
    TENANT = "tenant"
    DAY = "day"
    """Of the whole tenant within a day."""
    COST = "cost"
    CEILING = "ceiling"
    """Of the whole tenant within a day, as its operator has set it."""
    COST_CEILING = "cost_ceiling"
    """The same of what a day may cost; it is counted with the cost, and told by this name."""
    APP = "app"
    """Requests in a person's app that he has not approved."""


class SendingLimit(msgspec.Struct, frozen=True, kw_only=True):
    """At most `most_count` sendings for `most_cost` in all within one window; `key` is whose or to where."""

    kind: LimitKind
    key: str
    window_ms: int
    most_count: int = BOUNDLESS
    most_cost: int = BOUNDLESS
    """In 1/10,000 of the currency unit."""

    def began_at(self, now: int) -> int:
        return now - now % self.window_ms

    def ends_at(self, now: int) -> int:
        return self.began_at(now) + self.window_ms


class LimitReached(msgspec.Struct, frozen=True, kw_only=True):
    """A limit that has refused at least one text or call in a window."""

    kind: LimitKind
    key: str
    began_at: int
    ends_at: int
    reached_at: int
    """When it refused first."""
    username: str = ""
    """Of the user whose limit it is, where somebody has looked him up."""

    @property
    def shown_key(self) -> str:
        return self.username or shown_key(self.kind, self.key)


def shown_key(kind: LimitKind, key: str) -> str:
    """Return whose limit it is as it may be shown: of a number only its end; nothing where it goes without
    saying."""
    match kind:
        case LimitKind.NUMBER | LimitKind.BLOCKED:
            return masked(key)
        case LimitKind.PREFIX | LimitKind.BREAKER:
            return f"{key}…"
        case LimitKind.COUNTRY | LimitKind.PREMIUM:
            return f"+{key}"
        case LimitKind.USER | LimitKind.APP:
            return key
        case LimitKind.TENANT | LimitKind.DAY | LimitKind.COST | LimitKind.CEILING | LimitKind.COST_CEILING:
            return ""


def closed_for(settings: TenantSettings, number: str) -> SendingLimit | None:
    """Return what forbids this number whatever was sent before; None if it may be called and texted."""
    if prefix := costly_prefix(number):
        return SendingLimit(kind=LimitKind.PREMIUM, key=prefix, window_ms=DAY_MS, most_count=0)
    if not is_open(number, settings.open_codes):
        code = calling_code(number)
        return SendingLimit(kind=LimitKind.COUNTRY, key=code, window_ms=DAY_MS, most_count=0)
    return None


def blocked(number: str) -> SendingLimit:
    """Return what forbids a number that is blocked with the person who has it."""
    return SendingLimit(kind=LimitKind.BLOCKED, key=number, window_ms=DAY_MS, most_count=0)


def counted_limits(
    settings: TenantSettings, user_id: str, number: str, breaker: SendingLimit | None = None
) -> tuple[SendingLimit, ...]:
    """Return the limits in which one text or call counts, the narrowest first; in this order they are taken
    everywhere. A test of a gateway is for no user; `breaker` is the limit of the number's range, if any."""
    of_numbers = (
        _limit(LimitKind.USER, user_id, HOUR_MS, settings.texts_per_hour if user_id else 0),
        _limit(LimitKind.NUMBER, number, HOUR_MS, settings.texts_per_number),
        _limit(LimitKind.PREFIX, range_of(number), HOUR_MS, settings.texts_per_prefix),
    )
    of_all = (
        _limit(LimitKind.TENANT, "", HOUR_MS, settings.texts_per_tenant),
        _limit(LimitKind.DAY, "", DAY_MS, settings.texts_per_day),
    )
    return tuple([limit for limit in (*of_numbers, breaker, *of_all) if limit is not None])


def _limit(kind: LimitKind, key: str, window_ms: int, most: int) -> SendingLimit | None:
    """Return a limit of so many; None: there is none."""
    return SendingLimit(kind=kind, key=key, window_ms=window_ms, most_count=most) if most else None


def app_limit(settings: TenantSettings, user_id: str) -> SendingLimit:
    """Return the limit of requests in the app that nobody answered, or that were denied: an approval is taken
    out of the count again (PU-01)."""
    most = settings.app_unapproved_per_hour
    return SendingLimit(kind=LimitKind.APP, key=user_id, window_ms=HOUR_MS, most_count=most)


def ceiling(tenant: Tenant) -> SendingLimit | None:
    """Return how many texts and calls the operator lets the tenant send within a day; None: as many as the
    tenant itself."""
    return _limit(LimitKind.CEILING, "", DAY_MS, tenant.sendings_ceiling)


def cost_limit(tenant: Tenant) -> SendingLimit:
    """Return the cap of a day's cost, the tenant's own or the operator's, whichever is lower; without one the
    cost is counted all the same, to be shown."""
    caps = [cap for cap in (tenant.settings.daily_cost_cap, tenant.cost_ceiling) if cap]
    most = min(caps) * UNIT if caps else BOUNDLESS
    return SendingLimit(kind=LimitKind.COST, key="", window_ms=DAY_MS, most_cost=most)


def as_told(limit: SendingLimit, tenant: Tenant) -> SendingLimit:
    """Return a limit that refuses under the name of who has set it."""
    own, operators = tenant.settings.daily_cost_cap, tenant.cost_ceiling
    if limit.kind is LimitKind.COST and operators and (not own or operators < own):
        return msgspec.structs.replace(limit, kind=LimitKind.COST_CEILING)
    return limit
