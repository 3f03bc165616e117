"""Receipts and replies from a message center by others (smpp34), told to the inbox and then acknowledged."""

from __future__ import annotations

import asyncio

import pytest
import smpp34

from tests.inboxes import KeepingInbox
from tests.integration.smpp.texts import Opening, a_text
from tests.peers.smsc import Smsc
from vestibule.interfaces.gateway import Receipt, Reply, Sent

OK, BUSY = 0, 0x64
UCS_2 = 8


async def test_a_receipt_says_that_a_text_arrived(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox
) -> None:
    gateway = await gateway_at(smsc.port)
    sent = await gateway.send(a_text())
    assert isinstance(sent, Sent)
    assert await smsc.receipt(sent.reference, "DELIVRD") == OK
    assert inbox.receipts == [Receipt(reference=sent.reference, is_delivered=True)]


@pytest.mark.parametrize(
    ("state", "is_final"),
    [("UNDELIV", True), ("EXPIRED", True), ("REJECTD", True), ("ACCEPTD", False), ("ENROUTE", False)],
)
async def test_a_receipt_says_what_became_of_a_text(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox, state: str, is_final: bool
) -> None:
    await gateway_at(smsc.port)
    assert await smsc.receipt("id-1", state, "069") == OK
    assert inbox.receipts == [
        Receipt(reference="id-1", is_delivered=False, is_final=is_final, cause=f"{state} 069")
    ]


async def test_a_receipt_in_parameters_only(smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox) -> None:
    await gateway_at(smsc.port)
    tlvs = [
        smpp34.Tlv(smpp34.TLV_RECEIPTED_MESSAGE_ID, b"id-1\x00"),
        smpp34.Tlv(smpp34.TLV_MESSAGE_STATE, b"\x02"),
    ]
    assert await smsc.deliver(b"", esm_class=4, tlvs=tlvs) == OK
    assert inbox.receipts == [Receipt(reference="id-1", is_delivered=True)]


async def test_receipts_twice_and_of_unknown_texts_are_told_as_they_come(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox
) -> None:
    """SMS-07: whose they are, the inbox knows."""
    await gateway_at(smsc.port)
    for reference in ("id-1", "id-1", "nobody's"):
        assert await smsc.receipt(reference, "DELIVRD") == OK
    assert [receipt.reference for receipt in inbox.receipts] == ["id-1", "id-1", "nobody's"]


@pytest.mark.parametrize("text", [b"", b"hello", b"id: stat:", b"\xff\x00\x1b"])
async def test_a_receipt_that_says_nothing_is_acknowledged_and_forgotten(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox, text: bytes
) -> None:
    await gateway_at(smsc.port)
    assert await smsc.deliver(text, esm_class=4) == OK
    assert inbox.receipts == []


async def test_a_person_who_writes_a_receipt_has_written_a_text(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox
) -> None:
    """SMS-07: a forged receipt."""
    await gateway_at(smsc.port)
    assert await smsc.deliver(b"id:id-1 stat:DELIVRD") == OK
    assert inbox.receipts == []
    assert [reply.body for reply in inbox.replies] == ["id:id-1 stat:DELIVRD"]


async def test_a_long_text_has_one_receipt(smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox) -> None:
    """It arrived when its last part did; one lost part and it did not."""
    gateway = await gateway_at(smsc.port)
    assert await gateway.send(a_text("x" * 400)) == Sent("id-1")
    for part in ("id-3", "id-1", "id-1"):
        assert await smsc.receipt(part, "DELIVRD") == OK
        assert inbox.receipts == []
    await smsc.receipt("id-2", "DELIVRD")
    assert inbox.receipts == [Receipt(reference="id-1", is_delivered=True)]
    assert await gateway.send(a_text("x" * 400)) == Sent("id-4")
    await smsc.receipt("id-5", "UNDELIV")
    assert inbox.receipts[1:] == [Receipt(reference="id-4", is_delivered=False, cause="UNDELIV 000")]


async def test_identifiers_in_hexadecimal_and_decimal(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox
) -> None:
    """Some networks give the one and tell the other."""
    smsc.policy = lambda event: None
    gateway = await gateway_at(smsc.port, message_ids="hex_then_decimal")
    sending = asyncio.create_task(gateway.send(a_text()))
    await smsc.wait_for(lambda: len(smsc.unanswered) == 1)
    smsc.unanswered[0].accept("000000FF")
    sent = await sending
    assert isinstance(sent, Sent)
    await smsc.receipt("0000000255", "DELIVRD")
    assert inbox.receipts == [Receipt(reference=sent.reference, is_delivered=True)]


@pytest.mark.parametrize(
    ("octets", "data_coding", "body"),
    [
        (b"STOP", 0, "STOP"),
        (b"1234", 0, "1234"),
        (b" 12 34 ", 0, " 12 34 "),
        ("Ja 👍".encode("utf-16-be"), UCS_2, "Ja 👍"),
        ("Да".encode("utf-16-be"), UCS_2, "Да"),
        (b"Gr~\x1ee \x1be", 0, "Grüße €"),
        (b"Gr\xfc\xdfe", 3, "Grüße"),
        (b"", 0, ""),
    ],
)
async def test_a_reply_is_told_as_it_was_written(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox, octets: bytes, data_coding: int, body: str
) -> None:
    """SMS-03: what it means is not the gateway's to say."""
    await gateway_at(smsc.port)
    assert await smsc.deliver(octets, data_coding=data_coding) == OK
    (reply,) = inbox.replies
    assert (reply.sender, reply.recipient, reply.body) == ("+4917612345678", "12345", body)


@pytest.mark.parametrize("data_coding", [0, UCS_2])
async def test_a_long_reply_is_told_once_and_whole(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox, data_coding: int
) -> None:
    """SMS-03: parts out of order, one of them twice; the whole again when its last part comes again."""
    await gateway_at(smsc.port)
    text = "Ja, ich war es. " * 30
    octets = text.encode("utf-16-be") if data_coding == UCS_2 else text.encode()
    pieces = [octets[start : start + 134] for start in range(0, len(octets), 134)]
    parts = [
        bytes((5, 0, 3, 42, len(pieces), number)) + piece for number, piece in enumerate(pieces, start=1)
    ]
    for part in (*reversed(parts[1:]), parts[2]):
        assert await smsc.deliver(part, esm_class=0x40, data_coding=data_coding) == OK
    assert inbox.replies == []
    for _ in range(2):
        assert await smsc.deliver(parts[0], esm_class=0x40, data_coding=data_coding) == OK
    assert [reply.body for reply in inbox.replies] == [text, text]
    assert inbox.replies[0] == inbox.replies[1]


async def test_a_long_reply_in_the_payload(smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox) -> None:
    await gateway_at(smsc.port)
    tlvs = [smpp34.Tlv(smpp34.TLV_MESSAGE_PAYLOAD, b"x" * 1000)]
    assert await smsc.deliver(b"", tlvs=tlvs) == OK
    assert [reply.body for reply in inbox.replies] == ["x" * 1000]


async def test_numbers_of_unknown_type(smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox) -> None:
    await gateway_at(smsc.port, bare_numbers_are_international=True)
    await smsc.deliver(b"1", source_addr_ton=0)
    await smsc.deliver(b"1", sender="Bank", source_addr_ton=5)
    assert [reply.sender for reply in inbox.replies] == ["+4917612345678", "Bank"]


async def test_two_replies_that_say_the_same_are_two(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox
) -> None:
    """They have names of their own, so the second answers the second question."""
    await gateway_at(smsc.port)
    await smsc.deliver(b"1")
    await smsc.deliver(b"1")
    first, second = inbox.replies
    assert isinstance(first, Reply)
    assert first.message_id != second.message_id


async def test_nothing_is_acknowledged_before_the_inbox_has_it(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox
) -> None:
    gateway = await gateway_at(smsc.port)
    inbox.is_open.clear()
    delivering = asyncio.create_task(smsc.deliver(b"1234"))
    await inbox.wait_for(lambda: inbox.waiting == 1)
    # Sending does not wait for it.
    assert isinstance(await gateway.send(a_text()), Sent)
    assert not delivering.done()
    assert inbox.replies == []
    inbox.is_open.set()
    assert await delivering == OK
    assert [reply.body for reply in inbox.replies] == ["1234"]


async def test_an_inbox_that_breaks_its_promise_is_told_again(
    smsc: Smsc, gateway_at: Opening, inbox: KeepingInbox
) -> None:
    """What the inbox did not take the network keeps, a long text from its last part."""
    await gateway_at(smsc.port)
    parts = [bytes((5, 0, 3, 1, 2, number)) + b"1234" for number in (1, 2)]
    assert await smsc.deliver(parts[0], esm_class=0x40) == OK
    inbox.problem = RuntimeError("out of order")
    assert await smsc.deliver(parts[1], esm_class=0x40) == BUSY
    inbox.problem = None
    assert await smsc.deliver(parts[1], esm_class=0x40) == OK
    assert [reply.body for reply in inbox.replies] == ["12341234"]
