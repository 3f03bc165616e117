"""Peers of the SIP gateway: SIPp as a trunk, baresip as a telephone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers.baresip import Baresip
from tests.peers.network import Network
from tests.peers.sipp import Sipp


@pytest.fixture
def sipp(tmp_path: Path) -> Iterator[Callable[..., Sipp]]:
    """`trunk = sipp([receive("INVITE"), respond("486 Busy Here"), ...])`: started."""
    started: list[Sipp] = []

    def start(steps: list[str], **options: object) -> Sipp:
        trunk = Sipp(tmp_path / f"sipp-{len(started)}", steps, **options)  # type: ignore[arg-type]
        started.append(trunk)
        trunk.start()
        return trunk

    yield start
    for trunk in started:
        trunk.stop()


@pytest.fixture
def network() -> Iterator[Network]:
    """A network of its own, one cable away."""
    with Network() as opened:
        yield opened


@pytest.fixture
def baresip(tmp_path: Path, network: Network) -> Iterator[Callable[..., Baresip]]:
    """`phone = baresip("+49...", answers=True)`: started."""
    started: list[Baresip] = []

    def start(number: str, **options: object) -> Baresip:
        phone = Baresip(tmp_path / f"baresip-{len(started)}", network, number, **options)  # type: ignore[arg-type]
        started.append(phone)
        phone.start()
        return phone

    yield start
    for phone in started:
        phone.stop()
