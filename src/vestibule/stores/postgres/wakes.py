"""Telling other nodes which verifications have moved on: NOTIFY after the commit, in batches.

A hint and no more: who waits looks at the row, and looks once a second without any hint. So a lost
connection loses nothing but a little time, and nothing here ever delays or fails a decision. Inside the
deciding transaction a NOTIFY would cost two thirds of the throughput: it puts all commits in a row.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any, Final

import asyncpg
import structlog

from vestibule.stores.postgres.connection import CONNECT_SECONDS, SERVER_ERRORS, Server

log = structlog.get_logger(__name__)

_CHANNEL: Final = "vestibule_wake"
_TOGETHER_SECONDS: Final = 0.003
"""How long to gather before one NOTIFY tells of all."""
_MOST_IN_ONE: Final = 200
"""Identifiers of 32 characters in a payload of less than 8,000 octets."""
_MOST_UNTOLD: Final = 20_000
_RETRY_SECONDS: Final = 1.0


class Wakes:
    """One connection of its own, to listen and to tell."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._hearers: list[Callable[[str], None]] = []
        self._untold: dict[str, None] = {}
        self._is_something_untold = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def on_wake(self, hear: Callable[[str], None]) -> None:
        self._hearers.append(hear)

    def wake(self, verification_id: str) -> None:
        """Tell this node at once, and the others in a moment."""
        self._tell_here(verification_id)
        if len(self._untold) < _MOST_UNTOLD:
            self._untold[verification_id] = None
            self._is_something_untold.set()

    def _tell_here(self, verification_id: str) -> None:
        for hear in self._hearers:
            hear(verification_id)

    async def _run(self) -> None:
        while True:
            try:
                await self._with_connection()
            except SERVER_ERRORS as error:
                log.debug("wake-ups are not told for a moment", error=type(error).__name__)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _with_connection(self) -> None:
        connection = await asyncpg.connect(
            self._server.url,
            timeout=CONNECT_SECONDS,
            command_timeout=CONNECT_SECONDS,
            server_settings={"application_name": "vestibule wakes"},
            target_session_attrs="read-write",
        )
        try:
            await connection.add_listener(_CHANNEL, self._heard)
            while True:
                await self._is_something_untold.wait()
                await asyncio.sleep(_TOGETHER_SECONDS)
                await self._tell(connection)
        finally:
            connection.terminate()

    async def _tell(self, connection: Any) -> None:
        some = list(self._untold)[:_MOST_IN_ONE]
        await connection.execute("select pg_notify($1, $2)", _CHANNEL, ",".join(some))
        for verification_id in some:
            del self._untold[verification_id]
        if not self._untold:
            self._is_something_untold.clear()

    def _heard(self, _connection: object, _process: int, _channel: str, payload: object) -> None:
        for verification_id in str(payload).split(","):
            self._tell_here(verification_id)
