"""Put another calendar of a team in force: what is open is counted anew, by the same act."""

from __future__ import annotations

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.choices import Team
from exceptions_app.models import Case, TeamCalendar
from exceptions_app.rules import calendars as rules
from exceptions_app.selectors import calendars as selector
from exceptions_app.services import audit

_CHUNK = 500


@transaction.atomic
def change(
    *,
    team: str,
    settings: dict[str, object],
    seen: dict[str, object],
    reason: str,
    actor: User,
    now: datetime,
) -> selector.Effect:
    """Let `settings` count from now on; empty ones count every hour. Returns what it did.

    `seen` are the settings the actor was shown.

    Raises:
        InvalidChoice: no reason, settings that cannot be used, those in force already, or others
            than were shown are in force.
    """
    if not reason.strip():
        raise errors.InvalidChoice("Say why, so that the next person understands the change.")
    TeamCalendar.objects.get_or_create(team=team)
    row = TeamCalendar.objects.select_for_update().get(team=team)
    if row.settings != seen:
        raise errors.InvalidChoice(
            "Nothing was changed: another calendar was put in force meanwhile. This is what yours"
            " would do now."
        )
    if row.settings == settings:
        raise errors.InvalidChoice("This calendar is in force already.")
    try:
        calendar = rules.parse(settings)
        rules.escalation(settings)
    except rules.CalendarInvalid as error:
        raise errors.InvalidChoice(str(error)) from error
    before, row.settings = row.settings, settings
    row.save(update_fields=["settings"])
    done = selector.effect(team=team, calendar=calendar, now=now)
    _count_anew(team, calendar)
    audit.record(
        actor=actor,
        act="calendar.change",
        subject=row,
        text=(
            f"{Team(team).label} counts {rules.words(calendar)}. {done.moved} of {done.count} open"
            f" exceptions got another time, {done.overdue} became late. {reason.strip()}"
        ),
        now=now,
        before=before,
        after=settings,
    )
    return done


def _count_anew(team: str, calendar: rules.Calendar | None) -> None:
    changed: list[Case] = []
    for row in selector.recounted(team=team, calendar=calendar):
        case = row.case
        if (case.due_at, case.counted) == (row.due_at, row.counted):
            continue
        case.clock_from = selector.started_at(case)
        case.due_at, case.counted = row.due_at, row.counted
        changed.append(case)
    Case.objects.bulk_update(changed, ["clock_from", "due_at", "counted"], batch_size=_CHUNK)
