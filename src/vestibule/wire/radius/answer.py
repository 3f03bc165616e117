"""A reply seen from the client's side: is it the answer to my request, and how well is it protected.

Used by the test client and, later, towards upstream servers. The check never guesses: a reply whose
Response Authenticator does not fit is not an answer, whatever its code says.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Final

from msgspec import Struct

from vestibule.wire.radius.message import Malformed, Message, decode
from vestibule.wire.radius.numbers import (
    ACCESS_ACCEPT,
    ACCESS_CHALLENGE,
    ACCESS_REJECT,
    MESSAGE_AUTHENTICATOR,
    PROXY_STATE,
)
from vestibule.wire.radius.secret import SharedSecret

SIGN_IN_CODES: Final = (ACCESS_ACCEPT, ACCESS_REJECT, ACCESS_CHALLENGE)


class Signature(Enum):
    """What a reply's Message-Authenticator is worth."""

    FIRST = "valid and the first attribute"
    LATER = "valid, but behind other attributes"
    MISSING = "missing"


class ReplyFault(Enum):
    """Why octets are no answer to a request."""

    MALFORMED = "not a RADIUS packet"
    OTHER_IDENTIFIER = "an identifier that was not asked with"
    UNEXPECTED_CODE = "neither accept, reject nor challenge"
    RESPONSE_AUTHENTICATOR = "the Response Authenticator does not fit: another secret, or a forgery"
    MESSAGE_AUTHENTICATOR = "the Message-Authenticator does not fit"
    PROXY_STATE = "unsigned, with a Proxy-State that was not sent: the mark of a forgery"


class CheckedReply(Struct, frozen=True):
    """A genuine reply and what its signature is worth."""

    message: Message
    signature: Signature


def check_reply(
    datagram: bytes,
    request: Message,
    secret: SharedSecret,
    codes: Sequence[int] = SIGN_IN_CODES,
) -> CheckedReply | ReplyFault:
    """Read a datagram as the reply to `request` (RFC 2865 §3 and §4, RFC 3579 §3.2)."""
    reply = decode(datagram)
    if isinstance(reply, Malformed):
        return ReplyFault.MALFORMED
    if reply.identifier != request.identifier:
        return ReplyFault.OTHER_IDENTIFIER
    if not secret.has_answered(reply, request.authenticator):
        return ReplyFault.RESPONSE_AUTHENTICATOR
    if reply.code not in codes:
        return ReplyFault.UNEXPECTED_CODE
    if not reply.signature_at:
        # A Proxy-State that was never sent is the trace of a reject made into an accept (CVE-2024-3596).
        if reply.values(PROXY_STATE) != request.values(PROXY_STATE):
            return ReplyFault.PROXY_STATE
        return CheckedReply(reply, Signature.MISSING)
    if not secret.has_signed(reply, request.authenticator):
        return ReplyFault.MESSAGE_AUTHENTICATOR
    is_first = reply.attributes[0][0] == MESSAGE_AUTHENTICATOR
    return CheckedReply(reply, Signature.FIRST if is_first else Signature.LATER)
