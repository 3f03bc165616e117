"""CSV files with damage of every kind: rows or a refusal, and nothing else, however the bytes are cut."""

from __future__ import annotations

import random
from collections.abc import Callable

from vestibule.wire.oath import FileProblem, FileRefused, RowFault, TokenKey, TokenRow, encode_base32
from vestibule.wire.token_csv import read_token_csv

SECRET = encode_base32(b"canary-secret-20-oct")
_SNIPPETS = [
    b",",
    b";",
    b"\t",
    b'"',
    b'""',
    b"\r",
    b"\n",
    b"\r\n",
    b"\x00",
    b"\xff",
    b"=",
    b" ",
    b"\xef\xbb\xbf",
]
_SNIPPETS += [
    b"\xff\xfe",
    b"\xc3",
    b"\xed\xa0\x80",
    b"9" * 5000,
    b"sep=;\n",
    b"serial",
    b"-",
    b"\xe2\x80\xa8",
    b"\x85",
]


def _read(content: bytes, size: int) -> tuple[list[TokenRow], FileProblem | None]:
    rows: list[TokenRow] = []
    try:
        rows.extend(read_token_csv(content[at : at + size] for at in range(0, len(content), size)))
    except FileRefused as refused:
        return [], refused.problem
    return rows, None


def test_damaged_files(proof: Callable[[int, int], int]) -> None:
    """TOK-07, TOK-10: no exception but a refusal, no secret in a fault, no difference by chunks."""
    chance = random.Random(7)
    rows = "".join(f"a{n}@b.de,{n},{SECRET},30,M,m\n" for n in range(30))
    seeds = ["upn,serial number,secret key,time interval,manufacturer,model\n" + rows]
    seeds.append("".join(f'"{n}";{SECRET};60\r\n' for n in range(30)))
    outcomes = set()
    for _ in range(proof(1_000, 100_000)):
        content = chance.choice(seeds).encode(chance.choice(("utf-8", "utf-8", "utf-16")))
        for _ in range(chance.randint(1, 3)):
            start = chance.randrange(len(content))
            content = (
                content[:start] + chance.choice(_SNIPPETS) + content[start + chance.choice((0, 0, 1, 30)) :]
            )
        result = _read(content, 1 << 16)
        assert _read(content, chance.choice((5, 100))) == result
        for row in result[0]:
            assert isinstance(row, TokenKey | RowFault)
            if isinstance(row, RowFault):
                assert "MNQW4YLSPE" not in repr(row)
        outcomes.add(result[1])
    assert len(outcomes) > 3
