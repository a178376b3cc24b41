"""Tell who leads that a case is past its time: the team's lead first, the admins next (R119)."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q

from exceptions_app.choices import CASE_OPEN, EscalationStep, Role, Team
from exceptions_app.models import Case, Escalation, TeamCalendar
from exceptions_app.models.cases import awake
from exceptions_app.rules import calendars
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.services import audit
from exceptions_app.services.cases import record

BATCH = 200


def escalate_due(*, now: datetime) -> int:
    """Take each case that is due for it one step on; returns how many steps were taken.

    Run twice at a time, or again, it tells nobody twice: a step is one row of its own.
    """
    return sum(_of_team(row, now) for row in TeamCalendar.objects.order_by("pk"))


def _of_team(row: TeamCalendar, now: datetime) -> int:
    calendar = calendars.parse(row.settings)
    return sum(
        _step(row.team, step, span, calendars.back(calendar, now, span), now)
        for step, span in calendars.escalation(row.settings)
    )


def _step(team: str, step: int, span: timedelta, due_before: datetime, now: datetime) -> int:
    late = Case.objects.filter(
        awake(now),
        Q(paused_until__isnull=True) | Q(paused_until__lte=now),
        team=team,
        status__in=CASE_OPEN,
        due_at__lte=due_before,
        escalated__lt=step,
    )
    cases = list(late.order_by("due_at", "pk")[:BATCH])
    if not cases:
        return 0
    names = [audit.name_of(person) for person in _people(team, step)]
    return sum(_tell(case, step, span, names, now) for case in cases)


def _people(team: str, step: int) -> list[User]:
    if step == EscalationStep.NEXT:
        admins = User.objects.filter(is_active=True, groups__name=Role.ADMIN)
        return list(admins.order_by("first_name", "username"))
    return list(cases_selector.team_mates(team=team).filter(pk__in=_leads()))


def _leads() -> list[int]:
    return list(User.objects.filter(groups__name=Role.LEAD).values_list("pk", flat=True))


def _tell(case: Case, step: int, span: timedelta, names: list[str], now: datetime) -> bool:
    with transaction.atomic():
        same = Case.objects.filter(
            pk=case.pk,
            status__in=CASE_OPEN,
            reopened_count=case.reopened_count,
            due_at=case.due_at,
            escalated__lt=step,
        )
        if same.update(escalated=step) != 1:
            return False
        Escalation.objects.create(
            case=case, opening=case.reopened_count, step=step, at=now, told=names
        )
        who = (
            f"the lead of {Team(case.team).label}" if step == EscalationStep.LEAD else "the admins"
        )
        people = ", ".join(names) or "nobody holds that role"
        late = f"{calendars.span_words(span)} past its time to act"
        record(case, "case.escalate", f"Told to {who} ({people}): {late}", now)
    return True
