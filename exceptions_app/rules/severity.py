"""What makes an exception graver than its type: value, a broken promise, the period end, a crowd.

Age does not. Each holds for one step (the catalogue counts them); the same words say why on the
page and in the trail.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import raised
from exceptions_app.catalogue.entry import GROUP_LIMIT, PERIOD_END_DAYS
from exceptions_app.choices import Severity

VALUE_THRESHOLD = Decimal(500)
# A finding of these says that a customer was told something that does not hold: every other
# exception of the return keeps it from being put right.
PROMISES = frozenset({"PROMISE_BREACH", "QUOTE_CHANGED"})
_SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Grounds:
    """What one exception is judged by.

    `day` is today in the zone of the books, None where it belongs to no books. `promises` are the
    types open for its return; `group_count` all that is open of its cause, itself included.
    """

    type: str
    value: Decimal
    day: date | None
    promises: frozenset[str]
    group_count: int

    @property
    def is_promise_broken(self) -> bool:
        """Whether something else of the return breaks a promise: its own type is judged already."""
        return bool(self.promises - {self.type})

    @property
    def days_left(self) -> int | None:
        """Working days to the period end; None where no money is at risk, for the books close
        without it."""
        return working_days_left(self.day) if self.day and self.value > 0 else None


def of(grounds: Grounds) -> Severity:
    return raised(
        catalogue_entry(grounds.type),
        value=grounds.value,
        threshold=VALUE_THRESHOLD,
        is_promise_breached=grounds.is_promise_broken,
        working_days_to_period_end=grounds.days_left,
        group_count=grounds.group_count,
    )


def why(grounds: Grounds) -> tuple[str, ...]:
    """The reasons that hold, in words that follow "because"; empty when there is none."""
    left = grounds.days_left
    reasons = {
        f"more than {VALUE_THRESHOLD:,} is at risk": grounds.value > VALUE_THRESHOLD,
        "the customer was told something that does not hold": grounds.is_promise_broken,
        "the month ends within three working days": left is not None and left <= PERIOD_END_DAYS,
        f"more than {GROUP_LIMIT} are open of this cause": grounds.group_count > GROUP_LIMIT,
    }
    return tuple(words for words, holds in reasons.items() if holds)


def promises_among(types: Iterable[str]) -> frozenset[str]:
    return PROMISES & frozenset(types)


def working_days_left(day: date) -> int:
    """Mondays to Fridays after `day` up to the last of its month; public holidays count as work."""
    last = monthrange(day.year, day.month)[1]
    later = (day + timedelta(days=ahead) for ahead in range(1, last - day.day + 1))
    return sum(each.weekday() < _SATURDAY for each in later)
