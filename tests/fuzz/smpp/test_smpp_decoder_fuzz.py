"""Mutated PDUs against everything that reads them: a value comes out, quickly and in little memory."""

from __future__ import annotations

import random
import tracemalloc
from collections.abc import Callable

from vestibule.wire.smpp import BrokenStream, Malformed, Pdu, PduStream, decode, encode
from vestibule.wire.smpp.coding import encode_text
from vestibule.wire.smpp.messages import (
    Address,
    BindTransceiver,
    BindTransceiverResp,
    DeliverSm,
    EnquireLink,
    SubmitSm,
    SubmitSmResp,
)
from vestibule.wire.smpp.numbers import HEADER_SIZE
from vestibule.wire.smpp.parts import cut, part_of
from vestibule.wire.smpp.reassembly import Bounds, Reassembly
from vestibule.wire.smpp.receipts import is_receipt, read_receipt

_PHONE, _US = Address(1, 1, "4917612345678"), Address(3, 0, "12345")
_RECEIPT = (
    b"id:0123456789 sub:001 dlvrd:001 submit date:2611291200 done date:2611291201 stat:DELIVRD err:000 text:x"
)
_BOUNDS = Bounds(texts=50, octets=20_000, seconds=100)


def _seeds() -> list[bytes]:
    long = encode_text("Ja, ich war es. 👍 " * 20)
    found = [
        Pdu(BindTransceiver("esme", "secret", "VST"), 1),
        Pdu(BindTransceiverResp("smsc", ((0x0210, b"\x34"),)), 1),
        Pdu(SubmitSm(source=_US, destination=_PHONE, short_message=b"hello"), 2),
        Pdu(SubmitSmResp("abc"), 2),
        Pdu(EnquireLink(), 3),
        Pdu(DeliverSm(source=_PHONE, destination=_US, esm_class=4, short_message=_RECEIPT), 4),
        Pdu(DeliverSm(esm_class=4, parameters=((0x001E, b"abc\x00"), (0x0427, b"\x02"))), 5),
        Pdu(
            DeliverSm(
                source=_PHONE,
                short_message=b"a",
                parameters=((0x020C, b"\x00\x01"), (0x020E, b"\x02"), (0x020F, b"\x01")),
            ),
            6,
        ),
        *(
            Pdu(DeliverSm(source=_PHONE, esm_class=0x40, data_coding=8, short_message=part), 7)
            for part in cut(long, 9)
        ),
    ]
    return [encode(pdu) for pdu in found]


def _mutated(data: bytes, chance: random.Random, seeds: list[bytes]) -> bytes:
    """Change a body; its length is right again afterwards, so that the change reaches the inner rules."""
    body = bytearray(data[4:])
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(body) + 1)
        match chance.randrange(5):
            case 0:
                body[place : place + 1] = bytes((chance.randrange(256),))
            case 1:
                body[place : place + 1] = bytes((chance.choice((0, 1, 4, 5, 0x40, 0x7F, 0xFF)),))
            case 2:
                del body[place : place + chance.randint(1, 8)]
            case 3:
                body[place:place] = chance.randbytes(chance.randint(1, 8))
            case _:
                other = chance.choice(seeds)
                body[place:] = other[chance.randrange(len(other)) :]
    body += bytes(max(0, HEADER_SIZE - 4 - len(body)))
    return (len(body) + 4).to_bytes(4, "big") + bytes(body)


def test_mutated_pdus_end_in_a_value(proof: Callable[[int, int], int]) -> None:
    """SMS-03, SMS-07: whatever a network sends, nothing raises and nothing grows."""
    rounds = proof(20_000, 1_000_000)
    seeds, chance, reassembly = _seeds(), random.Random(34), Reassembly(_BOUNDS)
    read = 0
    tracemalloc.start()
    for number in range(rounds):
        found = decode(_mutated(chance.choice(seeds), chance, seeds))
        assert isinstance(found, (Pdu, Malformed))
        if isinstance(found, Pdu):
            read += 1
            _look_into(found, reassembly, number / 10)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert read > rounds // 10, "the mutations are too wild to test anything"
    assert peak < 8 * 1024 * 1024


def _look_into(pdu: Pdu, reassembly: Reassembly, now: float) -> None:
    if not isinstance(pdu.operation, DeliverSm):
        return
    if is_receipt(pdu.operation):
        told = read_receipt(pdu.operation)
        assert told is None or told.message_id
    else:
        reassembly.add(pdu.operation.source, part_of(pdu.operation), now)
        assert reassembly.octets <= 20_000


def test_what_is_written_is_read_as_the_same(proof: Callable[[int, int], int]) -> None:
    """Whatever was read and can be written comes back."""
    seeds, chance = _seeds(), random.Random(35)
    again = 0
    for _ in range(proof(10_000, 300_000)):
        found = decode(_mutated(chance.choice(seeds), chance, seeds))
        try:
            written = encode(found) if isinstance(found, Pdu) else None
        except ValueError:
            continue  # read leniently, written strictly
        if written is not None:
            assert decode(written) == found
            again += 1
    assert again > 100


def test_a_mutated_stream_ends_in_a_value() -> None:
    seeds, chance = _seeds(), random.Random(36)
    for _ in range(500):
        stream = PduStream()
        data = b"".join(_mutated(chance.choice(seeds), chance, seeds) for _ in range(5))
        data = bytes(octet if chance.random() > 0.01 else chance.randrange(256) for octet in data)
        while data:
            size = chance.randint(1, 60)
            stream.feed(data[:size])
            data = data[size:]
            while isinstance(found := stream.next_pdu(), (Pdu, Malformed)):
                pass
            if isinstance(found, BrokenStream):
                break
