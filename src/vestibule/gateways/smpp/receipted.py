"""Identifiers of texts, and the long texts whose parts have a receipt each: one text has one receipt.

Pure: the time is passed in. Bounded in number and age. Kept in memory only: after a restart the receipt of
the first part, which gives the text its reference, stands for all of them.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from vestibule.gateways.smpp.settings import MessageIds

_MOST_PARTS = 20_000
_LONGEST_SECONDS = 3 * 24 * 3600.0


def given_id(message_id: str, kind: MessageIds) -> str:
    """Return the identifier of a text as it is kept, from how the network gave it."""
    return _decimal(message_id, {"hex_then_decimal": 16, "decimal_then_hex": 10}.get(kind))


def told_id(message_id: str, kind: MessageIds) -> str:
    """Return the identifier of a text as it is kept, from how a receipt tells it."""
    return _decimal(message_id, {"hex_then_decimal": 10, "decimal_then_hex": 16}.get(kind))


def _decimal(message_id: str, base: int | None) -> str:
    if base is None:
        return message_id
    try:
        return str(int(message_id, base))
    except ValueError:
        return message_id  # not as it was promised; told as it is, someone may know it


@dataclass(slots=True)
class _LongText:
    reference: str
    total: int
    since: float
    delivered: set[str] = field(default_factory=set)


class Receipted:
    """Which identifiers are parts of which text."""

    def __init__(self, most_parts: int = _MOST_PARTS) -> None:
        self._texts: OrderedDict[str, _LongText] = OrderedDict()
        self._most_parts = most_parts

    def __len__(self) -> int:
        return len(self._texts)

    def sent(self, reference: str, part: str, total: int, now: float) -> None:
        """Note the identifier of a part of a text of `total` parts. The first one is the reference."""
        if total < 2:
            return
        first = self._texts.get(reference)
        self._texts[part] = _LongText(reference, total, now) if first is None or part == reference else first
        while self._texts and (len(self._texts) > self._most_parts or self._is_old(now)):
            self._texts.popitem(last=False)

    def text_of(self, part: str) -> str:
        """Return the reference of the text that `part` belongs to."""
        text = self._texts.get(part)
        return part if text is None else text.reference

    def is_delivered(self, part: str) -> bool:
        """Note that a part arrived; tell whether all of its text did."""
        text = self._texts.get(part)
        if text is None:
            return True
        text.delivered.add(part)
        return len(text.delivered) >= text.total

    def _is_old(self, now: float) -> bool:
        return now - next(iter(self._texts.values())).since > _LONGEST_SECONDS
