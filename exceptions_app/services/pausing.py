"""Let the clock of a case stand still, with a reason; it runs on by itself after its time."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from exceptions_app import errors
from exceptions_app.choices import PauseReason
from exceptions_app.models import Case, CasePause
from exceptions_app.selectors.calendars import Calendars, moved
from exceptions_app.services import moments, triage
from exceptions_app.services.cases import record

PAUSE_MOST = timedelta(days=60)


@transaction.atomic
def pause(
    *,
    case_id: int,
    until: datetime,
    reason: str,
    note: str,
    actor: User,
    now: datetime,
    seen: str = "",
) -> Case:
    """Stop the clock until `until`, or until it is started again: nothing of that time counts.

    Raises:
        InvalidChoice: no reason, a time that cannot be used, a clock that stands still already,
            or one that is over.
        CaseAlreadyClosed, CaseChanged: another was faster.
    """
    said = " ".join(note.split())[:200]
    if reason not in PauseReason.values or (reason == PauseReason.OTHER and not said):
        raise errors.InvalidChoice("Say what it waits for.")
    if not now < until <= now + PAUSE_MOST:
        raise errors.InvalidChoice(f"Choose a time from now on, at most {PAUSE_MOST.days} days.")
    case = triage.locked_as_seen(case_id=case_id, seen=seen, actor=actor)
    if case.paused_until is not None and case.paused_until > now:
        raise errors.InvalidChoice("Its clock stands still already.")
    if case.due_at <= now:
        raise errors.InvalidChoice("Its time to act is over: a pause now would only hide that.")
    CasePause.objects.create(
        case=case, starts_at=now, ends_at=until, reason=reason, note=said, by=actor
    )
    case.paused_until = until
    _count_anew(case)
    why = said if reason == PauseReason.OTHER else f"{PauseReason(reason).label}. {said}".strip()
    record(case, "case.pause", f"Clock paused until {moments.written(until)}. {why}", now, actor)
    return case


@transaction.atomic
def resume(*, case_id: int, actor: User, now: datetime, seen: str = "") -> Case:
    """Start the clock again before its pause is over; one that runs stays as it is.

    Raises:
        CaseAlreadyClosed, CaseChanged: another was faster.
    """
    case = triage.locked_as_seen(case_id=case_id, seen=seen, actor=actor)
    if CasePause.objects.filter(case=case, ends_at__gt=now).update(ends_at=now) != 1:
        return case
    case.paused_until = None
    _count_anew(case)
    record(case, "case.resume", "The clock runs again", now, actor)
    return case


def _count_anew(case: Case) -> None:
    counted = moved(case, Calendars().of(case.team))
    case.due_at, case.counted = counted.due_at, counted.counted
    case.save(update_fields=["paused_until", "due_at", "counted"])
