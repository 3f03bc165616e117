"""Replication: the servers of a customer that are activated at this service, and the groups they form.

The servers of a group share one database: what is blocked, bypassed or cached at one of them is so at all of
them, and nowhere else.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

SILENT_MS: Final = 150_000
"""A server that was not heard of for so long is away. One that is connected is noted every minute."""

HOURS: Final = 24
"""For how long activation credentials are good unless somebody says otherwise."""
MOST_HOURS: Final = 30 * 24


class ServerStatus(StrEnum):
    CONNECTED = "connected"
    AWAY = "away"
    REFUSED = "refused"
    """It has tried, and must not: `turned_away` says why."""


class TurnAway(StrEnum):
    """Why a server is not let in; texts are in the catalog under `link.turned_away`."""

    UNKNOWN_SERVER = "unknown_server"
    """It was removed here, or its whole tenant was."""
    WRONG_KEY = "wrong_key"
    """What it says is not signed with its key, or not for this connection."""
    UNKNOWN_CREDENTIALS = "unknown_credentials"
    USED_CREDENTIALS = "used_credentials"
    EXPIRED_CREDENTIALS = "expired_credentials"
    PROVIDER_DELETED = "provider_deleted"
    """What its group delivers on has been deleted, and nothing has taken its place (S26)."""
    OTHER_DATABASE = "other_database"
    """The servers of its group have another database than it has."""
    OTHER_SERVICE = "other_service"
    """It has dialed another address than this service's."""
    OTHER_CERTIFICATE = "other_certificate"
    """Its TLS connection ends at another certificate: somebody stands between."""
    REPLACED = "replaced"
    """A newer connection was proven with the same key."""
    BAD_FRAME = "bad_frame"
    """What it says cannot be understood, or comes at the wrong time."""


class ReplicationGroup(msgspec.Struct, frozen=True, kw_only=True):
    tenant_id: str
    group_id: str
    provider_id: str
    """The purchase that its servers deliver on."""
    name: str
    installation: str = ""
    """What its servers' database is known by; empty until the first of them is activated."""
    created_at: int


class ActivatedServer(msgspec.Struct, frozen=True, kw_only=True):
    """A server is known by its key. `name`, `version` and `address` are what it says of itself."""

    tenant_id: str
    server_id: str
    group_id: str
    name: str
    version: str
    address: str
    public_key: bytes
    """Ed25519."""
    next_key: bytes = b""
    """What takes its place as soon as the server has proven it."""
    activated_at: int
    last_contact_at: int
    left_at: int | None = None
    """When its connection ended; None while there is one."""
    turned_away: str = ""
    """Why it was refused the last time; empty: it was not."""

    def status(self, now: int) -> ServerStatus:
        if self.turned_away:
            return ServerStatus.REFUSED
        is_there = self.left_at is None and now - self.last_contact_at < SILENT_MS
        return ServerStatus.CONNECTED if is_there else ServerStatus.AWAY


class ActivationCredentials(msgspec.Struct, frozen=True, kw_only=True):
    """They let one server into a group, once."""

    tenant_id: str
    credentials_id: str
    group_id: str
    secret_hash: str
    made_by: str
    created_at: int
    expires_at: int
    used_at: int | None = None
    server_id: str = ""
    """The server that has used them."""
