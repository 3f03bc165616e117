"""EAP that ends here: conversations with devices, and the one verification that each leads to.

Invariants:
- What is said inside the tunnel goes through the same verification as a password of PAP, and counts as one
  attempt; the name inside is the person, the name outside nobody.
- The keys of the tunnel leave only with an approval of whoever was heard in that very tunnel.
- A packet that comes again gets the answer it got, and has no second effect.
"""

from __future__ import annotations

import asyncio
from hashlib import blake2b
from typing import Final, TypeAlias

import msgspec
import structlog

from vestibule.catalog import text
from vestibule.frontends._quiet import QuietLog
from vestibule.frontends.radius.clients import RadiusClient
from vestibule.frontends.radius.eap.certificate import OwnCertificate
from vestibule.frontends.radius.eap.inside import Confirmed, Proven, Typed
from vestibule.frontends.radius.eap.peer import Peer, Stopped
from vestibule.frontends.radius.eap.table import (
    DEVICE_SECONDS,
    MOST_ROUNDS,
    PERSON_SECONDS,
    ConversationTable,
    Live,
)
from vestibule.frontends.radius.ms_chap import MsChap
from vestibule.frontends.radius.password_field import PasswordField
from vestibule.frontends.radius.prompts import prompt
from vestibule.frontends.radius.proxy import Ended, Onward, answered_elsewhere
from vestibule.interfaces.store import Unavailable
from vestibule.model.verification import Reason
from vestibule.services.attempt import Origin
from vestibule.services.outcome import Progress
from vestibule.services.verification import Verifications
from vestibule.wire.eap.packet import IDENTITY, EapResponse, read_response, success
from vestibule.wire.radius import AccessRequest, Message
from vestibule.wire.radius.ms_chap import microsoft
from vestibule.wire.radius.numbers import (
    EAP_MESSAGE,
    FRAMED_MTU,
    LARGEST_VALUE,
    MS_MPPE_RECV_KEY,
    MS_MPPE_SEND_KEY,
    SESSION_TIMEOUT,
    STATE,
    USER_NAME,
)

log = structlog.get_logger(__name__)

_LARGEST_PACKET: Final = 1020
"""Octets of EAP that every lower layer carries (RFC 3748 §3.1)."""
_SMALLEST_PACKET: Final = 128
_PATIENCE: Final = int(PERSON_SECONDS).to_bytes(4, "big")
"""In a challenge: for so long the client waits until it asks the device again (RFC 3580 §3.17)."""
_BELOW_MTU: Final = 4
"""A client puts a header of its own before EAP (RFC 3579 §2.4)."""

_NO_CERTIFICATE: Final = Stopped(Reason.PROTOCOL_UNSUPPORTED, "no certificate")
_ELSEWHERE: Final = Stopped(Reason.CHALLENGE_UNKNOWN, "conversation of another node")
_OVER: Final = Stopped(Reason.CHALLENGE_UNKNOWN, "conversation is over")

Round: TypeAlias = Onward | Ended | None
"""None: another request for the same sign-in came later and is answered instead."""


class EapServer:
    """EAP-TTLS/PAP and PEAP/EAP-GTC for the clients of one node, `node` by name."""

    def __init__(
        self,
        verifications: Verifications,
        field: PasswordField,
        ms_chap: MsChap | None,
        node: str,
        certificate: OwnCertificate,
    ) -> None:
        """Without `ms_chap` no device proves passwords by MS-CHAPv2."""
        self._verifications = verifications
        self._field = field
        self._ms_chap = ms_chap
        self._table = ConversationTable(node)
        self._quiet = QuietLog()
        self._certificate = certificate

    def open(self) -> None:
        """Read certificate and key; raises OSError, which ssl.SSLError is, when they cannot be used."""
        self._certificate.open()

    async def next_round(
        self, message: Message, access: AccessRequest, client: RadiusClient, origin: Origin
    ) -> Round:
        """Take one packet of a device. Raises `Unavailable` if nothing could be decided, or where there is no
        room: another node may have some."""
        octets = b"".join(message.values(EAP_MESSAGE))
        response = read_response(octets)
        if response is None:
            return await self._refused(origin, client, Stopped(Reason.EAP_FAILED, "no response"))
        if access.state is None:
            return await self._begun(response, access, client, origin)
        live = self._table.find(access.state, client.client.client_id, access.user_name, _seconds())
        if live is None:
            is_elsewhere = self._table.is_of_another_node(access.state)
            return await self._refused(origin, client, _ELSEWHERE if is_elsewhere else _OVER)
        digest = blake2b(octets, digest_size=16).digest()
        async with live.turn:
            if live.answered == digest:
                return live.answer
            if live.is_over:
                return await self._refused(origin, client, _OVER)
            live.answer = await self._ended_or_not(live, response, _size(message), client, origin)
            live.answered = digest
            return live.answer

    async def _begun(
        self, response: EapResponse, access: AccessRequest, client: RadiusClient, origin: Origin
    ) -> Round:
        if response.type != IDENTITY:
            return await self._refused(origin, client, Stopped(Reason.CHALLENGE_UNKNOWN, "no identity"))
        context = self._certificate.context()
        if context is None:
            return await self._refused(origin, client, _NO_CERTIFICATE)
        question = text(self._field.language(client), "radius.password")
        speaks_ms_chap = self._ms_chap is not None and self._ms_chap.is_spoken_with(client)
        peer = Peer(context, question, speaks_ms_chap=speaks_ms_chap)
        live = self._table.open(client.client.client_id, access.user_name, peer, _seconds())
        if live is None:
            self._note(client, origin, "no room", "no room for more conversations")
            raise Unavailable("no room for more conversations")
        return _onward(live, peer.begin(response))

    async def _ended_or_not(
        self, live: Live, response: EapResponse, size: int, client: RadiusClient, origin: Origin
    ) -> Round:
        try:
            answer = await self._answered(live, response, size, client, origin)
        except BaseException:
            # What the peer said is taken out of the tunnel: it cannot be said again.
            self._table.close(live)
            raise
        if not isinstance(answer, Onward):
            self._table.close(live)
        return answer

    async def _answered(
        self, live: Live, response: EapResponse, size: int, client: RadiusClient, origin: Origin
    ) -> Round:
        live.rounds += 1
        if live.rounds > MOST_ROUNDS:
            return await self._refused(origin, client, Stopped(Reason.EAP_FAILED, "too many rounds"))
        heard = live.peer.take(response, size)
        live.expires_at = _seconds() + DEVICE_SECONDS
        match heard:
            case Stopped():
                inner = msgspec.structs.replace(origin, claimed_username=live.name or origin.claimed_username)
                return await self._refused(inner, client, heard)
            case Typed():
                return await self._typed(live, heard, response, size, client, origin)
            case Proven():
                return await self._proven(live, heard, size, client, origin)
            case Confirmed():
                assert live.progress is not None
                return self._let_in(live, origin, live.progress, response)
        return _onward(live, heard)

    async def _typed(
        self,
        live: Live,
        typed: Typed,
        response: EapResponse,
        size: int,
        client: RadiusClient,
        origin: Origin,
    ) -> Round:
        live.name = typed.name
        inner = msgspec.structs.replace(origin, claimed_username=typed.name)
        inner = inner if live.peer.can_ask else answered_elsewhere(inner)
        before = live.progress
        if before is None:
            progress = await self._field.start(inner, typed.text, client)
        else:
            assert before.challenge is not None
            progress = await self._verifications.answer(inner, before.challenge.challenge_id, typed.text)
        can_ask = live.peer.can_ask and inner.can_show
        waited = await self._field.waited(inner, progress, client, is_first=before is None, can_ask=can_ask)
        if waited is None:
            return None
        if waited.is_pending and waited.challenge is not None and can_ask:
            live.progress = waited
            language = self._field.language(client, waited.language)
            words = prompt(language, waited, is_again=before is not None)
            asked = _onward(live, live.peer.ask(words, size))
            live.expires_at = _seconds() + PERSON_SECONDS
            return Onward([*asked.attributes, (SESSION_TIMEOUT, _PATIENCE)])
        if not waited.is_approved:
            return Ended(inner, waited)
        told = self._told(live, waited, size)
        return _onward(live, told) if told is not None else self._let_in(live, inner, waited, response)

    async def _proven(
        self, live: Live, proven: Proven, size: int, client: RadiusClient, origin: Origin
    ) -> Round:
        assert self._ms_chap is not None
        live.name = proven.name
        inner = answered_elsewhere(msgspec.structs.replace(origin, claimed_username=proven.name))
        begun = await self._ms_chap.begin(inner, proven.proof)
        waited = await self._field.waited(inner, begun.progress, client, is_first=True, can_ask=False)
        if waited is None:
            return None
        if not waited.is_approved:
            return Ended(inner, waited)
        told = self._told(live, waited, size, begun.confirmation)
        assert told is not None  # PEAP always has it confirmed
        return _onward(live, told)

    @staticmethod
    def _told(live: Live, progress: Progress, size: int, confirmation: bytes = b"") -> bytes | None:
        """Tell the device inside that its person is let in; None if it need not be told."""
        live.progress = progress
        live.expires_at = _seconds() + DEVICE_SECONDS
        return live.peer.accept(size, confirmation)

    def _let_in(self, live: Live, origin: Origin, progress: Progress, response: EapResponse) -> Ended:
        """RFC 2548 §2.4.2 and §2.4.3: the first half of the key is what the client receives under."""
        key = live.peer.key()
        attributes = (
            (USER_NAME, live.name.encode()),
            (EAP_MESSAGE, success(response.identifier)),
            microsoft(MS_MPPE_RECV_KEY, key[:32]),
            microsoft(MS_MPPE_SEND_KEY, key[32:]),
        )
        return Ended(origin, progress, attributes)

    async def _refused(self, origin: Origin, client: RadiusClient, stopped: Stopped) -> Ended:
        self._note(client, origin, stopped.reason, stopped.why)
        return Ended(origin, await self._verifications.refuse(origin, stopped.reason))

    def _note(self, client: RadiusClient, origin: Origin, kind: str, why: str) -> None:
        if count := self._quiet.due((kind, client.client.client_id), int(_seconds() * 1000)):
            facts = {"client": client.client.name, "device": origin.user_address, "count": count}
            log.info("eap conversation broken off", why=why, **facts)


def _onward(live: Live, packet: bytes) -> Onward:
    pieces = [packet[at : at + LARGEST_VALUE] for at in range(0, len(packet), LARGEST_VALUE)]
    return Onward([*((EAP_MESSAGE, piece) for piece in pieces), (STATE, live.state)])


def _size(message: Message) -> int:
    """Octets that a packet to this device may have."""
    told = int.from_bytes(message.first(FRAMED_MTU) or b"", "big") or _LARGEST_PACKET
    return max(_SMALLEST_PACKET, min(told - _BELOW_MTU, _LARGEST_PACKET))


def _seconds() -> float:
    return asyncio.get_running_loop().time()
