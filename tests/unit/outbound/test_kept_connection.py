"""A kept connection on a transport of the test's: what comes unasked is nobody's answer."""

from __future__ import annotations

import asyncio

import pytest

from vestibule.outbound.kept_connection import MOST_ANSWER_BYTES, Head, KeptConnection

TAKEN = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"
BUSY = b"HTTP/1.1 429 Slow Down\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno"


class _Transport(asyncio.Transport):
    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.is_ended = False

    def write(self, data: bytes) -> None:  # type: ignore[override] # octets are all it is given
        self.written.append(data)

    def abort(self) -> None:
        self.is_ended = True

    def is_closing(self) -> bool:
        return self.is_ended


@pytest.fixture
async def transport() -> _Transport:
    return _Transport()


@pytest.fixture
async def connection(transport: _Transport) -> KeptConnection:
    connection = KeptConnection(("push.example.net", 443))
    connection.connection_made(transport)
    return connection


async def ask(connection: KeptConnection, *answer: bytes) -> Head:
    asking = asyncio.ensure_future(connection.ask(b"POST"))
    await asyncio.sleep(0)
    for piece in answer:
        connection.data_received(piece)
    return await asking


async def _turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_one_answer_after_the_other(connection: KeptConnection, transport: _Transport) -> None:
    assert await ask(connection, BUSY[:30], BUSY[30:]) == Head(429, "7")
    assert await ask(connection, TAKEN) == Head(201, "")
    assert transport.written == [b"POST", b"POST"]
    assert connection.is_usable


@pytest.mark.parametrize("unasked", [BUSY, BUSY[:9], b"\0"], ids=["whole", "its beginning", "nonsense"])
async def test_an_answer_nobody_asked_for_ends_the_connection(
    connection: KeptConnection, transport: _Transport, unasked: bytes
) -> None:
    await ask(connection, TAKEN)
    connection.data_received(unasked)
    assert transport.is_ended
    with pytest.raises(ConnectionResetError):
        await connection.ask(b"POST")
    assert transport.written == [b"POST"]


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n" + TAKEN,
        b"220 mail.example.net ESMTP\r\n",
        b"HTTP/1.1 201 Created\r\nX: " + b"x" * MOST_ANSWER_BYTES,
    ],
    ids=["upgrade", "other protocol", "no end"],
)
async def test_what_is_no_answer_ends_the_connection(
    connection: KeptConnection, transport: _Transport, answer: bytes
) -> None:
    with pytest.raises(ConnectionResetError):
        await ask(connection, answer)
    assert transport.is_ended


async def test_whoever_gives_up_takes_the_connection_with_him(connection: KeptConnection) -> None:
    """The answer may still come; the next to ask must not get it."""
    asking = asyncio.ensure_future(connection.ask(b"POST"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not connection.is_usable


async def test_a_connection_that_rests_too_long_is_ended(
    connection: KeptConnection, transport: _Transport
) -> None:
    connection.rest(0)
    asking = asyncio.ensure_future(connection.ask(b"POST"))
    await _turns()
    assert not transport.is_ended, "whoever asks ends the rest"
    connection.data_received(TAKEN)
    await asking
    connection.rest(0)
    await _turns()
    assert transport.is_ended
    assert not connection.is_usable
