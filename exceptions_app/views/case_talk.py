"""What people say to one another on the page of an exception or a return."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from exceptions_app import permissions
from exceptions_app.choices import Team
from exceptions_app.forms.talking import AnswerForm
from exceptions_app.models import Case
from exceptions_app.selectors import paging, talking
from exceptions_app.selectors.today import teams_of


def beside(case: Case, now: datetime) -> dict[str, Any]:
    """Whom a note can be put on the Today of, and the questions to other teams; one query."""
    listed = {"people": talking.names(), "questions": talking.questions_of(case.pk)}
    found = paging.answers(counted={}, listed=listed)
    holding = [row for row in found["questions"] if row["pause"] and not row["ended"]]
    return {
        "names": _named(found),
        "questions": [_question(row, now) for row in found["questions"]],
        # The team whose answer the clock waits for.
        "holding": Team(holding[0]["team"]).label if holding else "",
    }


def answers(shown: Mapping[str, Any], request: HttpRequest) -> None:
    """Give each open question to the reader's own team the form it is answered with."""
    waiting = [each for each in shown["questions"] if not each["is_ended"]]
    if not waiting or not permissions.can(request.user, "write_note"):
        return
    own = teams_of(permissions.roles_of(request.user))
    for each in waiting:
        if each["code"] in own:
            each["form"] = AnswerForm(auto_id=f"answer_{each['pk']}_%s")


def names() -> list[str]:
    """Everybody who may read notes, as a note calls them."""
    return _named(paging.answers(counted={}, listed={"people": talking.names()}))


def _named(found: Mapping[Any, Any]) -> list[str]:
    return [person.names[0] for person in talking.people(found["people"])]


def _question(row: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    state, tone = "Waits for an answer", "wait"
    if row["answer"]:
        state, tone = "Answered", "good"
    elif row["ended"]:
        state, tone = "Withdrawn", "calm"
    elif datetime.fromisoformat(row["due_at"]) < now:
        state, tone = "Answer is late", "warn"
    return {
        "pk": row["pk"],
        "code": row["team"],
        "team": Team(row["team"]).label,
        "is_ended": bool(row["ended"]),
        "text": row["text"],
        "answer": row["answer"],
        "state": state,
        "tone": tone,
        "at": datetime.fromisoformat(row["at"]),
    }
