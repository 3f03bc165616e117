"""What every sign-in reads and counts: the person, the attempts that have failed, alarms of spraying."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from vestibule.model.authenticator import Authenticator
from vestibule.model.spraying import Scope, SprayingAlarm
from vestibule.model.throttle import Factor, SourceThrottle, Throttle, ThrottleLimits
from vestibule.model.user import User


class Subject(msgspec.Struct, frozen=True):
    """All a verification needs to know of a person, read at once.

    `authenticators` are all that are not revoked, oldest first.
    """

    user: User
    authenticators: tuple[Authenticator, ...]


class Person(Subject, frozen=True):
    """All an administrator sees of a person. A factor without a throttle has never failed."""

    throttles: dict[Factor, Throttle]
    sources: tuple[SourceThrottle, ...] = ()
    """From where somebody has failed to be this person, the latest first."""


class SignInRecords(Protocol):
    """A part of `Transaction`."""

    async def subject_by_names(self, tenant_id: str, names: Sequence[str]) -> Subject | None:
        """Return the user who has the first of `names` that anybody has."""
        ...

    async def subject(self, tenant_id: str, user_id: str) -> Subject | None: ...

    async def hold_user(self, tenant_id: str, user_id: str) -> bool:
        """Let no other body that holds this user run until the end of this one; False if there is none.

        Comes first in a body that reads what a person has and then adds to it or takes from it."""
        ...

    async def settle_attempt(
        self, tenant_id: str, user_id: str, factor: Factor, is_match: bool, limits: ThrottleLimits
    ) -> Throttle | None:
        """Count one attempt, in one conditional write. None: the user is locked, the attempt does not
        count as evaluated and must be denied whatever the passcode was. A match sets the failures to 0,
        anything else raises them by one and locks at every multiple of the threshold."""
        ...

    async def throttles(self, tenant_id: str, user_id: str) -> dict[Factor, Throttle]:
        """Return how often the user has failed, by factor: for people to read, never to decide by."""
        ...

    async def release_attempt(
        self, tenant_id: str, user_id: str, factor: Factor, limits: ThrottleLimits
    ) -> None:
        """Take back one counted attempt that could not be evaluated after all (the directory was away):
        one failure less, never below 0, and the lock lifted if it would not be there without this attempt
        (failures stood at a multiple of the threshold below the hard stop, or at the hard stop)."""
        ...

    async def clear_throttle(self, tenant_id: str, user_id: str, factor: Factor) -> None:
        """Set failures and lock to zero: an administrator unlocks, or a reserved attempt matched."""
        ...

    async def advance_authenticator(self, authenticator: Authenticator, state: Mapping[str, Any]) -> bool:
        """Compare-and-set on `version`, only while it is active and still held by that user: write
        `state`, set `used_at` to now. False: someone else was first."""
        ...

    async def settle_source(
        self,
        tenant_id: str,
        user_id: str,
        factor: Factor,
        source: str,
        is_match: bool,
        limits: ThrottleLimits,
    ) -> SourceThrottle | None:
        """The same for one source from which somebody tries to be this user, with half the threshold and
        no hard stop. None: the source has to wait, and the attempt counts nowhere."""
        ...

    async def release_source(
        self, tenant_id: str, user_id: str, factor: Factor, source: str, limits: ThrottleLimits
    ) -> None:
        """`release_attempt` for a source."""
        ...

    async def clear_source(self, tenant_id: str, user_id: str, factor: Factor, source: str) -> None:
        """Forget how often a user has failed from a source: a reserved attempt matched."""
        ...

    async def clear_sources(self, tenant_id: str, user_id: str) -> None:
        """Forget from where a user has failed: an administrator unlocks."""
        ...

    async def source_throttles(self, tenant_id: str, user_id: str) -> tuple[SourceThrottle, ...]:
        """Return from where a user has failed, the latest first, at most 20: for people to read."""
        ...

    async def spend_on_clean_record(
        self, authenticator: Authenticator, state: Mapping[str, Any], source: str = ""
    ) -> bool:
        """`settle_attempt` of a right passcode and `advance_authenticator` in one write, for a user who
        stands at 0 failures and has been counted before, and whose source has not to wait. False: that is
        not so, or someone else was first; nothing was written."""
        ...

    async def count_failures(self, tenant_id: str, failures: int) -> None:
        """Add to the failed sign-ins of the whole tenant in the present minute."""
        ...

    async def failures_of_window(self) -> dict[str, int]:
        """Return the failed sign-ins of the last ten minutes by tenant; those without any are left out."""
        ...

    async def raise_spraying_alarm(self, tenant_id: str, scope: Scope, failures: int) -> bool:
        """Let an alarm hold for ten minutes from now on; True only for who finds that none held."""
        ...

    async def spraying_alarms(self, since: int) -> tuple[SprayingAlarm, ...]:
        """Return the alarms of all tenants that ended after `since` or hold, the latest first; of each tenant
        and scope only its last."""
        ...
