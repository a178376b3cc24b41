"""What people merged and split, and where exceptions stand by it (decision 0021)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.catalogue import together
from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case, CauseGroup, CauseRule
from exceptions_app.models.cause_rules import CauseRuleKind, caused
from exceptions_app.rules import grouping
from exceptions_app.rules.grouping import Edge
from exceptions_app.selectors import trends
from exceptions_app.selectors.sums import Amount, per_currency

# How causes begin that are about the status of a refund: no mapping of a return's status heals it.
REFUND_STATUS = "refund "
# Causes offered to merge with, values offered to split by.
OFFERED = 50
_HISTORY = 30
_BACK = 3


@dataclass(frozen=True, slots=True)
class Moved:
    """Exceptions that would come to stand elsewhere, as `preview` and the act itself count them.

    `returns` and `values` are of the open ones.
    """

    count: int
    closed: int
    returns: int
    values: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Move:
    """Exceptions of the own cause `own` that come to stand in `target`."""

    cases: QuerySet[Case]
    own: int
    target: int


@dataclass(frozen=True, slots=True)
class About:
    """A cause with what its row in the queue has no room for."""

    count: int
    closed: int
    returns: int
    waiting: int
    values: tuple[Amount, ...]
    first_seen: datetime
    newest: datetime
    last_seen: datetime
    came_back: int
    trend: trends.Trend | None
    reasons: tuple[str, ...]


def edges_like(group: CauseGroup) -> list[Edge]:
    """The merges and splits in force among causes of the same type and place; one query."""
    rows = CauseRule.objects.filter(
        ended_at__isnull=True,
        group__type=group.type,
        group__bridge=group.bridge_id,
        group__connection=group.connection_id,
    )
    return [edge_of(row) for row in rows.order_by("pk")]


def edge_of(row: CauseRule) -> Edge:
    return Edge(row.group_id, row.target_id, row.fact, row.value)


def place_of(own: CauseGroup, facts: Mapping[str, object]) -> CauseGroup:
    """The cause in which an exception stands whose finding names `own`."""
    place = grouping.place(own.pk, edges_like(own), facts)
    return own if place == own.pk else CauseGroup.objects.get(pk=place)


def standing(group: CauseGroup) -> CauseGroup:
    """The cause that `group` was merged into, or itself."""
    return place_of(group, {}) if group.has_rules else group


def moves(cause: int, edges: Sequence[Edge]) -> Iterator[Move]:
    """What stands elsewhere than `edges` say, of the own causes that lead to `cause` by them."""
    for own in sorted(grouping.leading_to(cause, edges)):
        for leaf in grouping.leaves(own, edges):
            rows = Case.objects.filter(caused(pk=own)).exclude(group=leaf.target)
            for fact, value in leaf.must:
                rows = rows.filter(**{f"facts__{fact}": value})
            for fact, value in leaf.never:
                rows = rows.filter(~Q(**{f"facts__{fact}": value}) | ~Q(facts__has_key=fact))
            yield Move(rows, own, leaf.target)


def moved_by(cause: int, edges: Sequence[Edge]) -> Moved:
    """What `moves` would move, in figures."""
    ids: set[int] = set()
    for move in moves(cause, edges):
        ids.update(move.cases.values_list("pk", flat=True))
    rows = Case.objects.filter(pk__in=ids)
    count, values, returns = _open_sums(rows)
    return Moved(count, len(ids) - count, returns, values)


def _open_sums(rows: QuerySet[Case]) -> tuple[int, tuple[Amount, ...], int]:
    here = rows.filter(status__in=CASE_OPEN).order_by()
    sums = list(here.values("currency").annotate(count=Count("pk"), total=Sum("value")))
    returns = here.aggregate(returns=Count("rma", distinct=True))["returns"]
    values = per_currency((row["currency"], row["total"]) for row in sums)
    return sum(row["count"] for row in sums), values, returns


def about(group: CauseGroup, *, now: datetime) -> About:
    """What is known of a cause; a handful of queries, whatever it holds."""
    rows = Case.objects.filter(group=group)
    count, values, returns = _open_sums(rows)
    told = rows.aggregate(
        all=Count("pk"),
        back=Count("pk", filter=Q(reopened_count__gt=0)),
        first=Min("opened_at"),
        newest=Max("opened_at"),
        last=Max("seen_at"),
        waiting=Count("rma", distinct=True, filter=Q(status__in=CASE_OPEN, is_unpaid=True)),
    )
    return About(
        count=count,
        closed=told["all"] - count,
        returns=returns,
        waiting=told["waiting"],
        values=values,
        first_seen=told["first"] or group.first_seen_at,
        newest=told["newest"] or group.last_seen_at,
        last_seen=told["last"] or group.last_seen_at,
        came_back=told["back"],
        trend=trends.of_groups([group.pk], now=now).get(group.pk),
        reasons=_reasons(group),
    )


def _reasons(group: CauseGroup) -> tuple[str, ...]:
    """Why its exceptions belong together: what they share, and what people decided."""
    case = Case.objects.filter(group=group).order_by("own_group", "-pk").first()
    made = _made(group)
    own = next((rule.group for rule in made if rule.target_id == group.pk and rule.fact), group)
    facts = case.facts if case else {}
    entry = catalogue_entry(group.type, facts)
    first = together.why(entry, facts, place=place_name(group), cause=own.cause)
    return (first, *(_decided(rule, group) for rule in made))


def _made(group: CauseGroup) -> list[CauseRule]:
    """The merges and splits in force that touch a cause itself."""
    rows = CauseRule.objects.filter(Q(group=group) | Q(target=group), ended_at__isnull=True)
    return list(rows.select_related("group", "target", "made_by").order_by("pk"))


def _decided(rule: CauseRule, group: CauseGroup) -> str:
    who = f"by {rule.made_by.get_full_name() or rule.made_by.get_username()}"
    if rule.kind == CauseRuleKind.MERGE:
        if rule.target_id == group.pk:
            return f"Those of “{rule.group}” too: merged {who}, {rule.reason}"
        return f"They now stand in “{rule.target}”: merged {who}, {rule.reason}"
    named = f"{together.LABELS[rule.fact]} {rule.value}"
    if rule.target_id == group.pk:
        return f"Only those with {named}: split from “{rule.group}” {who}, {rule.reason}"
    return f"None with {named}: these were split off {who}, {rule.reason}"


def came_back(group: CauseGroup) -> list[Case]:
    """The open exceptions of a cause that had closed before, the latest few."""
    rows = Case.objects.filter(group=group, status__in=CASE_OPEN, reopened_count__gt=0)
    return list(rows.select_related("rma").order_by("-pk")[:_BACK])


def place_name(group: CauseGroup) -> str:
    return str(group.bridge or group.connection or "")


def history(group: CauseGroup) -> list[CauseRule]:
    """Every merge and split that touched a cause, those taken back too, newest first."""
    rows = CauseRule.objects.filter(Q(group=group) | Q(target=group))
    return list(
        rows.select_related("group", "target", "made_by", "ended_by").order_by("-pk")[:_HISTORY]
    )


def is_alike(one: CauseGroup, other: CauseGroup) -> bool:
    """Whether two causes may be merged: the same page of the manual solves both, in one place."""
    return _kind(one) == _kind(other)


def _kind(group: CauseGroup) -> tuple[object, ...]:
    is_of_refund = group.type == "STATUS_UNMAPPED" and group.cause.startswith(REFUND_STATUS)
    return group.type, group.bridge_id, group.connection_id, is_of_refund


def possible_targets(group: CauseGroup) -> list[CauseGroup]:
    """Causes this one may be merged into: alike, with open exceptions, at most OFFERED."""
    alike = CauseGroup.objects.filter(
        type=group.type, bridge=group.bridge_id, connection=group.connection_id
    ).exclude(pk=group.pk)
    held = Case.objects.filter(group__in=alike, status__in=CASE_OPEN).values("group")
    edges = edges_like(group)
    return [
        row
        for row in alike.filter(pk__in=held).order_by("title", "pk")[:OFFERED]
        if is_alike(row, group) and not grouping.would_circle(Edge(group.pk, row.pk), edges)
    ]


def possible_splits(group: CauseGroup) -> list[tuple[str, str, int]]:
    """(fact, value, open exceptions): what sets some of a cause apart from others of it."""
    facts: Iterable[dict[str, str]] = (
        Case.objects.filter(group=group, status__in=CASE_OPEN)
        .order_by("-pk")
        .values_list("facts", flat=True)[:1000]
    )
    found: dict[tuple[str, str], int] = {}
    total = 0
    for row in facts:
        total += 1
        for name in together.LABELS:
            value = row.get(name)
            if isinstance(value, str) and value.strip() and len(value) <= 300:
                found[name, value] = found.get((name, value), 0) + 1
    rows = [(fact, value, count) for (fact, value), count in found.items() if count < total]
    return sorted(rows, key=lambda row: (list(together.LABELS).index(row[0]), -row[2], row[1]))[
        :OFFERED
    ]
