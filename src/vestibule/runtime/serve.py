"""Serve: bind every door, make the rounds, and stop in good order when told to."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import resource
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from typing import Final

import structlog

from vestibule.interfaces.frontend import Frontend
from vestibule.runtime.build import House
from vestibule.worker.rounds import make_rounds

log = structlog.get_logger(__name__)

GRACE_SECONDS = 5.0
COLLECT_SECONDS = 600.0
SWITCH_SECONDS: Final = 0.0003
"""After which a thread that wants the interpreter gets it. A commit on a thread needs it but to begin and to
tell its end, and a whole group waits for that; the 5 ms that Python takes are as long as the group's work."""
_MOST_OPEN_FILES: Final = 65_536
_NEVER: Final = 1_000_000_000
_YOUNG: Final = 30_000
"""Objects by which the young may grow before they are looked through. A sign-in that waits for its turn is 35
of them and none is garbage, so a few hundred that come at once must not be a reason to stop for 8 ms."""

_told_to_stop: ContextVar[asyncio.Event] = ContextVar("told_to_stop")


@contextlib.asynccontextmanager
async def running(house: House) -> AsyncIterator[list[Frontend]]:
    """Start everything; on leaving, accept nothing new, let what runs finish, close.

    From before the first door opens, SIGTERM and SIGINT mean a stop in good order (`until_told_to_stop`).
    """
    _allow_open_files()
    sys.setswitchinterval(SWITCH_SECONDS)
    with _heeding_signals():
        started: list[Frontend] = []
        chores = [asyncio.create_task(chore) for chore in (make_rounds(house.services), _collect())]
        try:
            with _without_collector():
                for frontend in house.frontends():
                    await frontend.start()
                    started.append(frontend)
                    log.info("listening", frontend=frontend.name, addresses=frontend.addresses())
            yield started
        finally:
            log.info("stopping", grace_seconds=GRACE_SECONDS)
            await asyncio.gather(*(frontend.stop(GRACE_SECONDS) for frontend in started))
            for chore in chores:
                chore.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await chore
            await house.close()
            log.info("stopped")


@contextlib.contextmanager
def _without_collector() -> Iterator[None]:
    """What is built in here stays for good, so the collector of garbage looks at it once, at the end. From
    then on it looks at what is young; at what has outlived that, which is next to nothing or waits for
    somebody's phone, only in `_collect`: where many wait it would stop the process for as long as a sign-in
    takes."""
    gc.disable()
    try:
        yield
        gc.collect()
        gc.freeze()
        gc.set_threshold(_YOUNG, _NEVER, _NEVER)
    finally:
        gc.enable()


async def _collect() -> None:
    """Look through everything for garbage now and then. It stops the process while it lasts, half a second
    where ten thousand apps wait, and finds next to nothing; what is young is looked through all the time."""
    while True:
        await asyncio.sleep(COLLECT_SECONDS)
        gc.collect()


async def until_told_to_stop() -> None:
    """Return at the first SIGTERM or SIGINT since `running` was entered, which must be around this."""
    await _told_to_stop.get().wait()


def _allow_open_files() -> None:
    """Let this process open as many files as it may: each connection is one. Systems allow 1024 at first,
    for the sake of programs that can count no further."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_OPEN_FILES if most == resource.RLIM_INFINITY else min(most, _MOST_OPEN_FILES)
    if now < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


@contextlib.contextmanager
def _heeding_signals() -> Iterator[None]:
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    before = _told_to_stop.set(told)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    try:
        yield
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        _told_to_stop.reset(before)
