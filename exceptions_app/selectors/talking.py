"""What people say to one another: who can be named, and what waits to be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import F, Q, QuerySet

from exceptions_app.choices import CASE_OPEN, Role, Team
from exceptions_app.models import Mention, Question
from exceptions_app.permissions import CAPABILITIES
from exceptions_app.rules.mentions import Person

SHOWN = 6
# Whoever may read exceptions can be named in a note.
READERS = CAPABILITIES["view_desk"]


@dataclass(frozen=True, slots=True)
class Unread:
    """A note that names the reader and was not read; about an exception, or about a return."""

    pk: int
    at: datetime
    actor: str
    text: str
    about: str
    case_id: int | None
    rma_id: int | None


def readers() -> QuerySet[User]:
    """Active people who may see exceptions, by name."""
    held = User.objects.filter(is_active=True, groups__name__in=READERS & set(Role.values))
    return held.distinct().order_by("first_name", "last_name", "username")


def names() -> QuerySet[Any, Any]:
    """What `people` reads, as `paging.answers` lists it."""
    found: QuerySet[Any, Any] = readers().values("pk", "username", "first_name", "last_name")
    return found


def people(rows: Iterable[Mapping[str, Any]]) -> tuple[Person, ...]:
    """Everybody with all they may be called by, the full name first where there is one."""
    return tuple(
        Person(
            row["pk"],
            tuple(
                name
                for name in (
                    f"{row['first_name']} {row['last_name']}".strip(),
                    row["username"],
                    row["first_name"],
                )
                if name
            ),
        )
        for row in rows
    )


def unread(person_id: int) -> QuerySet[Any, Any]:
    """What `told` reads: the latest notes that name somebody, one more than is shown."""
    rows = Mention.objects.filter(person=person_id, read_at__isnull=True).order_by("-id")
    found: QuerySet[Any, Any] = rows.values(
        "pk",
        at=F("entry__at"),
        actor=F("entry__actor"),
        text=F("entry__text"),
        about=F("entry__subject_label"),
        case=F("entry__case_id"),
        rma=F("entry__rma_id"),
    )[: SHOWN + 1]
    return found


def told(rows: Iterable[Mapping[str, Any]]) -> tuple[Unread, ...]:
    return tuple(
        Unread(
            pk=row["pk"],
            at=datetime.fromisoformat(row["at"]),
            actor=row["actor"],
            text=row["text"],
            about=row["about"],
            case_id=row["case"],
            rma_id=row["rma"],
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """A question without an answer: to the team (`is_asked`), or one the team waits for."""

    pk: int
    is_asked: bool
    team: str
    text: str
    at: datetime
    due_at: datetime
    case_id: int
    about: str


def waiting(team: str) -> QuerySet[Any, Any]:
    """What `asked` reads: open questions to a team, and of it, due first; one more than shown."""
    rows = Question.objects.filter(
        Q(team=team) | Q(case__team=team), ended_at__isnull=True, case__status__in=CASE_OPEN
    )
    found: QuerySet[Any, Any] = rows.order_by("due_at", "pk").values(
        "pk", "team", "text", "due_at", "case_id", at=F("asked_at"), about=F("case__title")
    )[: SHOWN + 1]
    return found


def asked(rows: Iterable[Mapping[str, Any]], *, team: str) -> tuple[Waiting, ...]:
    return tuple(
        Waiting(
            pk=row["pk"],
            is_asked=row["team"] == team,
            team=Team(row["team"]).label,
            text=row["text"],
            at=datetime.fromisoformat(row["at"]),
            due_at=datetime.fromisoformat(row["due_at"]),
            case_id=row["case_id"],
            about=row["about"],
        )
        for row in rows
    )


def questions_of(case_id: int) -> QuerySet[Any, Any]:
    """All questions about an exception, the latest first, as `paging.answers` lists them."""
    rows = Question.objects.filter(case=case_id).order_by("-pk")
    found: QuerySet[Any, Any] = rows.values(
        "pk", "team", "text", "answer", "due_at", "pause", at=F("asked_at"), ended=F("ended_at")
    )
    return found


def question(question_id: int) -> QuerySet[Question]:
    return Question.objects.filter(pk=question_id).select_related("case", "asked_by", "ended_by")
