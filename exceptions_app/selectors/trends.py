"""Whether a cause grows or shrinks: opened against closed, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import accumulate
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.db.models.functions import TruncDate

from exceptions_app.models import Case

TREND_DAYS = 7


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
    rows: QuerySet[Any, Any] = (
        Case.objects.filter(group__in=group_ids)
        .filter(Q(opened_at__gte=since) | Q(resolved_at__gte=since))
        .order_by()
        .annotate(
            opened_on=TruncDate("opened_at", tzinfo=UTC),
            closed_on=TruncDate("resolved_at", tzinfo=UTC),
        )
        .values("group", "opened_on", "closed_on")
        .annotate(count=Count("pk"))
    )
    moves: dict[int, list[list[int]]] = {}
    for row in rows:
        days = moves.setdefault(row["group"], [[0, 0] for _ in range(TREND_DAYS)])
        for side, day in enumerate((row["opened_on"], row["closed_on"])):
            if day is not None and day >= first:
                days[min((day - first).days, TREND_DAYS - 1)][side] += row["count"]
    return {group: _trend(days) for group, days in moves.items()}


def _trend(days: Sequence[Sequence[int]]) -> Trend:
    return Trend(
        opened=sum(opened for opened, _ in days),
        closed=sum(closed for _, closed in days),
        figures=tuple(accumulate(opened - closed for opened, closed in days)),
    )
