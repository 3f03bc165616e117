"""A connection to a message center that is kept up, and the texts that are handed over on it.

What a text ends in: the network's identifier for its first part; certainly not taken, when it was refused
or never written; or nobody knows, when it was written and no answer came. The last is never told as the
second: the text may be on its way, and another one costs money and confuses people.

Invariants: `send` returns within ten seconds whatever the network does; no more requests are unanswered
than the window allows; a refused password is tried again ever more seldom.
"""

from __future__ import annotations

import asyncio
from secrets import randbelow

import structlog

from vestibule.crypto.secret import Secret
from vestibule.gateways.smpp.arrivals import Arrivals
from vestibule.gateways.smpp.link import Link, connect, tls_context
from vestibule.gateways.smpp.pace import Pace
from vestibule.gateways.smpp.receipted import Receipted, given_id
from vestibule.gateways.smpp.settings import SmppSettings
from vestibule.gateways.smpp.submission import asks_for_a_pause, requests, taken_as
from vestibule.gateways.smpp.trouble import LinkFailure, Trouble, cause
from vestibule.interfaces.gateway import Errand, NotSent, Sending, Sent, Surroundings, Text, Unsure
from vestibule.wire.smpp import Pdu
from vestibule.wire.smpp.messages import SubmitSm

log = structlog.get_logger(__name__)

_SEND_SECONDS = 9.0
_LEAST_SECONDS_FOR_AN_ANSWER = 1.0
_WAIT_FOR_A_LINK_SECONDS = 3.0
_LONGEST_PAUSE = 60.0
_REFUSED_PAUSE = 10.0
_GOOD_LIFE_SECONDS = 60.0
"""A connection that lived so long was a good one: after it the pauses begin anew."""
_MOST_WAITING = 5000


class SmppGateway:
    """Implements `Gateway` and `StaysConnected`. Bound to the event loop it is first used on."""

    def __init__(self, settings: SmppSettings, secret: Secret[str], surroundings: Surroundings) -> None:
        """Raises ValueError naming `ca_file` when it cannot be read."""
        self._settings = settings
        self._secret = secret
        self._gateway_id = surroundings.gateway_id
        self._context = tls_context(settings)
        self._receipted = Receipted()
        self._arrivals = Arrivals(settings, surroundings, self._receipted)
        self._window = asyncio.Semaphore(settings.window)
        self._pace = Pace(settings.per_second)
        self._reference = randbelow(0x10000)
        self._waiting = 0
        self._link: Link | None = None
        self._attempt: asyncio.Future[Link | None] | None = None
        """Of connecting, while it lasts."""
        self._closing = asyncio.Event()
        self._last_told: str | None = None

    @property
    def is_connected(self) -> bool:
        return self._link is not None and not self._link.ended.done()

    async def run(self) -> None:
        """Connect, keep connected, and reconnect with growing pauses, until canceled."""
        pause, clock = self._settings.reconnect_seconds, asyncio.get_running_loop().time
        while not self._closing.is_set():
            began = clock()
            failure = await self._live()
            if self._closing.is_set():
                break
            self._tell(failure)
            if clock() - began >= _GOOD_LIFE_SECONDS:
                pause = self._settings.reconnect_seconds
            is_refused = failure.trouble is Trouble.BIND_REFUSED
            await asyncio.sleep(max(pause, _REFUSED_PAUSE) if is_refused else pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        await asyncio.get_running_loop().create_future()

    async def _live(self) -> LinkFailure:
        """Connect and return how that ended, be it at once or after days."""
        attempt = self._attempt = asyncio.get_running_loop().create_future()
        try:
            self._link = link = await self._bound()
        except LinkFailure as problem:
            return problem
        finally:
            self._attempt = None
            attempt.set_result(self._link)
        if self._closing.is_set():
            await link.close()
            return LinkFailure(Trouble.CLOSED)
        self._tell(None)
        # A cancellation leaves the connection to `close`, which says goodbye properly.
        failure = await asyncio.shield(link.ended)
        self._link = None
        await link.close()
        return failure

    async def _bound(self) -> Link:
        link = await connect(self._settings, self._context, self._arrivals.take)
        try:
            await link.bind(self._secret)
        except BaseException:
            await link.close()
            raise
        return link

    async def close(self) -> None:
        """Unbind and close; nothing is sent afterwards."""
        self._closing.set()
        link, self._link = self._link, None
        if link is not None:
            await link.say_goodbye()

    async def send(self, errand: Errand) -> Sending:
        """Hand a text over, in as many parts as it needs, and return the reference of its first part."""
        if not isinstance(errand, Text):
            return NotSent(cause(Trouble.REFUSED))
        if self._waiting >= _MOST_WAITING:
            return NotSent(cause(Trouble.OVERLOADED))
        self._waiting += 1
        try:
            return await self._send(errand, asyncio.get_running_loop().time() + _SEND_SECONDS)
        finally:
            self._waiting -= 1

    async def _send(self, text: Text, deadline: float) -> Sending:
        self._reference = (self._reference + 1) & 0xFFFF
        parts = requests(text, self._settings, self._reference)
        if isinstance(parts, NotSent):
            return parts
        reference = ""
        for number, part in enumerate(parts):
            # One after the other: after a part that is refused the others would only cost money. Nobody
            # can read a text without one of its parts, so a text is not sent before its last one is,
            # whatever became of those before.
            taken = await self._submit(part, deadline)
            if isinstance(taken, Unsure) and number < len(parts) - 1:
                return NotSent(taken.cause)
            if not isinstance(taken, str):
                return taken
            message_id = given_id(taken, self._settings.message_ids)
            reference = reference if number else message_id
            self._receipted.sent(reference, message_id, len(parts), asyncio.get_running_loop().time())
        return Sent(reference)

    async def _submit(self, request: SubmitSm, deadline: float) -> str | NotSent | Unsure:
        """Have one request taken; one that is only too early is tried again while there is time."""
        while True:
            answer = await self._exchange(request, deadline)
            if not isinstance(answer, Pdu):
                return answer
            if not asks_for_a_pause(answer):
                self._pace.go_on()
                return taken_as(answer)
            self._pace.slow_down(asyncio.get_running_loop().time())

    async def _exchange(self, request: SubmitSm, deadline: float) -> Pdu | NotSent | Unsure:
        latest = deadline - _LEAST_SECONDS_FOR_AN_ANSWER
        try:
            async with asyncio.timeout_at(latest):
                await self._window.acquire()
        except TimeoutError:
            return NotSent(cause(Trouble.OVERLOADED))
        try:
            link = await self._connected()
            if link is None:
                return NotSent(cause(Trouble.NOT_CONNECTED))
            if not await self._turn(latest):
                return NotSent(cause(Trouble.THROTTLED))
            return await self._ask(link, request, deadline)
        finally:
            self._window.release()

    async def _ask(self, link: Link, request: SubmitSm, deadline: float) -> Pdu | NotSent | Unsure:
        now = asyncio.get_running_loop().time()
        try:
            answer = link.ask(request)
        except LinkFailure as failure:
            return NotSent(str(failure))
        try:
            async with asyncio.timeout_at(min(deadline, now + self._settings.answer_seconds)):
                return await answer
        except TimeoutError:
            link.doubt()
            return Unsure(cause(Trouble.TIMED_OUT))
        except LinkFailure as failure:
            return Unsure(str(failure))

    async def _turn(self, latest: float) -> bool:
        """Wait for the next turn; tell whether there is one in time."""
        now = asyncio.get_running_loop().time()
        turn = self._pace.turn(now, latest)
        if turn is not None and turn > now:
            await asyncio.sleep(turn - now)
        return turn is not None

    async def _connected(self) -> Link | None:
        """Return the connection; while one is being made, wait for it a little."""
        if self._link is not None or self._attempt is None:
            return self._link
        try:
            async with asyncio.timeout(_WAIT_FOR_A_LINK_SECONDS):
                return await asyncio.shield(self._attempt)
        except TimeoutError:
            return None

    def _tell(self, failure: LinkFailure | None) -> None:
        """Write a change into the log, once. The growing pauses keep a connection that comes and goes to
        a line or two in a minute."""
        told = "" if failure is None else str(failure)
        if told == self._last_told:
            return
        self._last_told = told
        where = {"gateway": self._gateway_id, "host": self._settings.host, "port": self._settings.port}
        if failure is None:
            log.info("gateway.smpp.connected", **where)
        else:
            log.warning("gateway.smpp.not_connected", **where, cause=told)
