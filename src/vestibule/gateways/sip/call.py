"""One call of ours, from the INVITE to its end.

Tells its inbox at most one event that ends it, after it has left the network: whoever hears of the end may
rely on the phone not ringing any more. Invariant: however `run` ends, a call that rings is canceled, one that
is up is hung up, and its socket is given back.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any

import structlog

from vestibule.gateways.sip.changes import Changes
from vestibule.gateways.sip.credentials import Credentials
from vestibule.gateways.sip.dialog import Dialog
from vestibule.gateways.sip.farewell import request_within, say_goodbye
from vestibule.gateways.sip.invitation import Invitation
from vestibule.gateways.sip.links import Place
from vestibule.gateways.sip.outcomes import refused
from vestibule.gateways.sip.sound import Line, Sounds
from vestibule.gateways.sip.talk import Talk
from vestibule.gateways.sip.trouble import Trouble, cause
from vestibule.gateways.sip.trunk import Trunk
from vestibule.interfaces.gateway import Call, Inbox, NotSent, Sending, Sent
from vestibule.model.call import CallEvent, CallEventKind
from vestibule.wire.sip import Request, Response
from vestibule.wire.sip.sdp import agree, offer, read_session
from vestibule.wire.sip.uri import Uri

logger = structlog.get_logger()


class OutgoingCall:
    """`taken` says what became of handing it over; `run` is its life."""

    def __init__(
        self, call: Call, trunk: Trunk, credentials: Credentials, line: Line, sounds: Sounds, inbox: Inbox
    ) -> None:
        self._call = call
        self._trunk = trunk
        self._credentials = credentials
        self._line = line
        self._sounds = sounds
        self._inbox = inbox
        self._session_id = secrets.randbits(62)
        loop = asyncio.get_running_loop()
        self.taken: asyncio.Future[Sending] = loop.create_future()
        self._answer: asyncio.Future[Response] = loop.create_future()
        self._end: asyncio.Future[CallEvent] = loop.create_future()
        self.dialog = _dialog(call, trunk)
        self._invitation = self._invite()
        self._changes = self._change()
        self._talk: Talk | None = None
        self._key_channel = ""
        self._forwarded = ""
        self._is_up = False
        self._is_silent_end = False
        self._has_peer_left = False

    async def run(self) -> None:
        """Place the call, talk, and tell how it ended."""
        self._invitation.send()
        life = asyncio.ensure_future(self._live())
        ringing = self._trunk.timers.call_later(self._call.ring_seconds, self._stop_ringing)
        try:
            ends: list[asyncio.Future[Any]] = [life, self._end]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            self._look_for_failure(life)
        finally:
            ringing.cancel()
            self._leave()
            life.cancel()
        await asyncio.wait([life])
        if self._end.done() and not self._is_silent_end:
            await self._inbox.on_call(self._call.delivery_id, self._end.result())

    def end(self, detail: str) -> None:
        """End the call from here."""
        kind = CallEventKind.HUNG_UP if self._is_up else CallEventKind.NO_ANSWER
        self._finish(CallEvent(kind, detail=detail))

    def forget(self, why: str) -> None:
        """End a call that nothing answered: it was never taken, and nobody is told."""
        if not self.taken.done():
            self.taken.set_result(NotSent(why))
            self._is_silent_end = True
            self.end(why)

    def receive(self, request: Request, place: Place) -> None:
        """Take a request of this call's dialog."""
        self._changes.receive(request, place)

    async def _live(self) -> None:
        response = await self._answer
        session = read_session(response.body)
        agreed = agree(session, self._trunk.settings.codecs) if session is not None else None
        if agreed is None:
            self._finish(CallEvent(CallEventKind.FAILED, detail=cause(Trouble.NO_COMMON_CODEC)))
            return
        self._changes.use(agreed.codec)
        voice = self._line.begin(agreed, lambda key: self._hear(key, "rtp"))
        self._talk = Talk(
            self._call.delivery_id,
            self._inbox,
            voice,
            agreed.codec,
            self._sounds,
            self._trunk.timers,
            self._press_by_message,
        )
        longest = self._trunk.timers.call_later(
            self._call.most_seconds, self.end, cause(Trouble.LASTED_TOO_LONG)
        )
        try:
            await self._talk.run(CallEvent(CallEventKind.ANSWERED, detail=self._detail(response)))
        finally:
            longest.cancel()

    def _look_for_failure(self, life: asyncio.Future[None]) -> None:
        if life.done() and not life.cancelled() and (problem := life.exception()) is not None:
            logger.error("sip.call.failed", delivery_id=self._call.delivery_id, error=type(problem).__name__)
            self._finish(CallEvent(CallEventKind.FAILED, detail=cause(Trouble.BROKE_DOWN)))

    def _leave(self) -> None:
        self._changes.close()
        self._line.close()
        if not self.taken.done():
            self.taken.set_result(NotSent(cause(Trouble.ENDED_HERE)))
        if not self._is_up:
            self._invitation.cancel()
        elif not self._has_peer_left:
            say_goodbye(self._trunk, self._credentials, self.dialog)

    def _respond(self, response: Response | None) -> None:
        """Take what answers the INVITE."""
        if response is None:
            self.forget(cause(Trouble.SILENT))
            self._finish(CallEvent(CallEventKind.UNREACHABLE, detail=cause(Trouble.SILENT)))
            return
        if response.status == 181:
            self._forwarded = response.status_line
        if not self.taken.done() and response.status in _NOT_TAKEN:
            self.forget(cause(Trouble.REFUSED, response.status_line))
            return
        if not self.taken.done():
            self.taken.set_result(Sent(self.dialog.call_id))
        if 200 <= response.status < 300:
            self._is_up = True
            if not self._answer.done():
                self._answer.set_result(response)
        elif response.status >= 300:
            self._finish(refused(response))

    def _stop_ringing(self) -> None:
        if not self._is_up:
            self._finish(CallEvent(CallEventKind.NO_ANSWER, detail=cause(Trouble.RANG_TOO_LONG)))

    def _finish(self, event: CallEvent) -> None:
        if not self._end.done():
            self._end.set_result(event)

    def _bye(self, is_peers: bool) -> None:
        if is_peers:
            self._has_peer_left = True
            self._finish(CallEvent(CallEventKind.HUNG_UP, detail="BYE"))
        else:
            self._finish(CallEvent(CallEventKind.FAILED, detail=cause(Trouble.UNACKNOWLEDGED)))

    def _hear(self, key: str, channel: str) -> None:
        """Where a peer sends each key twice, in RTP and in a message, only the way that was first counts."""
        self._key_channel = self._key_channel or channel
        if self._talk is not None and channel == self._key_channel:
            self._talk.on_key(key)

    def _press_by_message(self, key: str) -> None:
        body = f"Signal={key}\r\nDuration=120\r\n".encode()
        kind = ("content-type", "application/dtmf-relay")
        request_within(self._trunk, self._credentials, self.dialog, "INFO", (kind,), body)

    def _detail(self, response: Response) -> str:
        """What the trunk said about the answer; that the call was forwarded is worth a note (VOI-04)."""
        if not self._forwarded and (response.first("diversion") or response.first("history-info")):
            return f"{response.status_line}, forwarded"
        return f"{response.status_line}, {self._forwarded}" if self._forwarded else response.status_line

    def _invite(self) -> Invitation:
        settings = self._trunk.settings
        description = offer(self._trunk.host, self._line.port, settings.codecs, session_id=self._session_id)
        number = self._call.caller_id or settings.caller_id
        asserted = f"<{Uri(settings.server_domain, user=number)}>"
        fields = (("p-asserted-identity", asserted),) if number else ()
        user = settings.user or number
        return Invitation(
            self._trunk, self._credentials, self.dialog, description, fields, user, self._respond
        )

    def _change(self) -> Changes:
        return Changes(
            self._trunk,
            self.dialog,
            (self._trunk.host, self._line.port),
            self._session_id,
            lambda: self._invitation.contact,
            on_agreed=self._line.change,
            on_key=lambda key: self._hear(key, "info"),
            on_bye=self._bye,
        )


# The trunk refuses us, not the call: another gateway may do better (RFC 3261 §21.5.4).
_NOT_TAKEN = frozenset((401, 403, 407, 503))


def _dialog(call: Call, trunk: Trunk) -> Dialog:
    settings = trunk.settings
    domain = settings.server_domain
    number = call.caller_id or settings.caller_id
    user = settings.user if settings.from_user == "account" or not number else number
    called = settings.number_prefix + call.to.removeprefix("+")
    target = str(Uri(domain, settings.port if domain == settings.server else 0, called))
    return Dialog(
        call_id=secrets.token_hex(16),
        local=f"<{Uri(domain, user=user or 'anonymous')}>",
        local_tag=secrets.token_hex(12),
        remote=f"<{Uri(domain, user=called)}>",
        target=target,
        home=trunk.place,
    )
