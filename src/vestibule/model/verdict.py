"""Verdict: what an answer proves. Nothing more: policy and throttle have their own words."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec


class VerdictKind(StrEnum):
    MATCH = "match"
    MISMATCH = "mismatch"
    REPLAY = "replay"
    """The right passcode, but it or a later one has been used."""
    MALFORMED = "malformed"
    """Not a passcode of this authenticator at all."""


class Verdict(msgspec.Struct, frozen=True):
    """`state` is the authenticator's new state: of a match always, of the rest None (unchanged)."""

    kind: VerdictKind
    state: dict[str, Any] | None = None

    @property
    def is_match(self) -> bool:
        return self.kind is VerdictKind.MATCH


MISMATCH = Verdict(VerdictKind.MISMATCH)
REPLAY = Verdict(VerdictKind.REPLAY)
MALFORMED = Verdict(VerdictKind.MALFORMED)
