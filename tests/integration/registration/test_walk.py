"""Everything that can happen to states, methods, vouchers and bypasses, in any order."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from tests.houses import TENANT, open_house
from tests.integration.registration.desk import Desk
from tests.integration.registration.walk import Walk
from vestibule.services.setup import built_in_client_id

SEED = 20_270_115


async def test_no_walk_enforces_unproven_or_registers_by_password_alone(
    tmp_path: Path, proof: Callable[[int, int], int]
) -> None:
    """ENR-01, ENR-02, ENR-03, BYP-04, S39: never enforced without a proven method unless by hand; no way from
    a password alone to a new method for who had one; no door for who must register anew."""
    async with open_house(tmp_path / "state") as house:
        await house.add_application("vpn")
        await house.services.setup.ensure_portal(TENANT)
        house.doors["portal"] = built_in_client_id(TENANT, "portal")
        walk = Walk(Desk(house), random.Random(SEED))
        await walk.furnish()
        for number in range(proof(400, 10_000)):
            try:
                await walk.step()
            except BaseException as failure:
                failure.add_note(f"seed {SEED}, step {number}")
                raise
    assert all(walk.done[each] for each in ("registered", "finished", "let in")), walk.done
