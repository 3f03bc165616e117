"""ServerAttempt: what a server has told its service of an attempt that it has decided itself.

The service knows none of the people: who it was is an identifier of the server's own. Names and an address
are there only if the server is told to send them (S5).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from vestibule.model.verification import Verification, VerificationState

_NAMES: Final = ("username", "given_name", "family_name", "email")


class ToldAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """What travels of an attempt. Who tells it is known by the connection on which it comes."""

    attempt_id: str
    """The server's own; for one provider there is one attempt of that name."""
    started_at: int
    decided_at: int
    """Both by the clock of the server (epoch ms)."""
    user_id: str
    """The person, as the server names him for itself (S4); empty if nobody there has the name."""
    username: str = ""
    given_name: str = ""
    family_name: str = ""
    email: str = ""
    method: str = ""
    """The mode of authentication (S4); empty if it did not come so far."""
    state: VerificationState
    reason: str
    """A `Reason`, of this release or of another (S9)."""
    legacy_result: str = ""
    is_authenticated: bool = False
    server_name: str
    server_address: str
    """Of the server that has decided it (S4)."""
    phone: str = ""
    """The number that was called or texted (S6)."""
    device: str = ""
    """The device that has signed the decision in an app (S7)."""
    user_address: str = ""
    """From where he signed in, if that was known (S8)."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.attempt_id} {self.state} {self.reason})"


class ServerAttempt(ToldAttempt, frozen=True, kw_only=True):
    tenant_id: str
    provider_id: str
    group_id: str
    server_id: str
    """Who has told it; it may be another server of the group that has decided it."""
    received_at: int
    """It counts on the day on which it was received, however late that is (epoch ms)."""


class ServerUsers(msgspec.Struct, frozen=True, kw_only=True):
    """How many people are configured for verification at the servers of a replication group on a day: the
    most that was told on it, so that it is the same in whatever order it came."""

    tenant_id: str
    provider_id: str
    group_id: str
    day: str
    """Of UTC, as 2026-12-31: the day on which it was told."""
    users: int


def told(attempt: Verification, *, with_names: bool) -> ToldAttempt:
    """Return what the service is told of a decided attempt, and no more (S2)."""
    names: dict[str, Any] = {each: getattr(attempt, each) for each in _NAMES} if with_names else {}
    return ToldAttempt(
        attempt_id=attempt.verification_id,
        started_at=attempt.started_at,
        decided_at=attempt.decided_at or attempt.started_at,
        user_id=attempt.user_id,
        method=attempt.method,
        state=attempt.state,
        reason=attempt.reason,
        legacy_result=attempt.legacy_result,
        is_authenticated=attempt.is_authenticated,
        server_name=attempt.node_name,
        server_address=attempt.node_address,
        phone=attempt.phone,
        device=attempt.device,
        user_address=attempt.user_address,
        **names,
    )
