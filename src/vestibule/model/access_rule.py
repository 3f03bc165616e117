"""Access rules: who may come in where, from where, and what he proves for it. Ordered; the first that fits
decides. A set of them is one version; a change makes the next, and the old ones stay readable."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

TRUSTED_PLACE: Final = "trusted"
"""In a rule's places: the addresses that the tenant trusts, whatever they are by then."""


class Effect(StrEnum):
    REQUIRE = "require"
    """A second factor, whatever the application asks for."""
    SKIP = "skip"
    """No second factor, unless the person's own state demands one."""
    DENY = "deny"


class RuleState(StrEnum):
    ON = "on"
    REPORT_ONLY = "report_only"
    """Tells in the why-trace what it would have done, and does nothing."""
    OFF = "off"


class AccessRule(msgspec.Struct, frozen=True, kw_only=True):
    """Empty conditions fit everything. An exception takes away what a condition has fitted."""

    rule_id: str
    name: str
    effect: Effect
    state: RuleState = RuleState.ON
    users: tuple[str, ...] = ()
    """Identifiers of people; he is meant who is one of them or in one of `groups`. Both empty: everybody."""
    groups: tuple[str, ...] = ()
    except_users: tuple[str, ...] = ()
    except_groups: tuple[str, ...] = ()
    applications: tuple[str, ...] = ()
    except_applications: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    """Networks, ranges, addresses, or `trusted`. A person whose address is not known is at none of them."""
    except_places: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    """Of `require`: the methods that are enough; empty: those of the application."""
    within_minutes: int | None = None
    """Of `require`: how old a remembered or cached proof may be; 0: it is asked for every time; None: as the
    application says."""


class RuleSet(msgspec.Struct, frozen=True, kw_only=True):
    """One version of the rules of a tenant. Version 0 is what holds before anybody wrote one: none."""

    tenant_id: str
    version: int
    rules: tuple[AccessRule, ...] = ()
    note: str = ""
    """Why it was changed, in the words of who did."""
    actor: str = ""
    actor_name: str = ""
    created_at: int = 0
