"""Joins the parts of long texts that come in.

Pure: the time is passed in, in seconds of a clock that never goes back. Bounded in the number of texts, in
their octets and in their age; what goes over a bound goes from its oldest end. A text that is complete
stays known for its time, so that a part which comes again says the same text under the same number again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from vestibule.wire.smpp.coding import decode_text
from vestibule.wire.smpp.parts import Part


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may be kept at the same time."""

    texts: int = 500
    parts: int = 20
    """Of one text. Longer ones are told part by part."""
    octets: int = 1024 * 1024
    seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class Whole:
    """A text from end to end. `number` is the same when it is told again; 0: it came in one piece."""

    text: str = field(repr=False)
    number: int = 0


@dataclass(slots=True)
class _Collected:
    number: int
    since: float
    parts: dict[int, Part] = field(default_factory=dict)


class Reassembly:
    """Put parts in with `add`; it returns the text as soon as it is whole."""

    def __init__(self, bounds: Bounds | None = None, *, default_is_latin_1: bool = False) -> None:
        self._bounds = bounds or Bounds()
        self._default_is_latin_1 = default_is_latin_1
        self._collected: OrderedDict[tuple[Hashable, int, int], _Collected] = OrderedDict()
        self._octets = 0
        self._number = 0

    @property
    def octets(self) -> int:
        """How many octets are kept."""
        return self._octets

    def add(self, route: Hashable, part: Part, now: float) -> Whole | None:
        """Take a part that came on `route` (who sent it to whom); return the text if it is whole now."""
        self._drop_old(now)
        if part.total == 1 or part.total > self._bounds.parts:
            return Whole(self._text([part]))
        key = (route, part.reference, part.total)
        collected = self._collected.get(key)
        if collected is None or collected.parts.get(part.number, part) != part:
            # References are soon used again: another content under the same number is another text.
            self._forget(key)
            collected = self._begin(key, now)
        if part.number not in collected.parts:
            collected.parts[part.number] = part
            self._octets += len(part.octets)
        whole = self._whole(collected, part.total)
        self._shrink()
        return whole

    def _begin(self, key: tuple[Hashable, int, int], now: float) -> _Collected:
        self._number += 1
        collected = self._collected[key] = _Collected(self._number, now)
        return collected

    def _whole(self, collected: _Collected, total: int) -> Whole | None:
        if len(collected.parts) < total:
            return None
        return Whole(self._text([collected.parts[number + 1] for number in range(total)]), collected.number)

    def _text(self, parts: list[Part]) -> str:
        """Join the octets before they are read: some senders cut a character in two."""
        codings = {part.data_coding for part in parts}
        if len(codings) == 1:
            return self._decoded(b"".join(part.octets for part in parts), codings.pop())
        return "".join(self._decoded(part.octets, part.data_coding) for part in parts)

    def _decoded(self, octets: bytes, data_coding: int) -> str:
        return decode_text(octets, data_coding, default_is_latin_1=self._default_is_latin_1)

    def _drop_old(self, now: float) -> None:
        while self._collected:
            key, oldest = next(iter(self._collected.items()))
            if now - oldest.since < self._bounds.seconds:
                return
            self._forget(key)

    def _shrink(self) -> None:
        while len(self._collected) > self._bounds.texts or self._octets > self._bounds.octets:
            self._forget(next(iter(self._collected)))

    def _forget(self, key: tuple[Hashable, int, int]) -> None:
        collected = self._collected.pop(key, None)
        if collected is not None:
            self._octets -= sum(len(part.octets) for part in collected.parts.values())
