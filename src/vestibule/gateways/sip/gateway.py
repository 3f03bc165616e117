"""A SIP trunk as a gateway: takes calls to place, and keeps those that ring or are up.

Must never answer a call: we have no phone. Whatever comes unasked is refused, from the trunk with a response,
from anybody else with silence.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from typing import Final

import structlog

from vestibule.crypto.secret import Secret
from vestibule.gateways.sip.call import OutgoingCall
from vestibule.gateways.sip.credentials import Credentials
from vestibule.gateways.sip.dialog import ALLOW
from vestibule.gateways.sip.links import Place
from vestibule.gateways.sip.pacer import Pacer
from vestibule.gateways.sip.registration import Presence
from vestibule.gateways.sip.settings import SipSettings
from vestibule.gateways.sip.sound import Line, Sounds
from vestibule.gateways.sip.trouble import Trouble, cause
from vestibule.gateways.sip.trunk import Trunk
from vestibule.interfaces.gateway import Call, Errand, NotSent, Sending, Surroundings
from vestibule.wire.sip import Request

logger = structlog.get_logger()

ANSWER_SECONDS = 4.0
"""A trunk that has said nothing for so long does not take the call."""
CLOSING_SECONDS = 2.0
_NUMBER: Final = re.compile(r"\+?[0-9]{1,15}")


class SipGateway:
    """Implements `Gateway`, `StaysConnected` and `CallsEnd`. Bound to the event loop it is first used on."""

    def __init__(self, settings: SipSettings, password: Secret[str], surroundings: Surroundings) -> None:
        """Raises ValueError naming `ca_file` when it cannot be read."""
        self._settings = settings
        self._inbox = surroundings.inbox
        self._trunk = Trunk(settings, self._receive)
        self._credentials = Credentials(settings.authentication_user or settings.user, password)
        self._presence = Presence(self._trunk, self._credentials)
        self._pacer = Pacer()
        self._sounds = Sounds()
        self._calls: dict[str, OutgoingCall] = {}
        self._by_call_id: dict[str, OutgoingCall] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    async def send(self, errand: Errand) -> Sending:
        """Place a call. Sent: the trunk has said something to it; all else is told to the inbox."""
        refused = _refused(errand)
        if refused is not None or not isinstance(errand, Call):
            return refused or NotSent(cause(Trouble.CALLS_ONLY))
        try:
            await self._trunk.open()
        except ssl.SSLError as problem:
            return NotSent(cause(Trouble.INSECURE, problem.reason or ""))
        except OSError as problem:
            # A time that ran out is one, too.
            trouble = Trouble.CLOSED if self._is_closed else Trouble.UNREACHABLE
            return NotSent(cause(trouble, type(problem).__name__))
        # From here to the call's place in the list nobody else gets a turn.
        if self._is_closed:
            return NotSent(cause(Trouble.CLOSED))
        call = self._calls.get(errand.delivery_id) or self._place(errand)
        return NotSent(cause(Trouble.BUSY)) if call is None else await self._taken(call)

    async def run(self) -> None:
        await self._presence.run()

    @property
    def is_connected(self) -> bool:
        return self._presence.is_known

    @property
    def calls(self) -> int:
        """How many calls ring or are up."""
        return len(self._calls)

    async def hang_up(self, delivery_id: str) -> None:
        call = self._calls.get(delivery_id)
        if call is not None:
            call.end(cause(Trouble.ENDED_HERE))

    async def close(self) -> None:
        """End all calls, sign off, and give the sockets back; within a few seconds."""
        self._is_closed = True
        for call in self._calls.values():
            call.end(cause(Trouble.ENDED_HERE))
        if self._tasks:
            _, left = await asyncio.wait(self._tasks, timeout=CLOSING_SECONDS)
            for task in left:
                task.cancel()
        await self._presence.leave(CLOSING_SECONDS)
        await self._trunk.farewells(CLOSING_SECONDS)
        self._trunk.close()

    def _place(self, errand: Call) -> OutgoingCall | None:
        """Begin a call; None if no line is free."""
        if len(self._calls) >= self._settings.most_calls:
            return None
        try:
            line = Line(self._settings, self._trunk.local_host, self._pacer)
        except OSError:
            return None
        call = OutgoingCall(errand, self._trunk, self._credentials, line, self._sounds, self._inbox)
        self._calls[errand.delivery_id] = self._by_call_id[call.dialog.call_id] = call
        task = asyncio.create_task(call.run(), name=f"call {errand.delivery_id}")
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._forget(errand.delivery_id, done))
        return call

    async def _taken(self, call: OutgoingCall) -> Sending:
        done, _ = await asyncio.wait([call.taken], timeout=ANSWER_SECONDS)
        if not done:
            call.forget(cause(Trouble.SILENT))
            self._trunk.turn_to_next()
        return call.taken.result()

    def _forget(self, delivery_id: str, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        call = self._calls.pop(delivery_id)
        del self._by_call_id[call.dialog.call_id]
        if not task.cancelled() and (problem := task.exception()) is not None:
            logger.error("sip.call.lost", delivery_id=delivery_id, error=type(problem).__name__)

    def _receive(self, request: Request, place: Place) -> None:
        """Take a request of the trunk: one of a call's dialog, or one that nobody asked for."""
        call = self._by_call_id.get(request.call_id)
        if call is not None and call.dialog.has(request):
            call.receive(request, place)
            return
        status, reason = _UNASKED.get(request.method, (405, "Method Not Allowed"))
        if request.method != "ACK":
            self._trunk.respond(request, place, status, reason, (("allow", ALLOW),), tag=_tag(request))


def _refused(errand: Errand) -> NotSent | None:
    """What is wrong with an errand, whatever trunk it is for. Nothing else gets into a request (SMS-09)."""
    if not isinstance(errand, Call):
        return NotSent(cause(Trouble.CALLS_ONLY))
    if _NUMBER.fullmatch(errand.to) is None:
        return NotSent(cause(Trouble.NOT_A_NUMBER), is_final=True)
    if errand.caller_id and _NUMBER.fullmatch(errand.caller_id) is None:
        return NotSent(cause(Trouble.NOT_A_CALLER_ID))
    return None


_UNASKED: Final = {
    "OPTIONS": (200, "OK"),
    "INVITE": (603, "Decline"),
    "BYE": (481, "Call/Transaction Does Not Exist"),
    "CANCEL": (481, "Call/Transaction Does Not Exist"),
    "INFO": (481, "Call/Transaction Does Not Exist"),
    "UPDATE": (481, "Call/Transaction Does Not Exist"),
    "NOTIFY": (481, "Subscription Does Not Exist"),
}


def _tag(request: Request) -> str:
    """A tag for the response outside of a dialog; its only use is to be there."""
    number, _ = request.sequence
    return f"none{number}"
