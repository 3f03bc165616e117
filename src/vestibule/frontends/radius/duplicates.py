"""Repeated requests: work is done once, its answer is repeated (RFC 5080 §2.2.2).

A request is told by source, identifier and fingerprint, a digest of the whole packet and so of its
authenticator too. One that is being worked on is dropped when it comes again; one that was answered gets
the same octets again; the same source and identifier with another fingerprint is a new request, and the
late answer to the old one is suppressed, because the client would take it for the answer to the new one.
The whole packet is compared, and not the authenticator alone: a client with bad randomness must not receive
one user's acceptance for another.

Only verified requests may be entered here: otherwise a forged datagram could displace a real one. Time is
passed in (milliseconds that never fall back) and never read. Every call costs a constant; entries and their
octets are bounded, and when there is no more room the oldest answer is forgotten first. Work in progress is
never forgotten for room, new work is refused.
"""

from collections import OrderedDict
from enum import Enum, auto
from typing import Final, TypeAlias

import msgspec

RequestKey: TypeAlias = tuple[object, ...]
"""Listener, source address, source port, identifier."""

HOLD_MS: Final = 30_000
LONGEST_WORK_MS: Final = 300_000
MOST_REQUESTS: Final = 65_536
MOST_OCTETS: Final = 16 * 1024 * 1024
EXPIRED_AT_ONCE: Final = 128


class Repeat(Enum):
    """Why a request needs no work and gets no answer now."""

    IN_PROGRESS = auto()
    NO_ROOM = auto()


class Work(msgspec.Struct, eq=False, gc=False):
    """One request that is new. Give it back with `answer` or `abandon`; identity tells it from its
    successors. Tens of thousands are kept, so the collector of garbage need not look at them: none can be
    part of a cycle.
    """

    key: RequestKey
    fingerprint: bytes
    expires_at: int
    reply: bytes | None = None


class Duplicates:
    """All requests of the last seconds, by source and identifier."""

    def __init__(
        self,
        hold_ms: int = HOLD_MS,
        longest_work_ms: int = LONGEST_WORK_MS,
        most_requests: int = MOST_REQUESTS,
        most_octets: int = MOST_OCTETS,
    ) -> None:
        self._hold_ms = hold_ms
        self._longest_work_ms = longest_work_ms
        self._most_requests = most_requests
        self._most_octets = most_octets
        # Both are in the order of expiry, because each adds a fixed time to a clock that rises. Not plain
        # dicts: taking the first of those again and again walks over all that were taken before.
        self._working: OrderedDict[RequestKey, Work] = OrderedDict()
        self._answered: OrderedDict[RequestKey, Work] = OrderedDict()
        self._octets = 0

    def __len__(self) -> int:
        return len(self._working) + len(self._answered)

    @property
    def octets(self) -> int:
        """Octets of all remembered replies."""
        return self._octets

    def begin(self, key: RequestKey, fingerprint: bytes, now: int) -> Work | bytes | Repeat:
        """New work, the octets to send again, or why nothing is to be done."""
        known = self._working.get(key) or self._answered.get(key)
        if known and known.fingerprint == fingerprint and known.expires_at > now:
            return Repeat.IN_PROGRESS if known.reply is None else known.reply
        if known:
            self._forget(known)
        elif len(self) >= self._most_requests and not self._forget_oldest_answer():
            return Repeat.NO_ROOM
        work = Work(key, fingerprint, now + self._longest_work_ms)
        self._working[key] = work
        return work

    def answer(self, work: Work, reply: bytes, now: int) -> bool:
        """Remember the reply. False: the client has moved on, the reply must not be sent."""
        if self._working.get(work.key) is not work:
            return False
        del self._working[work.key]
        work.reply = reply
        work.expires_at = now + self._hold_ms
        self._answered[work.key] = work
        self._octets += len(reply)
        while self._octets > self._most_octets and self._forget_oldest_answer():
            pass
        return True

    def abandon(self, work: Work) -> None:
        """Forget work that will have no answer, so that a repeat is tried again."""
        if self._working.get(work.key) is work:
            del self._working[work.key]

    def is_current(self, work: Work) -> bool:
        """Whether an answer to this work would still be sent."""
        return self._working.get(work.key) is work

    def expire(self, now: int) -> None:
        """Forget what is over. To be called at least once for every `EXPIRED_AT_ONCE` that begin."""
        for table in (self._answered, self._working):
            for _ in range(EXPIRED_AT_ONCE):
                oldest = next(iter(table.values()), None)
                if oldest is None or oldest.expires_at > now:
                    break
                self._forget(oldest)

    def _forget_oldest_answer(self) -> bool:
        oldest = next(iter(self._answered.values()), None)
        if oldest is None:
            return False
        self._forget(oldest)
        return True

    def _forget(self, work: Work) -> None:
        if work.reply is None:
            self._working.pop(work.key, None)
        elif self._answered.pop(work.key, None) is work:
            self._octets -= len(work.reply)
