"""The calendars of the teams, and what another one would do to what is open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from exceptions_app.catalogue import entry as catalogue_entry
from exceptions_app.choices import CASE_OPEN, Team
from exceptions_app.models import AuditEntry, Case, TeamCalendar
from exceptions_app.rules import calendars
from exceptions_app.rules.calendars import Calendar

SHOWN = 10
# What a clock says that did not begin at once, after what it counts.
BEGAN = "; it began with "
PAUSED = "; paused "
_CHUNK = 1_000


class Calendars:
    """All teams' calendars; read in one query when the first is asked for, and only then."""

    @cached_property
    def _of_teams(self) -> dict[str, Calendar | None]:
        return {row.team: calendars.parse(row.settings) for row in TeamCalendar.objects.all()}

    def of(self, team: str) -> Calendar | None:
        return self._of_teams.get(team)


@dataclass(frozen=True, slots=True)
class Moved:
    """One open exception whose time to act becomes another."""

    case: Case
    due_at: datetime
    counted: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What another calendar does to a team's open exceptions: how many it moves and which way.

    `first` are the first SHOWN that become overdue, the gravest first.
    """

    count: int
    moved: int
    overdue: int
    in_time: int
    first: tuple[Moved, ...]


def settings_of(team: str) -> dict[str, object]:
    """As kept; empty where every hour counts."""
    row = TeamCalendar.objects.filter(team=team).first()
    return dict(row.settings) if row else {}


def overview() -> tuple[tuple[Team, str], ...]:
    """Every team and what its calendar counts, in the order of the teams."""
    known = Calendars()
    return tuple((team, calendars.words(known.of(team))) for team in Team)


def started_at(case: Case) -> datetime:
    """When the clock of a case began; of one from before that was kept, as it was counted then."""
    if case.clock_from is not None:
        return case.clock_from
    if case.reopened_count:
        return case.due_at - allowed(case)
    return case.opened_at


def allowed(case: Case) -> timedelta:
    return timedelta(hours=catalogue_entry(case.type, case.facts).clock_hours)


def pauses_of(case: Case) -> tuple[calendars.Span, ...]:
    """When the clock of a case stood or stands still since it began."""
    rows = [(row.starts_at, row.ends_at) for row in case.pauses.all()]
    return tuple(row for row in rows if row[0] >= started_at(case))


def recounted(*, team: str, calendar: Calendar | None) -> Iterator[Moved]:
    """Every open exception of a team as another calendar would count it, the gravest first."""
    rows = Case.objects.filter(team=team, status__in=CASE_OPEN).order_by(
        "-severity_rank", "due_at", "id"
    )
    for case in rows.prefetch_related("pauses").iterator(chunk_size=_CHUNK):
        yield moved(case, calendar)


def moved(case: Case, calendar: Calendar | None) -> Moved:
    span = allowed(case)
    pauses = pauses_of(case)
    due_at = calendars.due(calendar, started_at(case), span, pauses)
    counted = calendars.counted(calendar, span)
    if BEGAN in case.counted:
        # What the clock began with stays true.
        counted += BEGAN + case.counted.partition(BEGAN)[2].partition(PAUSED)[0]
    if pauses:
        still = [calendars.between(calendar, *pause) for pause in pauses]
        times = "once" if len(pauses) == 1 else f"{len(pauses)} times"
        counted += f"{PAUSED}{times}, {calendars.span_words(sum(still, timedelta()))} left out"
    return Moved(case, due_at, counted[:300])


def effect(*, team: str, calendar: Calendar | None, now: datetime) -> Effect:
    """What putting `calendar` in force would do at `now`."""
    count = moves = overdue = in_time = 0
    first: list[Moved] = []
    for row in recounted(team=team, calendar=calendar):
        count += 1
        moves += row.due_at != row.case.due_at
        was_late, is_late = row.case.due_at < now, row.due_at < now
        in_time += was_late and not is_late
        if is_late and not was_late:
            overdue += 1
            first += [row] if len(first) < SHOWN else []
    return Effect(count, moves, overdue, in_time, tuple(first))


def history(*, team: str) -> list[AuditEntry]:
    """Who changed a team's calendar, newest first."""
    row = TeamCalendar.objects.filter(team=team).first()
    if row is None:
        return []
    kept = AuditEntry.objects.filter(subject_kind="teamcalendar", subject_id=row.pk)
    return list(kept.order_by("-id")[:SHOWN])
