"""Bring cases back that were put off, once what they wait for has come: each once, with why."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case
from exceptions_app.selectors import awaited, sleeping
from exceptions_app.services.cases import record
from exceptions_app.services.putting_off import NOT_SNOOZED

BATCH = 500
_TIME = "its time is over"


def wake_due(*, now: datetime) -> int:
    """Wake what is due; returns how many. A second run at the same moment finds none."""
    due = _woken(sleeping.over(now=now).order_by("pk")[:BATCH], _TIME, now)
    for condition in sorted(sleeping.awaited_now(now=now)):
        due += _woken(sleeping.met(wakes_on=condition, now=now), "", now)
    return due


def _woken(cases: Iterable[Case], why: str, now: datetime) -> int:
    return sum(_wake(case, why or awaited.words(case), now) for case in cases)


def _wake(case: Case, why: str, now: datetime) -> bool:
    """Not the case that was put off anew, woken by another or closed since it was looked at."""
    with transaction.atomic():
        same = Case.objects.filter(
            pk=case.pk,
            status__in=CASE_OPEN,
            snoozed_until=case.snoozed_until,
            wakes_on=case.wakes_on,
        )
        if same.update(**NOT_SNOOZED) != 1:
            return False
        record(case, "case.wake", f"Back in the queue: {why}", now)
    return True
