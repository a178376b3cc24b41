"""What operations look at: connections with pace and freshness, messages, documents, calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet, Sum

from exceptions_app.choices import (
    CASE_OPEN,
    BreakerState,
    EventState,
    FileState,
    HoldReason,
    PostingStatus,
    SentFileState,
)
from exceptions_app.models import (
    Bridge,
    CallCount,
    Case,
    Connection,
    ConnectionBudget,
    ConnectionHealth,
    ExchangeBatch,
    ExchangeFile,
    Heartbeat,
    InboundEvent,
    Posting,
    PostingAttempt,
    Rma,
    Watermark,
)
from exceptions_app.selectors import call_costs, paging, stopped

# Three ticks of the schedule that wakes every queue.
LATE_AFTER = timedelta(minutes=3)
# A connection that nobody asks for so long is not known to work.
SILENT_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Calls:
    """Calls of one kind on one day."""

    reason: str
    operation: str
    count: int


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast calls may leave: `free_now` of `capacity` at once, then `per_minute`.

    `free_now` is 0 while nothing may leave at all. `quiet_until` is the moment before which the
    other side wants no call; None when it is over.
    """

    per_minute: Decimal
    free_now: int
    capacity: int
    quiet_until: datetime | None


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """One connection: `daily_left` is None where the vendor sets no daily limit.

    `is_stopped` when no call leaves: paused, refused or switched off. `write_reserve` are calls of
    the day that reads may not use; `pace` is None while no call was ever counted.
    """

    connection: Connection
    is_paused: bool
    is_stopped: bool
    calls_today: int
    writes_today: int
    daily_limit: int | None
    daily_left: int | None
    write_reserve: int
    pace: Pace | None
    calls: tuple[Calls, ...]
    watermarks: tuple[Watermark, ...]
    cost: call_costs.Cost


@dataclass(frozen=True, slots=True)
class PerReturn:
    """Calls of one bridge's two connections today, for each return it planned today."""

    bridge: str
    calls: int
    returns: int
    per_return: Decimal | None


def connections(*, now: datetime) -> tuple[ConnectionRow, ...]:
    """Every connection by name, switched off ones included, in five queries."""
    calls = CallCount.objects.filter(day=now.date(), count__gt=0).order_by("-count", "operation")
    rows = (
        Connection.objects.select_related("health", "budget")
        .prefetch_related(
            Prefetch("calls", calls, to_attr="calls_of_day"),
            Prefetch("watermarks", Watermark.objects.order_by("feed")),
        )
        .order_by("name", "pk")
    )
    costs = call_costs.of_connections(rows, now=now)
    return tuple(_row(row, costs[row.pk], now) for row in rows)


def _row(row: Connection, cost: call_costs.Cost, now: datetime) -> ConnectionRow:
    budget = getattr(row, "budget", None)
    is_today = budget is not None and budget.day == now.date()
    used = budget.calls_today if budget is not None and is_today else 0
    limit = budget.daily_limit if budget is not None else None
    left = None if limit is None else max(0, limit - used)
    health = getattr(row, "health", None)
    is_paused = health is not None and health.state != BreakerState.CLOSED
    is_refused = health is not None and health.refused_at is not None
    is_stopped = is_paused or is_refused or not row.is_active
    return ConnectionRow(
        connection=row,
        is_paused=is_paused,
        is_stopped=is_stopped,
        calls_today=used,
        writes_today=budget.writes_today if budget is not None and is_today else 0,
        daily_limit=limit,
        daily_left=left,
        write_reserve=budget.write_reserve if budget is not None else 0,
        pace=None if budget is None else _pace(budget, now, most=0 if is_stopped else left),
        calls=tuple(
            Calls(call.reason, call.operation, call.count)
            for call in row.calls_of_day  # type: ignore[attr-defined]
        ),
        watermarks=tuple(row.watermarks.all()),
        cost=cost,
    )


def _pace(budget: ConnectionBudget, now: datetime, *, most: int | None) -> Pace:
    """As the pacer reckons before a call: what was free then, and what has come back since.

    `most` calls may leave whatever the pace; None sets no limit.
    """
    seconds = Decimal(max(0, (now - budget.refilled_at).total_seconds()))
    free = min(budget.capacity, budget.tokens + budget.refill_per_second * seconds)
    is_quiet = budget.quiet_until is not None and budget.quiet_until > now
    return Pace(
        per_minute=budget.refill_per_second * 60,
        free_now=0 if is_quiet else max(0, min(int(free), int(free) if most is None else most)),
        capacity=int(budget.capacity),
        quiet_until=budget.quiet_until if is_quiet else None,
    )


def per_return(*, rows: Iterable[ConnectionRow], now: datetime) -> tuple[PerReturn, ...]:
    """Calls per return and bridge, in two queries; None where no return was planned today.

    Returns of today are found by the index on their planning time.
    """
    made = {row.connection.pk: sum(call.count for call in row.calls) for row in rows}
    start = now.replace(hour=0, minute=0, second=0, microsecond=0)
    touched: dict[int, int] = defaultdict(int)
    counted = (
        Rma.objects.filter(planned_at__gte=start)
        .order_by()
        .values("bridge")
        .annotate(count=Count("pk"))
    )
    for found in counted:
        touched[found["bridge"]] = found["count"]
    shown = []
    for bridge in Bridge.objects.filter(is_active=True).order_by("name", "pk"):
        calls = made.get(bridge.source_id, 0) + made.get(bridge.erp_id, 0)
        returns = touched[bridge.pk]
        share = (Decimal(calls) / returns).quantize(Decimal("0.01")) if returns else None
        shown.append(PerReturn(bridge.name, calls, returns, share))
    return tuple(shown)


def calls_by_kind(*, now: datetime) -> tuple[tuple[str, int], ...]:
    """(reason, calls of today) over all connections, most first."""
    rows = (
        CallCount.objects.filter(day=now.date())
        .order_by()
        .values("reason")
        .annotate(total=Sum("count"))
    )
    pairs = [(row["reason"], row["total"]) for row in rows if row["total"]]
    return tuple(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


@dataclass(frozen=True, slots=True)
class Backlog:
    """What is due and has not been taken; the count stops at paging.COUNT_CAP + 1.

    `oldest` is the moment since when the oldest of them is due; None when nothing is.
    """

    label: str
    count: int
    oldest: datetime | None
    url_name: str
    query: str


@dataclass(frozen=True, slots=True)
class Beat:
    """A queue's last sign of life; `is_late` after LATE_AFTER without one."""

    queue: str
    at: datetime
    is_late: bool


def backlog(*, now: datetime) -> tuple[Backlog, ...]:
    """Messages, plans and documents that are due, and outcomes not known, in one query."""
    new = InboundEvent.objects.filter(state=EventState.NEW).filter(
        Q(not_before__isnull=True) | Q(not_before__lte=now)
    )
    plans = Rma.objects.filter(plan_due_at__lte=now)
    ready = Posting.objects.filter(status=PostingStatus.READY, not_before__lte=now)
    unknown = Posting.objects.filter(status=PostingStatus.UNCONFIRMED)
    dues: tuple[_Due, ...] = (
        ("Messages not handled", new, "received_at", ("id",), "inbox", "?state=new"),
        ("Returns to be planned", plans, "plan_due_at", ("plan_due_at",), "", ""),
        (
            "Documents ready to leave",
            ready,
            "not_before",
            ("not_before", "id"),
            "posting-list",
            "?status=ready",
        ),
        (
            "Outcomes not known",
            unknown,
            "unknown_since",
            ("unknown_since",),
            "posting-list",
            "?status=unconfirmed",
        ),
    )
    found = paging.answers(
        counted={label: rows for label, rows, *_ in dues},
        single={
            (label, "oldest"): rows.order_by(*order).values(moment)[:1]
            for label, rows, moment, order, *_ in dues
        },
    )
    return tuple(
        Backlog(label, found[label], found[label, "oldest"], url_name, query)
        for label, _, _, _, url_name, query in dues
    )


def stuck() -> tuple[Backlog, ...]:
    """What nothing but a person moves on: counted by the indexes of state, in one query.

    Files are told of only where there are some: most houses exchange none.
    """
    connections_of = Connection.objects.values("pk")
    documents = Posting.objects.filter(bridge__in=Bridge.objects.values("pk"))
    parked = InboundEvent.objects.filter(connection__in=connections_of, state=EventState.PARKED)
    found: tuple[tuple[str, QuerySet[Any], str, str], ...] = (
        ("Messages parked", parked, "inbox", "?state=parked"),
        (
            "Documents refused",
            documents.filter(status=PostingStatus.FAILED),
            "posting-list",
            "?status=failed",
        ),
        (
            "Documents blocked",
            documents.filter(status=PostingStatus.BLOCKED),
            "posting-list",
            "?status=blocked",
        ),
        (
            "Files set aside",
            ExchangeFile.objects.filter(state=FileState.QUARANTINED),
            "exchange-files",
            "?state=quarantined",
        ),
        (
            "Files without an answer",
            ExchangeBatch.objects.filter(state=SentFileState.OVERDUE),
            "exchange-batches",
            "?state=overdue",
        ),
    )
    counts = paging.counts({label: rows for label, rows, *_ in found})
    return tuple(
        Backlog(label, counts[label], None, url_name, query)
        for label, _, url_name, query in found
        if counts[label] or not url_name.startswith("exchange")
    )


def needs_somebody(row: ConnectionRow, *, now: datetime) -> bool:
    """Paused, refused or silent while it should work: switched off is somebody's decision."""
    health = getattr(row.connection, "health", None)
    is_quiet = health is not None and is_silent(health, now)
    return row.connection.is_active and (row.is_stopped or is_quiet)


def is_silent(health: ConnectionHealth, now: datetime) -> bool:
    """Whether the last answer is older than SILENT_AFTER; one never asked is not silent."""
    return health.last_ok_at is not None and now - health.last_ok_at > SILENT_AFTER


# Label, rows, the moment since when they are due, the order that finds the oldest by an index, and
# where they are listed.
_Due = tuple[str, QuerySet[Any], str, tuple[str, ...], str, str]


def heartbeats(*, now: datetime) -> tuple[Beat, ...]:
    rows = Heartbeat.objects.order_by("queue")
    return tuple(Beat(row.queue, row.beat_at, now - row.beat_at > LATE_AFTER) for row in rows)


def postings(
    *, status: str = "", kind: str = "", bridge: str = "", hold: str = ""
) -> QuerySet[Posting]:
    rows = Posting.objects.select_related("rma", "connection", "bridge").defer("draft")
    if status:
        rows = rows.filter(status__in=stopped.POSTINGS if status == stopped.NEEDS else (status,))
    if kind:
        rows = rows.filter(kind=kind)
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    if hold:
        rows = rows.filter(hold_reason=hold)
    return rows


def posting(*, posting_id: int) -> Posting:
    """One document with its tries, newest first.

    Raises:
        Posting.DoesNotExist: there is none.
    """
    return (
        Posting.objects.select_related("rma", "connection", "bridge", "replaces", "run")
        .prefetch_related(Prefetch("attempt_rows", PostingAttempt.objects.order_by("-pk")))
        .get(pk=posting_id)
    )


def open_cases_of(posting: Posting) -> list[Case]:
    """Open exceptions about this very document or in its way, the oldest first."""
    about = stopped.about_posting(posting)
    rows = Case.objects.filter(about, rma=posting.rma_id, status__in=CASE_OPEN)
    return list(rows.only("pk", "title").order_by("pk"))


def states() -> dict[str, list[tuple[str, str]]]:
    """What the lists can be narrowed by, as (value, label)."""
    return {
        "state": [(stopped.NEEDS, stopped.NEEDS_LABEL), *EventState.choices],
        "status": [(stopped.NEEDS, stopped.NEEDS_LABEL), *PostingStatus.choices],
        "hold": [choice for choice in HoldReason.choices if choice[0]],
        "connection": list(Connection.objects.order_by("name").values_list("code", "name")),
        "bridge": list(Bridge.objects.order_by("name").values_list("code", "name")),
    }
