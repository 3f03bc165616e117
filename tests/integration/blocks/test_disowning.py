"""Who disowns an attempt where his tenant blocks for it: everybody but the last administrator."""

from __future__ import annotations

import msgspec

from tests.houses import TestHouse
from vestibule.crypto.secret import Secret
from vestibule.interfaces.transaction.blocks import BlockFilter
from vestibule.interfaces.transaction.lists import Page
from vestibule.model.actor import SYSTEM
from vestibule.model.application import CONSOLE_APPLICATION
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role


async def test_the_last_administrator_is_not_blocked_by_disowning(house: TestHouse) -> None:
    """What the attempt has led to is void all the same; with a second one he is blocked."""
    house.doors["console"] = f"{CONSOLE_APPLICATION}@{SYSTEM_TENANT}"
    services = house.services
    settings = services.configuration.current.tenants[SYSTEM_TENANT].settings
    blocking = msgspec.structs.replace(settings, disowning_blocks=True)
    await services.applications.change_settings(SYSTEM, SYSTEM_TENANT, blocking)
    fields = {"tenant_id": SYSTEM_TENANT, "role": Role.ADMINISTRATOR}
    root = await house.add_person("root", **fields)
    for is_last in (True, False):
        strange = await house.start("root", "wrong", door="console")
        house.clock.advance(30)
        passcode: Secret[str] = root.passcode(house.clock.now())
        progress = await house.start("root", passcode=passcode, door="console")
        token = await services.sessions.begin(progress.verification)
        signed_in = await services.sessions.find(token.reveal(), CONSOLE_APPLICATION)
        assert signed_in is not None
        blocked = await services.disowning.disown(signed_in, strange.verification.verification_id)
        assert blocked is not is_last
        listed = await services.blocks.list(SYSTEM, SYSTEM_TENANT, BlockFilter(), Page())
        assert len(listed.rows) == (0 if is_last else 1)
        subject = await house.store.read(lambda tx: tx.subject(SYSTEM_TENANT, root.user.user_id))
        assert subject is not None
        assert subject.user.void_before == house.clock.now()
        if is_last:
            await house.add_person("second", **fields)
