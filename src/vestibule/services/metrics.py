"""Counters and histograms of what services decide, in one registry that the HTTP front end exposes.

Labels are few and closed: tenant names, user names and addresses never become labels. What every sign-in
counts is a plain number that only the event loop touches, and becomes a metric when somebody asks for it:
the locks of the library cost a twentieth of a sign-in.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.metrics_core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.registry import Collector

from vestibule.model.sending_limit import LimitKind
from vestibule.model.spraying import Scope

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Counts(Collector):
    """How often something happened, by the values of its labels."""

    def __init__(
        self, registry: CollectorRegistry, name: str, documentation: str, labels: Sequence[str]
    ) -> None:
        self._described = (name, documentation, None, labels)
        self._counts: defaultdict[tuple[str, ...], int] = defaultdict(int)
        self._created = time.time()
        registry.register(self)

    def add(self, *labels: str, count: int = 1) -> None:
        """Count one; with `count` 0, show these labels although nothing was counted yet."""
        self._counts[labels] += count

    def collect(self) -> Iterator[CounterMetricFamily]:
        family = CounterMetricFamily(*self._described)
        for labels, count in self._counts.items():
            family.add_metric([str(label) for label in labels], count, self._created)
        yield family


class Durations(Collector):
    """How long something took, by the value of its one label."""

    def __init__(self, registry: CollectorRegistry, name: str, documentation: str, label: str) -> None:
        self._described = (name, documentation, None, None, (label,))
        self._counts: defaultdict[str, list[int]] = defaultdict(lambda: [0] * (len(_SECONDS) + 1))
        self._sums: defaultdict[str, float] = defaultdict(float)
        self._created = time.time()
        registry.register(self)

    def observe(self, label: str, seconds: float) -> None:
        self._counts[label][bisect_left(_SECONDS, seconds)] += 1
        self._sums[label] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        family = HistogramMetricFamily(*self._described)
        bounds = [*(str(float(bound)) for bound in _SECONDS), "+Inf"]
        for label, counts in self._counts.items():
            family.add_metric([label], list(zip(bounds, accumulate(counts), strict=True)), self._sums[label])
            family.add_sample(f"{family.name}_created", {self._described[-1][0]: label}, self._created)
        yield family


class Metrics:
    """One per process; built by the composition root and handed to whoever counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._verifications = Counts(
            self.registry,
            "vestibule_verifications",
            "Attempts by front end, state and reason.",
            ("channel", "state", "reason"),
        )
        self._seconds = Durations(
            self.registry,
            "vestibule_verification_seconds",
            "Time from the command to its durable result.",
            "channel",
        )
        self.datagrams = Counts(
            self.registry,
            "vestibule_radius_datagrams",
            "RADIUS datagrams by what became of them.",
            ("fate",),
        )
        self.sendings_refused = Counts(
            self.registry,
            "vestibule_sendings_refused",
            "Texts and calls that a limit refused, by limit.",
            ("limit",),
        )
        for kind in LimitKind:
            self.sendings_refused.add(kind.value, count=0)
        self.attempts_slowed = Counts(
            self.registry,
            "vestibule_attempts_slowed",
            "Attempts that had to wait because passcodes or passwords were sprayed.",
            (),
        )
        self.attempts_slowed.add(count=0)
        self.attempts_queued = Counts(
            self.registry,
            "vestibule_attempts_queued",
            "Attempts that had to wait because their tenant had its share of the node beside others.",
            (),
        )
        self.attempts_queued.add(count=0)
        self.spraying_alarms = Gauge(
            "vestibule_spraying_alarms",
            "Alarms that hold because very many sign-ins fail, of tenants and of the service.",
            ("scope",),
            registry=self.registry,
        )
        for scope in Scope:
            self.spraying_alarms.labels(scope.value).set(0)
        self.directory_seconds = Histogram(
            "vestibule_directory_seconds",
            "Time a directory took to check a password, by verdict.",
            ("verdict",),
            registry=self.registry,
        )
        self.faults = Counter(
            "vestibule_faults", "Unexpected errors, by where.", ("where",), registry=self.registry
        )
        self.is_ready = Gauge(
            "vestibule_ready", "1 while this node can decide durably.", registry=self.registry
        )

    def decided(self, channel: str, state: str, reason: str, seconds: float) -> None:
        """Count one step of an attempt."""
        self._verifications.add(channel, state, reason)
        self._seconds.observe(channel, seconds)
