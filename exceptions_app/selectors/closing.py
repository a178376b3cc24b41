"""Who may close an exception by hand, who must agree to it, and by what names they are known."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User

from exceptions_app.catalogue import Entry
from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import Role, Team
from exceptions_app.models import Case
from exceptions_app.permissions import TEAM_OF_ROLE, closing_roles
from exceptions_app.rules import closing
from exceptions_app.selectors import facts as facts_selector

_NAMES = 4


def agreement(case: Case) -> tuple[str, int]:
    """The level that closing `case` by hand needs, and how many people must agree.

    What belongs to no bridge has no company's policy, and nobody else is asked.
    """
    if case.bridge is None:
        return "none", 0
    policy = facts_selector.policy_of(case.bridge)
    is_other = bool(case.value) and case.currency != case.bridge.currency
    entry = catalogue_entry(case.type, case.facts)
    return closing.agreement(entry, value=case.value, policy=policy, is_other_money=is_other)


def may_close(case: Case, *, roles: Iterable[str]) -> bool:
    """Whether these roles may close it by hand, alone or with another who agrees."""
    return bool(closing_roles(catalogue_entry(case.type)) & frozenset(roles))


def teams(entry: Entry) -> str:
    """The teams that close this type by hand: "Warehouse or Finance"."""
    found = {TEAM_OF_ROLE[role] for role in closing_roles(entry) if role != Role.ADMIN}
    own = [entry.team, *(team for team in Team if team in found and team != entry.team)]
    return " or ".join(Team(team).label for team in own)


def refusal(case: Case) -> str:
    """Why somebody else may not close it, without names."""
    return f"Only {teams(catalogue_entry(case.type))} or an admin closes this by hand."


def names(case: Case) -> tuple[str, ...]:
    """A few people of its teams who may close it; one query."""
    wanted = closing_roles(catalogue_entry(case.type)) - {Role.ADMIN}
    people = (
        User.objects.filter(is_active=True, groups__name__in=wanted)
        .distinct()
        .order_by("first_name", "username")[:_NAMES]
    )
    return tuple(person.get_full_name() or person.get_username() for person in people)
