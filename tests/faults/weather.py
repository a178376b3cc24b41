"""What goes wrong in one history: chosen by the seed, never by the wall clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from connectors.sandbox.faults import FaultKind, FaultRule

# Beyond settle window minus search lag a late commit cannot be told from an absent one (N4).
SEARCH_LAG_SECONDS = 15
LATEST_COMMIT_SECONDS = 120

_WRITE_FAULTS = (
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.LATE_COMMIT,
    FaultKind.DROP_MID_ANSWER,
    FaultKind.STATUS,
    FaultKind.STATUS_AFTER,
    FaultKind.GARBAGE,
    FaultKind.TRUNCATED,
)
_READ_FAULTS = (
    FaultKind.DROP_BEFORE,
    FaultKind.STATUS,
    FaultKind.GARBAGE,
    FaultKind.TRUNCATED,
)
_RETRY_AFTER = ("", "2", "20", "-1", "soon")


@dataclass(frozen=True)
class Climate:
    """How rough one history is; all rates are per call or per named point."""

    call_faults: float
    crashes: float
    statement_crashes: float
    pauses: float
    lost_webhooks: float
    has_storm: bool

    @classmethod
    def of(cls, dice: Random) -> Climate:
        if dice.random() < 0.05:
            return CALM
        return cls(
            call_faults=dice.choice((0.08, 0.2, 0.35)),
            crashes=dice.choice((0.02, 0.05, 0.08)),
            statement_crashes=dice.choice((0.02, 0.06, 0.12)),
            pauses=dice.choice((0.05, 0.1, 0.2)),
            lost_webhooks=dice.choice((0, 0.3, 1)),
            has_storm=dice.random() < 0.1,
        )


CALM = Climate(0, 0, 0, 0, 0, has_storm=False)


class SeededFaults:
    """Takes the place of a twin's fault plan: each call is struck by chance while it is rough."""

    def __init__(self, *, dice: Random, climate: Climate, clock: Callable[[], datetime]) -> None:
        self.struck: Counter[str] = Counter()
        self.is_over = False
        # The latest moment at which the write now leaving may still be carried out.
        self.latest_commit_at: datetime | None = None
        self._dice = dice
        self._climate = climate
        self._clock = clock
        self._storm: tuple[datetime, datetime] | None = None
        if climate.has_storm:
            begins = clock() + timedelta(seconds=dice.randint(5, 120))
            self._storm = (begins, begins + timedelta(minutes=10))

    def set(self, _rules: object) -> None:
        """A reset of the twin ends all faults; a new seed brings its own."""
        self.is_over = True

    def take(self, method: str, path: str, content: str = "") -> FaultRule | None:
        """Return what strikes this call, or None."""
        if self.is_over:
            return None
        if self._storm is not None and self._storm[0] <= self._clock() < self._storm[1]:
            return self._note(self._throttled())
        if self._dice.random() >= self._climate.call_faults:
            return None
        kind = self._dice.choice(_READ_FAULTS if method == "GET" else _WRITE_FAULTS)
        return self._note(self._rule(kind))

    def _rule(self, kind: FaultKind) -> FaultRule:
        if kind is FaultKind.STATUS:
            return self._throttled()
        if kind is FaultKind.STATUS_AFTER:
            return FaultRule(kind=kind, status=self._dice.choice((500, 502, 504)))
        if kind is FaultKind.LATE_COMMIT:
            return FaultRule(kind=kind, seconds=self._late_seconds())
        if kind is FaultKind.GARBAGE:
            return FaultRule(kind=kind, commit=self._dice.random() < 0.5)
        return FaultRule(kind=kind)

    def _late_seconds(self) -> float:
        longest = float(LATEST_COMMIT_SECONDS)
        if self.latest_commit_at is not None:
            left = (self.latest_commit_at - self._clock()).total_seconds()
            longest = max(0.0, min(longest, left))
        return self._dice.choice((self._dice.uniform(0, longest), longest))

    def _throttled(self) -> FaultRule:
        after = self._dice.choice(_RETRY_AFTER)
        headers = {"Retry-After": after} if after else {}
        status = self._dice.choice((429, 503))
        return FaultRule(kind=FaultKind.STATUS, status=status, headers=headers)

    def _note(self, rule: FaultRule) -> FaultRule:
        self.struck[rule.kind.value] += 1
        return rule
