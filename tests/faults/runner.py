"""Plays many seeds and says what became of them."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.faults.simulation import Outcome, play
from tests.faults.stage import Stage

# What each invariant of the oracle counts as in the summary.
_COUNTED = {"lost": "I1", "doubled": "I2", "out of order": "I3", "unexplained": "I9"}


@dataclass
class Tally:
    """The sums of many seeds; `bad` are those in which an invariant broke."""

    seeds: int = 0
    postings: int = 0
    crashes: int = 0
    pauses: int = 0
    parked: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    violated: Counter[str] = field(default_factory=Counter)
    bad: list[Outcome] = field(default_factory=list)
    seconds: float = 0

    def add(self, outcome: Outcome) -> None:
        self.seeds += 1
        self.postings += outcome.postings
        self.crashes += outcome.crashes
        self.pauses += outcome.pauses
        self.parked += outcome.parked
        self.faults += outcome.faults
        self.violated.update(violation.invariant for violation in outcome.violations)
        if outcome.violations:
            self.bad.append(outcome)

    def summary(self) -> str:
        told = ", ".join(f"{self.violated[mark]} {word}" for word, mark in _COUNTED.items())
        rate = self.seeds * 60 / self.seconds if self.seconds else 0
        other = {k: v for k, v in self.violated.items() if k not in _COUNTED.values()}
        return (
            f"{self.seeds} seeds, {self.postings} postings, {self.crashes} crashes, "
            f"{sum(self.faults.values())} faulty calls, {self.pauses} pauses: {told}, "
            f"{sum(other.values())} other {dict(other) or ''}; {self.parked} returns parked with a "
            f"case; {rate:.0f} seeds a minute"
        )


def run(
    stage: Stage,
    seeds: Iterable[int],
    *,
    is_enough: Callable[[Tally], bool] = lambda _: False,
    tell: Callable[[Outcome], None] = lambda _: None,
) -> Tally:
    """Play `seeds` in order until `is_enough`."""
    tally = Tally()
    began = time.monotonic()
    for seed in seeds:
        outcome = play(stage, seed)
        tell(outcome)
        tally.add(outcome)
        if is_enough(tally):
            break
    tally.seconds = time.monotonic() - began
    return tally


def write(text: str) -> None:
    sys.stdout.write(text + "\n")
