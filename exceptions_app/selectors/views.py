"""Saved views: a person's own, those of the teams they work in, and those of their roles."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet

from exceptions_app.choices import Role, SavedPage, Team
from exceptions_app.models import SavedView, UserPreferences
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
    by_name = ("-is_default", "name", "pk")
    teams = rows.filter(team__in=teams_of(roles)).order_by("team", *by_name)[:SHOWN]
    role_s = rows.filter(role__in=roles).order_by("role", *by_name)[:SHOWN]
    found = own.union(teams, role_s, all=True)
    # Their own carry neither a role nor a team, and so come first.
    return sorted(found, key=lambda row: (row.role, row.team, row.name, row.pk))


def visible(*, user_id: int, roles: frozenset[str]) -> QuerySet[SavedView]:
    """Every view of every list that this person is offered."""
    of_many = Q(team__in=teams_of(roles)) | Q(role__in=roles)
    return SavedView.objects.filter(Q(owner=user_id) | of_many)


def opening(
    *, user_id: int, roles: frozenset[str], preferences: UserPreferences | None
) -> SavedView | None:
    """The view the queue opens with for this person; None for all that is open. One query."""
    own = preferences.opens_with_id if preferences else None
    rows = visible(user_id=user_id, roles=roles).filter(page=SavedPage.CASES)
    found = rows.filter(Q(is_default=True) | Q(pk=own))
    return first_of(found, roles=roles, preferences=preferences)


def first_of(
    rows: Iterable[SavedView], *, roles: frozenset[str], preferences: UserPreferences | None
) -> SavedView | None:
    """Of views that somebody is offered the one that opens: their choice, a team's, a role's."""
    if preferences is not None and preferences.opens_plain:
        return None
    own, teams = preferences.opens_with_id if preferences else None, works_in(roles)
    found = [row for row in rows if row.pk == own or (row.is_default and _is_for(row, teams))]
    return min(
        found,
        key=lambda row: (row.pk != own, not row.team, row.team, row.role, row.pk),
        default=None,
    )


def _is_for(row: SavedView, teams: tuple[str, ...]) -> bool:
    return not row.team or row.team in teams


def works_in(roles: frozenset[str]) -> tuple[str, ...]:
    """The teams these roles work in: an auditor sees the views of all and has none."""
    return teams_of(roles - {Role.AUDITOR})


def may_be_default(view: SavedView, *, roles: frozenset[str]) -> bool:
    """Whether these roles say what opens for whom the view is kept for: leads of their team,
    admins of a role."""
    if view.page != SavedPage.CASES or view.owner_id is not None:
        return False
    if view.role:
        return bool(CAPABILITIES[FOR_ROLES] & roles)
    return bool(CAPABILITIES["lead_team"] & roles) and view.team in works_in(roles)


def editable(*, user_id: int, roles: frozenset[str]) -> QuerySet[SavedView]:
    """Views this person may rename and delete: their own, their teams' and, for those who give
    roles, the roles'."""
    found = Q(owner=user_id) | Q(team__in=works_in(roles))
    if CAPABILITIES[FOR_ROLES] & roles:
        found |= ~Q(role="")
    return SavedView.objects.filter(found)


def teams(roles: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """Code and name of the teams whose views these roles may save."""
    return tuple((code, Team(code).label) for code in teams_of(roles))
