"""Messages handed to a push service on this machine, each read, encrypted for its browser and sent over TLS.

The service runs in a process of its own and answers at once, so what is measured is our side of it.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

import uvloop

from benchmarks.figures import HEADER, Figures
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.push_service import Browser, PushServiceProcess
from vestibule.outbound.web_push import Pushed, WebPush
from vestibule.wire.web_push import LEAST_CHANCE, Subscription, VapidKey

COUNT = 20_000
AT_ONCE = 128
"""Messages that are being sent at the same time."""
BROWSERS = 500
PAYLOADS = {"a sign-in": 120, "as much as there is room for": 3_900}
"""What is said, and its octets."""


def report(count: int = COUNT) -> None:
    """Print a line for each kind of message."""
    print(f"\nWeb Push ({BROWSERS} browsers, {AT_ONCE} at once)\n{HEADER}", flush=True)
    with tempfile.TemporaryDirectory(prefix="vestibule-bench-") as name:
        authority = TestAuthority(Path(name))
        with PushServiceProcess(authority.issue("service", "localhost")) as service:
            for label, octets in PAYLOADS.items():
                with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                    measured = measure(f"pushes of {label}", service.port, authority, octets, count)
                    print(runner.run(measured).line(), flush=True)


async def measure(label: str, port: int, authority: TestAuthority, octets: int, count: int) -> Figures:
    """Send `count` messages of so many octets to the service at `port`."""
    web_push = WebPush(
        VapidKey.make(os.urandom(LEAST_CHANCE)),
        subject="mailto:bench@example.com",
        private_hosts=[f"localhost:{port}"],
        ca_file=str(authority.ca_file),
    )
    kept = [(f"https://localhost:{port}/push/{number}", Browser()) for number in range(BROWSERS)]
    rows = [(endpoint, browser.p256dh, browser.auth) for endpoint, browser in kept]
    payload = bytes(octets)
    latencies: list[float] = []
    numbers = iter(range(count))
    accepted = 0

    async def send_some() -> None:
        nonlocal accepted
        for number in numbers:
            began = time.perf_counter()
            to = Subscription.read(*rows[number % BROWSERS])
            pushed = await web_push.push(to, payload, ttl_seconds=60, topic="sign-in")
            accepted += isinstance(pushed, Pushed)
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(send_some() for _ in range(AT_ONCE)))
    seconds = time.perf_counter() - began
    await web_push.close()
    return Figures(label, count, accepted, seconds, latencies)


if __name__ == "__main__":
    report()
