"""What makes an exception graver than its type: value, a broken promise, the period end, a crowd.

Age does not. Each holds for one step (the catalogue counts them); the same words say why on the
page and in the trail.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import raised
from exceptions_app.catalogue.entry import GROUP_LIMIT, PERIOD_END_DAYS
from exceptions_app.catalogue.wording import written
from exceptions_app.choices import Severity
from exceptions_app.rules import money
from exceptions_app.rules.calendars import Calendar, working_days_left

# A finding of these says that a customer was told something that does not hold: every other
# exception of the return keeps it from being put right.
PROMISES = frozenset({"PROMISE_BREACH", "QUOTE_CHANGED"})
_FORTNIGHT = 14


@dataclass(frozen=True, slots=True)
class Grounds:
    """What one exception is judged by.

    `day` is today in the zone of the books, None where it belongs to no books. `promises` are the
    types open for its return; `group_count` all that is open of its cause, itself included.
    `calendar` is its team's, None where Mondays to Fridays are working days. `threshold` is the sum
    of the policy in `currency`, that of `value`; None where there is none to compare with.
    """

    type: str
    value: Decimal
    day: date | None
    promises: frozenset[str]
    group_count: int
    calendar: Calendar | None = None
    threshold: Decimal | None = None
    currency: str = ""

    @property
    def is_promise_broken(self) -> bool:
        """Whether something else of the return breaks a promise: its own type is judged already."""
        return bool(self.promises - {self.type})

    @property
    def is_large(self) -> bool:
        return self.threshold is not None and self.value > self.threshold

    @property
    def days_left(self) -> int | None:
        """Working days to the period end; None where no money is at risk, for the books close
        without it."""
        if not self.day or self.value <= 0 or not is_period_end_possible(self.day):
            return None
        return working_days_left(self.calendar, self.day)


def of(grounds: Grounds) -> Severity:
    return raised(
        catalogue_entry(grounds.type),
        value=grounds.value,
        threshold=grounds.threshold,
        is_promise_breached=grounds.is_promise_broken,
        working_days_to_period_end=grounds.days_left,
        group_count=grounds.group_count,
    )


def why(grounds: Grounds) -> tuple[str, ...]:
    """The reasons that hold, in words that follow "because"; empty when there is none."""
    left = grounds.days_left
    reasons = {
        f"more than {_sum(grounds)} is at risk": grounds.is_large,
        "the customer was told something that does not hold": grounds.is_promise_broken,
        "the month ends within three working days": left is not None and left <= PERIOD_END_DAYS,
        f"more than {GROUP_LIMIT} are open of this cause": grounds.group_count > GROUP_LIMIT,
    }
    return tuple(words for words, holds in reasons.items() if holds)


def _sum(grounds: Grounds) -> str:
    amount = money.text(grounds.threshold or Decimal(0), grounds.currency)
    return written("value", {"value": amount, "currency": grounds.currency})


def promises_among(types: Iterable[str]) -> frozenset[str]:
    return PROMISES & frozenset(types)


def is_period_end_possible(day: date) -> bool:
    """Whether any calendar may call the period end near: not before the last fortnight."""
    return monthrange(day.year, day.month)[1] - day.day <= _FORTNIGHT
