"""Rules of assignment: in force for a worker, in words for their page, and whom they may choose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import (
    AssignmentRule,
    AuditEntry,
    Case,
    CaseCount,
    CauseGroup,
    Delegation,
    ErpLocation,
)
from exceptions_app.rules.assigning import Job, Rule, asks_where
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import paging, whereabouts

ASSIGNED = "case.assign"
# The causes of a form: more than that are not looked through in a list.
CAUSES = 200


def in_use(teams: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of these teams that are in use, in their order, with their people in turn."""
    rows = AssignmentRule.objects.filter(is_active=True, team__in=set(teams))
    found = rows.order_by("position", "pk").annotate(
        people=ArrayAgg(
            "turns__person", order_by=("turns__turn", "turns__pk"), filter=Q(turns__isnull=False)
        )
    )
    return tuple(rule_of(row, row.people or ()) for row in found)


def rule_of(row: AssignmentRule, people: Iterable[int]) -> Rule:
    return Rule(
        pk=row.pk or 0,
        team=row.team,
        way=row.way,
        people=tuple(people),
        type=row.type,
        bridge_id=row.bridge_id,
        group_id=row.group_id,
        at_least=row.at_least,
        currency=row.currency,
        place_id=row.place_id,
        division=row.division,
    )


def jobs_of(cases: Iterable[Case], *, rules: Iterable[Rule]) -> dict[int, Job]:
    """By exception what the rules decide by; where its goods are only if one of them asks."""
    found = list(cases)
    where = _where((case.rma_id for case in found), rules)
    return {
        case.pk: Job(
            case.team,
            case.type,
            case.bridge_id,
            case.group_id,
            case.value,
            case.currency,
            *where.get(case.rma_id, ()),
        )
        for case in found
    }


def _where(
    rma_ids: Iterable[int | None], rules: Iterable[Rule]
) -> dict[int | None, tuple[frozenset[int], str]]:
    if not asks_where(rules):
        return {}
    found = whereabouts.of_returns({pk for pk in rma_ids if pk is not None})
    return {pk: (each.places, each.division) for pk, each in found.items()}


def absent(now: datetime) -> QuerySet[Any, Any]:
    """Ids of those who are away at `now`, whether somebody decides for them or not."""
    rows = Delegation.objects.filter(ended_at__isnull=True, starts_at__lte=now, ends_at__gt=now)
    found: QuerySet[Any, Any] = rows.order_by().values("person")
    return found


def present(*, people: Iterable[int], team: str, now: datetime) -> frozenset[int]:
    """Who of `people` can be given work of `team` now: active, of the team, not away."""
    mates = cases_selector.team_mates(team=team).filter(pk__in=set(people)).order_by()
    return frozenset(mates.exclude(pk__in=absent(now)).values_list("pk", flat=True))


def loads(people: Iterable[int]) -> Mapping[int, int]:
    """How many open exceptions each of these has, of all teams; who has none is not in it.

    Those that wait behind another count too: they are given away while they wait, and whoever has
    least would else be given every one of them.
    """
    rows = CaseCount.objects.filter(assignee__in=set(people)).order_by().values("assignee")
    return {row["assignee"]: row["held"] for row in rows.annotate(held=Sum("count"))}


def nobodys(*, teams: Iterable[str]) -> QuerySet[Case]:
    """Open exceptions that nobody has and nobody placed: what rules may give away."""
    by_hand = AuditEntry.objects.filter(
        case_id=OuterRef("pk"), act=ASSIGNED, actor_user__isnull=False
    )
    rows = Case.objects.filter(status__in=CASE_OPEN, assignee__isnull=True, team__in=set(teams))
    return rows.filter(~Exists(by_hand)).order_by("pk")


def jobs(*, team: str, rules: Iterable[Rule]) -> tuple[tuple[Job, ...], bool]:
    """What `rules` of `team` may give away, at most paging.COUNT_CAP, and whether there is more."""
    names = ("rma_id", "team", "type", "bridge_id", "group_id", "value", "currency")
    rows = list(nobodys(teams=[team]).values_list(*names)[: paging.COUNT_CAP + 1])
    where = _where((rma_id for rma_id, *_ in rows), rules)
    found = [Job(*known, *where.get(rma_id, ())) for rma_id, *known in rows]
    return tuple(found[: paging.COUNT_CAP]), len(found) > paging.COUNT_CAP


def listed(*, team: str) -> list[AssignmentRule]:
    """The rules of a team in use, in their order, with all that `words_of` reads."""
    rows = AssignmentRule.objects.filter(is_active=True, team=team)
    return list(
        rows.select_related("bridge", "group", "place__connection")
        .prefetch_related("turns__person")
        .order_by("position", "pk")
    )


def words_of(row: AssignmentRule) -> str:
    """ "SKU not known, Alder UK, from 500.00 GBP"; what fits all says so."""
    parts = []
    if row.type:
        short = catalogue_entry(row.type).short
        parts.append(short[:1].upper() + short[1:])
    if row.group is not None:
        parts.append(row.group.title)
    if row.bridge is not None:
        parts.append(row.bridge.name)
    if row.place is not None:
        parts.append(f"goods at {place_words(row.place)}")
    if row.division:
        parts.append(f"division {row.division}")
    if row.at_least is not None:
        parts.append(f"from {row.at_least:,.2f} {row.currency} at risk")
    return ", ".join(parts) or f"All of {row.get_team_display()}"


def place_words(place: ErpLocation) -> str:
    """ "Leeds, 10/WH1 of BlueCherry"; the code alone where the ERP tells no name."""
    named = f"{place.name}, {place}" if place.name else str(place)
    return f"{named} of {place.connection.name}"


def places(*, also: int | None = None) -> QuerySet[ErpLocation]:
    """Warehouses in use of the ERPs that bridges lead to; `also` is one that stays in a list."""
    erps = cases_selector.bridges().order_by().values("erp")
    rows = ErpLocation.objects.filter(Q(connection__in=erps, is_active=True) | Q(pk=also))
    return rows.select_related("connection").order_by("connection__name", "division", "code")


def causes(*, team: str, also: int | None = None) -> Sequence[CauseGroup]:
    """Causes of a team with something open, seen last first; `also` is one that stays in a list."""
    is_open = Case.objects.filter(group=OuterRef("pk"), team=team, status__in=CASE_OPEN)
    rows = CauseGroup.objects.filter(Q(Exists(is_open)) | Q(pk=also)).select_related("bridge")
    return list(rows.order_by("-last_seen_at", "-pk")[:CAUSES])


def mates(*, team: str) -> list[User]:
    return list(cases_selector.team_mates(team=team))
