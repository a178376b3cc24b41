"""What changed since a person last looked: by the trail's own numbers, and never by the clock.

An act of the trail has a number, and the reader's mark is the number the page knew when it was
drawn. What came between that and the reader's word is still to be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, QuerySet, Subquery, Sum, TextField
from django.db.models.functions import Cast

from exceptions_app.choices import CASE_OPEN, SEVERITY_RANK
from exceptions_app.models import AuditEntry, Case, LastLook
from exceptions_app.models.cases import awake
from exceptions_app.models.statements import Moment
from exceptions_app.selectors import paging
from exceptions_app.selectors.sums import Amount, per_currency

# What is told, by the act of the trail that says it.
ACTS = {
    "case.open": "New",
    "case.reopen": "Came back",
    "case.resolve": "Healed",
    "case.close": "Closed by hand",
    "case.raise": "Graver",
    "case.wake": "Woke",
}
OVERDUE = "Overdue"
# No further back than so many acts of the trail; the page says so.
SPAN = 50_000
LATE_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Figure:
    """Exceptions that changed in one way: how many, and their value at risk per currency."""

    label: str
    count: int
    values: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """`seen_at` is None for who has marked nothing here yet; then there are no figures.

    `newest` is the latest act known: what a mark made from this page reaches up to. `is_cut` says
    that more happened than is looked at.
    """

    seen_at: datetime | None
    newest: int
    is_cut: bool
    figures: tuple[Figure, ...]

    @property
    def count(self) -> int:
        return sum(figure.count for figure in self.figures)

    @property
    def said(self) -> tuple[Figure, ...]:
        """The ways in which something changed."""
        return tuple(figure for figure in self.figures if figure.count)


def asked(*, user_id: int, page: str, team: str, now: Moment) -> dict[str, QuerySet[Any, Any]]:
    """What `told` needs, as lists for `paging.answers`: a few rows each, in one statement."""
    mark = _mark(user_id, page, team)
    own = Case.objects.filter(team=team) if team else Case.objects.all()
    found: dict[str, QuerySet[Any, Any]] = {
        "look.mark": mark.values("entry", "seen_at"),
        "look.newest": _newest(),
        OVERDUE: _summed(_overdue(own, mark, now)),
    }
    for act in ACTS:
        cases = _entries(mark).filter(act=act).values("case_id")
        found[act] = _summed(own.filter(pk__in=cases))
    return found


def told(found: Mapping[Any, Any]) -> Looked:
    """The answers to `asked` in words and figures; an exception that came and went is in both."""
    newest = found["look.newest"][0]["id"] if found["look.newest"] else 0
    if not found["look.mark"]:
        return Looked(None, newest, is_cut=False, figures=())
    (mark,) = found["look.mark"]
    labels = {**ACTS, OVERDUE: OVERDUE}
    return Looked(
        seen_at=datetime.fromisoformat(mark["seen_at"]),
        newest=newest,
        is_cut=newest - mark["entry"] > SPAN,
        figures=tuple(_figure(label, found[key]) for key, label in labels.items()),
    )


def of_reader(*, user_id: int, page: str, team: str, now: datetime) -> Looked:
    """What changed for this person on this page, in one query."""
    lists = asked(user_id=user_id, page=page, team=team, now=now)
    return told(paging.answers(counted={}, listed=lists))


@dataclass(frozen=True, slots=True)
class Row:
    """One act to read, and the exception as it stands now."""

    label: str
    at: datetime
    case: Case


def acts(*, user_id: int, page: str, team: str, cursor: str) -> paging.Page:
    """The acts to read, newest first, each a `Row`; three queries at most."""
    entries = _entries(_mark(user_id, page, team)).filter(act__in=ACTS)
    if team:
        entries = entries.filter(case_id__in=Case.objects.filter(team=team).values("pk"))
    found = paging.page(entries, order=("-id",), cursor=cursor)
    cases = Case.objects.select_related("rma").in_bulk([row.case_id for row in found.rows])
    rows = tuple(Row(ACTS[row.act], row.at, cases[row.case_id]) for row in found.rows)
    return paging.Page(rows=rows, newer=found.newer, older=found.older)


def overdue(*, user_id: int, page: str, team: str, now: datetime) -> tuple[Case, ...]:
    """Those whose clock ran out since, longest ago first; at most LATE_SHOWN."""
    own = Case.objects.filter(team=team) if team else Case.objects.all()
    late = _overdue(own, _mark(user_id, page, team), now).select_related("rma")
    return tuple(late.order_by("due_at", "pk")[:LATE_SHOWN])


def newest_entry() -> int:
    """The latest act of the trail there is."""
    found = _newest().first()
    return found["id"] if found else 0


def _mark(user_id: int, page: str, team: str) -> QuerySet[LastLook]:
    return LastLook.objects.filter(user=user_id, page=page, team=team)


def _newest() -> QuerySet[Any, Any]:
    found: QuerySet[Any, Any] = AuditEntry.objects.order_by("-id").values("id")[:1]
    return found


def _entries(mark: QuerySet[LastLook]) -> QuerySet[AuditEntry]:
    """Acts on exceptions since the mark; none where there is no mark."""
    floor = AuditEntry.objects.order_by("-id").annotate(floor=F("id") - SPAN).values("floor")[:1]
    return AuditEntry.objects.filter(
        subject_kind="case", id__gt=Subquery(mark.values("entry"))
    ).filter(id__gt=Subquery(floor))


def _overdue(own: QuerySet[Case], mark: QuerySet[LastLook], now: Moment) -> QuerySet[Case]:
    """Open ones whose clock ran out between the mark and `now`, and that nobody put off.

    Every severity is named, so that an index which begins with it is read by its clock.
    """
    return own.filter(
        awake(now),
        status__in=CASE_OPEN,
        severity_rank__in=sorted(SEVERITY_RANK.values()),
        due_at__gt=Subquery(mark.values("seen_at")),
        due_at__lte=now,
    )


def _summed(cases: QuerySet[Case]) -> QuerySet[Any, Any]:
    """Number and value per currency; sums are texts, so that they stay exact on their way."""
    found: QuerySet[Any, Any] = (
        cases.order_by()
        .values("currency")
        .annotate(number=Count("pk"), total=Cast(Sum("value"), TextField()))
    )
    return found


def _figure(label: str, rows: Iterable[Mapping[str, Any]]) -> Figure:
    found = list(rows)
    return Figure(
        label,
        sum(row["number"] for row in found),
        per_currency((row["currency"], Decimal(row["total"] or 0)) for row in found),
    )
