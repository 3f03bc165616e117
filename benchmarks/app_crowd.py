"""Apps that are open and wait, in a process of their own: each keeps one connection and asks again and again.

Written on bare connections, so that ten thousand of them are no work worth mentioning for this machine.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Final, Self, cast

import msgspec
import uvloop

from tests.callers import whole_answer

WAIT_SECONDS: Final = 25
"""The longest that an app may ask for."""
_AT_ONCE: Final = 64
"""Apps that are opened at the same time."""


class NotAnswered(Exception):
    """The server has refused a request, or is gone."""


class AppConnection(asyncio.Protocol):
    """One kept connection of an app; at most one request is under way on it."""

    def __init__(self, host: str, token: str) -> None:
        self._token = token
        self._host = f"Host: {host}\r\n"
        self._transport: asyncio.Transport | None = None
        self._received = b""
        self._answer: asyncio.Future[dict[str, Any]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(NotAnswered(str(exc or "the server closed the connection")))

    def data_received(self, data: bytes) -> None:
        self._received += data
        body = whole_answer(self._received)
        if body is None or self._answer is None or self._answer.done():
            return
        status = int(self._received[9:12])
        if status == 200:
            self._answer.set_result(msgspec.json.decode(body))
        else:
            self._answer.set_exception(NotAnswered(f"status {status}"))

    async def requests(self, seen: str = "") -> dict[str, Any]:
        """Return the list; with `seen`, when it is another."""
        account = {"token": self._token, "seen": seen}
        body = {"wait": WAIT_SECONDS if seen else 0, "accounts": [account]}
        (found,) = (await self._post("/app/v1/requests", "", body))["lists"]
        if "code" in found:
            raise NotAnswered(found["code"])
        return dict(found)

    def answer(self, request_id: str, body: dict[str, Any]) -> asyncio.Future[dict[str, Any]]:
        """Send a decision."""
        proof = f"Authorization: Bearer {self._token}\r\n"
        return self._post(f"/app/v1/requests/{request_id}/answer", proof, body)

    def close(self) -> None:
        assert self._transport is not None
        self._transport.close()

    def _post(self, path: str, proof: str, body: dict[str, Any]) -> asyncio.Future[dict[str, Any]]:
        assert self._transport is not None
        sent = msgspec.json.encode(body)
        head = f"POST {path} HTTP/1.1\r\n{self._host}{proof}Content-Length: {len(sent)}\r\n\r\n"
        self._received = b""
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(head.encode() + sent)
        return self._answer


async def connected(address: tuple[str, int], token: str) -> AppConnection:
    """Return a connection of the app with this token."""
    host = f"{address[0]}:{address[1]}"
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(lambda: AppConnection(host, token), *address)
    return connection


class Report(msgspec.Struct, frozen=True):
    """What a crowd has seen: how many apps wait, how often their lists came, and how often no list came."""

    waiting: int
    lists: int
    failures: int


class Crowd:
    """Apps with these tokens that wait from the moment it is entered until it is left."""

    def __init__(self, address: tuple[str, int], tokens: Sequence[str]) -> None:
        self._here, there = multiprocessing.Pipe()
        self._process = multiprocessing.get_context("spawn").Process(
            target=_wait, args=(there, address, list(tokens))
        )
        self.seconds = 0.0
        """How long it took until all waited."""

    def __enter__(self) -> Self:
        self._process.start()
        self._here.recv()
        began = time.perf_counter()
        self._here.send("open")
        self._here.recv()
        self.seconds = time.perf_counter() - began
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.join()

    def report(self) -> Report:
        self._here.send("report")
        found: Report = self._here.recv()
        return found


def _wait(pipe: Connection, address: tuple[str, int], tokens: list[str]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_Apps(address).wait(pipe, tokens))


class _Apps:
    def __init__(self, address: tuple[str, int]) -> None:
        self._address = address
        self._waiting = self._lists = self._failures = 0

    async def wait(self, pipe: Connection, tokens: list[str]) -> None:
        loop = asyncio.get_running_loop()
        pipe.send("ready")
        await loop.run_in_executor(None, pipe.recv)
        left = iter(tokens)
        apps: list[asyncio.Task[None]] = []

        async def open_some() -> None:
            for token in left:
                connection = await connected(self._address, token)
                shown = await connection.requests()
                apps.append(loop.create_task(self._stay(connection, shown["version"])))

        await asyncio.gather(*(open_some() for _ in range(_AT_ONCE)))
        pipe.send("open")
        while await loop.run_in_executor(None, pipe.recv):
            pipe.send(Report(self._waiting, self._lists, self._failures))

    async def _stay(self, connection: AppConnection, version: str) -> None:
        self._waiting += 1
        try:
            while True:
                version = (await connection.requests(version))["version"]
                self._lists += 1
        except NotAnswered:
            self._failures += 1
        finally:
            self._waiting -= 1
