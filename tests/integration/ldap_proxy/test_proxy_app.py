"""A bind waits for an approval in the app, which cannot be shown a number here."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.integration.apps.conftest import AppHouse, apps
from tests.integration.ldap_proxy.asking import bound, who
from tests.integration.ldap_proxy.conftest import connect, dn, ldap_door, settings_of
from tests.peers.openldap import PEOPLE, OpenLdap
from vestibule.model.verification import Reason

__all__ = ["apps"]


async def test_the_app_lets_in_where_it_may_without_a_number(
    apps: AppHouse, openldap: OpenLdap, tmp_path: Path
) -> None:
    """PU-03: off by default; then approved once, and denied once."""
    _, (device,) = await apps.alice()
    alice = dn("alice"), PEOPLE["alice"]
    async with ldap_door(apps.house, tmp_path, settings_of(openldap), openldap.service_password) as door:
        client = await connect(door[0])
        assert await bound(client, *alice) == 49
        assert await device.requests() == []
        await apps.house.change_settings(app_plain_approval=True)
        for answer, code in (("approve", 0), ("deny", 49)):
            apps.house.clock.advance(1)
            waiting = asyncio.create_task(bound(client, *alice))
            request = await device.next_request()
            assert request["digits"] == 0
            await (device.approve(request, "") if answer == "approve" else device.answer(request, answer))
            assert await waiting == code
        assert await who(client) == "refused 8"
        await client.close()
    reasons = [each.reason for each in await apps.house.attempts() if each.channel == "ldap"]
    assert reasons == [Reason.METHOD_NOT_ALLOWED, Reason.APP_APPROVED, Reason.APP_DENIED]
