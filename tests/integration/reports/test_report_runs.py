"""Reports behind the request: written part by part, fetched by who has asked, told when they are ready."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from tests.conformance.stores.records import decided
from tests.houses import START, TENANT, TestHouse, open_house
from tests.integration.mail.mailing import add_mail_gateway, outbox
from tests.peers.mail_server import MailServer
from vestibule.interfaces.store import Transaction
from vestibule.model.actor import SYSTEM, Actor, Right
from vestibule.model.report import ReportFilter
from vestibule.model.report_run import RunState
from vestibule.services import report_runs
from vestibule.services.refusal import Refusal, Refused


async def fill(house: TestHouse, count: int) -> None:
    async def body(tx: Transaction) -> None:
        for number in range(count):
            await tx.add_verification(decided(TENANT, f"v{number:04d}", started_at=START + number))

    await house.store.transact(body)


async def test_a_long_report_is_written_behind_the_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1.31: queued, and a link when ready, to who has asked and nobody else."""
    monkeypatch.setattr(report_runs, "_PART_CHARACTERS", 50_000)
    with MailServer(tmp_path / "mail", "none") as server:
        async with open_house(tmp_path / "house", http_public_url="https://signin.example.org") as house:
            await add_mail_gateway(house, server)
            await fill(house, 1200)
            person = await house.add_person("root", email="root@example.org")
            reader = Actor(
                actor_id=person.user.user_id,
                name="root",
                tenant_id=TENANT,
                rights=frozenset({Right.READ_HISTORY}),
            )
            runs = house.services.report_runs
            asked = await runs.ask(reader, TENANT, "attempts", ReportFilter())
            assert asked.state is RunState.WAITING
            with pytest.raises(Refused) as refused:
                await runs.fetch(reader, TENANT, asked.run_id)
            assert refused.value.why is Refusal.NOT_POSSIBLE
            assert await runs.write_next()
            assert not await runs.write_next()
            (run,) = await runs.all(reader, TENANT)
            assert (run.state, run.rows) == (RunState.READY, 1200)
            assert run.parts > 2
            _, content = await runs.fetch(reader, TENANT, run.run_id)
            whole = b"".join([part async for part in content]).decode()
            direct = await house.services.reporting.file(SYSTEM, TENANT, "attempts", ReportFilter())
            assert whole == "".join([lines async for lines in direct])
            (mail,) = await outbox(house)
            assert (mail.kind, mail.address) == ("report_ready", "root@example.org")
            with pytest.raises(Refused):
                await runs.fetch(SYSTEM, TENANT, run.run_id)
            await runs.remove(reader, TENANT, run.run_id)
            assert await runs.all(reader, TENANT) == ()


async def test_a_report_that_cannot_be_written_has_failed_and_few_may_wait(tmp_path: Path) -> None:
    async with open_house(tmp_path) as house:
        runs = house.services.report_runs
        for _ in range(5):
            asked = await runs.ask(SYSTEM, TENANT, "usage", ReportFilter())
        with pytest.raises(Refused) as refused:
            await runs.ask(SYSTEM, TENANT, "usage", ReportFilter())
        assert refused.value.why is Refusal.TOO_MANY
        gone = msgspec.structs.replace(asked, run_id="gone", report="of-a-plug-in-that-is-gone", due_at=0)
        await house.store.transact(lambda tx: tx.add_report_run(gone))
        assert await runs.write_next()
        assert (await runs.find(SYSTEM, TENANT, "gone")).state is RunState.FAILED
