"""Counts of attempts, as reports of usage have them."""

from __future__ import annotations

import msgspec


class ResultCount(msgspec.Struct, frozen=True):
    """How often attempts of one day ended so."""

    state: str
    reason: str
    legacy_result: str
    method: str
    count: int


class PersonCount(msgspec.Struct, frozen=True):
    """How often one person was asked for within a time, and when last (epoch ms)."""

    attempts: int
    approved: int
    refused: int
    """Denied, or not answered in time."""
    last_at: int
