"""What a datagram is, before anything is done for it: a request to work on, or its fate.

Pure. A sender that does not prove to hold the client's secret causes nothing but a count (RFC 2865 §3, RFC
3579 §3.2): the order of the checks below is the protection.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Final

import msgspec

from vestibule.frontends.radius.clients import RadiusClient
from vestibule.model.radius_client import Signing
from vestibule.wire.radius import (
    AccessRequest,
    Malformed,
    Message,
    SharedSecret,
    Unusable,
    decode,
    read_access_request,
    signer,
)
from vestibule.wire.radius.numbers import (
    ACCESS_REQUEST,
    ACCOUNTING_REQUEST,
    EAP_MESSAGE,
    PROXY_STATE,
    STATUS_SERVER,
    USER_PASSWORD,
)

_TAKEN: Final = frozenset({ACCESS_REQUEST, STATUS_SERVER})


class Fate(StrEnum):
    """What became of a datagram; the label of its metric."""

    UNKNOWN_CLIENT = "unknown_client"
    MALFORMED = "malformed"
    UNSIGNED = "unsigned"
    BAD_SIGNATURE = "bad_signature"
    PROXY_STATE = "proxy_state"
    ACCOUNTING = "accounting"
    """An Accounting-Request where Access-Requests are taken."""
    OTHER_CODE = "other_code"
    UNUSABLE = "unusable"
    STATUS = "status"
    REPEAT_DROPPED = "repeat_dropped"
    REPEAT_ANSWERED = "repeat_answered"
    NO_ROOM = "no_room"
    ANSWERED = "answered"
    LATE = "late"
    UNDECIDED = "undecided"
    FAULT = "fault"
    NOT_SENT = "not_sent"
    FORGED_BEHIND = "forged_behind"
    """It came in the name of a server behind us, and was forged or not signed."""


class Admitted(msgspec.Struct, frozen=True):
    """A request from who holds `secret`. Without `access` it is a Status-Server."""

    message: Message
    secret: SharedSecret
    access: AccessRequest | None


class Unanswerable(msgspec.Struct, frozen=True):
    """A request from who holds `secret` that breaks a rule of its contents: to be rejected, not worked on."""

    message: Message
    secret: SharedSecret
    why: Unusable


def admit(datagram: bytes, client: RadiusClient, now: int) -> Admitted | Unanswerable | Fate:
    """Read and prove one datagram of a known client."""
    message = decode(datagram)
    if isinstance(message, Malformed):
        return Fate.MALFORMED
    if message.code not in _TAKEN:
        return Fate.ACCOUNTING if message.code == ACCOUNTING_REQUEST else Fate.OTHER_CODE
    secret = _proven_by(message, client, [valid.shared for valid in client.valid_secrets(now)])
    if isinstance(secret, Fate):
        return secret
    if message.code == STATUS_SERVER:
        return Admitted(message, secret, None)
    access = read_access_request(message)
    if access is Unusable.PROXY_STATE:
        # No reply could return them all, and a reply without them would be lost on the way.
        return Fate.PROXY_STATE
    if isinstance(access, Unusable):
        return Unanswerable(message, secret, access)
    return Admitted(message, secret, access)


def _proven_by(
    message: Message, client: RadiusClient, secrets: Sequence[SharedSecret]
) -> SharedSecret | Fate:
    if secrets and not secrets[0].signs:
        return secrets[0]
    if message.signature_at or not secrets:
        return signer(message, secrets) or Fate.BAD_SIGNATURE
    must_sign = client.settings.message_authenticator is Signing.REQUIRE
    # RFC 5997 §3 and RFC 3579 §3.1: these two are never taken unsigned, whatever the client may do else.
    is_always_signed = message.code == STATUS_SERVER or message.first(EAP_MESSAGE) is not None
    if is_always_signed or (must_sign and not client.is_over_tls):
        return Fate.UNSIGNED
    if client.is_over_tls:
        return secrets[0]
    if client.settings.limit_proxy_state and message.first(PROXY_STATE) is not None:
        return Fate.PROXY_STATE
    return _readable_by(message, secrets)


def _readable_by(message: Message, secrets: Sequence[SharedSecret]) -> SharedSecret:
    """The first secret that reveals a password of text; nothing else tells old from new in an unsigned
    request.
    """
    hidden = message.first(USER_PASSWORD)
    if hidden is not None and len(secrets) > 1:
        for secret in secrets:
            revealed = secret.reveal(hidden, message.authenticator)
            if isinstance(revealed, bytes) and is_text(revealed):
                return secret
    return secrets[0]


def is_text(octets: bytes) -> bool:
    """Tell whether a person could have typed this."""
    try:
        return octets.decode().isprintable()
    except UnicodeDecodeError:
        return False
