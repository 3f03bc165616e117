"""Random walks over sign-ins by phone, on one node and on three (design §11; CH-01 to CH-13, RA-01 to RA-05).

A walk that fails names its seed; `-k` with the engine and `SEED` set to it walks the same way again.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cluster.phones import several
from tests.cluster.walk import Walk
from tests.peers.far_end import FarEndKind
from vestibule.model.verification import VerificationState

SEED = 20_260_801


@pytest.mark.parametrize("nodes", [1, 3], ids=["sqlite", "postgresql"])
async def test_whatever_happens_one_approval_opens_one_door(
    tmp_path: Path,
    postgres_url: str,
    nodes: int,
    proof: Callable[[int, int], int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """I1, I3, I6, I7, CH-05, CH-08, VOI-05, SMS-05."""
    steps = proof(250, 6000)
    far = FarEndKind()
    async with several(tmp_path, postgres_url if nodes > 1 else None, nodes, far) as (houses, clock):
        walk = Walk(houses, clock, far, random.Random(SEED))
        await walk.furnish()
        for number in range(steps):
            try:
                await walk.step()
            except BaseException as failure:
                failure.add_note(f"seed {SEED}, step {number}, {nodes} nodes")
                raise
        await walk.end()
    assert walk.decided
    states = [ending[0] for ending in walk.ended.values()]
    with capsys.disabled():
        print(
            f"\n  {nodes} nodes, seed {SEED}: {steps} steps, {len(states)} verifications decided,"
            f" {states.count(VerificationState.APPROVED)} approved, {sum(walk.accepts.values())} let in,"
            f" {len(walk.carried)} errands; {len(walk.decided)} reasons"
        )
