"""Saved views: a person's own, and those of the teams they work in."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from exceptions_app.choices import Team
from exceptions_app.models import SavedView
from exceptions_app.selectors.today import teams_of

# Views shown beside one list; more than this is no longer a shortcut.
SHOWN = 12


def of_reader(*, page: str, user_id: int, roles: frozenset[str]) -> list[SavedView]:
    """The reader's own views of `page`, then their teams', by name; at most SHOWN of each."""
    rows = SavedView.objects.filter(page=page)
    own = rows.filter(owner=user_id).order_by("name", "pk")[:SHOWN]
    teams = rows.filter(team__in=teams_of(roles)).order_by("team", "name", "pk")[:SHOWN]
    # Their own carry no team, and so come first.
    return sorted(own.union(teams, all=True), key=lambda row: (row.team, row.name, row.pk))


def editable(*, user_id: int, roles: frozenset[str]) -> QuerySet[SavedView]:
    """Views this person may rename and delete: their own and their teams'."""
    return SavedView.objects.filter(Q(owner=user_id) | Q(team__in=teams_of(roles)))


def teams(roles: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Code and name of the teams whose views these roles may save."""
    return tuple((code, Team(code).label) for code in teams_of(roles))
