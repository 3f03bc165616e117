"""Who may be demanded to sign: what the requests of a client say about its next step (CVE-2024-3596)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import msgspec

from vestibule.model.client_sighting import Seen, Sighting
from vestibule.model.radius_client import Signing


class Advice(StrEnum):
    KEEP = "keep"
    """Unsigned requests are dropped, and none come."""
    DROPPED = "dropped"
    """Unsigned requests are dropped, and some come."""
    READY = "ready"
    """All that came was signed: nothing would be dropped."""
    LACKING = "lacking"
    """Some came unsigned and would be dropped."""
    UNSEEN = "unseen"
    """Nothing came that says anything."""


class ClientSigning(msgspec.Struct, frozen=True, kw_only=True):
    """How a client signs. Counts are of the last days, times (epoch ms) of the last of each; None: never."""

    client_id: str
    name: str
    step: Signing
    signed: int
    unsigned: int
    signed_at: int | None
    unsigned_at: int | None
    advice: Advice


def judge_signing(client_id: str, name: str, step: Signing, seen: Mapping[Seen, Sighting]) -> ClientSigning:
    """Return the report on one client of which that was `seen` within the last days."""
    signed, unsigned = seen.get(Seen.SIGNED), seen.get(Seen.UNSIGNED)
    # EAP is always signed (RFC 3579 §3.1): who speaks nothing else has nothing to lose.
    is_seen = signed is not None or Seen.EAP in seen
    if step is Signing.REQUIRE:
        advice = Advice.DROPPED if unsigned else Advice.KEEP
    elif unsigned is not None:
        advice = Advice.LACKING
    else:
        advice = Advice.READY if is_seen else Advice.UNSEEN
    return ClientSigning(
        client_id=client_id,
        name=name,
        step=step,
        signed=signed.count if signed else 0,
        unsigned=unsigned.count if unsigned else 0,
        signed_at=signed.last_at if signed else None,
        unsigned_at=unsigned.last_at if unsigned else None,
        advice=advice,
    )
