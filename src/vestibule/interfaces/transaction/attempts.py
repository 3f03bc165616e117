"""Verifications with their challenges, and what is kept of one while it is open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import msgspec

from vestibule.interfaces.transaction.lists import Listed, Page
from vestibule.model.device_record import DeviceRecord
from vestibule.model.held_reply import HeldReply
from vestibule.model.verification import Challenge, ChallengeState, Verification, VerificationState


class VerificationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of the list of attempts; empty or None means any. Newest first."""

    text: str = ""
    """Beginning of the claimed or the canonical user name."""
    user_id: str = ""
    user_ids: tuple[str, ...] = ()
    """Of any of these people."""
    phones: tuple[str, ...] = ()
    """To any of these numbers (E.164)."""
    application_id: str = ""
    client_id: str = ""
    state: str = ""
    reason: str = ""
    channel: str = ""
    since: int | None = None
    until: int | None = None
    within: tuple[str, ...] = ()
    """Only what is about people in one of these groups."""


class VerificationChange(msgspec.Struct, frozen=True, kw_only=True):
    """What a compare-and-set on a pending verification writes."""

    state: VerificationState
    reason: str
    decided_at: int | None
    method: str = ""
    authenticator_id: str = ""
    authenticator_label: str = ""
    legacy_result: str = ""
    is_first_factor_proven: bool = False
    is_authenticated: bool = False
    trace: tuple[Any, ...] = ()
    expires_at: int | None = None
    """A new end of the time for the answer; None leaves it as it is."""
    phone: str = ""
    """The number that is called or texted now; empty leaves the one before."""
    device: str = ""
    """Which device has signed the decision (S7)."""


class AttemptRecords(Protocol):
    """A part of `Transaction`."""

    async def add_verification(self, verification: Verification) -> bool:
        """Insert; False if the tenant has one with the same non-empty `idempotency_key` already."""
        ...

    async def verification(self, tenant_id: str, verification_id: str) -> Verification | None: ...

    async def verification_by_key(self, tenant_id: str, idempotency_key: str) -> Verification | None: ...

    async def change_verification(
        self, tenant_id: str, verification_id: str, change: VerificationChange
    ) -> bool:
        """Write `change` if the verification is still pending; False: someone else decided it."""
        ...

    async def expire_verifications(self, limit: int) -> int:
        """Move pending verifications past their time to expired (reason timed out, decided now), with
        their challenges; return how many. For all tenants: the worker's own."""
        ...

    async def verifications(self, tenant_id: str, where: VerificationFilter, page: Page) -> Listed:
        """Rows are `Verification`, newest first. A search may stop on its way (`searched_to`)."""
        ...

    async def count_verifications(self, tenant_id: str, since: int) -> dict[str, int]:
        """How many attempts since `since`, by state."""
        ...

    async def listed_server_attempts(
        self, tenant_id: str, user_ids: Sequence[str], where: VerificationFilter, page: Page
    ) -> Listed:
        """Rows are `ServerAttempt`, those first that were told last. Of `where` only phones, state and times
        are looked at; `user_ids` are those of the servers. A search may stop on its way (`searched_to`)."""
        ...

    async def add_challenge(self, challenge: Challenge, keep_open: int) -> bool:
        """Insert, and supersede the user's oldest open challenges beyond `keep_open`. False: the answer would
        come on another road, and one of the user's is awaited on another road already."""
        ...

    async def challenge(self, tenant_id: str, challenge_id: str) -> Challenge | None: ...

    async def open_challenges(self, tenant_id: str, verification_id: str) -> tuple[Challenge, ...]:
        """Return the open, unexpired challenges of a verification, oldest first."""
        ...

    async def open_challenges_of(self, tenant_id: str, user_id: str) -> tuple[Challenge, ...]:
        """Return the open, unexpired challenges of a user, on whatever road they are answered."""
        ...

    async def take_try(self, tenant_id: str, challenge_id: str) -> int | None:
        """Take one try of an open, unexpired challenge and return how many are left; None if it is not
        open any more, has no try left, or is over."""
        ...

    async def close_challenge(
        self, tenant_id: str, challenge_id: str, state: ChallengeState, *, is_taken: bool = False
    ) -> bool:
        """Move an open challenge to `state`; False if it is not open. `is_taken`: whoever answered it is let
        in by that, and nobody else will be."""
        ...

    async def sent_challenges(self, tenant_id: str, user_id: str) -> tuple[Challenge, ...]:
        """Return the open, unexpired challenges of a user for which something was sent to a phone, or which
        his app shows."""
        ...

    async def requests_in_apps(self, tenant_id: str, user_ids: Sequence[str]) -> dict[str, frozenset[str]]:
        """Return the open, unexpired challenges that the apps of these users show; none: left out."""
        ...

    async def untaken_challenges(self, tenant_id: str, user_id: str) -> tuple[Challenge, ...]:
        """Return a user's challenges that were answered, are not long over and have let nobody in, newest
        first."""
        ...

    async def challenges_by_address(self, tenant_id: str, address: str) -> tuple[Challenge, ...]:
        """Return the open, unexpired challenges whose answer is awaited from that phone number."""
        ...

    async def replace_challenge(self, challenge: Challenge) -> bool:
        """Compare-and-set on `version` of an open challenge: writes what a dialogue moves (`progress`,
        `tries_left`, `waiter`), version + 1. False: it is closed or somebody else was first."""
        ...

    async def supersede_challenges(self, tenant_id: str, user_id: str, method: str) -> int:
        """Move a user's open, unexpired challenges of one method, for which something was sent and which are
        answered at the door, to superseded."""
        ...

    async def take_challenge(self, tenant_id: str, challenge_id: str, waiter: str) -> bool:
        """Let the newest waiting request in: set `taken_at` of an answered challenge, once in the world,
        if `waiter` is still the one it waits for."""
        ...

    async def versions(self, tenant_id: str, verification_ids: Sequence[str]) -> dict[str, int]:
        """Return the version of each of these verifications: one that has moved on has a higher one."""
        ...

    async def add_device_record(self, record: DeviceRecord) -> bool:
        """Insert; False if this fact of this device and attempt is written already."""
        ...

    async def device_records(self, tenant_id: str, verification_id: str) -> tuple[DeviceRecord, ...]:
        """Return what became of an attempt at the devices that were asked, oldest first."""
        ...

    async def hold_reply(self, reply: HeldReply) -> None:
        """Insert, or put it in the place of what is held for the same verification."""
        ...

    async def held_reply(self, tenant_id: str, verification_id: str) -> HeldReply | None: ...

    async def held_reply_to(self, tenant_id: str, proof: str) -> HeldReply | None:
        """Return what was answered to that request, if its verification is pending or approved."""
        ...
