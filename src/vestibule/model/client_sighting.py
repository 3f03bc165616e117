"""What is seen of RADIUS clients on the wire, counted by the hour: nothing of it is secret or about a person.

Sums and extremes only, so that rows of several nodes become one by adding up, however busy a client is.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import msgspec

HOUR_MS: Final = 3_600_000
KEPT_MS: Final = 8 * 24 * HOUR_MS
"""How long an hour is kept: a week, and the day it began in."""


class Seen(StrEnum):
    """Kinds of what is seen. Whatever has a `value` says which."""

    SIGNED = "signed"
    """An Access-Request with a valid Message-Authenticator that could have come without one: not EAP."""
    UNSIGNED = "unsigned"
    """An Access-Request without Message-Authenticator, taken or not."""
    WRONG_SIGNATURE = "wrong_signature"
    """Made with a secret that is none of the client's."""
    UNREADABLE_PASSWORD = "unreadable_password"  # noqa: S105 - a kind, no password
    """An unsigned request whose User-Password is no text under any secret."""
    OLD_SECRET = "old_secret"  # noqa: S105 - a kind, no secret
    """Signed with a secret beside which there is a newer one."""
    UNKNOWN_CLIENT = "unknown_client"
    MALFORMED = "malformed"
    ACCOUNTING_HERE = "accounting_here"
    """An Accounting-Request at the port of Access-Requests."""
    PROXY_STATE = "proxy_state"
    """Dropped for its Proxy-State."""
    NO_NAME = "no_name"
    """An Access-Request without a usable User-Name, or with an attribute twice that may be there once."""
    PASSWORD = "password"  # noqa: S105 - a kind, no password
    CHAP = "chap"
    MS_CHAP = "ms_chap"
    EAP = "eap"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    CHALLENGED = "challenged"
    """An Access-Challenge that asks a person for something has left."""
    RETURNED = "returned"
    """An answer to one has come, with its State."""
    REPEATED = "repeated"
    """The same octets again, while the request waits. Value: milliseconds since they came before."""
    REPEATED_AFTER = "repeated_after"
    """The same octets again, although they have been answered."""
    RESTARTED = "restarted"
    """The same person at the same client again while the former request waits, as a new request. Value:
    milliseconds since the former came."""
    GAVE_UP = "gave_up"
    """The answer left when the client had ceased to repeat. Value: milliseconds for which it had waited."""
    UNNAMED_NAS = "unnamed_nas"
    """Neither NAS-Identifier nor NAS-IP-Address."""
    NO_STATION = "no_station"
    """No Calling-Station-Id."""
    WARNED = "warned"
    """Administrators were told that it does not sign."""
    CLOCK = "clock"
    """An Event-Timestamp. Value: milliseconds by which it is ahead of our clock."""


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """How often one kind was seen of one client within one hour. Of strangers the tenant is the system's and
    `client_id` their address."""

    tenant_id: str
    client_id: str
    kind: Seen
    began_at: int
    """The hour."""
    count: int
    first_at: int
    last_at: int
    least: int = 0
    most: int = 0
    """The extremes of `value`."""
    source: str = ""
    """The address from which it came last."""

    def plus(self, other: Sighting) -> Sighting:
        """Return both as one; they are of one client and kind."""
        newest = self if self.last_at > other.last_at else other
        return msgspec.structs.replace(
            self,
            began_at=max(self.began_at, other.began_at),
            count=self.count + other.count,
            first_at=min(self.first_at, other.first_at),
            last_at=newest.last_at,
            least=min(self.least, other.least),
            most=max(self.most, other.most),
            source=newest.source,
        )
