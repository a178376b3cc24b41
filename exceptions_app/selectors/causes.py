"""Exceptions by cause: which causes stand first, and what a row of each shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from exceptions_app.choices import CASE_OPEN, SEVERITY_RANK, Severity, Team
from exceptions_app.models import Case, CauseGroup
from exceptions_app.selectors import paging, trends
from exceptions_app.selectors.sums import Amount, per_currency

# By cause, older closed exceptions are not shown: their sums would be read from all of history.
CLOSED_DAYS = 7
# As the queue: the gravest first, and of these what is late or due next.
ORDER = ("-rank", "due", "group")
# Who has the exceptions of a part; `owners_of` and `owner_of` read it.
OWNERS: dict[str, Any] = {
    "assigned": Count("assignee"),
    "assignees": ArrayAgg("assignee", distinct=True, filter=Q(assignee__isnull=False), default=[]),
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Exceptions that share a cause; `waiting` counts customers whose refund is not confirmed.

    `first` is the id of the oldest exception.
    """

    pk: int
    title: str
    type: str
    bridge: str
    team: str
    severity: str
    count: int
    assigned: int
    owner: str
    waiting: int
    values: tuple[Amount, ...]
    oldest: datetime
    due_at: datetime
    first: int
    trend: trends.Trend | None = None


def page(
    cases: QuerySet[Case],
    *,
    cursor: str = "",
    size: int = paging.PAGE_SIZE,
    now: datetime | None = None,
) -> paging.Page:
    """A page of causes of `cases`, gravest first, and of these what is late or due next.

    Three queries, a fourth when somebody has one of them; with `now` one more brings the trend
    of the causes shown. All of it is read from an index while only open exceptions are asked for.
    """
    grouped = (
        cases.order_by()
        .values("group")
        .annotate(rank=Max("severity_rank"), due=Min("due_at"), oldest=Min("opened_at"))
    )
    found = paging.page(grouped, order=ORDER, cursor=cursor, size=size)
    rows = _described(found.rows, cases)
    if now is not None:
        known = trends.of_groups([row.pk for row in rows], now=now)
        rows = tuple(replace(row, trend=known.get(row.pk)) for row in rows)
    return paging.Page(rows=rows, newer=found.newer, older=found.older)


def closed_lately(now: datetime, *, has_open: bool) -> Q:
    """Those closed in the last CLOSED_DAYS, and with `has_open` all that are open."""
    lately = Q(resolved_at__gte=now - timedelta(days=CLOSED_DAYS))
    return lately | Q(status__in=CASE_OPEN) if has_open else lately


def every(cases: QuerySet[Case], *, now: datetime) -> Iterator[Cause]:
    """All causes of `cases` in the order of the screen, for the export."""
    yield from paging.every(
        lambda cursor: page(cases, cursor=cursor, size=paging.FILE_SIZE, now=now)
    )


def _described(rows: Sequence[Mapping[str, Any]], cases: QuerySet[Case]) -> tuple[Cause, ...]:
    """Sums of different currencies are never added up, so each currency is a part of its own."""
    pks = [row["group"] for row in rows]
    if not pks:
        return ()
    parts: dict[int, list[dict[str, Any]]] = {}
    for part in _parts(cases, pks):
        parts.setdefault(part["group"], []).append(part)
    groups = CauseGroup.objects.select_related("bridge").in_bulk(pks)
    names = owners_of(part for own in parts.values() for part in own)
    # An exception may leave the list between two of the queries.
    return tuple(
        _cause(row, groups[row["group"]], parts[row["group"]], names)
        for row in rows
        if row["group"] in parts
    )


def _parts(cases: QuerySet[Case], pks: Sequence[int]) -> QuerySet[Any, Any]:
    return (
        cases.order_by()
        .filter(group__in=pks)
        .values("group", "currency")
        .annotate(
            count=Count("*"),
            total=Sum("value"),
            first_team=Min("team"),
            last_team=Max("team"),
            **OWNERS,
            waiting=Count("rma", distinct=True, filter=Q(is_unpaid=True)),
            due_at=Min("due_at"),
            first=Min("pk"),
        )
    )


def owners_of(parts: Iterable[Mapping[str, Any]]) -> dict[int, str]:
    """The names of all who have a part; no query when nobody has."""
    pks = {pk for part in parts for pk in part["assignees"]}
    people = User.objects.filter(pk__in=pks) if pks else ()
    return {person.pk: person.get_full_name() or person.get_username() for person in people}


def _cause(
    row: Mapping[str, Any],
    group: CauseGroup,
    parts: Sequence[Mapping[str, Any]],
    names: Mapping[int, str],
) -> Cause:
    codes = {rank: code for code, rank in SEVERITY_RANK.items()}
    teams = {part[name] for part in parts for name in ("first_team", "last_team")}
    return Cause(
        pk=group.pk,
        title=group.title,
        type=group.type,
        bridge=group.bridge.name if group.bridge else "",
        team=", ".join(team.label for team in Team if team in teams),
        severity=Severity(codes[row["rank"]]).value,
        count=sum(part["count"] for part in parts),
        assigned=sum(part["assigned"] for part in parts),
        owner=owner_of(parts, names),
        waiting=sum(part["waiting"] for part in parts),
        values=per_currency((part["currency"], part["total"]) for part in parts),
        oldest=row["oldest"],
        due_at=min(part["due_at"] for part in parts),
        first=min(part["first"] for part in parts),
    )


def owner_of(parts: Iterable[Mapping[str, Any]], names: Mapping[int, str]) -> str:
    """Who has the cause: a name, how many people, or "" for nobody."""
    owners = {pk for part in parts for pk in part["assignees"]}
    if len(owners) > 1:
        return f"{len(owners)} people"
    return next((names.get(pk, "") for pk in owners), "")
