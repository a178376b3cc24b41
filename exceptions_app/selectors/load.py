"""Who of a team has how much: open exceptions per person, by severity and by when they are due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Min, Q, QuerySet, Sum

from exceptions_app.choices import CASE_OPEN, SEVERITY_OF_RANK
from exceptions_app.models import Case, Delegation
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import delegations
from exceptions_app.selectors.sums import Amount, per_currency

SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Load:
    """What of a team's exceptions one person can work on, put off or not; `person` None: nobody.

    `behind` are those they have that wait behind another of their return (decision 0024), in no
    other figure. `soon` are those due within SOON, the late ones not among them. `is_of_team` is
    false for who has some of it and works for the team no more. `away` says who decides for them
    meanwhile.
    """

    person: User | None
    count: int
    behind: int
    by_severity: tuple[tuple[str, int], ...]
    late: int
    soon: int
    oldest_at: datetime | None
    values: tuple[Amount, ...]
    is_of_team: bool
    away: Delegation | None

    @property
    def held(self) -> int:
        """All that is open with them, what waits among it."""
        return self.count + self.behind


def of_team(*, team: str, now: datetime) -> tuple[Load, ...]:
    """Nobody's first, then who has most; people of the team with nothing stand last. 4 queries."""
    rows: defaultdict[int | None, list[dict[str, Any]]] = defaultdict(list)
    for row in _sums(team, now):
        rows[row["assignee"]].append(row)
    mates = {mate.pk: mate for mate in cases_selector.team_mates(team=team)}
    others = {pk for pk in rows if pk is not None and pk not in mates}
    people = mates | {user.pk: user for user in User.objects.filter(pk__in=others)}
    away = delegations.away_of(people, now=now)
    loads = [
        _load(person, rows[pk], is_of_team=pk in mates, away=away.get(pk))
        for pk, person in people.items()
    ]
    loads.sort(key=lambda load: (-load.count, -load.late, str(load.person)))
    return (_load(None, rows[None], is_of_team=True, away=None), *loads)


def held(*, person_id: int, team: str) -> QuerySet[Case]:
    """The open exceptions of a team that one person has."""
    return Case.objects.filter(assignee=person_id, team=team, status__in=CASE_OPEN)


def _sums(team: str, now: datetime) -> list[Any]:
    soon = Q(due_at__gte=now, due_at__lt=now + SOON)
    rows = Case.objects.filter(team=team, status__in=CASE_OPEN).order_by()
    told = rows.annotate(is_behind=Q(behind__isnull=False))
    return list(
        told.values("assignee", "severity_rank", "currency", "is_behind").annotate(
            count=Count("pk"),
            late=Count("pk", filter=Q(due_at__lt=now)),
            soon=Count("pk", filter=soon),
            oldest=Min("opened_at"),
            total=Sum("value"),
        )
    )


def _load(
    person: User | None,
    rows: Sequence[Mapping[str, Any]],
    *,
    is_of_team: bool,
    away: Delegation | None,
) -> Load:
    behind = sum(row["count"] for row in rows if row["is_behind"])
    rows = [row for row in rows if not row["is_behind"]]
    ranks: defaultdict[int, int] = defaultdict(int)
    for row in rows:
        ranks[row["severity_rank"]] += row["count"]
    return Load(
        person=person,
        count=sum(ranks.values()),
        behind=behind,
        by_severity=tuple(
            (SEVERITY_OF_RANK[rank], ranks[rank]) for rank in sorted(ranks, reverse=True)
        ),
        late=sum(row["late"] for row in rows),
        soon=sum(row["soon"] for row in rows),
        oldest_at=min((row["oldest"] for row in rows), default=None),
        values=per_currency((row["currency"], row["total"]) for row in rows),
        is_of_team=is_of_team,
        away=away,
    )
