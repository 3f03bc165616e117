"""What is said on a link once both ends know one another: either end asks, the other answers, in any order.

Invariants:
- Whoever reads never waits for whoever answers, so two ends that ask one another at once get on.
- An end works at so many questions at the same time, and refuses more.
- When the connection ends, everybody who waits for an answer is told so, and what is being answered is
  dropped.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from vestibule.interfaces.link import (
    FAILED,
    MAX_BODY,
    TOO_LARGE,
    UNKNOWN_KIND,
    Handlers,
    LinkDown,
    Peer,
    Refused,
)
from vestibule.wire.link import Answer, Ask, BadFrame, Refusal, TurnedAway, encode, read_said

log = structlog.get_logger(__name__)

MOST_AT_WORK: Final = 1000
BUSY: Final = "busy"


class Conversation:
    """Implements `interfaces.link.Link`. `receive` raises ConnectionError when the connection has ended, and
    so may `send`."""

    def __init__(
        self,
        peer: Peer,
        handlers: Handlers,
        send: Callable[[bytes], Awaitable[None]],
        receive: Callable[[], Awaitable[bytes]],
    ) -> None:
        self._peer = peer
        self._handlers = handlers
        self._send = send
        self._receive = receive
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._at_work: set[asyncio.Task[None]] = set()
        self.is_up = True

    async def run(self) -> str:
        """Read and answer until the connection ends, or the other end says what cannot be understood. Return
        why it has turned this one away; nothing: it has not."""
        try:
            while True:
                frame = read_said(await self._receive())
                if isinstance(frame, TurnedAway):
                    return frame.kind
                self._take(frame)
        except ConnectionError:
            return ""
        except BadFrame as reason:
            log.warning("link ends at a frame", server=self._peer.server_name, reason=str(reason))
            return ""
        finally:
            self.is_up = False
            for waiting in self._asked.values():
                if not waiting.done():
                    waiting.set_exception(LinkDown())
            for task in self._at_work:
                task.cancel()

    async def ask(self, kind: str, body: bytes, within: float) -> bytes:
        if not self.is_up:
            raise LinkDown
        if len(body) > MAX_BODY:
            raise Refused(TOO_LARGE)
        number = next(self._numbers)
        waiting: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._asked[number] = waiting
        try:
            async with asyncio.timeout(within):
                await self._send(encode(Ask(number, kind, body)))
                return await waiting
        except (TimeoutError, ConnectionError):
            raise LinkDown from None
        finally:
            del self._asked[number]

    # --- what comes ---------------------------------------------------------------------------------

    def _take(self, frame: Ask | Answer | Refusal) -> None:
        if isinstance(frame, Ask):
            task = asyncio.create_task(self._answer(frame), name=f"link {frame.kind}")
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)
            return
        waiting = self._asked.get(frame.number)
        if waiting is None or waiting.done():
            return  # Nobody waits any more.
        if isinstance(frame, Answer):
            waiting.set_result(frame.body)
        else:
            waiting.set_exception(Refused(frame.kind))

    async def _answer(self, ask: Ask) -> None:
        try:
            frame: Answer | Refusal = Answer(ask.number, await self._handled(ask))
        except Refused as refused:
            frame = Refusal(ask.number, refused.kind)
        except Exception as error:
            log.error("question not answered", kind=ask.kind, error=type(error).__name__)
            frame = Refusal(ask.number, FAILED)
        try:
            await self._send(encode(frame))
        except ConnectionError:
            return  # It will be asked again.

    async def _handled(self, ask: Ask) -> bytes:
        handler = self._handlers.get(ask.kind)
        if handler is None:
            raise Refused(UNKNOWN_KIND)
        if len(self._at_work) > MOST_AT_WORK:
            raise Refused(BUSY)
        if len(ask.body) > MAX_BODY:
            raise Refused(TOO_LARGE)
        answer = await handler(self._peer, ask.body)
        if len(answer) > MAX_BODY:
            raise Refused(TOO_LARGE)
        return answer
