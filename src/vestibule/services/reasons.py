"""The reason that an administrator gives for what lets somebody in, or keeps him out."""

from __future__ import annotations

from vestibule.services.refusal import Refusal, Refused

LONGEST_REASON = 500


def needed_reason(reason: str) -> str:
    """Return the reason as it is kept; raises `Refused` if there is none."""
    kept = " ".join(reason.split())[:LONGEST_REASON]
    if not kept:
        raise Refused(Refusal.REASON_MISSING)
    return kept
