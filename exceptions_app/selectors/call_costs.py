"""What a return costs in calls, by connection and purpose: calls are the product's speed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Sum

from exceptions_app.models import CallCount, Connection, Rma

DAYS = 30
# Counted beside the call itself: an answer that only said "too many".
TURNED_AWAY = "wasted-429"
_STEP = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Part:
    """Calls made for one purpose, and their share of `Cost.per_return`."""

    reason: str
    calls: int
    per_return: Decimal | None


@dataclass(frozen=True, slots=True)
class Cost:
    """Calls of one connection since `since`, for each return its bridges planned since then.

    `turned_away` of them were answered that there were too many. `per_return` is None where no
    return was planned. `parts` sum to `calls`, most first.
    """

    since: date
    calls: int
    turned_away: int
    returns: int
    per_return: Decimal | None
    parts: tuple[Part, ...]


def of_connections(
    connections: Iterable[Connection], *, now: datetime, days: int = DAYS
) -> dict[int, Cost]:
    """The cost of each connection over the last `days` days, today among them; two queries."""
    ids = [connection.pk for connection in connections]
    since = (now - timedelta(days=days - 1)).date()
    made: dict[int, dict[str, int]] = defaultdict(dict)
    counted = (
        CallCount.objects.filter(connection__in=ids, day__gte=since, count__gt=0)
        .order_by()
        .values_list("connection", "reason")
        .annotate(total=Sum("count"))
    )
    for connection_id, reason, total in counted:
        made[connection_id][reason] = total
    returns = _returns(datetime.combine(since, datetime.min.time(), tzinfo=now.tzinfo))
    return {pk: _cost(since, made[pk], returns.get(pk, 0)) for pk in ids}


def _returns(start: datetime) -> dict[int, int]:
    """How many returns each connection served: of a bridge, both sides serve the same ones."""
    found: dict[int, int] = defaultdict(int)
    rows = (
        Rma.objects.filter(planned_at__gte=start)
        .order_by()
        .values_list("bridge__source", "bridge__erp")
        .annotate(count=Count("pk"))
    )
    for source_id, erp_id, count in rows:
        for connection_id in {source_id, erp_id}:
            found[connection_id] += count
    return found


def _cost(since: date, made: dict[str, int], returns: int) -> Cost:
    calls = {reason: count for reason, count in made.items() if reason != TURNED_AWAY}
    parts = sorted(calls.items(), key=lambda pair: (-pair[1], pair[0]))
    total = sum(calls.values())
    return Cost(
        since=since,
        calls=total,
        turned_away=made.get(TURNED_AWAY, 0),
        returns=returns,
        per_return=_share(total, returns),
        parts=tuple(Part(reason, count, _share(count, returns)) for reason, count in parts),
    )


def _share(calls: int, returns: int) -> Decimal | None:
    return (Decimal(calls) / returns).quantize(_STEP) if returns else None
