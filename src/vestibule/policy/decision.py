"""Decision: what the rules say, with the rules that said so."""

from __future__ import annotations

import msgspec

from vestibule.model.verification import Reason, TraceLine


class Permit(msgspec.Struct, frozen=True):
    """Enough is proven, or nothing more is asked for."""

    reason: Reason
    trace: tuple[TraceLine, ...]


class Deny(msgspec.Struct, frozen=True):
    """Nothing that could still be proven would be enough."""

    reason: Reason
    trace: tuple[TraceLine, ...]


class Bypass(msgspec.Struct, frozen=True):
    """A second factor is required, but a one-time bypass is at hand: whoever consumes it first is let in."""

    trace: tuple[TraceLine, ...]


class RequirePassword(msgspec.Struct, frozen=True):
    """The first factor comes first."""

    trace: tuple[TraceLine, ...]


class RequirePasscode(msgspec.Struct, frozen=True):
    """A second factor of one of `methods` is still to be proven. `within_ms`: how old a remembered or cached
    proof may be that stands for it; None: as the application says."""

    methods: frozenset[str]
    trace: tuple[TraceLine, ...]
    within_ms: int | None = None


Settled = Permit | Deny | RequirePassword | RequirePasscode
"""What is left of a decision once a bypass was consumed, or was not there any more."""

Decision = Settled | Bypass
