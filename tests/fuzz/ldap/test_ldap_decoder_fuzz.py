"""Mutated messages against the LDAP decoder: it answers every one with a value, quickly and in little memory.

The seeds are the conformance vectors. A run is repeatable: the same numbers come out of the same seed.
"""

from __future__ import annotations

import random
import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

from vestibule.wire.ldap import MessageStream, decode, encode
from vestibule.wire.ldap.messages import BindRequest, Malformed, Message, UnknownAuthentication

_VECTORS = Path(__file__).parents[2] / "conformance" / "ldap"
_INTERESTING = bytes((0x00, 0x01, 0x04, 0x30, 0x31, 0x7F, 0x80, 0x81, 0x84, 0x85, 0xA0, 0xA2, 0xFF))


def seeds() -> list[bytes]:
    found = []
    for name in ("messages.txt", "malformed.txt"):
        text = (_VECTORS / name).read_text()
        found += [bytes.fromhex(data) for data in re.findall(r"^bytes: ([0-9a-f\s]+)$", text, re.MULTILINE)]
    assert len(found) > 40
    return found


def mutated(data: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(changed) + 1)
        match chance.randrange(6):
            case 0:
                changed[place : place + 1] = bytes((chance.randrange(256),))
            case 1:
                changed[place : place + 1] = bytes((chance.choice(_INTERESTING),))
            case 2:
                del changed[place : place + chance.randint(1, 8)]
            case 3:
                changed[place:place] = chance.randbytes(chance.randint(1, 8))
            case 4:
                changed[place:place] = changed[: chance.randint(0, len(changed))][-40:]
            case _:
                other = chance.choice(others)
                changed[place:] = other[chance.randrange(len(other)) :]
    return bytes(changed)


def wrapped(data: bytes) -> bytes:
    """Put the bytes into a right envelope, so that mutations reach the inner rules."""
    body = b"\x02\x01\x05" + data
    return b"\x30\x84" + len(body).to_bytes(4, "big") + body


def test_mutated_messages_end_in_a_value(proof: Callable[[int, int], int]) -> None:
    """LD-14: no crash, no growth; what is accepted means what it says."""
    rounds = proof(20_000, 1_000_000)
    found_seeds, chance = seeds(), random.Random(4511)
    accepted = 0
    tracemalloc.start()
    for number in range(rounds):
        data = mutated(chance.choice(found_seeds), chance, found_seeds)
        found = decode(wrapped(data[5:]) if number % 2 else data)
        assert isinstance(found, (Message, Malformed))
        if isinstance(found, Message):
            accepted += 1
            if not _is_unknown(found):
                assert decode(encode(found)) == found
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert accepted > rounds // 100, "the mutations are too wild to test anything"
    assert peak < 8 * 1024 * 1024


def _is_unknown(message: Message) -> bool:
    operation = message.operation
    return isinstance(operation, BindRequest) and isinstance(operation.authentication, UnknownAuthentication)


def test_a_mutated_stream_ends_in_a_value() -> None:
    """LD-14: the same for a connection, cut in odd places."""
    found_seeds, chance = seeds(), random.Random(4513)
    for _ in range(500):
        stream = MessageStream()
        data = b"".join(mutated(chance.choice(found_seeds), chance, found_seeds) for _ in range(5))
        while data:
            size = chance.randint(1, 60)
            stream.feed(data[:size])
            data = data[size:]
            while isinstance(found := stream.next_message(), Message):
                pass
            if isinstance(found, Malformed):
                break
        assert stream.pending_bytes < 1024 * 1024
