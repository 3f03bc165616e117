"""Figures of one run: how many, how long, and the words they are printed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """`seconds` is the wall time of the whole run; `latencies` are seconds, one for each answer."""

    label: str
    done: int
    accepted: int
    seconds: float
    latencies: list[float]

    @property
    def rate(self) -> float:
        return self.done / self.seconds if self.seconds else 0.0

    def percentile(self, share: float) -> float:
        """Return a latency in milliseconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000 if ordered else 0.0

    def line(self, bound: float | None = None) -> str:
        ratio = f"{self.rate / bound:7.3f}" if bound else " " * 7
        refused = f"  NOT ACCEPTED {self.done - self.accepted}" if self.accepted != self.done else ""
        return (
            f"{self.label:<58}{self.rate:>9,.0f}{self.percentile(0.5):>9.2f}"
            f"{self.percentile(0.99):>9.2f}  {ratio}{refused}"
        )


HEADER = f"{'':<58}{'per s':>9}{'p50 ms':>9}{'p99 ms':>9}  {'ratio':>7}"
