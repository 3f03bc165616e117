"""A RADIUS load generator: prebuilt datagrams, a window of outstanding ones on a few sockets.

It knows nothing of the server but its address and the shared secret, so it measures any of them.
"""

from __future__ import annotations

import selectors
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from hashlib import md5

from benchmarks.figures import Figures
from tests.callers import ACCESS_ACCEPT, ACCESS_CHALLENGE

SOCKETS = 8
_PATIENCE_SECONDS = 0.5
_RECEIVE_BUFFER = 4 << 20


class Lane(ABC):
    """One socket with what waits for an answer, by identifier."""

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self.sent: dict[int, tuple[float, bytes]] = {}

    def send(self, packet: bytes, at: float) -> None:
        self.sent[packet[1]] = (at, packet)
        self.socket.sendall(packet)

    @abstractmethod
    def received(self) -> list[bytes]:
        """Return what has come, without waiting."""

    @abstractmethod
    def resend(self, now: float) -> None:
        """Send again what may be lost."""


class UdpLane(Lane):
    def __init__(self, address: tuple[str, int], source: str = "") -> None:
        """`source` is the address it sends from; empty: the system's choice."""
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if source:
            opened.bind((source, 0))
        opened.setblocking(False)
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
        opened.connect(address)
        super().__init__(opened)

    def received(self) -> list[bytes]:
        replies: list[bytes] = []
        while len(replies) < 64:
            try:
                replies.append(self.socket.recv(4096))
            except BlockingIOError:
                break
        return replies

    def resend(self, now: float) -> None:
        for at, datagram in list(self.sent.values()):
            if now - at > _PATIENCE_SECONDS:
                self.send(datagram, now)


class RadiusLoad:
    """Drives one server; `build(i, identifier)` makes the i-th request."""

    def __init__(
        self,
        address: tuple[str, int],
        build: Callable[[int, int], bytes],
        secret: bytes = b"",
        lane: Callable[[tuple[str, int]], Lane] = UdpLane,
    ) -> None:
        """Without `secret`, a reply is known by its identifier alone."""
        self._address = address
        self._lane = lane
        self._build = build
        self._secret = secret

    def run(
        self,
        label: str,
        count: int,
        window: int,
        rate: float | None = None,
        follow: Callable[[int, bytes, int], bytes] | None = None,
    ) -> Figures:
        """Send `count` requests with at most `window` outstanding, or `rate` a second if given.

        With `follow`, an Access-Challenge is answered by `follow(i, reply, identifier)` and counts when
        its own answer is there. Lost datagrams are sent again after half a second.
        """
        lanes = [self._lane(self._address) for _ in range(SOCKETS)]
        selector = selectors.DefaultSelector()
        for lane in lanes:
            selector.register(lane.socket, selectors.EVENT_READ, lane)
        requests = [self._build(i, (i // SOCKETS) % 256) for i in range(count)]
        owner: dict[tuple[int, int], tuple[int, float]] = {}
        latencies: list[float] = []
        done = accepted = started = outstanding = 0
        began = look_again_at = time.perf_counter()
        while done < count:
            now = time.perf_counter()
            allowed = count if rate is None else min(count, int((now - began) * rate) + 1)
            while started < allowed and outstanding < window:
                lane = lanes[started % SOCKETS]
                datagram = requests[started]
                if datagram[1] in lane.sent:
                    break
                owner[started % SOCKETS, datagram[1]] = (started, now)
                lane.send(datagram, now)
                started += 1
                outstanding += 1
            ready = selector.select(0.001 if rate is not None else 0.1)
            now = time.perf_counter()
            if now >= look_again_at:
                for each in lanes:
                    each.resend(now)
                look_again_at = now + _PATIENCE_SECONDS / 4
            for key, _ in ready:
                lane = key.data
                number = lanes.index(lane)
                for reply in lane.received():
                    if not self._is_answer(reply, lane.sent.get(reply[1], (0.0, b""))[1]):
                        continue
                    del lane.sent[reply[1]]
                    index, at = owner[number, reply[1]]
                    if reply[0] == ACCESS_CHALLENGE and follow is not None:
                        lane.send(follow(index, reply, reply[1]), now)
                        continue
                    done += 1
                    outstanding -= 1
                    accepted += reply[0] == ACCESS_ACCEPT
                    latencies.append(now - at)
        seconds = time.perf_counter() - began
        for lane in lanes:
            lane.socket.close()
        return Figures(label, done, accepted, seconds, latencies)

    def _is_answer(self, reply: bytes, request: bytes) -> bool:
        """Tell whether this is the reply to that request (RFC 2865 §3), not a late one to another."""
        if not request or not self._secret:
            return bool(request)
        digest = md5(reply[:4] + request[4:20] + reply[20:] + self._secret, usedforsecurity=False)
        return digest.digest() == reply[4:20]
