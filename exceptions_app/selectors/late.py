"""What is past its time and who was told, and what stands still: asked along with Today's news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from exceptions_app.choices import CASE_OPEN, EscalationStep
from exceptions_app.models import Case
from exceptions_app.models.statements import Moment

ROWS = 5


@dataclass(frozen=True, slots=True)
class Told:
    """One open case that somebody who leads was told of; `whom` as it reads on screen."""

    case_id: int
    title: str
    due_at: datetime
    whom: str


@dataclass(frozen=True, slots=True)
class Late:
    """Of one team: how many stand still, how many were told on, and ROWS of these."""

    paused: int
    escalated: int
    rows: tuple[Told, ...]


def counted(*, team: str, now: Moment) -> dict[str, QuerySet[Case]]:
    own = Case.objects.filter(team=team, status__in=CASE_OPEN)
    return {
        "paused": own.filter(paused_until__isnull=False, paused_until__gt=now),
        "escalated_count": own.filter(escalated__gt=0),
    }


def escalated(*, team: str) -> QuerySet[Any, Any]:
    """What went furthest first, and of these what is late longest."""
    rows = Case.objects.filter(team=team, status__in=CASE_OPEN, escalated__gt=0)
    found: QuerySet[Any, Any] = rows.order_by("-escalated", "due_at", "pk").values(
        "pk", "title", "due_at", "escalated"
    )[:ROWS]
    return found


def told(found: Mapping[Any, Any]) -> Late:
    rows = tuple(
        Told(
            case_id=row["pk"],
            title=row["title"],
            due_at=datetime.fromisoformat(row["due_at"]),
            whom=str(EscalationStep(row["escalated"]).label),
        )
        for row in found["escalated"]
    )
    return Late(found["paused"] or 0, found["escalated_count"] or 0, rows)
