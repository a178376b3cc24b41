"""Whether a cause grows or shrinks: opened against closed, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from typing import Any

from django.db.models import Count, DateField, QuerySet, Value
from django.db.models.functions import TruncDate

from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case
from exceptions_app.models.statements import Select, is_one_of

TREND_DAYS = 7
_NEVER = Value(None, output_field=DateField())


@dataclass(frozen=True, slots=True)
class Trend:
    """Opened and closed in the last TREND_DAYS days; `figures` are how many more were open at the
    end of each day than before the first, oldest first."""

    opened: int
    closed: int
    figures: tuple[int, ...]

    @property
    def words(self) -> str:
        return f"{self.opened} opened and {self.closed} closed in {TREND_DAYS} days"

    @property
    def tone(self) -> str:
        if self.opened == self.closed:
            return "warn" if self.opened else ""
        return "bad" if self.opened > self.closed else "good"


def of_groups(group_ids: Sequence[int], *, now: datetime) -> dict[int, Trend]:
    """Opened against closed per day for these causes, whatever the filters; one grouped query."""
    first = (now - timedelta(days=TREND_DAYS - 1)).astimezone(UTC).date()
    since = datetime.combine(first, time.min, tzinfo=UTC)
    moves: dict[int, list[list[int]]] = {}
    for group, opened_on, closed_on, count in _MOVES.rows(groups=list(group_ids), since=since):
        days = moves.setdefault(group, [[0, 0] for _ in range(TREND_DAYS)])
        for side, day in enumerate((opened_on, closed_on)):
            if day is not None and day >= first:
                days[min((day - first).days, TREND_DAYS - 1)][side] += count
    return {group: _trend(days) for group, days in moves.items()}


def _moves(*, groups: Any, since: Any) -> QuerySet[Any, Any]:
    """What is open and what was closed lately: each a range of its own index. One condition for
    both would read all that was ever closed."""
    own = Case.objects.filter(is_one_of("group", groups)).order_by()
    opened = own.filter(status__in=CASE_OPEN, opened_at__gte=since)
    closed = own.filter(resolved_at__gte=since)
    both: QuerySet[Any, Any] = _by_day(opened, _NEVER).union(
        _by_day(closed, TruncDate("resolved_at", tzinfo=UTC)), all=True
    )
    return both


_MOVES = Select(_moves)


def _by_day(rows: QuerySet[Case], closed_on: Any) -> QuerySet[Any, Any]:
    """(group, day it was opened, day it was closed, how many)."""
    days = rows.annotate(opened_on=TruncDate("opened_at", tzinfo=UTC), closed_on=closed_on)
    counted: QuerySet[Any, Any] = days.values("group", "opened_on", "closed_on").annotate(
        count=Count("*")
    )
    return counted.values_list("group", "opened_on", "closed_on", "count")


def _trend(days: Sequence[Sequence[int]]) -> Trend:
    return Trend(
        opened=sum(opened for opened, _ in days),
        closed=sum(closed for _, closed in days),
        figures=tuple(accumulate(opened - closed for opened, closed in days)),
    )
