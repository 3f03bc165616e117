"""Roles: named sets of rights, the built-in ones and those of the installation, and to whom one is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from vestibule.model.actor import Reach
from vestibule.model.right import IMPLIED, OF_ADMINISTRATORS, OVER_PEOPLE, Right

ADMINISTRATOR: Final = "administrator"


class AdminRole(msgspec.Struct, frozen=True, kw_only=True):
    """A set of rights that the installation has named. Built-in ones have version 0 and are never stored."""

    tenant_id: str
    """The system tenant: roles are of the installation."""
    role_id: str
    name: str
    rights: tuple[str, ...]
    """Names of rights; one that this program does not know gives nothing."""
    created_at: int = 0
    version: int = 1


BUILT_IN: Final[Mapping[str, frozenset[Right]]] = {
    ADMINISTRATOR: frozenset({Right.ADMINISTER}),
    "people_administrator": frozenset(
        {
            Right.READ_PEOPLE, Right.CHANGE_PEOPLE, Right.GROUPS, Right.PASSWORDS, Right.AUTHENTICATORS,
            Right.SECRETS, Right.TOKENS, Right.PINS, Right.BLOCKS, Right.BYPASSES, Right.APP_PASSWORDS,
            Right.READ_HISTORY, Right.READ_BILLING,
        }
    ),
    "help_desk": frozenset(
        {
            Right.READ_PEOPLE, Right.PASSWORDS, Right.AUTHENTICATORS, Right.PINS, Right.BLOCKS,
            Right.BYPASSES, Right.APP_PASSWORDS, Right.READ_HISTORY,
        }
    ),
    "token_administrator": frozenset({Right.READ_PEOPLE, Right.TOKENS}),
    "configuration_administrator": frozenset(
        {
            Right.READ_PEOPLE, Right.READ_CONFIGURATION, Right.APPLICATIONS, Right.API_KEYS,
            Right.DIRECTORIES, Right.GATEWAYS, Right.SERVERS, Right.RULES, Right.SETTINGS, Right.READ_HISTORY,
        }
    ),
    "auditor": frozenset(
        {Right.READ_PEOPLE, Right.READ_CONFIGURATION, Right.READ_HISTORY, Right.READ_BILLING}
    ),
}  # fmt: skip
"""By identifier, which is the end of a key under `role.built_in` too. Whoever is help desk sees no secret."""


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """A role that a person has. `tenant_id` is where; empty: in every tenant, the system's included."""

    role_id: str
    tenant_id: str = ""
    groups: tuple[str, ...] = ()
    """Over the people of these groups only; empty: over everybody."""


def rights_of(role_id: str, own: Mapping[str, AdminRole]) -> frozenset[Right]:
    """Return the rights of a role; none if there is no such role."""
    if role_id in BUILT_IN:
        return BUILT_IN[role_id]
    known = {right.value: right for right in OF_ADMINISTRATORS}
    names = own[role_id].rights if role_id in own else ()
    rights = frozenset(known[name] for name in names if name in known)
    return rights | {IMPLIED[right] for right in rights if right in IMPLIED}


def reach_of(grant: Grant, own: Mapping[str, AdminRole]) -> Reach:
    """Return what a grant allows. Over some groups only, no role allows more than what concerns people."""
    rights = rights_of(grant.role_id, own)
    if grant.groups:
        is_everything = Right.ADMINISTER in rights
        rights = OVER_PEOPLE if is_everything else rights & OVER_PEOPLE
    return Reach(rights=rights, tenant_id=grant.tenant_id, groups=frozenset(grant.groups))


EVERYTHING: Final = Grant(role_id=ADMINISTRATOR)
"""What an administrator of the whole installation has."""
