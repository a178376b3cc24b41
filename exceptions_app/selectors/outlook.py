"""What leaves next, what merely waits, and what changed since a moment.

Late is not wrong: what waits by policy or for its turn is kept apart from what needs a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import (
    Count,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
)
from django.db.models.functions import Cast

from exceptions_app.choices import (
    CASE_OPEN,
    Closure,
    HoldReason,
    PostingKind,
    PostingStatus,
)
from exceptions_app.models import (
    AuditEntry,
    Bridge,
    Case,
)
from exceptions_app.models.statements import Moment
from exceptions_app.rules import windows
from exceptions_app.selectors import facts
from exceptions_app.selectors.documents import OpenDocuments
from exceptions_app.selectors.sums import Amount, per_currency

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


def bridges(*, code: str = "") -> QuerySet[Any, Any]:
    """The active bridges with what `schedules` needs of them."""
    rows = Bridge.objects.filter(is_active=True).order_by("name")
    if code:
        rows = rows.filter(code=code)
    found: QuerySet[Any, Any] = rows.values("name", "preset", "policy", "timezone", "erp__name")
    return found


def schedules(
    rows: Iterable[Mapping[str, Any]], *, now: datetime, kinds: Iterable[str] = ()
) -> tuple[Schedule, ...]:
    """What the policies of these bridges do not send at once, soonest first."""
    wanted = frozenset(kinds)
    found = [
        schedule
        for row in rows
        for schedule in _schedules_of(row, now)
        if not wanted or schedule.kind in wanted
    ]
    return tuple(
        sorted(found, key=lambda row: (row.opens_at is None, row.opens_at or now, row.bridge))
    )


def _schedules_of(bridge: Mapping[str, Any], now: datetime) -> list[Schedule]:
    found = []
    policy = facts.policy_from(bridge["preset"], bridge["policy"])
    for kind, text in sorted(policy.schedule.items()):
        if text == "immediate":
            continue
        opens_at = None
        if text != "run":
            opens_at = windows.next_open(windows.parse(text), now=now, zone=bridge["timezone"])
        erp = bridge["erp__name"]
        found.append(Schedule(bridge["name"], erp, kind, opens_at, opens_at == now))
    return found


def waiting_runs(documents: Iterable[OpenDocuments]) -> tuple[WaitingRun, ...]:
    """Of `documents` those held for a run, by bridge and currency."""
    grouped: dict[tuple[str, int, str], list[OpenDocuments]] = {}
    for row in documents:
        if (row.status, row.hold_reason) == (PostingStatus.HELD, HoldReason.RUN):
            grouped.setdefault((row.bridge, row.bridge_id, row.currency), []).append(row)
    return tuple(
        WaitingRun(
            bridge_id=bridge_id,
            bridge=bridge,
            count=sum(row.count for row in rows),
            total=sum((row.total for row in rows), Decimal(0)),
            currency=currency,
            oldest_at=min(row.oldest for row in rows),
        )
        for (bridge, bridge_id, currency), rows in sorted(grouped.items())
    )


_BY_POLICY = (HoldReason.WINDOW, HoldReason.RUN, HoldReason.UNDO)
_BY_TURN = (PostingStatus.READY, PostingStatus.SENDING, PostingStatus.POSTED)


def waiting(documents: Iterable[OpenDocuments]) -> tuple[Waiting, ...]:
    """Of `documents` those that wait for a window, a run, an undo hold, their turn or their
    read-back.

    Those blocked, refused, unknown, to be keyed by hand or with an exception of their own are not
    here: they need a person.
    """
    grouped: dict[tuple[str, str, str], list[OpenDocuments]] = {}
    for row in documents:
        is_held = row.status == PostingStatus.HELD and row.hold_reason in _BY_POLICY
        if (is_held or row.status in _BY_TURN) and not row.is_in_trouble:
            reason = row.hold_reason if is_held else row.status
            grouped.setdefault((row.bridge, row.kind, reason), []).append(row)
    found = [_waiting(key, rows) for key, rows in grouped.items()]
    return tuple(
        sorted(found, key=lambda row: (row.until is None, row.until or row.oldest_at, row.bridge))
    )


def _waiting(key: tuple[str, str, str], rows: Sequence[OpenDocuments]) -> Waiting:
    bridge, kind, reason = key
    return Waiting(
        bridge=bridge,
        kind=PostingKind(kind).label if kind in PostingKind.values else kind,
        reason=reason,
        count=sum(row.count for row in rows),
        values=per_currency((row.currency, row.total) for row in rows),
        oldest_at=min(row.oldest for row in rows),
        until=min((row.until for row in rows if row.until), default=None),
    )


# --- What changed ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """Exceptions of a team that moved since: a count and sums per currency."""

    label: str
    count: int
    values: tuple[Amount, ...]


def moved(*, team: str, since: Moment) -> QuerySet[Any, Any]:
    """What `changes` needs of the exceptions of a team that moved since.

    What is open and what was closed since are read apart, each from its own index: one condition
    for both would look at all that is open.
    """
    own = Case.objects.filter(team=team).order_by()
    is_new = Q(opened_at__gt=since) | Q(reopened_count__gt=0)
    is_closed: dict[str, Q] = {
        "proved": Q(closure=Closure.PROOF),
        "closed": ~Q(closure=Closure.PROOF),
    }
    still = _moves(own.filter(is_new, status__in=CASE_OPEN), since, dict.fromkeys(is_closed))
    gone = _moves(own.filter(resolved_at__gt=since), since, is_closed)
    found: QuerySet[Any, Any] = still.union(gone, all=True)
    return found


def changes(rows: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """Opened, closed by proof, closed otherwise and come back, of the rows of `moved`.

    An exception that came and went counts in both.
    """
    found = list(rows)
    labels = {
        "opened": "New",
        "proved": "Closed by proof",
        "closed": "Closed by a person",
        "reopened": "Came back",
    }
    return tuple(
        Change(
            label,
            sum(row[name] for row in found),
            per_currency((row["currency"], Decimal(row[f"{name}_sum"] or 0)) for row in found),
        )
        for name, label in labels.items()
    )


def _moves(rows: QuerySet[Case], since: Moment, more: Mapping[str, Q | None]) -> QuerySet[Any, Any]:
    """Counts and sums per currency of what was opened, came back, and `more`; None is nothing.

    The sums are texts: they are read with other answers (paging.answers), exact.
    """
    came_back = AuditEntry.objects.filter(case_id=OuterRef("pk"), act="case.reopen", at__gt=since)
    kinds: dict[str, Any] = {
        "opened": Q(opened_at__gt=since),
        "reopened": Q(reopened_count__gt=0) & Exists(came_back),
        **more,
    }
    figures: dict[str, Any] = {}
    for name, wanted in kinds.items():
        figures[name] = _NONE if wanted is None else Count("pk", filter=wanted)
        total = Value(None) if wanted is None else Sum("value", filter=wanted)
        figures[f"{name}_sum"] = Cast(total, TextField())
    return rows.values("currency").annotate(**figures)


_NONE = Value(0)
