"""Requests of the far end inside a call: hold and refresh, keys in messages, hanging up (RFC 3261 §12.2.2).

Answers each of them once. Must never listen to a request that is not of the call's dialog; who looks it up
has compared both tags.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from vestibule.gateways.sip.dialog import ALLOW, Dialog
from vestibule.gateways.sip.links import Place
from vestibule.gateways.sip.timing import LIFETIME, T1, T2, Timer, Timers
from vestibule.gateways.sip.trunk import Trunk
from vestibule.wire.rtp.events import KEYS
from vestibule.wire.sip import Request
from vestibule.wire.sip.message import Field
from vestibule.wire.sip.sdp import Agreed, Codec, Session, agree, answer, offer, read_session

_SIGNAL: Final = re.compile(r"^\s*Signal\s*=\s*([0-9*#]|1[01])\s*$", re.IGNORECASE | re.MULTILINE)
_NUMBERED: Final = {"10": "*", "11": "#"}


class Changes:
    """Bound to one call. `on_agreed` gets each new agreement about sound, `on_key` each key, `on_bye` the end
    (`False`: our answer to a change was never acknowledged)."""

    def __init__(
        self,
        trunk: Trunk,
        dialog: Dialog,
        place: tuple[str, int],
        session_id: int,
        contact: Callable[[], Field],
        *,
        on_agreed: Callable[[Agreed], None],
        on_key: Callable[[str], None],
        on_bye: Callable[[bool], None],
    ) -> None:
        """`place` is where we want sound."""
        self._trunk = trunk
        self._dialog = dialog
        self._place = place
        self._session_id = session_id
        self._version = 1
        self._contact = contact
        self._on_agreed = on_agreed
        self._on_key = on_key
        self._on_bye = on_bye
        self._codec: Codec | None = None
        self._unacknowledged: _Repeated | None = None

    def use(self, codec: Codec) -> None:
        """The codec that the call began with; it is kept, since prompts are encoded for it."""
        self._codec = codec

    def receive(self, request: Request, place: Place) -> None:
        """Answer a request of this dialog."""
        if request.method == "ACK":
            self._receive_ack(request)
        elif not self._dialog.is_in_order(request):
            self._trunk.respond(request, place, 500, "Out Of Order")
        else:
            self._receive_new(request, place)

    def close(self) -> None:
        if self._unacknowledged is not None:
            self._unacknowledged.stop()

    def _receive_new(self, request: Request, place: Place) -> None:
        match request.method:
            case "BYE":
                self._trunk.respond(request, place, 200, "OK")
                self._on_bye(True)
            case "INFO":
                self._trunk.respond(request, place, 200, "OK")
                key = _key_of(request)
                if key:
                    self._on_key(key)
            case "INVITE" | "UPDATE":
                self._receive_change(request, place)
            case "OPTIONS":
                self._trunk.respond(request, place, 200, "OK", (("allow", ALLOW),))
            case _:
                self._trunk.respond(request, place, 405, "Method Not Allowed", (("allow", ALLOW),))

    def _receive_change(self, request: Request, place: Place) -> None:
        if self._codec is None or (self._unacknowledged is not None and request.method == "INVITE"):
            # RFC 3261 §14.2: one change at a time.
            self._trunk.respond(request, place, 500, "Not Now", (("retry-after", "1"),))
            return
        if not request.body:
            self._dialog.refresh_target(request)
            self._accept(request, place, self._offer() if request.method == "INVITE" else b"")
            return
        session = read_session(request.body)
        agreed = agree(session, [self._codec]) if session is not None else None
        if session is None or agreed is None:
            # The call goes on as it was (§14.2).
            self._trunk.respond(request, place, 488, "Not Acceptable Here")
            return
        self._dialog.refresh_target(request)
        self._accept(request, place, self._answer(session, agreed))
        self._on_agreed(agreed)

    def _offer(self) -> bytes:
        assert self._codec is not None
        self._version += 1
        return offer(*self._place, [self._codec], session_id=self._session_id, version=self._version)

    def _answer(self, session: Session, agreed: Agreed) -> bytes:
        self._version += 1
        return answer(*self._place, session, agreed, session_id=self._session_id, version=self._version)

    def _accept(self, request: Request, place: Place, body: bytes) -> None:
        fields: tuple[Field, ...] = (self._contact(), ("allow", ALLOW))
        if body:
            fields = (*fields, ("content-type", "application/sdp"))
        data = self._trunk.respond(request, place, 200, "OK", fields, body=body)
        if request.method == "INVITE":
            number, _ = request.sequence
            self._unacknowledged = _Repeated(
                number,
                lambda: self._trunk.send(data, place),
                self._trunk.timers,
                lambda: self._on_bye(False),
                is_offer=not request.body,
            )

    def _receive_ack(self, request: Request) -> None:
        repeated = self._unacknowledged
        if repeated is None or repeated.number != request.sequence[0]:
            return
        repeated.stop()
        self._unacknowledged = None
        session = read_session(request.body) if repeated.is_offer and request.body else None
        agreed = agree(session, [self._codec]) if session is not None and self._codec is not None else None
        if agreed is not None:
            self._on_agreed(agreed)


class _Repeated:
    """A 2xx to an INVITE, sent until it is acknowledged, over whatever transport (RFC 3261 §13.3.1.4)."""

    def __init__(
        self,
        number: int,
        send: Callable[[], None],
        timers: Timers,
        on_end: Callable[[], None],
        *,
        is_offer: bool,
    ) -> None:
        self.number = number
        self.is_offer = is_offer
        self._send = send
        self._timers = timers
        self._pause = T1
        self._repeat: Timer = timers.call_later(self._pause, self._send_again)
        self._end: Timer = timers.call_later(LIFETIME, self._give_up, on_end)

    def stop(self) -> None:
        self._repeat.cancel()
        self._end.cancel()

    def _send_again(self) -> None:
        self._send()
        self._pause = min(self._pause * 2, T2)
        self._repeat = self._timers.call_later(self._pause, self._send_again)

    def _give_up(self, on_end: Callable[[], None]) -> None:
        self.stop()
        on_end()


def _key_of(request: Request) -> str:
    """The key in an INFO: `application/dtmf-relay` names a signal, `application/dtmf` is the key alone."""
    kind = request.first("content-type").partition(";")[0].strip().lower()
    text = request.body[:256].decode("ascii", "replace")
    if kind == "application/dtmf-relay":
        found = _SIGNAL.search(text)
        return "" if found is None else _NUMBERED.get(found[1], found[1])
    if kind == "application/dtmf" and len(text.strip()) == 1 and text.strip() in KEYS:
        return text.strip()
    return ""
