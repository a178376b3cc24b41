"""Shopify counts what a call costs, in points that come back by the second.

Every answer tells the cost asked for, what is left of the bucket and how fast it fills
(`extensions.cost`). The pacer is told, because all workers draw on the one bucket: it holds the
next call back until a call like the last one can be paid.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

# The restore rate of the smallest plan: what is assumed while an answer does not tell.
SLOWEST_PER_SECOND = Decimal(100)
MAX_WAIT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer's meter, in points. `cost` is what was asked for, not what it came to."""

    cost: Decimal
    available: Decimal
    restored_per_second: Decimal

    @property
    def wait_seconds(self) -> int:
        """Whole seconds until a call of the same cost can be paid."""
        missing = max(self.cost - self.available, Decimal(0))
        return min(math.ceil(missing / self.restored_per_second), MAX_WAIT_SECONDS)


def read(body: Mapping[str, object]) -> Reading | None:
    """The meter of an answer, or None where it has none or tells nonsense."""
    cost = _within(_within(body, "extensions"), "cost")
    throttle = _within(cost, "throttleStatus")
    asked = _points(cost.get("requestedQueryCost"))
    available = _points(throttle.get("currentlyAvailable"))
    if asked is None or available is None:
        return None
    rate = _points(throttle.get("restoreRate")) or SLOWEST_PER_SECOND
    return Reading(cost=asked, available=available, restored_per_second=rate)


def _within(body: Mapping[str, object], key: str) -> Mapping[str, object]:
    value = body.get(key)
    return value if isinstance(value, Mapping) else {}


def _points(value: object) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
        return None
    return Decimal(value)
