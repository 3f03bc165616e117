"""Spans of time as SMPP spells them (§7.1.1.1): `YYMMDDhhmmss000R`, counted from now by the network."""

from __future__ import annotations

from typing import Final

_LONGEST: Final = 28 * 24 * 3600
"""Every month has so many days, so nothing is carried over."""


def relative(seconds: int) -> str:
    """Return a span of at least a second and at most four weeks; longer or shorter ones become these."""
    minutes, second = divmod(min(max(seconds, 1), _LONGEST), 60)
    hours, minute = divmod(minutes, 60)
    day, hour = divmod(hours, 24)
    return f"0000{day:02}{hour:02}{minute:02}{second:02}000R"
