"""Relay: what travels over the link between a server and its service, kind by kind, as MessagePack.

A text or call carries a number, what is sent there and a name; never whose number it is (S2). Whatever is
asked can be asked again: it has a name, and is done once. Fields that a reader does not know are passed over,
so that the two ends need not be of the same release.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeVar

import msgspec

from vestibule.interfaces.link import Refused
from vestibule.model.call import CallEvent, Instruction
from vestibule.model.server_attempt import ToldAttempt

# --- what a server asks of the service ---------------------------------------------------------------

TEXT: Final = "text"
CALL: Final = "call"
HANG_UP: Final = "hang_up"
PUSH: Final = "push"
ATTEMPTS: Final = "attempts"
USERS: Final = "users"

# --- what the service asks of a server ---------------------------------------------------------------

RECEIPT: Final = "receipt"
REPLY: Final = "reply"
CALL_EVENT: Final = "call_event"
SOUND: Final = "sound"
APP: Final = "app"

MALFORMED: Final = "malformed"
"""Refused: it is not as described here."""

MOST_ATTEMPTS: Final = 250
"""That are told at once."""
_LONGEST_SECONDS: Final = 3600

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Number = Annotated[str, msgspec.Meta(pattern=r"^\+[1-9][0-9]{6,14}$")]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=_LONGEST_SECONDS)]


class RelayedText(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    """The server's own for this text; the same when it is asked for again."""
    to: Number
    body: Annotated[str, msgspec.Meta(max_length=2000)]
    valid_seconds: Seconds
    attempt_id: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]*$", max_length=64)] = ""
    """Under which the server will tell of the attempt; whether the text was answered is read from that."""

    def __repr__(self) -> str:
        return f"RelayedText({self.name})"


class RelayedCall(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    to: Number
    caller_id: Annotated[str, msgspec.Meta(max_length=20)] = ""
    most_seconds: Seconds


class Taken(msgspec.Struct, frozen=True):
    """Whether a text or call will be sent: `cause` says why not, and is empty if it will."""

    cause: str = ""


class Named(msgspec.Struct, frozen=True):
    name: Name


class RelayedPush(msgspec.Struct, frozen=True, kw_only=True):
    """A message for a browser, sealed by the server: the service cannot read it (RFC 8291)."""

    endpoint: Annotated[str, msgspec.Meta(max_length=2048)]
    authorization: Annotated[str, msgspec.Meta(max_length=2048, pattern=r"^[\x21-\x7e ]*$")]
    body: Annotated[bytes, msgspec.Meta(max_length=4096)]
    seconds: Annotated[int, msgspec.Meta(ge=0, le=_LONGEST_SECONDS)]

    def __repr__(self) -> str:
        return "RelayedPush(…)"


class ToldAttempts(msgspec.Struct, frozen=True):
    attempts: Annotated[tuple[ToldAttempt, ...], msgspec.Meta(max_length=MOST_ATTEMPTS)]


class ToldUsers(msgspec.Struct, frozen=True):
    """How many people are configured for verification at the servers of the group now."""

    users: Annotated[int, msgspec.Meta(ge=0, le=10**9)]


class RelayedReceipt(msgspec.Struct, frozen=True, kw_only=True):
    name: Name
    is_delivered: bool
    is_final: bool = False
    """No gateway would do better: there is no such number."""
    cause: str = ""


class RelayedReply(msgspec.Struct, frozen=True, kw_only=True):
    """A text that came in from a number to which the server has sent the texts of these names lately."""

    names: tuple[Name, ...]
    sender: str
    recipient: str
    body: str
    message_id: str = ""

    def __repr__(self) -> str:
        return "RelayedReply(…)"


class RelayedEvent(msgspec.Struct, frozen=True):
    """What happened in a call. Events of a call are counted from 1: a repeat moves nothing."""

    name: Name
    event: CallEvent


class Instructed(msgspec.Struct, frozen=True):
    instructions: tuple[Instruction, ...]


class AppRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What an app asks of its server."""

    method: str
    path: str
    """Behind the app's own: `v1/requests`."""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case."""
    body: bytes = b""
    client_address: str = ""
    may_wait: bool = True
    """Whether it may be answered later, as soon as there is something else to tell."""

    def __repr__(self) -> str:
        return f"AppRequest({self.method} …)"


class AppAnswer(msgspec.Struct, frozen=True, kw_only=True):
    status: int
    retry_after: str = ""
    body: bytes = b""
    """JSON."""

    def __repr__(self) -> str:
        return f"AppAnswer({self.status})"


Message = TypeVar("Message", bound=msgspec.Struct)


def packed(message: msgspec.Struct) -> bytes:
    return msgspec.msgpack.encode(message)


def unpacked(body: bytes, kind: type[Message]) -> Message:
    """Return the message; raises `Refused` if it is none."""
    try:
        return msgspec.msgpack.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refused(MALFORMED) from None


def full_name(*parts: str) -> str:
    """Return the name that a server gives to what it sends through a gateway of one of its tenants."""
    return "/".join(parts)


def parts_of(name: str) -> tuple[str, str, str]:
    """Return tenant, gateway and delivery; raises `Refused`."""
    parts = name.split("/")
    if len(parts) != 3:
        raise Refused(MALFORMED)
    return parts[0], parts[1], parts[2]
