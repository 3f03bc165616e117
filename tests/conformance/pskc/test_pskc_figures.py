"""The figures of RFC 6030: what they hold is read, and only that (S60)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from vestibule.wire.oath import FileRefused, RowFault, TokenKey, TokenRow
from vestibule.wire.pskc import Credential, read_pskc

FIGURES = Path(__file__).parent / "figures.txt"


def _blocks() -> list[dict[str, str]]:
    """Return the blocks as fields; an indented line goes on with the field before it, line break included."""
    blocks = []
    for text in FIGURES.read_text().split("\n\n")[1:]:
        fields: dict[str, str] = {}
        name = ""
        for line in text.rstrip("\n").split("\n"):
            if line.startswith(" "):
                fields[name] += "\n" + line[1:]
            else:
                name, _, fields[name] = line.partition(": ")
        blocks.append(fields)
    return blocks


def _cases() -> list[Any]:
    return [pytest.param(block, id=block["source"].split(",")[0]) for block in _blocks()]


def _credential(block: dict[str, str]) -> Credential:
    preshared = block.get("preshared")
    return Credential(
        preshared_key=bytes.fromhex(preshared) if preshared else None, passphrase=block.get("passphrase")
    )


def _described(row: TokenRow) -> str:
    if isinstance(row, RowFault):
        return f"{row.line} {row.problem} {row.serial}"
    assert isinstance(row, TokenKey)
    names = ("digits", "interval", "counter", "manufacturer", "model", "owner", "valid_from", "valid_until")
    facts = [f"{name}={value}" for name in names if (value := getattr(row, name)) not in (None, "")]
    return " ".join([f"{row.line} {row.algorithm} {row.serial} {row.secret.hex()}", *facts])


def _read(block: dict[str, str], xml: str) -> list[str]:
    return [_described(row) for row in read_pskc([xml.encode()], _credential(block))]


@pytest.mark.parametrize("block", _cases())
def test_figures(block: dict[str, str]) -> None:
    if "refused" in block:
        with pytest.raises(FileRefused) as caught:
            _read(block, block["xml"])
        assert caught.value.problem == block["refused"]
    else:
        assert _read(block, block["xml"]) == block["reads"].split("\n")


def test_figure_7_with_the_counter_it_lacks() -> None:
    """The secret that the RFC says the passphrase opens: 3132…3930 in hexadecimal."""
    (block,) = [block for block in _blocks() if "figure 7" in block["source"]]
    counter = "<pskc:Counter><pskc:PlainValue>0</pskc:PlainValue></pskc:Counter></pskc:Data>"
    (row,) = _read(block, block["xml"].replace("</pskc:Data>", counter))
    assert row.startswith("13 hotp 987654321 3132333435363738393031323334353637383930 digits=8 counter=0")
