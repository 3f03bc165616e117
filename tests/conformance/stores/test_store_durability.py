"""What a caller has heard of is on disk (DB-01): the process is killed in the middle of its work."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from tests.conformance.stores.conftest import Opened
from tests.conformance.stores.records import tenant
from vestibule.interfaces.store import Store
from vestibule.interfaces.transaction.attempts import VerificationFilter
from vestibule.interfaces.transaction.lists import Page

_ROOT = Path(__file__).parents[3]


def _commit_until_killed(url: str, tenant_id: str, after: int) -> list[str]:
    """Let a process commit, kill it once it has told of `after` commits; all that it told of."""
    command = [sys.executable, "-m", "tests.conformance.stores.committer", url, tenant_id]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=_ROOT) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        told += process.stdout.readlines()
    return [line.decode().strip() for line in told if line.endswith(b"\n")]


async def _stored(store: Store, tenant_id: str) -> set[str]:
    names: set[str] = set()
    page = Page(limit=5000)
    while True:
        listed = await store.read(
            lambda tx, page=page: tx.verifications(tenant_id, VerificationFilter(), page)
        )
        names |= {each.verification_id for each in listed.rows}
        if not listed.next_cursor:
            return names
        page = Page(limit=5000, cursor=listed.next_cursor)


async def test_every_commit_that_was_told_of_outlives_the_process(
    own_url: str, opened: Opened, proof: Callable[[int, int], int]
) -> None:
    for round_ in range(proof(2, 100)):
        tenant_id = f"tenant{round_}"
        store = await opened(own_url)
        await store.transact(lambda tx, tenant_id=tenant_id: tx.put(tenant(tenant_id)))
        await store.close()
        told = _commit_until_killed(own_url, tenant_id, after=200 + 37 * round_)
        assert len(told) >= 200
        store = await opened(own_url)
        assert set(told) <= await _stored(store, tenant_id)
        await store.check()
        await store.close()
