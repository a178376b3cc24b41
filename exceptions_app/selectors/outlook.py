"""What leaves next, what merely waits, what changed since yesterday, and what is proved.

Late is not wrong: what waits by policy or for its turn is kept apart from what needs a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import (
    Count,
    Exists,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)

from exceptions_app.choices import (
    CASE_OPEN,
    BreakerState,
    Closure,
    EventState,
    FixStatus,
    HoldReason,
    PostingKind,
    PostingStatus,
)
from exceptions_app.models import (
    AuditEntry,
    Bridge,
    Case,
    Connection,
    Fix,
    InboundEvent,
    Posting,
    Watermark,
)
from exceptions_app.rules import windows
from exceptions_app.selectors import facts, paging
from exceptions_app.selectors.sums import Amount, per_currency

SINCE = timedelta(hours=24)


# --- What leaves next --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Schedule:
    """When documents of one kind may leave: `opens_at` is None for a run that a person starts.

    `is_open` says that a window is open at this moment.
    """

    bridge: str
    erp: str
    kind: str
    opens_at: datetime | None
    is_open: bool


@dataclass(frozen=True, slots=True)
class WaitingRun:
    """Credits of one bridge and currency that leave when somebody starts the run."""

    bridge_id: int
    bridge: str
    count: int
    total: Decimal
    currency: str
    oldest_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """Documents of one bridge that wait and are not wrong; `until` is None where no clock runs."""

    bridge: str
    kind: str
    reason: str
    count: int
    values: tuple[Amount, ...]
    oldest_at: datetime
    until: datetime | None


def schedules(
    *, now: datetime, kinds: Iterable[str] = (), bridge: str = ""
) -> tuple[Schedule, ...]:
    """What the policies of active bridges do not send at once, soonest first; one query."""
    wanted = frozenset(kinds)
    bridges = Bridge.objects.filter(is_active=True).select_related("erp").order_by("name")
    found = [
        schedule
        for row in (bridges.filter(code=bridge) if bridge else bridges)
        for schedule in _schedules_of(row, now)
        if not wanted or schedule.kind in wanted
    ]
    return tuple(
        sorted(found, key=lambda row: (row.opens_at is None, row.opens_at or now, row.bridge))
    )


def _schedules_of(bridge: Bridge, now: datetime) -> list[Schedule]:
    found = []
    for kind, text in sorted(facts.policy_of(bridge).schedule.items()):
        if text == "immediate":
            continue
        opens_at = None
        if text != "run":
            opens_at = windows.next_open(windows.parse(text), now=now, zone=bridge.timezone)
        found.append(Schedule(bridge.name, bridge.erp.name, kind, opens_at, opens_at == now))
    return found


def waiting_runs(*, bridge: str = "") -> tuple[WaitingRun, ...]:
    """Credits held for a run, by bridge and currency."""
    held = Posting.objects.filter(status=PostingStatus.HELD, hold_reason=HoldReason.RUN)
    rows = (
        (held.filter(bridge__code=bridge) if bridge else held)
        .order_by("bridge__name", "bridge", "currency")
        .values("bridge", "bridge__name", "currency")
        .annotate(count=Count("pk"), total=Sum("gross"), oldest=Min("created_at"))
    )
    return tuple(
        WaitingRun(
            bridge_id=row["bridge"],
            bridge=row["bridge__name"],
            count=row["count"],
            total=row["total"],
            currency=row["currency"],
            oldest_at=row["oldest"],
        )
        for row in rows
    )


def waiting() -> tuple[Waiting, ...]:
    """Documents that wait for a window, a run, an undo hold, their turn or their read-back.

    One grouped query over open documents. Those blocked, refused, unknown, to be keyed by hand or
    with an exception of their own are not here: they need a person.
    """
    by_policy = (HoldReason.WINDOW, HoldReason.RUN, HoldReason.UNDO)
    by_turn = (PostingStatus.READY, PostingStatus.SENDING, PostingStatus.POSTED)
    rows = (
        Posting.objects.filter(
            Q(status=PostingStatus.HELD, hold_reason__in=by_policy) | Q(status__in=by_turn),
            open_type="",
        )
        .order_by()
        .values("bridge__name", "kind", "status", "hold_reason", "currency")
        .annotate(
            count=Count("pk"),
            total=Sum("gross"),
            oldest=Min("created_at"),
            until=Min("hold_until"),
        )
    )
    grouped: dict[tuple[str, str, str], list[Any]] = {}
    for row in rows:
        reason = row["hold_reason"] if row["status"] == PostingStatus.HELD else row["status"]
        grouped.setdefault((row["bridge__name"], row["kind"], reason), []).append(row)
    found = [_waiting(key, members) for key, members in grouped.items()]
    return tuple(
        sorted(found, key=lambda row: (row.until is None, row.until or row.oldest_at, row.bridge))
    )


def _waiting(key: tuple[str, str, str], rows: Sequence[Mapping[str, Any]]) -> Waiting:
    bridge, kind, reason = key
    moments = [row["until"] for row in rows if row["until"]]
    return Waiting(
        bridge=bridge,
        kind=PostingKind(kind).label if kind in PostingKind.values else kind,
        reason=reason,
        count=sum(row["count"] for row in rows),
        values=per_currency((row["currency"], row["total"]) for row in rows),
        oldest_at=min(row["oldest"] for row in rows),
        until=min(moments, default=None),
    )


def held_fixes() -> tuple[int, datetime | None]:
    """Approved changes that can still be taken back: how many, and when the first one leaves."""
    found = Fix.objects.filter(status=FixStatus.HELD).aggregate(n=Count("pk"), at=Min("hold_until"))
    return found["n"], found["at"]


# --- What changed ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """Exceptions of a team that moved since: a count and sums per currency."""

    label: str
    count: int
    values: tuple[Amount, ...]


def changes(*, team: str, since: datetime) -> tuple[Change, ...]:
    """Opened, closed by proof, closed otherwise and come back since, in one query.

    An exception that came and went counts in both.
    """
    came_back = AuditEntry.objects.filter(case_id=OuterRef("pk"), act="case.reopen", at__gt=since)
    kinds: dict[str, Any] = {
        "opened": Q(opened_at__gt=since),
        "proved": Q(resolved_at__gt=since, closure=Closure.PROOF),
        "closed": Q(resolved_at__gt=since) & ~Q(closure=Closure.PROOF),
        "reopened": Q(reopened_count__gt=0) & Exists(came_back),
    }
    rows: list[Any] = list(
        Case.objects.filter(Q(status__in=CASE_OPEN) | Q(resolved_at__gt=since), team=team)
        .order_by()
        .values("currency")
        .annotate(**{name: Count("pk", filter=wanted) for name, wanted in kinds.items()})
        .annotate(**{f"{name}_sum": Sum("value", filter=wanted) for name, wanted in kinds.items()})
    )
    labels = {
        "opened": "New",
        "proved": "Closed by proof",
        "closed": "Closed by a person",
        "reopened": "Came back",
    }
    return tuple(
        Change(
            label,
            sum(row[name] for row in rows),
            per_currency((row["currency"], row[f"{name}_sum"]) for row in rows),
        )
        for name, label in labels.items()
    )


# --- What is proved ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Check:
    """One statement that holds or does not.

    `figure` is what it was counted from; `proof` says what that rests on, `at` how fresh it is.
    """

    text: str
    figure: str
    is_green: bool
    proof: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Feed:
    """A connection, and the moment up to which all of its feeds were read; None before the first.

    Only connections that are read have a moment.
    """

    connection: Connection
    as_of: datetime | None


def feeds() -> tuple[Feed, ...]:
    """Every active connection by name, in one query."""
    marks = Watermark.objects.filter(connection=OuterRef("pk")).order_by()
    oldest = marks.values("connection").annotate(at=Min("read_at")).values("at")
    rows = (
        Connection.objects.filter(is_active=True)
        .select_related("health")
        .annotate(as_of=Subquery(oldest))
        .order_by("name", "pk")
    )
    return tuple(Feed(row, row.as_of) for row in rows)


def checks(*, rows: Sequence[Feed], unknown: int, now: datetime) -> tuple[Check, ...]:
    """What can be said of the whole house, in one more query; `unknown` as `paging` counts it.

    A connection is asked only when there is something to ask, so one that answered within SINCE and
    was not paused since is taken to answer; one that nobody asked proves nothing.
    """
    working = [row.connection for row in rows if _is_answering(row.connection, now)]
    found = _proofs([row.connection for row in rows], now)
    parked, _ = found["parked"]
    closed, closed_at = found["closed"]
    return (
        Check(
            "Every connection answered in the last 24 hours",
            f"{len(working)} of {len(rows)}",
            len(working) == len(rows) > 0,
            "The oldest of their last answers",
            min((row.health.last_ok_at for row in working if row.health.last_ok_at), default=None),
        ),
        Check(
            "No document has an unknown outcome",
            f"{paging.shown(unknown)} unknown",
            unknown == 0,
            "Every reply is kept, every lost one looked up",
            now,
        ),
        Check(
            "No message waits for one that should have come first",
            f"{parked:,} parked",
            not parked,
            "Counted in the inbox",
            now,
        ),
        *(
            Check(
                f"{kind.label}s confirmed in the last 24 hours",
                f"{found[kind.value][0]:,}",
                found[kind.value][0] > 0,
                "Read back from the ERP by its own key",
                found[kind.value][1],
            )
            for kind in _READ_BACK
        ),
        Check(
            "Exceptions closed by proof in the last 24 hours",
            f"{closed:,}",
            closed > 0,
            "Each with its documents and checks",
            closed_at,
        ),
    )


_READ_BACK = (PostingKind.STOCK_RECEIPT, PostingKind.CREDIT_MEMO)


def _proofs(
    connections: Sequence[Connection], now: datetime
) -> dict[str, tuple[int, datetime | None]]:
    """How many, and the latest moment: messages parked, closed by proof, confirmed by kind."""
    parked = InboundEvent.objects.filter(connection__in=connections, state=EventState.PARKED)
    closed = Case.objects.filter(resolved_at__gt=now - SINCE, closure=Closure.PROOF)
    confirmed = Posting.objects.filter(
        kind__in=_READ_BACK, status=PostingStatus.CONFIRMED, confirmed_at__gt=now - SINCE
    )
    whole: QuerySet[Any, Any] = (
        confirmed.order_by()
        .values("kind")
        .annotate(n=Count("pk"), at=Max("confirmed_at"))
        .values_list("kind", "n", "at")
        .union(
            _tally(parked, "parked", "received_at"),
            _tally(closed, "closed", "resolved_at"),
            all=True,
        )
    )
    nothing: dict[str, tuple[int, datetime | None]] = dict.fromkeys(
        ("parked", "closed", *_READ_BACK), (0, None)
    )
    return nothing | {name: (n, at) for name, n, at in whole}


def _tally(rows: QuerySet[Any], name: str, moment: str) -> QuerySet[Any, Any]:
    named = rows.order_by().annotate(name=Value(name)).values("name")
    found: QuerySet[Any, Any] = named.annotate(n=Count("pk"), at=Max(moment))
    return found.values_list("name", "n", "at")


def _is_answering(row: Connection, now: datetime) -> bool:
    """The breaker is closed from the beginning, so only an answer proves anything."""
    health = getattr(row, "health", None)
    return (
        health is not None
        and health.state == BreakerState.CLOSED
        and health.refused_at is None
        and health.last_ok_at is not None
        and now - health.last_ok_at <= SINCE
    )
