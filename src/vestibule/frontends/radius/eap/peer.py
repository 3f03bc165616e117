"""One conversation of EAP from our side: what was sent last, and what its answer means.

EAP-TTLS is proposed first; a device that wants PEAP says so (RFC 3748 §5.3). Both are TLS in packets, and
differ in what is said inside. No clock, no store: who decides is asked by `server.py`.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
from OpenSSL import SSL

from vestibule.frontends.radius.eap.inside import Confirmed, Heard, Inside, Proven, Say, TtlsPap, Typed
from vestibule.frontends.radius.eap.peap import Peap
from vestibule.frontends.radius.eap.tunnel import Tunnel, TunnelBroken
from vestibule.model.verification import Reason
from vestibule.wire.eap.fragments import START, Incomplete, Reassembly, fragmented, read_fragment
from vestibule.wire.eap.packet import HEADER, NAK, PEAP, TTLS, EapResponse, request

_METHODS: Final = (TTLS, PEAP)
_MOST_TOLD: Final = 8
_ACKNOWLEDGEMENT: Final = b"\0"


class Stopped(msgspec.Struct, frozen=True):
    """The conversation cannot go on; `why` is for the log."""

    reason: Reason
    why: str


Next: TypeAlias = bytes | Typed | Proven | Confirmed | Stopped
"""The request that is to be sent, or what the peer has said and somebody must decide."""


class Peer:
    """The other side. `password_question` is what a person is asked inside PEAP, unless the device wants to
    prove his password by MS-CHAPv2 and may."""

    def __init__(self, context: SSL.Context, password_question: str, *, speaks_ms_chap: bool = False) -> None:
        self._context = context
        self._password_question = password_question
        self._speaks_ms_chap = speaks_ms_chap
        self._identifier = 0
        self._has_declined = False
        self._unsent: list[bytes] = []
        self._reassembly = Reassembly()
        self._tunnel: Tunnel | None = None
        self._propose(TTLS)

    def begin(self, response: EapResponse) -> bytes:
        """Answer the peer's first response, which tells the name outside."""
        self._identifier = response.identifier
        return self._start()

    def take(self, response: EapResponse, size: int) -> Next:
        """Take an answer; packets have at most `size` octets."""
        if response.identifier != self._identifier:
            return Stopped(Reason.EAP_FAILED, "answer to another request")
        if response.type == NAK and self._tunnel is None:
            return self._declined(response.data)
        if response.type != self._type:
            return Stopped(Reason.EAP_FAILED, "another method in the middle")
        fragment = read_fragment(response.data)
        if fragment is None or fragment.version:
            return Stopped(Reason.EAP_FAILED, "no fragment of this version")
        if self._unsent:
            if not fragment.is_acknowledgement:
                return Stopped(Reason.EAP_FAILED, "fragment before the end of ours")
            return self._request(self._unsent.pop(0))
        flight = self._reassembly.add(fragment)
        if flight is Incomplete.MORE_TO_COME:
            return self._request(_ACKNOWLEDGEMENT)
        if isinstance(flight, Incomplete):
            return Stopped(Reason.EAP_FAILED, flight.value)
        return self._take_flight(flight, size)

    def ask(self, words: str, size: int) -> bytes:
        """Ask the person inside."""
        return self._say(self._inside.question(words), size)

    def accept(self, size: int, confirmation: bytes = b"") -> bytes | None:
        """Tell inside that he is let in, with the `confirmation` for who has proven his password; None if the
        method has no such word."""
        octets = self._inside.acceptance(confirmation)
        return self._say(octets, size) if octets else None

    @property
    def can_ask(self) -> bool:
        return self._inside.can_ask

    def key(self) -> bytes:
        """Return the master session key, 64 octets."""
        assert self._tunnel is not None
        return self._tunnel.key(self._type)

    # --- parts ------------------------------------------------------------------------------------

    def _propose(self, eap_type: int) -> None:
        self._type = eap_type
        self._inside = self._dialogue(eap_type)
        self._is_greeted = False

    def _dialogue(self, eap_type: int) -> Inside:
        if eap_type == PEAP:
            return Peap(self._password_question, speaks_ms_chap=self._speaks_ms_chap)
        return TtlsPap()

    def _declined(self, wanted: bytes) -> Next:
        chosen = next((each for each in wanted if each in _METHODS and each != self._type), None)
        if chosen is None or self._has_declined:
            return Stopped(Reason.PROTOCOL_UNSUPPORTED, f"wants methods {list(wanted[:_MOST_TOLD])}")
        self._has_declined = True
        self._propose(chosen)
        return self._start()

    def _start(self) -> bytes:
        return self._request(bytes((START,)))

    def _request(self, data: bytes) -> bytes:
        self._identifier = (self._identifier + 1) % 256
        return request(self._identifier, self._type, data)

    def _take_flight(self, flight: bytes, size: int) -> Next:
        tunnel = self._tunnel = self._tunnel or Tunnel(self._context)
        was_open = tunnel.is_open
        try:
            said = tunnel.receive(flight)
        except TunnelBroken as broken:
            return Stopped(Reason.EAP_FAILED, str(broken))
        if said:
            return self._heard(self._inside.hear(said), size)
        if was_open and not self._is_greeted:
            self._is_greeted = True
            return self._say(self._inside.opening(), size)
        return self._say(b"", size)

    def _heard(self, heard: Heard, size: int) -> Next:
        match heard:
            case Say(octets):
                return self._say(octets, size)
            case Typed() | Proven() | Confirmed():
                return heard
            case _ if heard.speaks_other:
                return Stopped(Reason.PROTOCOL_UNSUPPORTED, "wants another method inside")
        return Stopped(Reason.EAP_FAILED, "not understood inside")

    def _say(self, octets: bytes, size: int) -> bytes:
        assert self._tunnel is not None
        self._tunnel.send(octets)
        first, *self._unsent = fragmented(self._tunnel.records(), size - HEADER)
        return self._request(first)
