"""The manual: each exception type in plain words, with how many are open now."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db.models import Count

from exceptions_app.catalogue import Entry, by_team
from exceptions_app.choices import CASE_OPEN, Team
from exceptions_app.models import Case


@dataclass(frozen=True, slots=True)
class Chapter:
    """One team's types in blocking order, each with its open exceptions."""

    code: str
    label: str
    entries: tuple[tuple[Entry, int], ...]


def chapters() -> tuple[Chapter, ...]:
    """All teams that own a type, in one query."""
    counted: dict[str, int] = defaultdict(int)
    rows = (
        Case.objects.filter(status__in=CASE_OPEN)
        .order_by()
        .values("type")
        .annotate(count=Count("pk"))
    )
    for row in rows:
        counted[row["type"]] = row["count"]
    shown = []
    for team in Team:
        entries = tuple((entry, counted[entry.code]) for entry in by_team(team))
        if entries:
            shown.append(Chapter(team.value, team.label, entries))
    return tuple(shown)


def open_count(code: str) -> int:
    return Case.objects.filter(status__in=CASE_OPEN, type=code).count()
