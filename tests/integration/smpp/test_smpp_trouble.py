"""Message centers that die, hang, lie or talk nonsense (SMS-05, SMS-06)."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.inboxes import KeepingInbox
from tests.integration.smpp.scripted import ScriptedCenter, obliging
from tests.integration.smpp.texts import PASSWORD, Opening, a_text
from tests.peers.listening import listening
from tests.peers.openldap_certificates import TestAuthority
from tests.peers.smsc import Relay, Smsc, SmscProcess
from tests.until import until
from vestibule.interfaces.gateway import NotSent, Sent, Unsure
from vestibule.wire.smpp import Pdu
from vestibule.wire.smpp.messages import (
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    DeliverSmResp,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    Opaque,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)


def answering(kind: type, *answers: Any) -> Any:
    """The obliging script, but for one kind of request."""
    return lambda pdu: answers if isinstance(pdu.operation, kind) else obliging(pdu)


async def test_a_center_that_dies_and_comes_back(gateway_at: Opening) -> None:
    """SMS-06: recovery needs nobody's help."""
    with SmscProcess() as center:
        gateway = await gateway_at(center.port)
        assert isinstance(await gateway.send(a_text()), Sent)
        center.kill()
        await until(lambda: not gateway.is_connected)
        result = await gateway.send(a_text())
        assert isinstance(result, NotSent)
        assert not result.is_final
        center.start()
        await until(lambda: gateway.is_connected)
        assert isinstance(await gateway.send(a_text()), Sent)


async def test_a_text_waits_for_a_connection_that_is_being_made(gateway_at: Opening) -> None:
    async with ScriptedCenter(answering(BindTransceiver)) as center:
        gateway = await gateway_at(center.port, is_waiting=False)
        await center.wait_for(lambda: bool(center.received))
        sending = asyncio.create_task(gateway.send(a_text()))
        await asyncio.sleep(0)
        center.say(Pdu(BindTransceiverResp("center"), center.received[0].sequence))
        assert isinstance(await sending, Sent)


async def test_a_center_that_hangs_is_left(smsc: Smsc, gateway_at: Opening) -> None:
    """A text without an answer has the connection tested; the next one is made at once."""
    async with Relay(smsc.port) as relay:
        gateway = await gateway_at(relay.port, answer_seconds=0.2)
        relay.hold("from")
        assert await gateway.send(a_text()) == Unsure("smpp.cause.timed_out")
        await until(lambda: relay.connections > 1)
        relay.resume()
        await until(lambda: gateway.is_connected)
        assert isinstance(await gateway.send(a_text()), Sent)


async def test_a_silent_connection_is_tested(gateway_at: Opening) -> None:
    """§4.11."""
    async with ScriptedCenter(answering(EnquireLink)) as center:
        await gateway_at(center.port, enquire_seconds=1, answer_seconds=0.2)
        await center.wait_for(lambda: bool(center.of(EnquireLink)))
        await center.wait_for(lambda: center.connections == 2)


async def test_we_answer_what_a_center_asks(gateway_at: Opening) -> None:
    """§4.11, §4.3: also what we do not know, and what cannot be read."""
    async with ScriptedCenter() as center:
        await gateway_at(center.port)
        center.say(
            Pdu(EnquireLink(), 900),
            Pdu(Opaque(0x103, b"data_sm"), 901),
            Pdu(Opaque(0x102, b"an alert"), 902),
            Pdu(Opaque(5, b"no deliver_sm"), 903),
            Pdu(SubmitSm(), 904),
            Pdu(SubmitSmResp("never asked for"), 905),
            Pdu(EnquireLink(), 906),
        )
        await center.wait_for(lambda: center.received[-1].sequence == 906)
        assert center.received[1:] == [
            Pdu(EnquireLinkResp(), 900),
            Pdu(GenericNack(), 901, 3),
            Pdu(DeliverSmResp(), 903, 0x65),
            Pdu(GenericNack(), 904, 3),
            Pdu(EnquireLinkResp(), 906),
        ]


async def test_a_center_that_unbinds_is_bound_to_again(gateway_at: Opening) -> None:
    """§4.2."""
    async with ScriptedCenter() as center:
        await gateway_at(center.port)
        center.say(Pdu(Unbind(), 7))
        await center.wait_for(lambda: len(center.of(BindTransceiver)) == 2)
        assert Pdu(UnbindResp(), 7) in center.received


@pytest.mark.parametrize(
    "garbage",
    [
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        bytes(16),
        b"\xff" * 100,
        b"\x00\x00\x00\x0f" + bytes(11),
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_garbage_ends_the_connection_and_nothing_else(gateway_at: Opening, garbage: bytes) -> None:
    async with ScriptedCenter() as center:
        gateway = await gateway_at(center.port)
        center.script = answering(SubmitSm, garbage)
        assert await gateway.send(a_text()) == Unsure("smpp.cause.garbled")
        center.script = obliging
        await until(lambda: gateway.is_connected)
        assert isinstance(await gateway.send(a_text()), Sent)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (EnquireLinkResp(), Unsure("smpp.cause.garbled")),  # an answer to something else
        (Opaque(0x80000004, b"no NUL"), Unsure("smpp.cause.garbled")),
        (Opaque(0x80000004), Sent("")),
        (GenericNack(), NotSent("smpp.cause.refused ESME_ROK")),
    ],
)
async def test_answers_that_are_none(gateway_at: Opening, answer: Any, result: Any) -> None:
    async with ScriptedCenter(answering(SubmitSm, answer)) as center:
        gateway = await gateway_at(center.port)
        assert await gateway.send(a_text()) == result


async def test_a_status_of_the_vendor_is_a_refusal(gateway_at: Opening) -> None:
    def script(pdu: Pdu) -> Any:
        refusal = (Pdu(Opaque(0x80000004), pdu.sequence, 0x450),)
        return refusal if isinstance(pdu.operation, SubmitSm) else obliging(pdu)

    async with ScriptedCenter(script) as center:
        gateway = await gateway_at(center.port)
        assert await gateway.send(a_text()) == NotSent("smpp.cause.refused 0x00000450")


async def test_an_answer_to_somebody_else_is_not_ours(gateway_at: Opening) -> None:
    """Only the number of the request says whose an answer is."""

    def script(pdu: Pdu) -> Any:
        if isinstance(pdu.operation, SubmitSm):
            return (Pdu(SubmitSmResp("not yours"), pdu.sequence + 1), SubmitSmResp("yours"))
        return obliging(pdu)

    async with ScriptedCenter(script) as center:
        gateway = await gateway_at(center.port)
        assert await gateway.send(a_text()) == Sent("yours")


async def test_the_validity_period_is_sent(gateway_at: Opening) -> None:
    """§5.2.16; after it nobody needs a passcode any more."""
    async with ScriptedCenter() as center:
        gateway = await gateway_at(center.port)
        await gateway.send(a_text(seconds=300))
        (pdu,) = center.of(SubmitSm)
        assert isinstance(pdu.operation, SubmitSm)
        assert pdu.operation.validity == "000000000500000R"


async def test_the_window_holds_while_nobody_answers(gateway_at: Opening) -> None:
    """What was written before we answered is all that was written."""
    async with ScriptedCenter(answering(SubmitSm)) as center:
        gateway = await gateway_at(center.port, window=3, per_second=0)
        sending = [asyncio.create_task(gateway.send(a_text())) for _ in range(10)]
        await center.wait_for(lambda: len(center.of(SubmitSm)) == 3)
        for number in (900, 901):
            center.say(Pdu(EnquireLink(), number))
            await center.wait_for(lambda number=number: center.received[-1].sequence == number)  # type: ignore[misc]
            assert len(center.of(SubmitSm)) == 3
        center.script = obliging
        center.say(Pdu(SubmitSmResp("late"), center.of(SubmitSm)[0].sequence))
        await center.wait_for(lambda: len(center.of(SubmitSm)) == 10)
        for pdu in center.of(SubmitSm)[1:3]:
            center.say(Pdu(SubmitSmResp("late"), pdu.sequence))
        assert all(isinstance(sent, Sent) for sent in await asyncio.gather(*sending))


@pytest.mark.parametrize("status", [0x0D, 0x0E, 0x0F])
async def test_a_refused_account_says_so_and_is_not_hammered(gateway_at: Opening, status: int) -> None:
    """The next try with a wrong password is ten seconds away."""
    refusal = Pdu(BindTransceiverResp(), 1, status)
    with capture_logs() as logs:
        async with ScriptedCenter(answering(BindTransceiver, refusal)) as center:
            gateway = await gateway_at(center.port, is_waiting=False)
            await until(lambda: bool(logs))
            assert await gateway.send(a_text()) == NotSent("smpp.cause.not_connected")
            assert center.connections == 1
    assert logs[0]["event"] == "gateway.smpp.not_connected"
    assert logs[0]["cause"].startswith("smpp.cause.bind_refused ESME_R")


async def test_a_flood_of_texts_is_answered_with_later(gateway_at: Opening, inbox: KeepingInbox) -> None:
    """What waits for the inbox is bounded; the network keeps the rest (§5.1.3, ESME_RX_T_APPN)."""
    inbox.is_open.clear()
    async with ScriptedCenter() as center:
        await gateway_at(center.port)
        center.say(*(Pdu(DeliverSm(short_message=b"1"), number) for number in range(1, 1001)))
        await center.wait_for(lambda: len(center.of(DeliverSmResp)) >= 790)
        assert {pdu.status for pdu in center.of(DeliverSmResp)} == {0x64}
        inbox.is_open.set()
        await center.wait_for(lambda: len(center.of(DeliverSmResp)) == 1000)
        taken = [pdu for pdu in center.of(DeliverSmResp) if pdu.status == 0]
        assert len(taken) == len(inbox.replies) <= 210


async def test_who_asks_and_never_reads_is_left(gateway_at: Opening) -> None:
    """Memory is bounded whatever the other end does."""
    release = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from vestibule.wire.smpp import encode  # noqa: PLC0415

        await reader.read(1000)
        writer.write(encode(Pdu(BindTransceiverResp("center"), 1)))
        flood = b"".join(encode(Pdu(EnquireLink(), number)) for number in range(1, 4001))
        try:
            while True:
                writer.write(flood)
                await writer.drain()
        except OSError:
            release.set()

    async with listening(serve) as port:
        await gateway_at(port, reconnect_seconds=60)
        async with asyncio.timeout(20):
            await release.wait()


async def test_closing_says_goodbye(smsc: Smsc, gateway_at: Opening) -> None:
    gateway = await gateway_at(smsc.port)
    await gateway.close()
    await smsc.wait_for(lambda: smsc.unbinds == 1)
    assert not gateway.is_connected
    assert await gateway.send(a_text()) == NotSent("smpp.cause.not_connected")
    await gateway.close()


async def test_goodbye_is_said_after_run_was_canceled_too(gateway_at: Opening) -> None:
    async with ScriptedCenter() as center:
        gateway = await gateway_at(center.port)
        (task,) = [task for task in asyncio.all_tasks() if "SmppGateway.run" in repr(task)]
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await gateway.close()
        await center.wait_for(lambda: bool(center.of(Unbind)))


async def test_what_is_closed_while_it_connects_stays_closed(gateway_at: Opening) -> None:
    async with ScriptedCenter(answering(BindTransceiver)) as center:
        gateway = await gateway_at(center.port, is_waiting=False)
        await center.wait_for(lambda: bool(center.received))
        await gateway.close()
        center.say(Pdu(BindTransceiverResp("center"), center.received[0].sequence))
        await center.wait_for_ends()
        assert not gateway.is_connected
        assert await gateway.send(a_text()) == NotSent("smpp.cause.not_connected")
        assert center.connections == 1


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 64 + ".example", "...", "-"])
async def test_a_host_that_is_none_is_unreachable(gateway_at: Opening, host: str) -> None:
    with capture_logs() as logs:
        gateway = await gateway_at(1, is_waiting=False, host=host)
        await until(lambda: bool(logs))
        assert await gateway.send(a_text()) == NotSent("smpp.cause.not_connected")
    assert logs[0]["cause"] == "smpp.cause.unreachable"


async def test_a_center_that_does_not_say_goodbye_is_left_all_the_same(gateway_at: Opening) -> None:
    async with ScriptedCenter(answering(Unbind)) as center:
        gateway = await gateway_at(center.port)
        async with asyncio.timeout(5):
            await gateway.close()


def server_context(authority: TestAuthority, *names: str, is_expired: bool = False) -> ssl.SSLContext:
    certificate, key = authority.issue("server", *names, is_expired=is_expired)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


async def test_texts_go_through_tls(smsc: Smsc, gateway_at: Opening, tmp_path: Path) -> None:
    authority = TestAuthority(tmp_path)
    async with Relay(smsc.port, server_context(authority, "127.0.0.1")) as relay:
        gateway = await gateway_at(relay.port, tls=True, ca_file=str(authority.ca_file))
        assert await gateway.send(a_text()) == Sent("id-1")


@pytest.mark.parametrize("fault", ["another name", "expired", "another authority", "no tls"])
async def test_nobody_is_told_the_password_without_a_good_certificate(
    gateway_at: Opening, tmp_path: Path, fault: str
) -> None:
    authority = TestAuthority(tmp_path / "a")
    trusted = TestAuthority(tmp_path / "b") if fault == "another authority" else authority
    name = "smsc.example" if fault == "another name" else "127.0.0.1"
    context = server_context(authority, name, is_expired=fault == "expired")
    with capture_logs() as logs:
        async with (
            ScriptedCenter() as center,
            Relay(center.port, None if fault == "no tls" else context) as relay,
        ):
            await gateway_at(relay.port, is_waiting=False, tls=True, ca_file=str(trusted.ca_file))
            await until(lambda: bool(logs))
            assert center.of(BindTransceiver) == []
    assert logs[0]["cause"] in ("smpp.cause.insecure", "smpp.cause.unreachable", "smpp.cause.timed_out")


async def test_one_line_in_the_log_for_one_change(gateway_at: Opening) -> None:
    """DOS-04: a center that is down is reported once, and once when it is back."""
    with capture_logs() as logs, SmscProcess() as center:
        gateway = await gateway_at(center.port, reconnect_seconds=0.01)
        center.kill()
        await until(lambda: len(logs) == 3)
        await until(lambda: not gateway.is_connected)
        center.start()
        await until(lambda: gateway.is_connected)
        assert isinstance(await gateway.send(a_text()), Sent)
        told = [(entry["event"].rpartition(".")[2], entry.get("cause", "")) for entry in logs]
    assert told == [
        ("connected", ""),
        ("not_connected", "smpp.cause.closed"),
        ("not_connected", "smpp.cause.unreachable"),
        ("connected", ""),
    ]
    assert {entry["gateway"] for entry in logs} == {"g"}


async def test_nothing_secret_is_logged_or_shown(gateway_at: Opening, inbox: KeepingInbox) -> None:
    """SMS-08, LOG-02: neither the password nor what a text says."""
    shown: list[str] = []
    scripts: list[Any] = [
        obliging,
        answering(SubmitSm, Opaque(0x80000004, b"canary")),
        answering(SubmitSm, b"canary canary canary"),
        answering(BindTransceiver, Opaque(0x80000009, b"canary")),
    ]
    with capture_logs() as logs:
        for script in scripts:
            async with ScriptedCenter(script) as center:
                gateway = await gateway_at(center.port, is_waiting=False)
                await center.wait_for(lambda center=center: bool(center.received))  # type: ignore[misc]
                text = a_text("canary-text")
                shown += [repr(await gateway.send(text)), repr(text), repr(gateway), repr(vars(gateway))]
                inbox.problem = ValueError("canary")
                if gateway.is_connected:
                    center.say(Pdu(DeliverSm(short_message=b"canary"), 1))
                    await center.wait_for(lambda center=center: bool(center.of(DeliverSmResp)))  # type: ignore[misc]
                assert center.received[0].operation == BindTransceiver("esme", PASSWORD)
    assert "canary" not in "\n".join([*shown, repr(logs)])
    assert logs != []
