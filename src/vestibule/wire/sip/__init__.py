"""SIP on the wire (RFC 3261), with what it carries: digest authentication and session descriptions.

No I/O, no clock, no chance and no other part of the project. `message` reads and writes one message, `stream`
cuts messages out of a connection, `fields` and `uri` take header fields apart, `digest` answers challenges,
`sdp` describes the sound of a call.
"""

from vestibule.wire.sip.message import Malformed, Request, Response, decode, encode
from vestibule.wire.sip.stream import MessageStream

__all__ = ["Malformed", "MessageStream", "Request", "Response", "decode", "encode"]
