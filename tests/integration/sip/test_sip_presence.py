"""Being connected: registration, asking whether the trunk is there, connections with TLS."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.integration.sip.desk import Desk, call, finished, gateway, spoken
from tests.integration.sip.phone import Phone
from tests.peers.listening import listening
from tests.peers.openldap_certificates import TestAuthority
from tests.until import until
from vestibule.gateways.sip import SipGateway
from vestibule.interfaces.gateway import CallsEnd, NotSent, Sent, StaysConnected
from vestibule.model.call import CallEvent, CallEventKind, Say
from vestibule.wire.sip import MessageStream, Request, Response, encode


@asynccontextmanager
async def running(opened: SipGateway) -> AsyncIterator[None]:
    task = asyncio.ensure_future(opened.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])


async def test_a_trunk_without_registration_is_asked_whether_it_is_there() -> None:
    with Phone() as phone:
        async with gateway(Desk(), phone.port) as opened:
            assert isinstance(opened, StaysConnected)
            assert isinstance(opened, CallsEnd)
            assert not opened.is_connected
            async with running(opened):
                request = await phone.receive("OPTIONS")
                assert not opened.is_connected
                # Whatever is answered, somebody is there.
                phone.respond(404, "Not Found", to=request)
                await until(lambda: opened.is_connected)


async def test_a_registration_that_is_refused_is_no_connection() -> None:
    with Phone() as phone:
        async with gateway(Desk(), phone.port, user="a", password="b", register=True) as opened:
            async with running(opened):
                request = await phone.receive("REGISTER")
                phone.respond(403, "Forbidden", to=request)
                second = await phone.receive("REGISTER")
                assert not opened.is_connected
                assert second.call_id == request.call_id
                assert second.sequence[0] == request.sequence[0] + 1
                phone.respond(200, "OK", to=second, fields=(("expires", "120"),))
                await until(lambda: opened.is_connected)
            signing_off = asyncio.ensure_future(opened.close())
            last = await phone.receive("REGISTER")
            assert last.first("expires") == "0"
            phone.respond(200, "OK", to=last)
            await signing_off


async def test_a_registration_that_is_too_short_is_made_longer() -> None:
    """RFC 3261 §10.2.8."""
    with Phone() as phone:
        async with gateway(Desk(), phone.port, user="a", register=True, register_seconds=60) as opened:
            async with running(opened):
                request = await phone.receive("REGISTER")
                assert request.first("expires") == "60"
                phone.respond(423, "Interval Too Brief", to=request, fields=(("min-expires", "1800"),))
                longer = await phone.receive("REGISTER")
                assert longer.first("expires") == "1800"
                phone.respond(200, "OK", to=longer)
                await until(lambda: opened.is_connected)
            closing = asyncio.ensure_future(opened.close())
            phone.respond(200, "OK", to=await phone.receive("REGISTER"))
            await closing


async def test_the_address_that_the_trunk_sees_is_where_it_is_asked_to_call_back() -> None:
    """RFC 3581: rport."""
    with Phone() as phone:
        async with gateway(Desk(), phone.port) as opened:
            async with running(opened):
                request = await phone.receive("OPTIONS")
                seen = phone.response(200, "OK", to=request)
                via = request.first("via").replace(";rport", ";rport=45678;received=203.0.113.5")
                fields = tuple((name, via if name == "via" else value) for name, value in seen.fields)
                phone.sip.sendto(encode(Response(status=200, fields=fields)), phone.there)
                await until(lambda: opened.is_connected)
            sending = asyncio.ensure_future(opened.send(call()))
            invite = await phone.receive("INVITE")
            assert invite.first("contact") == "<sip:+49301234567@203.0.113.5:45678>"
            phone.respond(486, "Busy Here")
            await sending


DESCRIPTION = (
    b"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 8\r\n"
)


class TlsTrunk:
    """A trunk behind TLS that is always busy, or `answers` every call."""

    def __init__(self, authority: TestAuthority, *names: str, answers: bool = False) -> None:
        self._answers = answers
        self._writers: list[asyncio.StreamWriter] = []
        certificate, key = authority.issue("trunk", *names)
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate, key)
        self.requests: list[Request] = []
        self.port = 0

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with listening(self._serve, self._context) as self.port:
            yield

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        stream = MessageStream()
        self._writers.append(writer)
        while data := await reader.read(65_536):
            stream.feed(data)
            while isinstance(request := stream.next_message(), Request):
                self.requests.append(request)
                if request.method == "INVITE":
                    names = ("via", "from", "to", "call-id", "cseq")
                    fields = tuple(field for field in request.fields if field[0] in names)
                    response = Response(status=486, reason="Busy Here", fields=fields)
                    if self._answers:
                        response = Response(status=200, reason="OK", fields=fields, body=DESCRIPTION)
                    writer.write(encode(response))

    def cut(self) -> None:
        """End all connections."""
        for writer in self._writers:
            writer.transport.abort()


@pytest.fixture
def authority(tmp_path: Path) -> TestAuthority:
    return TestAuthority(tmp_path / "tls")


async def test_a_call_over_tls(authority: TestAuthority) -> None:
    trunk = TlsTrunk(authority, "127.0.0.1")
    desk = Desk()
    settings = {"transport": "tls", "ca_file": str(authority.ca_file)}
    async with trunk.open(), gateway(desk, trunk.port, **settings) as opened:
        assert isinstance(await opened.send(call()), Sent)
        await finished(opened)
        await until(lambda: len(trunk.requests) == 2)
    assert desk.events() == [CallEvent(CallEventKind.BUSY, detail="486 Busy Here")]
    invite, acknowledged = trunk.requests
    assert invite.first("via").startswith("SIP/2.0/TLS 127.0.0.1:")
    assert acknowledged.method == "ACK"


@pytest.mark.parametrize("trusts", [False, True])
async def test_a_certificate_that_is_not_the_trunks_gets_no_call(
    authority: TestAuthority, tmp_path: Path, trusts: bool
) -> None:
    """Of an authority that nobody trusts, or for another name."""
    trunk = TlsTrunk(authority, "trunk.example" if trusts else "127.0.0.1")
    trusted = authority if trusts else TestAuthority(tmp_path / "other")
    settings = {"transport": "tls", "ca_file": str(trusted.ca_file)}
    async with trunk.open(), gateway(Desk(), trunk.port, **settings) as opened:
        sent = await opened.send(call())
        assert isinstance(sent, NotSent)
        assert sent.cause.startswith("sip.cause.insecure")
    assert trunk.requests == []


async def test_a_connection_that_was_lost_is_opened_again(authority: TestAuthority) -> None:
    trunk = TlsTrunk(authority, "127.0.0.1")
    desk = Desk()
    settings = {"transport": "tls", "ca_file": str(authority.ca_file)}
    async with trunk.open(), gateway(desk, trunk.port, **settings) as opened:
        for delivery_id in ("d1", "d2"):
            assert isinstance(await opened.send(call(delivery_id)), Sent)
            await finished(opened)
            opened._trunk._link.close()  # type: ignore[union-attr]
            await until(lambda: not opened._trunk.is_open)
    assert len(desk.told) == 2


async def test_a_call_is_hung_up_over_a_new_connection_if_the_old_one_was_lost(
    authority: TestAuthority,
) -> None:
    trunk = TlsTrunk(authority, "127.0.0.1", answers=True)
    desk = Desk({CallEventKind.ANSWERED: (Say(spoken("long")),)})
    settings = {"transport": "tls", "ca_file": str(authority.ca_file)}
    async with trunk.open(), gateway(desk, trunk.port, **settings) as opened:
        await opened.send(call())
        await desk.wait_for(CallEventKind.ANSWERED)
        trunk.cut()
        await until(lambda: not opened._trunk.is_open)
        await opened.hang_up("d1")
        await until(lambda: trunk.requests[-1].method == "BYE")


async def test_a_closed_gateway_takes_nothing() -> None:
    with Phone() as phone:
        async with gateway(Desk(), phone.port) as opened:
            await opened.close()
            await opened.close()
            sent = await opened.send(call())
            assert isinstance(sent, NotSent)
            assert sent.cause.startswith("sip.cause.closed")


async def test_the_same_call_handed_over_twice_at_once_rings_once() -> None:
    """VOI-05."""
    with Phone() as phone:
        async with gateway(Desk(), phone.port) as opened:
            both = [asyncio.ensure_future(opened.send(call())) for _ in range(2)]
            await phone.receive("INVITE")
            phone.respond(486, "Busy Here")
            first, second = await asyncio.gather(*both)
            assert first == second
            await finished(opened)
        assert [request.method for request in phone.requests] == ["INVITE"]
