"""The link between a server and its service: what its WebSocket messages mean.

No input or output, no clock, nothing of the project outside this folder. The service speaks first, with a
nonce; the server answers with `Activate` or `Prove`, which it signs together with that nonce; the service
says `Welcome` or `TurnedAway`. From then on both ask and answer.
"""

from vestibule.wire.link.frames import (
    MAX_FRAME,
    NONCE_OCTETS,
    Activate,
    Answer,
    Ask,
    BadFrame,
    Frame,
    Hello,
    Prove,
    Refusal,
    TurnedAway,
    Welcome,
    encode,
    read_arrival,
    read_hello,
    read_reception,
    read_said,
    signed_text,
)

__all__ = [
    "MAX_FRAME",
    "NONCE_OCTETS",
    "Activate",
    "Answer",
    "Ask",
    "BadFrame",
    "Frame",
    "Hello",
    "Prove",
    "Refusal",
    "TurnedAway",
    "Welcome",
    "encode",
    "read_arrival",
    "read_hello",
    "read_reception",
    "read_said",
    "signed_text",
]
