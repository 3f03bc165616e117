"""An HTTP load generator: prebuilt requests on kept connections, one outstanding on each."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Sequence

from benchmarks.figures import Figures
from tests.callers import whole_answer


def run(label: str, address: tuple[str, int], requests: Sequence[bytes], connections: int) -> Figures:
    """Send every request once over `connections` kept connections."""
    selector = selectors.DefaultSelector()
    waiting = iter(requests)
    sent_at: dict[int, float] = {}
    buffers: dict[int, bytes] = {}
    latencies: list[float] = []
    done = accepted = 0
    began = time.perf_counter()
    for _ in range(connections):
        peer = socket.create_connection(address)
        peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(peer, selectors.EVENT_READ)
        _next(peer, waiting, sent_at, buffers)
    while done < len(requests):
        for key, _ in selector.select(5):
            peer = key.fileobj
            assert isinstance(peer, socket.socket)
            received = peer.recv(65536)
            if not received:
                raise RuntimeError("the server closed a connection")
            buffers[peer.fileno()] += received
            answer = whole_answer(buffers[peer.fileno()])
            if answer is None:
                continue
            done += 1
            accepted += b'"approved":true' in answer
            latencies.append(time.perf_counter() - sent_at[peer.fileno()])
            _next(peer, waiting, sent_at, buffers)
    return Figures(label, done, accepted, time.perf_counter() - began, latencies)


def _next(peer: socket.socket, waiting: object, sent_at: dict[int, float], buffers: dict[int, bytes]) -> None:
    request = next(waiting, None)  # type: ignore[call-overload]
    if request is None:
        return
    buffers[peer.fileno()] = b""
    sent_at[peer.fileno()] = time.perf_counter()
    peer.sendall(request)
