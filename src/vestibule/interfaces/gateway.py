"""Gateway: carries texts and calls to phones, mails and events, and tells what comes back. It decides and
stores nothing.

Kinds are found under `gateways/`, each with one constant `GATEWAY`. What a gateway hears it tells its
inbox, which is bound to this gateway and its tenant, so that nothing it says can reach another tenant's
people. Telling twice is harmless; not telling is not: a gateway that is unsure tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Protocol, runtime_checkable

import msgspec

from vestibule.crypto.secret import Secret
from vestibule.interfaces.link import Link
from vestibule.model.call import CallEvent, Instruction, Spoken
from vestibule.model.delivery import Carries
from vestibule.model.simulated_phone import SimulatedPhone


class Text(msgspec.Struct, frozen=True, kw_only=True):
    """A text to be sent. `delivery_id` is the same when the same text is sent again."""

    delivery_id: str
    to: str
    """E.164 with its plus sign."""
    body: Secret[str]
    valid_seconds: int
    """After this time it need not arrive any more."""
    verification_id: str = ""
    """The attempt that it is sent for; empty: a test of a gateway."""


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A call to be placed. What is said in it is asked of the inbox, event by event."""

    delivery_id: str
    to: str
    caller_id: str = ""
    """E.164; always passed on, whatever carriers make of it. Empty: the gateway's own."""
    ring_seconds: int = 30
    most_seconds: int = 180
    """The longest a call may last from its answer."""


class Attachment(msgspec.Struct, frozen=True):
    """A file that goes with an e-mail."""

    file_name: str
    content_type: str
    content: bytes

    def __repr__(self) -> str:
        return f"Attachment({self.file_name!r} {self.content_type})"


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail. `dispatch_id` is the same when the same mail is sent again."""

    dispatch_id: str
    to: str
    """`local@domain`."""
    subject: str
    text: Secret[str]
    html: Secret[str]
    language: str
    written_at: int
    """Epoch milliseconds."""
    sender: str = ""
    """Whom it comes from, as readers see it; empty: the gateway's own."""
    attachment: Attachment | None = None


class Webhook(msgspec.Struct, frozen=True, kw_only=True):
    """An event for another program. `dispatch_id` is the same when the same event is told again."""

    dispatch_id: str
    kind: str
    body: bytes
    """JSON in UTF-8."""


ToPhone = Text | Call
Errand = ToPhone | Mail | Webhook


class Sent(msgspec.Struct, frozen=True):
    """Taken by the network. `reference` is its name for it, under which receipts come."""

    reference: str


class NotSent(msgspec.Struct, frozen=True):
    """Certainly not taken. `is_final`: no other gateway would do better (no such number)."""

    cause: str
    is_final: bool = False


class Unsure(msgspec.Struct, frozen=True):
    """Nobody knows: it may have been taken before the answer was lost."""

    cause: str
    times: int = 1
    """How often it may have left."""


Sending = Sent | NotSent | Unsure


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a text, by the gateway's reference."""

    reference: str
    is_delivered: bool
    is_final: bool = True
    cause: str = ""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """A text that came in. Numbers are E.164 where the network told them so. `message_id` is the network's
    name for this very text: the same one twice is one text."""

    sender: str
    recipient: str
    body: str
    message_id: str = ""


class Sound(msgspec.Struct, frozen=True):
    """8,000 samples a second, 16 bits each, signed, little-endian, one channel."""

    samples: bytes


class Inbox(Protocol):
    """What a gateway tells, and asks. Never raises but for a cancellation: what could not be stored is
    logged here, and the instructions of a call that cannot go on are to hang up."""

    async def receipt(self, receipt: Receipt) -> None: ...

    async def reply(self, reply: Reply) -> None: ...

    async def on_call(self, delivery_id: str, event: CallEvent) -> tuple[Instruction, ...]:
        """Tell what happened in a call; return what to do now. Empty after the end of the call."""
        ...

    async def sound(self, spoken: Spoken) -> Sound:
        """Return how this sounds: a recording, or the text spoken by an engine."""
        ...


class CallbackRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An HTTP request of a provider, as it came in."""

    method: str
    url: str
    """As the provider addressed it: public scheme, host, path and query. Signatures are made over it."""
    path: str
    """What stands behind the gateway's callback address, without a leading slash."""
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case."""
    body: bytes = b""


class CallbackAnswer(msgspec.Struct, frozen=True, kw_only=True):
    status: int = 204
    content_type: str = ""
    body: bytes = b""


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """What a gateway is given to work with."""

    gateway_id: str
    inbox: Inbox
    tenant_id: str = ""
    link: Link | None = None
    """To the service that delivers for this installation; None if there is none."""
    callback_url: str = ""
    """Public address under which `callback` is reached, with a slash at its end; empty if there is none."""
    private_hosts: frozenset[str] = frozenset()
    """`host` or `host:port` that may be connected to although its address is no public one."""


class Gateway(Protocol):
    async def send(self, errand: Errand) -> Sending:
        """Hand one over to the network and return as soon as it has taken it; within ten seconds in any
        case. A call is taken when it is on its way: all that follows is told to the inbox."""
        ...

    async def close(self) -> None:
        """Give back connections. Calls that are up are ended."""
        ...


@runtime_checkable
class StaysConnected(Protocol):
    """A gateway with a connection that must be kept open, to be used or to be told something."""

    async def run(self) -> None:
        """Connect, keep connected, and reconnect with growing pauses, until canceled. Never returns."""
        ...

    @property
    def is_connected(self) -> bool: ...


@runtime_checkable
class Probes(Protocol):
    """A gateway that can find out whether it would be served, without sending anything."""

    async def probe(self) -> str:
        """Return why it would not, in the words of a cause; empty if it would."""
        ...


@runtime_checkable
class CallsEnd(Protocol):
    """A gateway that places calls and can end one from outside."""

    async def hang_up(self, delivery_id: str) -> None:
        """End a call of this process that rings or is up; nothing happens if there is none."""
        ...


@runtime_checkable
class TakesCallbacks(Protocol):
    """A gateway whose provider calls back over HTTP."""

    async def callback(self, request: CallbackRequest) -> CallbackAnswer:
        """Prove that it is the provider who calls (signature), tell the inbox, and return the answer."""
        ...


@runtime_checkable
class Simulates(Protocol):
    """A gateway that reaches no network: its phones are pages, on which a person reads what was sent and does
    what he would do with a phone. An act that does not fit what the phone is doing changes nothing.
    """

    @property
    def version(self) -> int:
        """Another number after each change; never the same again after a restart."""
        ...

    async def changed(self, known: int) -> int:
        """Wait until `version` is another than `known`, and return it."""
        ...

    def phones(self) -> tuple[SimulatedPhone, ...]:
        """Return the phones there are, the one that was reached last first."""
        ...

    def phone(self, number: str) -> SimulatedPhone | None: ...

    def answer(self, number: str) -> None:
        """Pick up the call that rings."""
        ...

    def decline(self, number: str) -> None: ...

    def let_ring_out(self, number: str) -> None:
        """Let the time to answer be over now."""
        ...

    def press(self, number: str, key: str) -> None:
        """Press one of `0123456789*#` in a call; others are none."""
        ...

    def hang_up_phone(self, number: str) -> None: ...

    def be_busy(self, number: str, is_so: bool) -> None:
        """Say whether calls from now on find the phone busy."""
        ...

    def be_unreachable(self, number: str, is_so: bool) -> None:
        """Say whether texts and calls from now on reach the phone."""
        ...

    async def reply(self, number: str, body: str) -> None:
        """Send a text from the phone back to where its texts come from."""
        ...


class GatewayKind(Protocol):
    """The constant `GATEWAY` of a plug-in."""

    name: str
    carries: frozenset[Carries]
    settings: type[msgspec.Struct]
    """Every setting with its type, its default and a comment; forms are drawn from it."""

    def open(self, settings: Mapping[str, Any], secret: Secret[str], surroundings: Surroundings) -> Gateway:
        """Return a gateway ready for use; raise ValueError as `setting: why` for a setting that is wrong.
        `secret` is its password or token. Connects to nothing yet."""
        ...


@runtime_checkable
class ShowsPasscodes(Protocol):
    """A kind of gateway whose messages are shown on pages here: for the demonstration, and refused
    in every other tenant."""

    shows_passcodes: Literal[True]
