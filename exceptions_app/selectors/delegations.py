"""Who is away, and who decides for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import QuerySet

from exceptions_app.models import Delegation
from exceptions_app.permissions import CAPABILITIES

SHOWN = 50


def in_force(now: datetime) -> QuerySet[Delegation]:
    """Where somebody decides for who is away."""
    rows = Delegation.objects.filter(ended_at__isnull=True, starts_at__lte=now, ends_at__gt=now)
    return rows.filter(delegate__is_active=True).select_related("person", "delegate")


def held_by(delegate_id: int, *, now: datetime) -> QuerySet[Delegation]:
    """For whom this person may decide now."""
    return in_force(now).filter(delegate=delegate_id).order_by("pk")


def of_person(person_id: int, *, now: datetime) -> list[Delegation]:
    """What this person arranged and is not over, the next first."""
    rows = Delegation.objects.filter(person=person_id, ended_at__isnull=True, ends_at__gt=now)
    return list(rows.select_related("person", "delegate").order_by("starts_at")[:SHOWN])


def to_come(*, now: datetime) -> list[Delegation]:
    """Everybody's that is not over, the next first."""
    rows = Delegation.objects.filter(ended_at__isnull=True, ends_at__gt=now)
    return list(rows.select_related("person", "delegate").order_by("starts_at", "pk")[:SHOWN])


def possible(person: User, *, roles: Iterable[str]) -> QuerySet[User]:
    """Who shares a role that approves with `person`."""
    shared = CAPABILITIES["approve_fix"] & set(roles)
    return (
        User.objects.filter(is_active=True, groups__name__in=shared)
        .exclude(pk=person.pk)
        .distinct()
        .order_by("first_name", "username")
    )


def away_of(user_ids: Iterable[int], *, now: datetime) -> Mapping[int, Delegation]:
    """Who of these is away now, and with whom, if with anybody."""
    rows = Delegation.objects.filter(ended_at__isnull=True, starts_at__lte=now, ends_at__gt=now)
    rows = rows.filter(person__in=set(user_ids)).select_related("person", "delegate")
    return {row.person_id: row for row in rows}
