"""The messages of LDAP version 3 as values (RFC 4511 §4).

Distinguished names are opaque text here: nothing in this package takes one apart or builds one, so nothing
can be injected into one. Fields that may hold a password or personal data are left out of every `repr`.

Operations that Vestibule never looks into (modify, add, delete, rename, compare, intermediate responses)
are an `OpaqueOperation`, which keeps its bytes so that it can be passed on.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TypeAlias

from vestibule.wire.ldap.filters import Filter

START_TLS_OID = "1.3.6.1.4.1.1466.20037"  # RFC 4511 §4.14
NOTICE_OF_DISCONNECTION_OID = "1.3.6.1.4.1.1466.20036"  # RFC 4511 §4.4.1
WHO_AM_I_OID = "1.3.6.1.4.1.4203.1.11.3"  # RFC 4532
PROXIED_AUTHORIZATION_OIDS = frozenset(  # RFC 4370, and the draft before it
    ("2.16.840.1.113730.3.4.18", "2.16.840.1.113730.3.4.12")
)
PASSWORD_MODIFY_OID = "1.3.6.1.4.1.4203.1.11.1"  # RFC 3062  # noqa: S105 - an object identifier

MAX_INTEGER = 2**31 - 1  # maxInt, RFC 4511 §4.1.1
UNSOLICITED_ID = 0  # RFC 4511 §4.4


class ResultCode(enum.IntEnum):
    """The result codes we name (RFC 4511 §4.1.9); others stay plain integers."""

    SUCCESS = 0
    OPERATIONS_ERROR = 1
    PROTOCOL_ERROR = 2
    TIME_LIMIT_EXCEEDED = 3
    SIZE_LIMIT_EXCEEDED = 4
    AUTH_METHOD_NOT_SUPPORTED = 7
    STRONGER_AUTH_REQUIRED = 8
    REFERRAL = 10
    ADMIN_LIMIT_EXCEEDED = 11
    UNAVAILABLE_CRITICAL_EXTENSION = 12
    CONFIDENTIALITY_REQUIRED = 13
    SASL_BIND_IN_PROGRESS = 14
    CONSTRAINT_VIOLATION = 19
    NO_SUCH_OBJECT = 32
    INVALID_DN_SYNTAX = 34
    INAPPROPRIATE_AUTHENTICATION = 48
    INVALID_CREDENTIALS = 49
    INSUFFICIENT_ACCESS_RIGHTS = 50
    BUSY = 51
    UNAVAILABLE = 52
    UNWILLING_TO_PERFORM = 53
    OTHER = 80
    AUTHORIZATION_DENIED = 123  # RFC 4370 §4


class Scope(enum.IntEnum):
    """How far below its base a search looks (RFC 4511 §4.5.1.2)."""

    BASE = 0
    ONE_LEVEL = 1
    SUBTREE = 2


class Aliases(enum.IntEnum):
    """When a search follows aliases (RFC 4511 §4.5.1.3)."""

    NEVER = 0
    IN_SEARCHING = 1
    FINDING_BASE = 2
    ALWAYS = 3


@dataclass(frozen=True, slots=True)
class Simple:
    """A name and a password (RFC 4511 §4.2). Empty means unauthenticated or anonymous (RFC 4513 §5.1)."""

    password: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Sasl:
    """A SASL mechanism and its credentials; None and empty credentials differ."""

    mechanism: str
    credentials: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UnknownAuthentication:
    """A choice that RFC 4511 does not define; a server answers authMethodNotSupported."""

    tag: int


Authentication: TypeAlias = Simple | Sasl | UnknownAuthentication


@dataclass(frozen=True, slots=True)
class Result:
    """How an operation ended (RFC 4511 §4.1.9). `code` may be one that `ResultCode` does not name."""

    code: int
    matched_name: str = ""
    diagnostic: str = ""
    referrals: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BindRequest:
    """Version, distinguished name and proof (RFC 4511 §4.2). A client builds one with `simple_bind`."""

    version: int
    name: str
    authentication: Authentication


@dataclass(frozen=True, slots=True)
class BindResponse:
    """RFC 4511 §4.2.2."""

    result: Result
    server_credentials: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class UnbindRequest:
    """The client is about to close the connection (RFC 4511 §4.3); it has no response."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """RFC 4511 §4.5.1. Limits of 0 mean none; no attributes means all user attributes."""

    base: str
    scope: Scope
    filter: Filter
    attributes: tuple[str, ...] = ()
    aliases: Aliases = Aliases.NEVER
    size_limit: int = 0
    time_limit_seconds: int = 0
    types_only: bool = False


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute of an entry with its values, as they came."""

    name: str
    values: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class SearchResultEntry:
    """One entry found (RFC 4511 §4.5.2)."""

    name: str
    attributes: tuple[Attribute, ...]

    def first(self, attribute: str) -> bytes | None:
        """Return the first value of `attribute`, named without regard to case, or None."""
        wanted = attribute.lower()
        for candidate in self.attributes:
            if candidate.name.lower() == wanted and candidate.values:
                return candidate.values[0]
        return None


@dataclass(frozen=True, slots=True)
class SearchResultReference:
    """Addresses of servers that hold more of the answer (RFC 4511 §4.5.3)."""

    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchResultDone:
    """The end of a search."""

    result: Result


@dataclass(frozen=True, slots=True)
class AbandonRequest:
    """Asks to stop the operation `abandoned_id` (RFC 4511 §4.11); it has no response."""

    abandoned_id: int


@dataclass(frozen=True, slots=True)
class ExtendedRequest:
    """RFC 4511 §4.12."""

    oid: str
    value: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ExtendedResponse:
    """RFC 4511 §4.12; with message id 0 it is an unsolicited notification (§4.4)."""

    result: Result
    oid: str | None = None
    value: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class OpaqueOperation:
    """An operation that is passed on, not read. `tag` is the whole tag byte."""

    tag: int
    content: bytes = field(repr=False)


Operation: TypeAlias = (
    BindRequest
    | BindResponse
    | UnbindRequest
    | SearchRequest
    | SearchResultEntry
    | SearchResultReference
    | SearchResultDone
    | AbandonRequest
    | ExtendedRequest
    | ExtendedResponse
    | OpaqueOperation
)


@dataclass(frozen=True, slots=True)
class Control:
    """RFC 4511 §4.1.11."""

    oid: str
    is_critical: bool = False
    value: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One LDAPMessage (RFC 4511 §4.1.1)."""

    message_id: int
    operation: Operation
    controls: tuple[Control, ...] = ()


@dataclass(frozen=True, slots=True)
class Malformed:
    """Bytes that are not an LDAP message. `reason` names the broken rule and holds none of the bytes."""

    reason: str


def simple_bind(name: str, password: bytes) -> BindRequest:
    """Return the bind by which a client proves a password.

    Raises ValueError for an empty password or name: a server may answer such a bind with success without
    having checked anything (RFC 4513 §5.1.1, §5.1.2, §6.3.1). Raises it for a NUL in the password too,
    since a server that keeps passwords as C strings would compare only what stands before it.
    """
    if not password:
        raise ValueError("a bind without a password proves nothing")
    if not name:
        raise ValueError("a bind without a name proves nothing")
    if b"\x00" in password:
        raise ValueError("the password contains a NUL byte")
    return BindRequest(3, name, Simple(password))
