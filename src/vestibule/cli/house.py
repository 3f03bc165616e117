"""What commands share that need the house: open it, or say in plain words why it does not open."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from vestibule.catalog import text
from vestibule.cli.configuration import settings_or_exit, terminal_language
from vestibule.runtime.settings import Settings

if TYPE_CHECKING:
    from vestibule.interfaces.frontend import Frontend
    from vestibule.runtime.build import House

NOT_STARTED = 1


def run_loop(main: Callable[[], Awaitable[int]]) -> int:
    """Run `main` on the fastest event loop there is and return its exit status."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(_as_coroutine(main))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_as_coroutine(main))


async def _as_coroutine(main: Callable[[], Awaitable[int]]) -> int:
    return await main()


@contextlib.asynccontextmanager
async def opened(settings: Settings, *, migrate: bool = False) -> AsyncIterator[House]:
    """Build the house and close it again; end the process with the cause if it cannot be built."""
    from vestibule.runtime.build import build

    try:
        house = await build(settings, migrate=migrate)
    except Exception as error:
        if not _is_expected(error):
            raise
        _end("run.problem.not_started", reason=str(error))
    try:
        yield house
    finally:
        await house.close()


@contextlib.asynccontextmanager
async def serving(house: House) -> AsyncIterator[list[Frontend]]:
    """Open every door; end the process with the cause if one cannot be opened."""
    from vestibule.interfaces.frontend import CannotListen
    from vestibule.runtime.serve import running

    async with contextlib.AsyncExitStack() as stack:
        try:
            frontends = await stack.enter_async_context(running(house))
        except CannotListen as error:
            _end("run.problem.address_taken", address=str(error.filename), reason=str(error.strerror))
        except OSError as error:
            _end("run.problem.not_started", reason=str(error))
        yield frontends


def _end(why: str, **placeholders: str) -> NoReturn:
    sys.stderr.write(text(terminal_language(), why, **placeholders) + "\n")
    sys.exit(NOT_STARTED)


def with_house(config: Path | None, work: Callable[[House], Awaitable[int]]) -> int:
    """Open the house that the settings describe, do `work` in it, close it, return the exit status."""
    settings = settings_or_exit(config)

    async def main() -> int:
        async with opened(settings) as house:
            return await work(house)

    return run_loop(main)


def _is_expected(error: Exception) -> bool:
    from vestibule.interfaces.store import Unavailable
    from vestibule.runtime.key_file import KeyFileProblem
    from vestibule.runtime.push import PushProblem
    from vestibule.runtime.registry import PluginProblem

    return isinstance(error, (Unavailable, KeyFileProblem, PluginProblem, PushProblem, OSError))
