"""Transactions: one request and what answers it, with repetitions where the network may lose a datagram.

`ClientTransaction` (RFC 3261 §17.1, RFC 6026) sends a request until it is answered, and acknowledges a
refused INVITE; the acknowledgment of an accepted one belongs to the call. `Answered` remembers what we
answered, so that a repeated request is answered the same and acts once (§17.2).

Time comes from `Timers`, so that all of it is tested without waiting. Invariant: `on_end` is called once.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from vestibule.gateways.sip.timing import LIFETIME, T1, T2, Timer, Timers
from vestibule.wire.sip import Request, Response, encode
from vestibule.wire.sip.fields import read_via, split

MOST_ANSWERED = 2_000
ANSWERED_SECONDS = LIFETIME

Send = Callable[[bytes], None]


class ClientTransaction:
    """One request of ours. `on_response` gets every response that counts; `on_end` says that no response
    will ever come (`True`: none came) or that the last one did."""

    def __init__(
        self,
        request: Request,
        send: Send,
        timers: Timers,
        *,
        is_reliable: bool,
        on_response: Callable[[Response], None],
        on_end: Callable[[bool], None],
    ) -> None:
        self.request = request
        self.branch = branch_of(request)
        self._send = send
        self._timers = timers
        self._is_reliable = is_reliable
        self._on_response = on_response
        self._on_end = on_end
        self._is_invite = request.method == "INVITE"
        self._bytes = encode(request)
        self._pause = T1
        self._repeat: Timer | None = None
        self._end: Timer | None = None
        self._acknowledgment: bytes | None = None
        self._is_over = False
        self._is_final = False
        self.has_answer = False
        """Whether any response came: what is canceled must have had one (§9.1)."""

    def start(self) -> None:
        """Send the request, and again until something answers it."""
        self._send(self._bytes)
        # Timers A and E repeat, B and F give up.
        if not self._is_reliable:
            self._repeat = self._timers.call_later(self._pause, self._send_again)
        self._end = self._timers.call_later(LIFETIME, self._give_up)

    def receive(self, response: Response) -> None:
        """Take a response that bears our branch and method."""
        if self._is_over:
            return
        if self._is_final:
            self._receive_repeated(response)
            return
        self.has_answer = True
        if response.status < 200:
            self._receive_provisional()
        else:
            self._receive_final(response)
        self._on_response(response)

    def abandon(self) -> None:
        """Stop repeating and tell nobody any more."""
        self._stop()
        self._is_over = True

    def give_up(self) -> None:
        """Repeat no more, yet listen for a while for what may still come."""
        if not self._is_final and not self._is_over:
            self._stop()
            self._end = self._timers.call_later(LIFETIME, self._give_up)

    def _receive_provisional(self) -> None:
        if self._is_invite:
            # A phone may ring as long as it likes: how long, the call decides.
            self._stop()
        elif not self._is_reliable:
            # §17.1.2.2: it goes on, with the longest pause.
            self._pause = T2

    def _receive_final(self, response: Response) -> None:
        self._stop()
        self._is_final = True
        if self._is_invite and response.status >= 300:
            self._acknowledgment = encode(acknowledgment(self.request, response))
            self._send(self._acknowledgment)
        # Timers D, K and M: repeated responses are recognized for a while.
        self._end = self._timers.call_later(LIFETIME, self._finish)

    def _receive_repeated(self, response: Response) -> None:
        if self._acknowledgment is not None and response.status >= 300:
            self._send(self._acknowledgment)
        elif self._is_invite and 200 <= response.status < 300:
            # RFC 6026 §7.2: each 2xx goes up, for the call must acknowledge each.
            self._on_response(response)

    def _send_again(self) -> None:
        self._send(self._bytes)
        self._pause = self._pause * 2 if self._is_invite else min(self._pause * 2, T2)
        self._repeat = self._timers.call_later(self._pause, self._send_again)

    def _give_up(self) -> None:
        self.abandon()
        self._on_end(True)

    def _finish(self) -> None:
        self.abandon()
        self._on_end(False)

    def _stop(self) -> None:
        for timer in (self._repeat, self._end):
            if timer is not None:
                timer.cancel()
        self._repeat = self._end = None


class Answered:
    """The responses we gave, by transaction, for as long as the request may be repeated. Bounded."""

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._responses: OrderedDict[tuple[str, ...], bytes] = OrderedDict()

    def find(self, request: Request) -> bytes | None:
        """Return what this very request was answered with."""
        return self._responses.get(key_of(request))

    def keep(self, request: Request, response: bytes) -> None:
        key = key_of(request)
        if key not in self._responses:
            self._timers.call_later(ANSWERED_SECONDS, self._responses.pop, key, None)
        self._responses[key] = response
        while len(self._responses) > MOST_ANSWERED:
            self._responses.popitem(last=False)


def branch_of(message: Request | Response) -> str:
    """The branch of the topmost Via, which names the transaction (§8.1.1.7)."""
    vias = split([message.first("via")])
    via = read_via(vias[0]) if vias else None
    return "" if via is None else via.branch


def key_of(request: Request) -> tuple[str, ...]:
    """What makes two requests the same transaction (§17.2.3). Call-ID and tags are for peers of RFC 2543,
    whose branch is none."""
    vias = split([request.first("via")])
    via = read_via(vias[0]) if vias else None
    place = ("", "") if via is None else (via.sent_by, via.branch)
    number, _ = request.sequence
    return (*place, request.method, request.call_id, request.first("from"), str(number))


def acknowledgment(invite: Request, response: Response) -> Request:
    """The ACK of a refusal: same branch, same route, To as it was answered (§17.1.1.3)."""
    kept = [
        (name, value)
        for name, value in invite.fields
        if name in ("via", "from", "call-id", "route", "max-forwards")
    ]
    number, _ = invite.sequence
    fields = (*kept, ("to", response.first("to")), ("cseq", f"{number} ACK"))
    return Request(method="ACK", uri=invite.uri, fields=fields)


def cancellation(invite: Request) -> Request:
    """The CANCEL of an INVITE: same branch, number, From and To (§9.1)."""
    kept = [
        (name, value)
        for name, value in invite.fields
        if name in ("via", "from", "to", "call-id", "route", "max-forwards")
    ]
    number, _ = invite.sequence
    return Request(method="CANCEL", uri=invite.uri, fields=(*kept, ("cseq", f"{number} CANCEL")))
