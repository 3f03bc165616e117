"""Commits attempts as fast as it can and prints the name of each once `transact` has returned.

    python committer.py URL TENANT

Started by the durability test, and killed by it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import count

from tests.conformance.stores.records import decided
from vestibule.stores import open_store

CALLERS = 32


async def main(url: str, tenant_id: str) -> None:
    store = open_store(url)
    await store.open()
    numbers = count(1)

    async def caller() -> None:
        for number in numbers:
            record = decided(tenant_id, f"v{number}", idempotency_key=f"key{number}")
            if await store.transact(lambda tx, record=record: tx.add_verification(record)):
                # One write, so that a name is printed whole or not at all.
                os.write(1, f"{record.verification_id}\n".encode())

    await asyncio.gather(*(caller() for _ in range(CALLERS)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
