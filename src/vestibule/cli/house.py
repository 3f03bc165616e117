"""What commands share that need the house: open it, or say in plain words why it does not open."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING

from vestibule.catalog import text
from vestibule.cli.configuration import settings_or_exit, terminal_language
from vestibule.runtime.settings import Settings

if TYPE_CHECKING:
    from vestibule.runtime.build import House

NOT_STARTED = 1


def run_loop(main: Callable[[], Awaitable[int]]) -> int:
    """Run `main` on the fastest event loop there is and return its exit status."""
    try:
        import uvloop  # noqa: PLC0415
    except ImportError:
        return asyncio.run(_as_coroutine(main))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_as_coroutine(main))


async def _as_coroutine(main: Callable[[], Awaitable[int]]) -> int:
    return await main()


@contextlib.asynccontextmanager
async def opened(settings: Settings, *, migrate: bool = False) -> AsyncIterator[House]:
    """Build the house and close it again; end the process with the cause if it cannot be built."""
    from vestibule.runtime.build import build  # noqa: PLC0415

    try:
        house = await build(settings, migrate=migrate)
    except Exception as error:
        if not _is_expected(error):
            raise
        sys.stderr.write(text(terminal_language(), "run.problem.not_started", reason=str(error)) + "\n")
        sys.exit(NOT_STARTED)
    try:
        yield house
    finally:
        await house.close()


def with_house(config: Path | None, work: Callable[[House], Awaitable[int]]) -> int:
    """Open the house that the settings describe, do `work` in it, close it, return the exit status."""
    settings = settings_or_exit(config)

    async def main() -> int:
        async with opened(settings) as house:
            return await work(house)

    return run_loop(main)


def _is_expected(error: Exception) -> bool:
    from vestibule.interfaces.store import Unavailable  # noqa: PLC0415
    from vestibule.runtime.key_file import KeyFileProblem  # noqa: PLC0415
    from vestibule.runtime.registry import PluginProblem  # noqa: PLC0415

    return isinstance(error, (Unavailable, KeyFileProblem, PluginProblem, OSError))
