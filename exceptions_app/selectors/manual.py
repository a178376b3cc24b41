"""The manual: each exception type, the people of each role, and each bridge as it is set up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Count, F

from exceptions_app.catalogue import Entry, by_team
from exceptions_app.choices import CASE_OPEN, Role, Team
from exceptions_app.models import Bridge, Case, Watermark
from exceptions_app.rules.facts import Policy
from exceptions_app.selectors.facts import policy_of


@dataclass(frozen=True, slots=True)
class Chapter:
    """One team's types in blocking order, each with its open exceptions."""

    code: str
    label: str
    entries: tuple[tuple[Entry, int], ...]


@dataclass(frozen=True, slots=True)
class BridgeFacts:
    """A bridge in use with its policy as it runs, and when each feed of its systems was read."""

    bridge: Bridge
    policy: Policy
    source_read: Mapping[str, datetime | None]
    erp_read: Mapping[str, datetime | None]


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


def people_by_role() -> Mapping[str, tuple[str, ...]]:
    """Names of the active people of each role, alphabetically; a role nobody has is empty."""
    found: dict[str, list[str]] = {role: [] for role in Role.values}
    rows = (
        User.objects.filter(is_active=True, groups__name__in=Role.values)
        .annotate(role=F("groups__name"))
        .order_by("first_name", "last_name", "username")
    )
    for person in rows:
        found[person.role].append(person.get_full_name() or person.get_username())
    return {role: tuple(names) for role, names in found.items()}


def bridges() -> tuple[BridgeFacts, ...]:
    """Every bridge in use, by name, in two queries."""
    rows = tuple(
        Bridge.objects.filter(is_active=True).select_related("source", "erp").order_by("name")
    )
    wanted = {row.source_id for row in rows} | {row.erp_id for row in rows}
    read: dict[int, dict[str, datetime | None]] = defaultdict(dict)
    for mark in Watermark.objects.filter(connection__in=wanted):
        read[mark.connection_id][mark.feed] = mark.read_at
    return tuple(
        BridgeFacts(row, policy_of(row), read[row.source_id], read[row.erp_id]) for row in rows
    )
