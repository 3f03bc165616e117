"""LDAP version 3 on the wire (RFC 4511): bytes to frozen messages and back, for clients and servers.

No I/O, no clock and no other part of the project. `codec` reads and writes one message, `stream` cuts
messages out of a connection, `passing` is for a proxy, `filters` holds search filters as values, `ber` is the
encoding underneath.
"""

from vestibule.wire.ldap.ber import DEFAULT_LIMITS, Limits
from vestibule.wire.ldap.codec import decode, encode, frame_length, read_modify_response
from vestibule.wire.ldap.stream import MessageStream

__all__ = [
    "DEFAULT_LIMITS",
    "Limits",
    "MessageStream",
    "decode",
    "encode",
    "frame_length",
    "read_modify_response",
]
