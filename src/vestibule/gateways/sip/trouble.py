"""Why a call was not taken, or what ended it from our side.

Each has a text for administrators in the catalog under `sip.cause.…`. What is told is that key, and behind a
blank the trunk's own word where it said one, e.g. `sip.cause.refused 503 Service Unavailable`.
"""

from __future__ import annotations

from enum import StrEnum


class Trouble(StrEnum):
    UNREACHABLE = "unreachable"
    """The name is unknown, the network is down, or no connection can be made."""
    INSECURE = "insecure"
    """No protected connection: a bad certificate, or no TLS at the other end."""
    SILENT = "silent"
    """The trunk does not answer."""
    REFUSED = "refused"
    """The trunk does not take calls from us: a wrong account or password, or no capacity."""
    BUSY = "busy"
    """As many calls as are allowed are up already, or no port for sound is left."""
    NOT_A_NUMBER = "not_a_number"
    NOT_A_CALLER_ID = "not_a_caller_id"
    CALLS_ONLY = "calls_only"
    CLOSED = "closed"
    """The gateway is being closed."""
    ENDED_HERE = "ended_here"
    """By whoever placed it."""
    RANG_TOO_LONG = "rang_too_long"
    LASTED_TOO_LONG = "lasted_too_long"
    NO_COMMON_CODEC = "no_common_codec"
    UNACKNOWLEDGED = "unacknowledged"
    """The far end has changed something and then fallen silent."""
    BROKE_DOWN = "broke_down"
    """Something went wrong in this process; the log says what."""


def cause(trouble: Trouble, word: str = "") -> str:
    """Return the key of the text for a trouble, with the trunk's own word."""
    return f"sip.cause.{trouble} {word}".rstrip()
