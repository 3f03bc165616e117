"""A trunk and telephone in the test's own hands: it says what it is told to, when it is told, from anywhere.

Raw sockets of this machine's loopback network; what it sends need not be right.
"""

from __future__ import annotations

import asyncio
import re
import socket
from types import TracebackType
from typing import Self

from vestibule.wire.rtp import Packet
from vestibule.wire.rtp import decode as decode_packet
from vestibule.wire.rtp import encode as encode_packet
from vestibule.wire.rtp.events import event_packets
from vestibule.wire.sip import Request, Response, decode, encode
from vestibule.wire.sip.message import Field

SECONDS = 10


class Phone:
    """One call. `address` is where it is; requests can be sent from elsewhere by `stranger`."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.address = address
        self.sip = _socket(address)
        self.rtp = _socket(address)
        self.there: tuple[str, int] = ("", 0)
        self.invite = Request(method="INVITE", uri="sip:none", fields=())
        self.requests: list[Request] = []
        self._timestamp = 1_000
        self._number = 0

    @property
    def port(self) -> int:
        return int(self.sip.getsockname()[1])

    async def receive(self, method: str) -> Request:
        """Wait for a request of this method; what comes before it is kept in `requests`."""
        while True:
            message = await self._message()
            if isinstance(message, Request):
                self.requests.append(message)
                if message.method == method:
                    if method == "INVITE":
                        self.invite = message
                    return message

    async def receive_response(self) -> Response:
        while True:
            message = await self._message()
            if isinstance(message, Response):
                return message

    async def is_silent(self) -> bool:
        """Whether nothing has come that the gateway sent before it was asked something of its own dialog."""
        before = len(self.requests)
        self.ask("OPTIONS")
        response = await self.receive_response()
        return response.sequence[1] == "OPTIONS" and len(self.requests) == before

    def respond(
        self,
        status: int,
        reason: str = "x",
        *,
        to: Request | None = None,
        tag: str = "t",
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
    ) -> None:
        self.sip.sendto(
            encode(self.response(status, reason, to=to, tag=tag, fields=fields, body=body)), self.there
        )

    def response(
        self,
        status: int,
        reason: str = "x",
        *,
        to: Request | None = None,
        tag: str = "t",
        fields: tuple[Field, ...] = (),
        body: bytes = b"",
    ) -> Response:
        request = to or self.invite
        to_field = request.first("to")
        kept = (
            ("via", request.first("via")),
            ("from", request.first("from")),
            ("to", to_field if "tag=" in to_field or not tag else f"{to_field};tag={tag}"),
            ("call-id", request.call_id),
            ("cseq", request.first("cseq")),
            ("contact", f"<sip:phone@{self.address}:{self.port}>"),
        )
        kind = (("content-type", "application/sdp"),) if body else ()
        return Response(status=status, reason=reason, fields=(*kept, *kind, *fields), body=body)

    def answer(self, *, tag: str = "t", fields: tuple[Field, ...] = (), sound: bytes | None = None) -> None:
        self.respond(200, "OK", tag=tag, fields=fields, body=self.description() if sound is None else sound)

    def description(self, direction: str = "sendrecv", port: int = 0) -> bytes:
        where = port or self.rtp.getsockname()[1]
        return (
            f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
            f"m=audio {where} RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na={direction}\r\n"
        ).encode()

    def request(self, method: str, *, tag: str = "t", body: bytes = b"", kind: str = "") -> Request:
        """A request of the dialog of the call."""
        self._number += 1
        fields: tuple[Field, ...] = (
            ("via", f"SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{method}{self._number};rport"),
            ("max-forwards", "70"),
            ("from", f"{self.invite.first('to')};tag={tag}"),
            ("to", self.invite.first("from")),
            ("call-id", self.invite.call_id),
            ("cseq", f"{self._number} {method}"),
            ("contact", f"<sip:phone@{self.address}:{self.port}>"),
        )
        more = (("content-type", kind),) if kind else ()
        return Request(method=method, uri="sip:us", fields=(*fields, *more), body=body)

    def ask(self, method: str, *, tag: str = "t", body: bytes = b"", kind: str = "") -> Request:
        request = self.request(method, tag=tag, body=body, kind=kind)
        self.sip.sendto(encode(request), self.there)
        return request

    @property
    def their_rtp(self) -> tuple[str, int]:
        """Where the gateway wants its sound, by its offer."""
        found = re.search(rb"m=audio (\d+) ", self.invite.body)
        assert found is not None
        return self.there[0], int(found[1])

    def press(
        self, keys: str, *, by: socket.socket | None = None, ssrc: int = 77, payload_type: int = 101
    ) -> None:
        """Send the packets of keys, all at once."""
        for key in keys:
            self._timestamp += 3_000
            for number, payload in enumerate(event_packets(key, 4, 160)):
                packet = encode_packet(payload_type, number, self._timestamp, ssrc, payload, number == 0)
                (by or self.rtp).sendto(packet, self.their_rtp)

    def speak(self, octets: bytes, *, ssrc: int = 77) -> None:
        for begin in range(0, len(octets), 160):
            packet = encode_packet(8, begin // 160, begin, ssrc, octets[begin : begin + 160])
            self.rtp.sendto(packet, self.their_rtp)

    async def listen(self) -> Packet:
        """Wait for a packet of sound."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(SECONDS):
            packet = decode_packet(await loop.sock_recv(self.rtp, 2_048))
        assert packet is not None
        return packet

    async def _message(self) -> Request | Response:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(SECONDS):
            data, self.there = await loop.sock_recvfrom(self.sip, 65_535)
        message = decode(data)
        assert isinstance(message, Request | Response), data
        return message

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.sip.close()
        self.rtp.close()


def _socket(address: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((address, 0))
    opened.setblocking(False)
    return opened


def stranger(port: int = 0, address: str = "127.0.0.66") -> socket.socket:
    """A socket at an address that is not the trunk's."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.bind((address, port))
    opened.setblocking(False)
    return opened
