"""Why a text was not handed over, or why there is no connection.

Each has a text for administrators in the catalog under `smpp.cause.…`. A cause is such a key, and behind a
blank the network's own word where it said one, e.g. `smpp.cause.refused ESME_RINVDSTADR`.
"""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    UNREACHABLE = "unreachable"
    """Nobody listens, the name is unknown, or the network is down."""
    INSECURE = "insecure"
    """No protected connection: a bad certificate, or no TLS at the other end."""
    BIND_REFUSED = "bind_refused"
    """The network does not accept the account or its password."""
    TIMED_OUT = "timed_out"
    """No answer in time."""
    CLOSED = "closed"
    """The connection ended."""
    GARBLED = "garbled"
    """What came is not SMPP."""
    NOT_CONNECTED = "not_connected"
    """There is no connection at present."""
    THROTTLED = "throttled"
    """The network asks to slow down, or its queue is full."""
    OVERLOADED = "overloaded"
    """Too many texts wait for their turn already."""
    REFUSED = "refused"
    """The network does not take this text."""
    TOO_LONG = "too_long"
    """The text has more parts than we send."""
    NOT_A_NUMBER = "not_a_number"
    """The recipient is not a number in E.164."""


class LinkFailure(Exception):
    """There is no link, or it ended. Carries nothing that was sent or received."""

    def __init__(self, trouble: Trouble, word: str = "") -> None:
        super().__init__(cause(trouble, word))
        self.trouble = trouble
        self.word = word


def cause(trouble: Trouble, word: str = "") -> str:
    """Return the key of the text for a trouble, with the network's own word."""
    return f"smpp.cause.{trouble} {word}".rstrip()
