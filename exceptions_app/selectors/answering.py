"""How long questions to a team waited for its answer, in the hours of that team (R120)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from exceptions_app.models import Question
from exceptions_app.rules import calendars
from exceptions_app.selectors.calendars import Calendars

SINCE = timedelta(days=30)
# No more than the latest so many are looked at.
MOST = 1_000


@dataclass(frozen=True, slots=True)
class Waits:
    """Questions of the last SINCE to one team: answered, how long these waited, and still open.

    `median` and `longest` are words as in "3 h"; "" where none was answered. `is_cut`: more were
    asked than MOST, and the latest count.
    """

    answered: int
    open: int
    median: str
    longest: str
    is_cut: bool


def waits(*, team: str, now: datetime) -> Waits:
    """What was asked of `team` lately; what was withdrawn is in no figure. Two queries."""
    rows = Question.objects.filter(team=team, asked_at__gte=now - SINCE).order_by("-asked_at")
    found = list(rows.values_list("asked_at", "ended_at", "answer")[: MOST + 1])
    calendar = Calendars().of(team) if found else None
    spans = [
        calendars.between(calendar, asked, ended)
        for asked, ended, answer in found[:MOST]
        if ended is not None and answer
    ]
    return Waits(
        answered=len(spans),
        open=sum(ended is None for _asked, ended, _answer in found[:MOST]),
        median=calendars.span_words(_middle(spans)) if spans else "",
        longest=calendars.span_words(max(spans)) if spans else "",
        is_cut=len(found) > MOST,
    )


def _middle(spans: Sequence[timedelta]) -> timedelta:
    return timedelta(seconds=median(span.total_seconds() for span in spans))
