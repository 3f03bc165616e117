"""PSKC files with damage of every kind: rows or a refusal, and nothing else."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.unit.wire.pskc.pskc_files import container, package, protected_file
from tests.unit.wire.pskc.test_pskc_template import reading
from vestibule.wire.oath import RowFault, TokenKey

_SNIPPETS = [
    b"<", b">", b"/>", b"</", b"&", b"&#0;", b"&amp;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x ", b"?>",
    b"<KeyPackage>", b"</KeyPackage>", b"</KeyContainer>", b"<Key>", b"</Key>", b'"', b"'", b"=", b"\x00",
    b"\xff", b"\xef\xbf\xbe", b"\xed\xa0\x80", b"\r", b"\n", b" ", b"xmlns:x=", b"<!DOCTYPE k>",
    b"PlainValue", b"99999999999", b"-1", b"AAAA", b"====", b"\xc3\xa9",
]  # fmt: skip


def _damaged(content: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(len(content))
        match chance.randrange(4):
            case 0:
                content = content[:start] + chance.choice(_SNIPPETS) + content[start:]
            case 1:
                content = content[:start] + content[start + chance.randint(1, 40) :]
            case 2:
                content = content[:start] + bytes([chance.randrange(256)]) + content[start + 1 :]
            case _:
                end = start + chance.randint(1, 600)
                content = content[:end] + content[start:end] + content[end:]
    return content


def test_damaged_files(proof: Callable[[int, int], int]) -> None:
    """TOK-01, TOK-04: no exception but a refusal, and the template agrees with the parser."""
    chance = random.Random(4)
    seeds = [
        container("".join(package(str(n)).replace("><", ">\n<") for n in range(30))),
        container("".join(package(str(n)) for n in range(30))),
        protected_file(map(str, range(30))),
    ]
    outcomes = set()
    for _ in range(proof(600, 60_000)):
        content = _damaged(chance.choice(seeds), chance)
        by_parser = reading(content, [1 << 16], has_shortcut=False)
        by_template = reading(content, [chance.choice((700, 1 << 16))], has_shortcut=True)
        # Which of two faults of a file is named depends on the chunks; that it is refused does not.
        assert by_template[0] == by_parser[0]
        assert (by_template[1] is None) == (by_parser[1] is None)
        assert all(isinstance(row, TokenKey | RowFault) for row in by_parser[0])
        outcomes.add(by_parser[1])
    assert {None, "not_xml"} <= outcomes
