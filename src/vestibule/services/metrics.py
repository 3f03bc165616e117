"""Counters and histograms of what services decide, in one registry that the HTTP front end exposes.

Labels are few and closed: tenant names, user names and addresses never become labels.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """One per process; built by the composition root and handed to whoever counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self.verifications = Counter(
            "vestibule_verifications",
            "Attempts by front end, state and reason.",
            ("channel", "state", "reason"),
            registry=self.registry,
        )
        self.seconds = Histogram(
            "vestibule_verification_seconds",
            "Time from the command to its durable result.",
            ("channel",),
            buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
            registry=self.registry,
        )
        self.datagrams = Counter(
            "vestibule_radius_datagrams",
            "RADIUS datagrams by what became of them.",
            ("fate",),
            registry=self.registry,
        )
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
        self._counted: dict[tuple[str, str, str], Counter] = {}
        self._timed: dict[str, Histogram] = {}

    def decided(self, channel: str, state: str, reason: str, seconds: float) -> None:
        """Count one step of an attempt. The children are kept: finding one costs as much as counting."""
        key = (channel, state, reason)
        counter = self._counted.get(key)
        if counter is None:
            counter = self._counted[key] = self.verifications.labels(channel, str(state), str(reason))
        counter.inc()
        histogram = self._timed.get(channel)
        if histogram is None:
            histogram = self._timed[channel] = self.seconds.labels(channel)
        histogram.observe(seconds)
