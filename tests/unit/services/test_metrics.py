"""What is counted in plain numbers reads as if the library had counted it."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from vestibule.services.metrics import Counts, Durations

_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


def _shown(registry: CollectorRegistry) -> list[str]:
    """What a scrape reads, without the times at which something was first counted."""
    lines = generate_latest(registry).decode().splitlines()
    return [line.split(" ")[0] if "_created{" in line else line for line in lines]


def test_counts_read_like_a_counter() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    counts = Counts(ours, "sign_ins", "Sign-ins.", ("door", "end"))
    counter = Counter("sign_ins", "Sign-ins.", ("door", "end"), registry=theirs)
    counts.add("radius", "denied", count=0)
    counter.labels("radius", "denied")
    for _ in range(3):
        counts.add("radius", "approved")
        counter.labels("radius", "approved").inc()
    assert _shown(ours) == _shown(theirs)


def test_durations_read_like_a_histogram() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    durations = Durations(ours, "seconds", "Time.", "door")
    histogram = Histogram("seconds", "Time.", ("door",), buckets=_BOUNDS, registry=theirs)
    for seconds in (0.0, 0.001, 0.0011, 0.25, 3, 10, 11):
        durations.observe("radius", seconds)
        histogram.labels("radius").observe(seconds)
    assert _shown(ours) == _shown(theirs)
