"""A server's end of a link that costs as little as can be, so that a load measures the service, not itself.

It speaks over a connection that has proven already who it is. Its frames are masked with nothing, which is
allowed to who has nothing to hide from a proxy on the way (RFC 6455 §5.3).
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping
from typing import Any, Final, cast

from vestibule.wire.link import Answer, Ask, Refusal, encode, read_said

_BINARY, _PING, _PONG = 0x82, 0x89, 0x8A
_MASKED: Final = 0x80


class LinkEnd(asyncio.Protocol):
    def __init__(self, transport: Any, answers: Mapping[str, Callable[[], bytes]]) -> None:
        """`transport` is taken over from whoever has used it until now; `answers` are by kind."""
        self._transport = transport
        self._answers = answers
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._rest = b""
        transport.set_protocol(self)

    def ask(self, kind: str, body: bytes) -> asyncio.Future[bytes]:
        """Ask, and return the answer to come; an exception if it is refused."""
        number = next(self._numbers)
        waiting = self._asked[number] = asyncio.get_running_loop().create_future()
        self._transport.write(_framed(_BINARY, encode(Ask(number, kind, body))))
        return waiting

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        data, place, said = self._rest + data, 0, []
        while (found := _next(data, place)) is not None:
            kind, begin, place = found
            if kind == _PING:
                said.append(_framed(_PONG, data[begin:place]))
            elif kind == _BINARY:
                said += self._hear(data[begin:place])
        self._rest = data[place:]
        if said:
            self._transport.write(b"".join(said))

    def _hear(self, octets: bytes) -> list[bytes]:
        """Return what is to be said to it."""
        frame = read_said(octets)
        if isinstance(frame, Ask):
            answer = Answer(frame.number, self._answers[frame.kind]())
            return [_framed(_BINARY, encode(answer))]
        waiting = self._asked.pop(cast("Answer | Refusal", frame).number)
        if isinstance(frame, Answer):
            waiting.set_result(frame.body)
        else:
            waiting.set_exception(RuntimeError(f"refused: {frame.kind}"))
        return []


def _next(data: bytes, place: int) -> tuple[int, int, int] | None:
    """Return the first octet of the frame that begins at `place`, and where its content begins and ends; None
    if it is not there as a whole."""
    begin = place + 2
    if len(data) < begin:
        return None
    size = data[place + 1]
    if size > 125:
        octets = 2 if size == 126 else 8
        size, begin = int.from_bytes(data[begin : begin + octets], "big"), begin + octets
    return (data[place], begin, begin + size) if len(data) >= begin + size else None


def _framed(kind: int, content: bytes) -> bytes:
    size = len(content)
    if size < 126:
        head = bytes((kind, _MASKED | size))
    elif size < 1 << 16:
        head = bytes((kind, _MASKED | 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((kind, _MASKED | 127)) + size.to_bytes(8, "big")
    return head + bytes(4) + content
