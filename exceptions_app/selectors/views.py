"""Saved views: a person's own, those of the teams they work in, and those of their roles."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from exceptions_app.choices import Team
from exceptions_app.models import SavedView
from exceptions_app.permissions import CAPABILITIES
from exceptions_app.selectors.today import teams_of

# Views shown beside one list; more than this is no longer a shortcut.
SHOWN = 12
# Who gives roles says what comes with them.
FOR_ROLES = "manage_users"


def of_reader(*, page: str, user_id: int, roles: frozenset[str]) -> list[SavedView]:
    """The reader's own views of `page`, then their teams', then their roles', by name; at most
    SHOWN of each."""
    rows = SavedView.objects.filter(page=page)
    own = rows.filter(owner=user_id).order_by("name", "pk")[:SHOWN]
    teams = rows.filter(team__in=teams_of(roles)).order_by("team", "name", "pk")[:SHOWN]
    role_s = rows.filter(role__in=roles).order_by("role", "name", "pk")[:SHOWN]
    found = own.union(teams, role_s, all=True)
    # Their own carry neither a role nor a team, and so come first.
    return sorted(found, key=lambda row: (row.role, row.team, row.name, row.pk))


def editable(*, user_id: int, roles: frozenset[str]) -> QuerySet[SavedView]:
    """Views this person may rename and delete: their own, their teams' and, for those who give
    roles, the roles'."""
    found = Q(owner=user_id) | Q(team__in=teams_of(roles))
    if CAPABILITIES[FOR_ROLES] & roles:
        found |= ~Q(role="")
    return SavedView.objects.filter(found)


def teams(roles: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Code and name of the teams whose views these roles may save."""
    return tuple((code, Team(code).label) for code in teams_of(roles))
