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

import structlog

from vestibule.stores.postgres.connection import CONNECT_SECONDS, SERVER_ERRORS, Server, connected

log = structlog.get_logger(__name__)

_CHANNEL: Final = "vestibule_wake"
_TOGETHER_SECONDS: Final = 0.003
"""How long to gather before one NOTIFY tells of all."""
_MOST_IN_ONE: Final = 200
"""Identifiers of 32 characters in a payload of less than 8,000 octets."""
_MOST_UNTOLD: Final = 20_000
_RETRY_SECONDS: Final = 1.0
_PROOF_SECONDS: Final = 10.0
"""How long nothing may be told before the connection has to prove that it lives: who only listens would not
notice that nobody can be heard any more."""


class Wakes:
    """One connection of its own, to listen and to tell."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._hearers: list[Callable[[str], None]] = []
        self._untold: dict[str, None] = {}
        self._own_process = 0
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
        connection = await connected(
            self._server.url, CONNECT_SECONDS, {"application_name": "vestibule wakes"}
        )
        try:
            self._own_process = connection.get_server_pid()
            connection.add_termination_listener(lambda _: self._is_something_untold.set())
            await connection.add_listener(_CHANNEL, self._heard)
            while not connection.is_closed():
                await self._something_to_do()
                await self._tell(connection)
        finally:
            connection.terminate()

    async def _something_to_do(self) -> None:
        """Wait until there is something to tell, the connection is closed, or has to prove that it lives."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PROOF_SECONDS):
                await self._is_something_untold.wait()
        await asyncio.sleep(_TOGETHER_SECONDS)

    async def _tell(self, connection: Any) -> None:
        some = list(self._untold)[:_MOST_IN_ONE]
        for verification_id in some:
            # Taken out first: what moves on again while this is told is told again.
            del self._untold[verification_id]
        if not self._untold:
            self._is_something_untold.clear()
        try:
            # Of nothing, too: that is the proof.
            await connection.execute("select pg_notify($1, $2)", _CHANNEL, ",".join(some))
        except BaseException:
            self._untold = dict.fromkeys(some) | self._untold
            self._is_something_untold.set()
            raise

    def _heard(self, _connection: object, process: int, _channel: str, payload: object) -> None:
        if process == self._own_process:
            return  # Told here before it was told to others.
        for verification_id in str(payload).split(","):
            self._tell_here(verification_id)
