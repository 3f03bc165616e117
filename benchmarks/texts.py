"""Texts handed over through an SMPP gateway to a message center by others, with and without receipts.

The center runs in a process of its own and answers at once, so what is measured is our side of it.
"""

from __future__ import annotations

import asyncio
import time

from benchmarks.figures import HEADER, Figures
from tests.inboxes import KeepingInbox
from tests.peers.smsc import SmscProcess
from vestibule.crypto.secret import Secret
from vestibule.gateways.smpp import GATEWAY, SmppGateway
from vestibule.interfaces.gateway import Sent, Surroundings, Text

COUNT = 10_000
AT_ONCE = 256
"""Texts that are being sent at the same time."""
WINDOW = 100

BODIES = {
    "one part": "Your passcode: 123456",
    "one part, Cyrillic": "Ваш код: 123456",
    "three parts": "Ihr Code lautet 123456. " * 17,
}


def report(count: int = COUNT) -> None:
    """Print a line for each kind of text."""
    print(f"\nTexts through SMPP (window {WINDOW})\n{HEADER}", flush=True)
    for label, body in BODIES.items():
        print(asyncio.run(measure(f"texts of {label}", body, count)).line(), flush=True)
    figures = asyncio.run(
        measure("texts of one part, each with its receipt", BODIES["one part"], count, with_receipts=True)
    )
    print(figures.line(), flush=True)


async def measure(label: str, body: str, count: int, *, with_receipts: bool = False) -> Figures:
    """Send `count` texts; with receipts, the run ends when the last one is in the inbox."""
    inbox = KeepingInbox()
    with SmscProcess(with_receipts=with_receipts) as center:
        gateway = _gateway(center.port, inbox)
        running = asyncio.create_task(gateway.run())
        try:
            await asyncio.sleep(0)  # from here on the connection is being made, and the first texts wait
            return await _measure(gateway, inbox, label, body, count if with_receipts else 0, count)
        finally:
            await gateway.close()
            running.cancel()


def _gateway(port: int, inbox: KeepingInbox) -> SmppGateway:
    settings = {
        "host": "127.0.0.1",
        "port": port,
        "system_id": "bench",
        "tls": False,
        "window": WINDOW,
        "per_second": 0,
    }
    return GATEWAY.open(settings, Secret("bench"), Surroundings(gateway_id="bench", inbox=inbox))


async def _measure(
    gateway: SmppGateway, inbox: KeepingInbox, label: str, body: str, receipts: int, count: int
) -> Figures:
    latencies: list[float] = []
    numbers = iter(range(count))
    accepted = 0

    async def send_some() -> None:
        nonlocal accepted
        for number in numbers:
            text = Text(delivery_id=str(number), to="+4917612345678", body=Secret(body), valid_seconds=600)
            began = time.perf_counter()
            sent = await gateway.send(text)
            accepted += isinstance(sent, Sent)
            latencies.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(send_some() for _ in range(AT_ONCE)))
    await inbox.wait_for(lambda: len(inbox.receipts) >= receipts)
    return Figures(label, count, accepted, time.perf_counter() - began, latencies)


if __name__ == "__main__":
    report()
