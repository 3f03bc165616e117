"""RADIUS: octets to frozen messages and back (RFC 2865, 2869, 3579, 5997).

Never does input or output, has no clock and no randomness, imports nothing of the project, and answers bad
octets with a value, never with an exception. What each clause demands and which test shows it:
docs/protocols/radius.md.
"""

from vestibule.wire.radius.access import AccessRequest, Proof, Unusable, read_access_request
from vestibule.wire.radius.answer import CheckedReply, ReplyFault, Signature, check_reply
from vestibule.wire.radius.hidden import hide_attributes, open_attributes
from vestibule.wire.radius.message import (
    Attribute,
    Malformed,
    Message,
    decode,
    encode_attributes,
    reply_messages,
    vendor_attributes,
)
from vestibule.wire.radius.no_secret import NoSecret, token_of
from vestibule.wire.radius.placing import Placed, lay_out, without
from vestibule.wire.radius.secret import HiddenPassword, SharedSecret, signer

__all__ = [
    "AccessRequest",
    "Attribute",
    "CheckedReply",
    "HiddenPassword",
    "Malformed",
    "Message",
    "NoSecret",
    "Placed",
    "Proof",
    "ReplyFault",
    "SharedSecret",
    "Signature",
    "Unusable",
    "check_reply",
    "decode",
    "encode_attributes",
    "hide_attributes",
    "lay_out",
    "open_attributes",
    "read_access_request",
    "reply_messages",
    "signer",
    "token_of",
    "vendor_attributes",
    "without",
]
