"""At the console of one tenant nothing of another is there, whoever looks and whatever he sends (TEN-01)."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sqlite3
from typing import Final

from tests.houses import TENANT
from tests.integration.console import route_table
from tests.integration.console.desk import ConsoleWindow, at_console
from tests.integration.http_api.house import HttpHouse
from tests.integration.http_api.test_http_isolation import OTHER, furnish
from vestibule.model.role import Grant
from vestibule.model.tenant import SYSTEM_TENANT
from vestibule.model.user import Role

_NAMES: Final = {
    "user": "user_id",
    "application": "application_id",
    "attempt": "verification_id",
    "authenticator": "authenticator_id",
    "app_password": "app_password_id",
    "certificate": "certificate_id",
    "client": "radius-clients",
    "secret": "radius-secret",
    "credentials": "credentials_id",
    "directory": "directory_id",
    "dispatch": "dispatch_id",
    "gateway": "gateway_id",
    "licence": "licence_id",
    "message": "message_id",
    "provider": "provider_id",
    "reply": "reply_id",
    "role": "role_id",
    "run": "run_id",
    "server": "server_id",
}
"""What parameters of paths name, by their name among the identifiers of a tenant."""
_SHOWN_ONCE: Final = ("/pass", "/pin", "/pin/generate", "/registration/code")
"""What was made is shown once; who has made nothing is sent back to the user, who is not there."""
_WITH_ITS_LIST: Final = ("/again", "/withdraw", "/remove", "/rename")
"""Says in the list from which it was asked that there is no such thing."""
_WHATEVER: Final = {"act": "remove", "kind": "radius", "wanted": "pdf", "version": "1", "report": "usage"}


def filled(path: str, ids: dict[str, str], tenant_id: str) -> str:
    """Return a path of one tenant to things that are perhaps another's."""
    group = "replication_group_id" if "servers" in path else "group_id"
    named = {name: ids[identifier] for name, identifier in _NAMES.items()}
    known = {**_WHATEVER, **named, "group": ids[group], "tenant": tenant_id}
    return re.sub(r"\{(\w+)\}", lambda found: known.get(found[1]) or ids.get(found[1], "1"), path)


def routes() -> list[tuple[str, str]]:
    """Return those that name something of a tenant."""
    found = [tuple(each.split(" ")) for each in route_table.documented()]
    return [
        (method, path)
        for method, path in found
        if path.startswith("/console/")
        and any(f"{{{name}}}" in path for name in (*_NAMES, "group", "number"))
    ]


def rows(house: HttpHouse, tenant_id: str) -> dict[str, list[tuple[object, ...]]]:
    """Return all that the database has of a tenant."""
    path = house.inside.house.settings.database_url.reveal().removeprefix("sqlite:///")
    with contextlib.closing(sqlite3.connect(path)) as connection:
        ask = connection.execute
        tables = [name for (name,) in ask("select name from sqlite_master where type = 'table'")]
        return {
            name: ask(f"select * from {name} where tenant_id = ?", (tenant_id,)).fetchall()
            for name in tables
            if "tenant_id" in {column[1] for column in ask(f"pragma table_info({name})")}
        }


async def ask_for_all(window: ConsoleWindow, tenant_id: str, ids: dict[str, str]) -> None:
    for method, path in routes():
        ask = window.get if method == "GET" else window.post
        answer = await ask(filled(path, ids, tenant_id))
        is_told = answer.status_code in (403, 404)
        is_sent_back = method == "GET" and answer.status_code == 303 and path.endswith(_SHOWN_ONCE)
        is_refused = method == "POST" and answer.status_code == 422 and path.endswith(_WITH_ITS_LIST)
        assert is_told or is_sent_back or is_refused, (method, path, answer.status_code)


async def test_nothing_of_another_tenant_is_there(house: HttpHouse, console: ConsoleWindow) -> None:
    """Neither for an administrator of the one tenant nor, at its pages, for one of all."""
    await house.add_tenant(OTHER)
    theirs, mine = await furnish(house, OTHER), await furnish(house, TENANT)
    helper = await house.inside.add_person("helper", tenant_id=SYSTEM_TENANT, role=Role.LIMITED)
    grant = Grant(role_id="administrator", tenant_id=TENANT)
    await house.inside.store.transact(
        lambda tx: tx.replace_grants(SYSTEM_TENANT, helper.user.user_id, (grant,))
    )
    before = await asyncio.to_thread(rows, house, OTHER)
    assert sum(map(len, before.values())) > 30
    async with at_console(house, helper.user) as window:
        await ask_for_all(window, TENANT, theirs)
        await ask_for_all(window, OTHER, theirs)
        await ask_for_all(window, OTHER, mine)
    await ask_for_all(console, TENANT, theirs)
    assert len(routes()) > 100
    assert await asyncio.to_thread(rows, house, OTHER) == before
