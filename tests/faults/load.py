"""Sign-ins over RADIUS without end, and the history of what was asked and answered.

Every request says where its person is (Calling-Station-Id) and says something else each time, so that each
line of the list of attempts is known for the request that caused it. A person has at most one request under
way, so his passcodes are asked for in their order.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from time import monotonic

from tests.callers import ACCESS_ACCEPT, access_request, proven_code, radius_socket
from tests.installations import Installation, Token

LANES = 16
_PATIENCE_SECONDS = 1.0
_GIVE_UP_SECONDS = 30.0


@dataclass(slots=True, eq=False)
class Request:
    """One request: what it was and what came back. `code` is None while nothing has."""

    name: str
    """Its own, told to the server as the person's address."""
    person: Token
    passcode: str
    octets: bytes
    code: int | None = None

    @property
    def is_accepted(self) -> bool:
        return self.code == ACCESS_ACCEPT


@dataclass(frozen=True, slots=True)
class Moment:
    """When a load is left alone: at its n-th reply, or so many seconds after its n-th request."""

    replies: int | None = None
    requests: int = 0
    seconds: float = 0.0


@dataclass(slots=True)
class _Lane:
    """One socket, the people who sign in through it, and the request under way."""

    socket: socket.socket
    people: Iterator[Token]
    current: Request | None = None
    sent_at: float = 0.0


@dataclass(slots=True)
class SignInLoad:
    """The clients. They outlive a server, as concentrators do."""

    address: tuple[str, int]
    installation: Installation
    history: list[Request] = field(default_factory=list)
    _lanes: list[_Lane] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        people = self.installation.people
        assert len(people) >= LANES
        for number in range(LANES):
            peer = radius_socket(self.address)
            peer.setblocking(False)
            self._lanes.append(_Lane(peer, _in_turn(people[number::LANES])))

    def __enter__(self) -> SignInLoad:
        return self

    def __exit__(self, *_: object) -> None:
        for lane in self._lanes:
            lane.socket.close()

    def run(self, until: Moment) -> list[Request]:
        """Sign people in, every lane as fast as it is answered, until the moment has come; return the
        requests that were made. Some are still under way.
        """
        first, replies = len(self.history), 0
        deadline: float | None = None
        with self._selector() as selector:
            while deadline is None or monotonic() < deadline:
                for lane in self._lanes:
                    if lane.current is None:
                        self._send(lane, self._next(lane))
                if deadline is None and until.replies is None and len(self.history) - first >= until.requests:
                    deadline = monotonic() + until.seconds
                wait = _PATIENCE_SECONDS if deadline is None else max(0.0, deadline - monotonic())
                for key, _ in selector.select(wait):
                    replies += self._receive(key.data)
                    if replies == until.replies:
                        return self.history[first:]
                self._repeat()
        return self.history[first:]

    def drain(self) -> None:
        """Take the replies that have arrived, of a server that sends no more."""
        for lane in self._lanes:
            self._receive(lane)

    def finish(self) -> list[Request]:
        """Repeat what is under way, octet by octet, until it is answered; return what that was."""
        open_requests = [lane.current for lane in self._lanes if lane.current is not None]
        for lane in self._lanes:
            if lane.current is not None:
                self._send(lane, lane.current)
        self._await_all()
        return open_requests

    def present(self, requests: Iterable[Request]) -> list[Request]:
        """Present the passcodes of `requests` once more, each in a new request; return these, answered."""
        first = len(self.history)
        again = [self._made(request.person, request.passcode) for request in requests]
        waiting = iter(again)
        with self._selector() as selector:
            for lane in self._lanes:
                self._send_next(lane, waiting)
            deadline = monotonic() + _GIVE_UP_SECONDS
            while any(lane.current for lane in self._lanes):
                assert monotonic() < deadline, "the server does not answer"
                for key, _ in selector.select(_PATIENCE_SECONDS):
                    if self._receive(key.data):
                        deadline = monotonic() + _GIVE_UP_SECONDS
                        self._send_next(key.data, waiting)
                self._repeat()
        return self.history[first:]

    # --- parts ----------------------------------------------------------------------------------------

    def _next(self, lane: _Lane) -> Request:
        person = next(lane.people)
        return self._made(person, person.press())

    def _made(self, person: Token, passcode: str) -> Request:
        number = next(self._numbers)
        name = f"request {number}"
        secret = self.installation.shared_secret
        octets = access_request(secret, number % 256, person.username, passcode, station=name)
        made = Request(name, person, passcode, octets)
        self.history.append(made)
        return made

    def _send_next(self, lane: _Lane, waiting: Iterator[Request]) -> None:
        request = next(waiting, None)
        if request is not None:
            self._send(lane, request)

    def _send(self, lane: _Lane, request: Request) -> None:
        lane.current, lane.sent_at = request, monotonic()
        with contextlib.suppress(ConnectionRefusedError):  # nobody listens now; it is repeated later
            lane.socket.send(request.octets)

    def _repeat(self) -> None:
        for lane in self._lanes:
            if lane.current is not None and monotonic() - lane.sent_at > _PATIENCE_SECONDS:
                self._send(lane, lane.current)

    def _await_all(self) -> None:
        deadline = monotonic() + _GIVE_UP_SECONDS
        with self._selector() as selector:
            while any(lane.current for lane in self._lanes):
                assert monotonic() < deadline, "the server does not answer"
                for key, _ in selector.select(_PATIENCE_SECONDS):
                    self._receive(key.data)
                self._repeat()

    def _receive(self, lane: _Lane) -> bool:
        """Take what has arrived on a lane; tell whether it answers the request under way."""
        try:
            while True:
                reply = lane.socket.recv(4096)
                request = lane.current
                if request is not None and reply[1] == request.octets[1]:
                    request.code = proven_code(reply, request.octets, self.installation.shared_secret)
                    lane.current = None
                    return True
        except (BlockingIOError, ConnectionRefusedError):
            return False

    def _selector(self) -> selectors.BaseSelector:
        selector = selectors.DefaultSelector()
        for lane in self._lanes:
            selector.register(lane.socket, selectors.EVENT_READ, lane)
        return selector


def _in_turn(people: list[Token]) -> Iterator[Token]:
    while True:
        yield from people
