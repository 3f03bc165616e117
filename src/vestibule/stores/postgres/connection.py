"""Connections to the server, and what its errors mean.

Invariants: only a server that takes writes is spoken to, never a standby, and never one on an older
timeline than was seen before (a primary that came back after another took its place); a commit waits for
the disk whatever the role's settings say; a commit that the server warns about has not happened.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import asyncpg

from vestibule.interfaces.store import Conflict, Unavailable
from vestibule.stores.transaction import UniqueTaken

CONNECT_SECONDS: Final = 5.0
DECIDE_SECONDS: Final = 8.0
"""How long to wait for one answer where a sign-in waits."""
WORK_SECONDS: Final = 60.0
"""How long where nobody stands at a door: an import, a search through years of attempts."""

SETTINGS: Final = {
    "application_name": "vestibule",
    "default_transaction_isolation": "read committed",
    # A node that is gone or frozen must not keep what it has locked.
    "idle_in_transaction_session_timeout": "20s",
    "lock_timeout": "3s",
    # All queries are by key: compiling them costs more than running them.
    "jit": "off",
    # A page of a list goes along an index and ends when it is full. Where a condition is looked up elsewhere
    # the planner takes what is common for rare, and would read and sort a whole table for it.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
}

# Decided statements are by key, always: one plan for any value, which goes from key to row by an index.
BY_KEY: Final = {
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}

PLAN_SECONDS: Final = 1.0
"""How old a plan may grow. While a table is empty every index looks as good as the key, and what was
planned then would read the whole table through it until the server gets round to counting the rows."""

# Any numbers will do, as long as all nodes and versions take the same.
MIGRATION_LOCK: Final = 0x56657374
_TURN_LOCK: Final = 0x56657375

_NOW: Final = "select cast(floor(extract(epoch from clock_timestamp()) * 1000) as bigint)"
_TIMELINE: Final = "select pg_walfile_name(pg_current_wal_lsn())"

SERVER_ERRORS: Final = (
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    OSError,
    TimeoutError,
    Unavailable,
)
"""What a request may raise; `meaning` says what it is."""

# Services that run PostgreSQL for others may keep their timelines to themselves, and fence by other means.
_NOT_TOLD: Final = (
    asyncpg.FeatureNotSupportedError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.UndefinedFunctionError,
)

_AGAIN: Final = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
)
# Classes of SQLSTATE in which the server, not the statement, is what failed.
_SERVER_CLASSES: Final = ("08", "25", "28", "3D", "53", "57", "58", "F0", "XX")


@dataclass(slots=True)
class Server:
    """Where the server is, and the newest timeline that any connection of this process has seen."""

    url: str = field(repr=False)
    timeline: int = 0


class Connections:
    """Makes connections, keeps those that are not lent, and lends them again."""

    def __init__(
        self,
        server: Server,
        settings: Mapping[str, str] = MappingProxyType({}),
        seconds: float = WORK_SECONDS,
    ) -> None:
        """`settings` are the server's, `seconds` is how long one answer may take."""
        self._server = server
        self._seconds = seconds
        self._settings = {**SETTINGS, **settings}
        self._idle: list[Connection] = []
        self._is_closed = False

    @contextlib.asynccontextmanager
    async def begun(self, mode: str = "read committed") -> AsyncIterator[Connection]:
        """Lend a connection in a new transaction; it is kept for the next if it is good afterwards.

        Who borrows it ends the transaction. Callers bound how many are lent at once.
        """
        connection = await self._begin(mode)
        try:
            yield connection
        finally:
            if connection.is_good and not self._is_closed:
                self._idle.append(connection)
            else:
                connection.give_up()

    async def _begin(self, mode: str) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.begin(mode)
            except TimeoutError as error:
                connection.give_up()
                raise unavailable(error) from error
            except SERVER_ERRORS:
                # Cut while nobody used it: nothing has begun, so another may try.
                connection.give_up()
            except BaseException:
                connection.give_up()
                raise
            else:
                return connection
        connection = await self._connect()
        try:
            await connection.begin(mode)
        except BaseException as error:
            connection.give_up()
            raise meaning(error) if isinstance(error, SERVER_ERRORS) else error from None
        return connection

    async def close(self) -> None:
        """Close the connections that nobody has; one that is lent is given up when it comes back."""
        self._is_closed = True
        idle, self._idle = self._idle, []
        for connection in idle:
            await connection.close()

    async def _connect(self) -> Connection:
        try:
            raw = await connected(
                self._server.url,
                self._seconds,
                self._settings,
                max_cached_statement_lifetime=0,
                statement_cache_size=500,
            )
        except (asyncpg.PostgresError, asyncpg.InternalClientError, OSError, TimeoutError) as error:
            raise Unavailable(f"PostgreSQL: no connection: {_without_values(error)}") from error
        except ValueError:
            # Not repeated and not chained: the URL may hold a password.
            raise Unavailable("PostgreSQL: the database URL is not well-formed") from None
        connection = Connection(raw)
        try:
            await self._check_durability(raw)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            connection.give_up()
            raise unavailable(error) from error
        except BaseException:
            # Also when whoever wanted it is gone: nobody else would close it.
            connection.give_up()
            raise
        return connection

    async def _check_durability(self, raw: Any) -> None:
        if await raw.fetchval("select current_setting('synchronous_commit')") in {"off", "local"}:
            await raw.execute("set synchronous_commit = on")
        try:
            timeline = int((await raw.fetchval(_TIMELINE))[:8], 16)
        except _NOT_TOLD:
            return
        if timeline < self._server.timeline:
            raise Unavailable(
                f"PostgreSQL: this server is on timeline {timeline}, but {self._server.timeline} was seen:"
                " another server has taken its place; shut this one down"
            )
        self._server.timeline = timeline


async def connected(url: str, seconds: float, settings: Mapping[str, str], **more: Any) -> Any:
    """Return a new connection to a server that takes writes; `seconds` is how long one answer may take.

    Whoever is canceled meanwhile leaves nothing behind: broken off in the middle, the driver would leave a
    connection that nobody closes.
    """
    connecting = asyncio.ensure_future(
        asyncpg.connect(
            url,
            timeout=CONNECT_SECONDS,
            command_timeout=seconds,
            server_settings=dict(settings),
            target_session_attrs="read-write",
            **more,
        )
    )
    try:
        return await asyncio.shield(connecting)
    except asyncio.CancelledError:
        with contextlib.suppress(*SERVER_ERRORS):
            (await connecting).terminate()
        raise


class Connection:
    """One connection, used by one transaction at a time."""

    def __init__(self, raw: Any) -> None:
        self.raw = raw
        self._is_broken = False
        self._warnings: list[str] = []
        self._plan_again_at = 0.0
        raw.add_log_listener(self._on_message)

    @property
    def is_good(self) -> bool:
        return not (self._is_broken or self.raw.is_closed() or self.raw.is_in_transaction())

    async def begin(self, mode: str) -> None:
        begin = f"begin isolation level {mode}"
        now = time.monotonic()
        if now >= self._plan_again_at:
            self._plan_again_at = now + PLAN_SECONDS
            begin += "; discard plans"
        await self.raw.execute(begin)

    async def now(self) -> int:
        """Return the time by the server's clock, in epoch milliseconds; a transaction asks once."""
        return int(await self.raw.fetchval(_NOW))

    async def take_turn(self) -> None:
        """Wait until no other node has a body that must go one at a time; ends with the transaction."""
        await self.raw.execute("select pg_advisory_xact_lock($1)", _TURN_LOCK)

    async def commit(self) -> None:
        """Commit, or raise Unavailable if the server does not vouch for it.

        A wait for a standby that was cut short ends in a commit with a warning; whoever takes that for a
        commit loses it with the primary.
        """
        self._warnings.clear()
        status = await self.raw.execute("commit")
        if status != "COMMIT":
            raise Unavailable("PostgreSQL: the transaction was rolled back at its commit")
        if self._warnings:
            raise Unavailable(f"PostgreSQL: the commit is not safe: {self._warnings[0]}")

    async def end(self, failure: Exception) -> None:
        """Leave the transaction after `failure`; a server that is not available gets no further question."""
        if isinstance(failure, Unavailable):
            self._is_broken = True
        else:
            await self.rollback()

    async def rollback(self) -> None:
        """Roll back; a connection on which that fails is given up by its lender."""
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            await self.raw.execute("rollback")

    def give_up(self) -> None:
        """Break the connection off without waiting for the server."""
        with contextlib.suppress(asyncpg.InterfaceError, OSError):
            self.raw.terminate()

    async def close(self) -> None:
        with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            async with asyncio.timeout(CONNECT_SECONDS):
                await self.raw.close()

    def _on_message(self, _connection: Any, message: Any) -> None:
        if message.severity_en == "WARNING":
            self._warnings.append(str(message.message))


def meaning(error: Exception) -> Exception:
    """Return what an error means to a body: taken, read again, unavailable, or itself."""
    match error:
        case asyncpg.UniqueViolationError():
            return UniqueTaken()
        case asyncpg.ForeignKeyViolationError():
            # What the body referred to has gone meanwhile: read again.
            return Conflict()
        case asyncpg.PostgresError() if isinstance(error, _AGAIN):
            return Conflict()
        case asyncpg.PostgresError() if str(error.sqlstate)[:2] in _SERVER_CLASSES:
            return unavailable(error)
        case OSError() | TimeoutError() | asyncpg.InternalClientError():
            return unavailable(error)
        case asyncpg.InterfaceError() if not isinstance(error, ValueError):
            return unavailable(error)
    return error


def unavailable(error: Exception) -> Unavailable:
    return Unavailable(f"PostgreSQL: {_without_values(error)}")


def _without_values(error: Exception) -> str:
    # The message of a server's error names tables and settings; its detail may hold a row.
    text = str(error.args[0]) if error.args else ""
    return text.splitlines()[0] if text else type(error).__name__
