"""Exceptions by cause: which causes stand first, and what a row of each shows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from exceptions_app.choices import CASE_OPEN, SEVERITY_OF_RANK, Team
from exceptions_app.models import Case, CauseGroup
from exceptions_app.selectors import counts, paging, trends
from exceptions_app.selectors.sums import Amount, per_currency

# By cause, older closed exceptions are not shown: their sums would be read from all of history.
CLOSED_DAYS = 7
# As the queue: the gravest first, and of these what is late or due next.
ORDER = ("-rank", "due", "group")


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
    newest: datetime
    due_at: datetime
    first: int
    trend: trends.Trend | None = None


def page(
    cases: QuerySet[Case],
    *,
    cursor: str = "",
    size: int = paging.PAGE_SIZE,
    now: datetime | None = None,
    scope: counts.Scope | None = None,
) -> paging.Page:
    """A page of causes of `cases`, gravest first, and of these what is late or due next.

    With `scope`, which says the same as `cases`, one query reads the counts that are kept; without
    it there are four, a fifth when somebody has one of them. With `now` one more brings the trend
    of the causes shown.
    """
    found = counted(scope, cursor=cursor, size=size) if scope else _summed(cases, cursor, size)
    if now is None:
        return found
    known = trends.of_groups([row.pk for row in found.rows], now=now)
    rows = tuple(replace(row, trend=known.get(row.pk)) for row in found.rows)
    return paging.Page(rows=rows, newer=found.newer, older=found.older)


def counted(scope: counts.Scope, *, cursor: str = "", size: int = paging.PAGE_SIZE) -> paging.Page:
    """A page of causes from the counts that are kept of them (decision 0014); one query."""

    found = paging.page_of(partial(counts.causes, scope), order=ORDER, cursor=cursor, size=size)
    return paging.Page(tuple(_of_counts(row) for row in found.rows), found.newer, found.older)


def foremost(scope: counts.Scope, *, size: int) -> tuple[Cause, ...]:
    """The first causes in order of promise, value and clock, not of severity; one query."""
    rows = counts.causes(scope, is_back=False, after=(), limit=size, by=counts.PROMISE)
    return tuple(_of_counts(row) for row in rows)


def _of_counts(row: Mapping[str, Any]) -> Cause:
    parts = row["parts"]
    owner, assigned = counts.people_of(parts)
    teams = {part["team"] for part in parts}
    return Cause(
        pk=row["group"],
        title=row["title"],
        type=row["type"],
        bridge=row["bridge"],
        team=", ".join(team.label for team in Team if team in teams),
        severity=SEVERITY_OF_RANK[row["rank"]],
        count=sum(part["count"] for part in parts),
        assigned=assigned,
        owner=owner,
        waiting=row["waiting"],
        values=per_currency((part["currency"], part["total"]) for part in parts),
        oldest=row["oldest"],
        newest=row["newest"],
        due_at=row["due"],
        first=row["first"],
    )


def _summed(cases: QuerySet[Case], cursor: str, size: int) -> paging.Page:
    grouped = (
        cases.order_by()
        .values("group")
        .annotate(rank=Max("severity_rank"), due=Min("due_at"), oldest=Min("opened_at"))
    )
    found = paging.page(grouped, order=ORDER, cursor=cursor, size=size)
    rows = _described(found.rows, cases)
    return paging.Page(rows=rows, newer=found.newer, older=found.older)


def closed_lately(now: datetime, *, has_open: bool) -> Q:
    """Those closed in the last CLOSED_DAYS, and with `has_open` all that are open."""
    lately = Q(resolved_at__gte=now - timedelta(days=CLOSED_DAYS))
    return lately | Q(status__in=CASE_OPEN) if has_open else lately


def every(
    cases: QuerySet[Case], *, now: datetime, scope: counts.Scope | None = None
) -> Iterator[Cause]:
    """All causes of `cases` in the order of the screen, for the export; as `page`."""
    yield from paging.every(
        lambda cursor: page(cases, cursor=cursor, size=paging.FILE_SIZE, now=now, scope=scope)
    )


def _described(rows: Sequence[Mapping[str, Any]], cases: QuerySet[Case]) -> tuple[Cause, ...]:
    """Sums of different currencies are never added up, so each currency is a part of its own."""
    pks = [row["group"] for row in rows]
    if not pks:
        return ()
    parts: dict[int, list[dict[str, Any]]] = {}
    for part in _parts(cases, pks):
        parts.setdefault(part["group"], []).append(part)
    people: dict[int, list[dict[str, Any]]] = {}
    for found in _people(cases, pks):
        people.setdefault(found["group"], []).append(found)
    groups = CauseGroup.objects.select_related("bridge").in_bulk(pks)
    taken = [pk for pk, own in people.items() if any(found["assigned"] for found in own)]
    owners = owners_of(cases, taken)
    # An exception may leave the list between two of the queries.
    return tuple(
        _cause(row, groups[pk], parts[pk], people[pk], owners.get(pk, NOBODY))
        for row in rows
        if (pk := row["group"]) in parts and pk in people
    )


def _parts(cases: QuerySet[Case], pks: Sequence[int]) -> QuerySet[Any, Any]:
    return (
        cases.order_by()
        .filter(group__in=pks)
        .values("group", "currency")
        .annotate(
            count=Count("*"),
            total=Sum("value"),
            due_at=Min("due_at"),
            first=Min("pk"),
        )
    )


def _people(cases: QuerySet[Case], pks: Sequence[int]) -> QuerySet[Any, Any]:
    """Who waits and who works, by team and cause: the index's own order, so nothing is sorted."""
    return (
        cases.order_by()
        .filter(group__in=pks)
        .values("team", "group")
        .annotate(
            waiting=Count("rma", distinct=True, filter=Q(is_unpaid=True)),
            assigned=Count("assignee"),
        )
    )


@dataclass(frozen=True, slots=True)
class Owner:
    """Who has the exceptions of a cause: a name, how many people, or ""; `assigned` are theirs."""

    name: str
    assigned: int


NOBODY = Owner("", 0)


def owners_of(cases: QuerySet[Case], group_ids: Sequence[int]) -> dict[int, Owner]:
    """By cause, for those that somebody has; one query, apart from the sums: few are assigned."""
    found: dict[int, list[Mapping[str, Any]]] = {}
    if group_ids:
        rows: QuerySet[Any, Any] = cases.order_by().filter(
            group__in=group_ids, assignee__isnull=False
        )
        for row in rows.values("group", *_NAMES).annotate(count=Count("*")):
            found.setdefault(row["group"], []).append(row)
    return {group: _owner(rows) for group, rows in found.items()}


_NAMES = ("assignee", "assignee__first_name", "assignee__last_name", "assignee__username")


def _owner(rows: Sequence[Mapping[str, Any]]) -> Owner:
    assigned = sum(row["count"] for row in rows)
    if len(rows) > 1:
        return Owner(f"{len(rows)} people", assigned)
    _, first, last, username = (rows[0][name] for name in _NAMES)
    return Owner(f"{first} {last}".strip() or username, assigned)


def _cause(
    row: Mapping[str, Any],
    group: CauseGroup,
    parts: Sequence[Mapping[str, Any]],
    people: Sequence[Mapping[str, Any]],
    owner: Owner,
) -> Cause:
    teams = {found["team"] for found in people}
    return Cause(
        pk=group.pk,
        title=group.title,
        type=group.type,
        bridge=group.bridge.name if group.bridge else "",
        team=", ".join(team.label for team in Team if team in teams),
        severity=SEVERITY_OF_RANK[row["rank"]],
        count=sum(part["count"] for part in parts),
        assigned=owner.assigned,
        owner=owner.name,
        waiting=sum(found["waiting"] for found in people),
        values=per_currency((part["currency"], part["total"]) for part in parts),
        oldest=row["oldest"],
        newest=group.last_seen_at,
        due_at=min(part["due_at"] for part in parts),
        first=min(part["first"] for part in parts),
    )
