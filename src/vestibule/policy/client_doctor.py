"""What is wrong with a RADIUS client, judged by what was seen of it.

Each finding is something an administrator can act on; its words are `client_doctor.KEY` in the catalog: what
was seen, why it matters, what to do next. Pure: sums in, findings out, the worst first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from typing import Final

import msgspec

from vestibule.model.client_sighting import Seen, Sighting
from vestibule.model.radius_client import Mode, RadiusClientSettings, Signing

LEAST_PATIENCE_MS: Final = 60_000
"""What a device should wait for a person who takes out a phone."""
_ANSWER_MS: Final = 60_000
"""Nobody has failed to answer a challenge before that."""
_CLOCK_MS: Final = 300_000


class Grade(IntEnum):
    PROBLEM = 0
    WARNING = 1
    NOTE = 2
    FINE = 3

    @property
    def key(self) -> str:
        return self.name.lower()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """`count`, `first_at` and `last_at` (epoch ms) are of what was seen; `value` is what the words name:
    seconds, or a step of signing."""

    key: str
    grade: Grade
    count: int = 0
    first_at: int = 0
    last_at: int = 0
    value: int = 0


class Patient(msgspec.Struct, frozen=True, kw_only=True):
    """A client, what was seen of it, and what decides how that is to be judged."""

    settings: RadiusClientSettings
    is_carried: bool
    """Another RADIUS server checks the password."""
    seen: Mapping[Seen, Sighting]
    now: int

    def count(self, *kinds: Seen) -> int:
        return sum(self.seen[kind].count for kind in kinds if kind in self.seen)


def judge_client(patient: Patient) -> tuple[Finding, ...]:
    """Return what is to be said of a client; there is always something."""
    found = [finding for rule in _RULES for finding in rule(patient)]
    if not any(finding.grade <= Grade.WARNING for finding in found):
        found.append(_well(patient))
    return tuple(sorted(found, key=lambda finding: finding.grade))


def judge_stranger(seen: Sighting) -> Finding:
    """Return what is to be said of an address that is no client's."""
    return _finding("unknown_client", Grade.PROBLEM, seen)


def _finding(key: str, grade: Grade, seen: Sighting, value: int = 0) -> Finding:
    return Finding(
        key=key, grade=grade, count=seen.count, first_at=seen.first_at, last_at=seen.last_at, value=value
    )


_PLAIN: Final[Mapping[Seen, Grade]] = {
    Seen.WRONG_SIGNATURE: Grade.PROBLEM,
    Seen.UNREADABLE_PASSWORD: Grade.PROBLEM,
    Seen.PROXY_STATE: Grade.PROBLEM,
    Seen.MALFORMED: Grade.WARNING,
    Seen.ACCOUNTING_HERE: Grade.WARNING,
    Seen.NO_NAME: Grade.WARNING,
    Seen.REPEATED_AFTER: Grade.WARNING,
    Seen.UNNAMED_NAS: Grade.WARNING,
    Seen.OLD_SECRET: Grade.NOTE,
    Seen.NO_STATION: Grade.NOTE,
}
"""What is a finding whenever it is seen."""


def _plain(patient: Patient) -> Iterator[Finding]:
    for kind, grade in _PLAIN.items():
        if seen := patient.seen.get(kind):
            yield _finding(kind.value, grade, seen)


def _signing(patient: Patient) -> Iterator[Finding]:
    if seen := patient.seen.get(Seen.UNSIGNED):
        if patient.settings.message_authenticator is Signing.REQUIRE:
            yield _finding("unsigned_dropped", Grade.PROBLEM, seen)
        else:
            yield _finding("unsigned", Grade.WARNING, seen)


def _patience(patient: Patient) -> Iterator[Finding]:
    """Whether a person has time to answer, and whether repeats are known as such."""
    gave_up, repeated = patient.seen.get(Seen.GAVE_UP), patient.seen.get(Seen.REPEATED)
    if gave_up and gave_up.least < LEAST_PATIENCE_MS:
        yield _finding("gave_up", Grade.PROBLEM, gave_up, _seconds(gave_up.least))
    elif repeated:
        yield _finding("repeated", Grade.NOTE, repeated, _seconds(repeated.least))
    if restarted := patient.seen.get(Seen.RESTARTED):
        yield _finding("restarted", Grade.WARNING, restarted, _seconds(restarted.least))


def _challenge(patient: Patient) -> Iterator[Finding]:
    challenged = patient.seen.get(Seen.CHALLENGED)
    if challenged and not patient.count(Seen.RETURNED) and patient.now - challenged.last_at >= _ANSWER_MS:
        yield _finding("no_return", Grade.WARNING, challenged)


def _protocol(patient: Patient) -> Iterator[Finding]:
    for kind in (Seen.CHAP, Seen.MS_CHAP, Seen.EAP):
        if (seen := patient.seen.get(kind)) is None:
            continue
        if patient.is_carried and patient.settings.mode is not Mode.PASSCODE_ONLY:
            yield _finding("answered_elsewhere", Grade.NOTE, seen)
        elif kind is Seen.CHAP or Seen.ACCEPTED not in patient.seen:
            yield _finding(f"{kind.value}_refused", Grade.PROBLEM, seen)


def _clock(patient: Patient) -> Iterator[Finding]:
    if (seen := patient.seen.get(Seen.CLOCK)) is None:
        return
    apart = seen.most if seen.most >= -seen.least else seen.least
    if abs(apart) > _CLOCK_MS:
        yield _finding(
            "clock_ahead" if apart > 0 else "clock_behind", Grade.WARNING, seen, _seconds(abs(apart))
        )


_RULES: Final[tuple[Callable[[Patient], Iterator[Finding]], ...]] = (
    _plain,
    _signing,
    _patience,
    _challenge,
    _protocol,
    _clock,
)


def _well(patient: Patient) -> Finding:
    """What is left to say where nothing is wrong: all is well, all were refused, or nothing came."""
    if accepted := patient.seen.get(Seen.ACCEPTED):
        return _finding("accepted", Grade.FINE, accepted)
    if rejected := patient.seen.get(Seen.REJECTED):
        return _finding("only_rejected", Grade.WARNING, rejected)
    asked = [seen for kind, seen in patient.seen.items() if kind in (Seen.PASSWORD, Seen.EAP)]
    if asked:
        return _finding("undecided", Grade.NOTE, asked[0])
    return Finding(key="silent", grade=Grade.WARNING)


def _seconds(milliseconds: int) -> int:
    return max(1, round(milliseconds / 1000))
