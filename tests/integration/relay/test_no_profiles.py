"""S1: whatever a server's people do, nothing of who they are is in the database of its service."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3

import asyncpg

from tests.integration.phone.conftest import NUMBER
from tests.integration.phone.test_calls import Handset
from tests.integration.phone.test_texts import passcode_in
from tests.integration.relay.conftest import Relay
from tests.integration.relay.test_relayed_apps import activated, begin
from vestibule.model.verification import VerificationState

PLANTED = ("zsophia", "quillfeather", "penelope", "ravensworth")


async def test_s1_s2_the_service_stores_no_profile(relay: Relay) -> None:
    """S1, S2: sign-ins by text, call and app, attempts and counts; then its whole database is read."""
    await relay.server.change_settings(record_names=True, record_email=True)
    passcode = await text_somebody(relay)
    await call_somebody(relay)
    device = await activated(relay)
    _, number = await begin(relay)
    await device.approve(await device.next_request(), number)
    told = await relay.told()
    assert {each.method for each in told} >= {"sms", "voice", "app"}
    assert [bool(each.device) for each in told if each.reason == "app_approved"][-1], "S7"
    assert not any(each.device for each in told if each.method != "app"), "S7"
    await relay.server.services.attempt_telling.tell_users()
    whole = await everything(relay)
    assert NUMBER in whole, "where something was sent is there: what there is is found"
    for planted in (*PLANTED, "alice", passcode, device.account["token"].lower()):
        assert planted not in whole.lower(), planted


async def text_somebody(relay: Relay) -> str:
    fields = {"given_name": "Zsophia", "family_name": "Quillfeather", "email": "zsophia@quillfeather.example"}
    person = await relay.server.add_bare_person("Zsophia.Quillfeather", **fields)
    await relay.server.add_phone(person, "sms", number=NUMBER)
    progress = await relay.server.start("zsophia.quillfeather")
    assert progress.challenge is not None
    _, text = await relay.far.next_text()
    passcode = passcode_in(text)
    done = await relay.server.answer("zsophia.quillfeather", progress.challenge.challenge_id, passcode)
    assert done.is_approved
    return passcode


async def call_somebody(relay: Relay) -> None:
    fields = {"given_name": "Penelope", "family_name": "Ravensworth", "email": "penelope@ravensworth.example"}
    person = await relay.server.add_bare_person("Penelope.Ravensworth", **fields)
    await relay.server.add_phone(person, "voice", number=NUMBER)
    progress = await relay.server.start("penelope.ravensworth")
    gateway, call = await relay.far.next_call()
    handset = Handset(gateway, call.delivery_id)
    await handset.answer()
    await handset.press("#")
    done = await relay.server.wait("penelope.ravensworth", progress)
    assert done is not None
    assert done.state is VerificationState.APPROVED


async def everything(relay: Relay) -> str:
    """All that is in the database of the service, as text."""
    url = relay.service.house.settings.database_url.reveal()
    if url.startswith("sqlite"):
        return await asyncio.to_thread(_sqlite, url.removeprefix("sqlite:///"))
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch("select tablename from pg_tables where schemaname = 'public'")
        parts = [
            str(row[0])
            for (table,) in tables
            for row in await connection.fetch(f'select found::text from "{table}" found')
        ]
    finally:
        await connection.close()
    return "\n".join(parts)


def _sqlite(path: str) -> str:
    with contextlib.closing(sqlite3.connect(path)) as connection:
        return "\n".join(connection.iterdump())
