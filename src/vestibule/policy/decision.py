"""Decision: what the rules say, with the rules that said so. Three answers, no fourth."""

from __future__ import annotations

import msgspec

from vestibule.model.verification import Reason, TraceLine


class Permit(msgspec.Struct, frozen=True):
    """Enough is proven."""

    reason: Reason
    trace: tuple[TraceLine, ...]


class Deny(msgspec.Struct, frozen=True):
    """Nothing that could still be proven would be enough."""

    reason: Reason
    trace: tuple[TraceLine, ...]


class RequirePassword(msgspec.Struct, frozen=True):
    """The first factor comes first."""

    trace: tuple[TraceLine, ...]


class RequirePasscode(msgspec.Struct, frozen=True):
    """A passcode of one of `methods` is still to be proven."""

    methods: frozenset[str]
    trace: tuple[TraceLine, ...]


Decision = Permit | Deny | RequirePassword | RequirePasscode
