"""The database goes away while somebody waits for his phone, and is back before his patience ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.faults.own_postgres import OwnPostgres
from tests.integration.phone.conftest import NUMBER, PhoneHouse, phone_house
from tests.integration.phone.test_calls import Handset
from vestibule.interfaces.store import Unavailable
from vestibule.model.call import HangUp


@pytest.fixture
async def postgres(tmp_path: Path) -> AsyncIterator[OwnPostgres]:
    server = OwnPostgres(tmp_path / "postgres", lives_with=os.getpid())
    (tmp_path / "postgres").mkdir()
    await asyncio.to_thread(server.start)
    yield server
    await asyncio.to_thread(server.crash)


async def back(phones: PhoneHouse) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await phones.house.store.check()
            except Unavailable:
                continue
            return


async def test_a_wait_outlives_its_database(tmp_path: Path, postgres: OwnPostgres) -> None:
    """I8, I12: meanwhile the phone is told nothing but to hang up; the answer after it counts."""
    (tmp_path / "house").mkdir()
    async with phone_house(tmp_path / "house", postgres.create("vestibule")) as phones:
        alice = await phones.house.add_bare_person("Alice")
        await phones.house.add_phone(alice, "voice", number=NUMBER)
        progress = await phones.house.start("alice", idempotency_key="a")
        gateway, call = await phones.far.next_call()
        handset = Handset(gateway, call.delivery_id)
        await handset.answer()
        waiting = asyncio.create_task(phones.house.wait("alice", progress, 120, idempotency_key="a"))
        await asyncio.to_thread(postgres.crash)
        assert await handset.press("#") == (HangUp(),)
        phones.house.store.wake(progress.verification.verification_id)
        assert not waiting.done()
        await asyncio.to_thread(postgres.start_again)
        await back(phones)
        await handset.press("#")
        ended = await asyncio.wait_for(waiting, 60)
    assert ended is not None
    assert ended.is_approved
