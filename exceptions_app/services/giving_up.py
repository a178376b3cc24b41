"""Parked messages follow their exception: closed by hand, they are given up; opened, taken up.

A message that nobody can read is nobody's once its exception is closed. So it is said of the
message itself who gave it up and why, and that is undone with the closing (R108).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import QuerySet

from exceptions_app.choices import CASE_OPEN, Closure, EventState
from exceptions_app.models import AuditEntry, Case, InboundEvent
from exceptions_app.services import audit

# Messages that are tried again by themselves: what they need may still come.
TRIED_AGAIN = ("OUT_OF_ORDER", "OFF_PLATFORM_REFUND")
GIVE_UP, TAKE_UP, SETTLED = "event.give_up", "event.take_up", "event.settled"
WITH_A_CASE = (EventState.PARKED, EventState.GIVEN_UP)


def with_closing(*, case: Case, actor: User | None, now: datetime) -> int:
    """Give up what is parked with `case`, which a person closed by hand; returns how many."""
    text = f"Given up with EX-{case.pk}: {case.proof}"
    return _move(_of(case, EventState.PARKED), EventState.GIVEN_UP, GIVE_UP, text, actor, now)


def taken_back(*, case: Case, actor: User | None, now: datetime) -> int:
    """Park again what was given up with `case`, which is open again; returns how many."""
    text = f"Waits again: EX-{case.pk} is open again"
    return _move(_of(case, EventState.GIVEN_UP), EventState.PARKED, TAKE_UP, text, actor, now)


def after_parking(*, event: InboundEvent, cases: Sequence[Case], now: datetime) -> None:
    """Of a message just parked: its exception owns it, or a person closed exactly this before."""
    own = next((case for case in cases if case.type == event.error_type), None)
    if own is None or event.error_type in TRIED_AGAIN:
        return
    if own.status in CASE_OPEN:
        taken_back(case=own, actor=None, now=now)
    elif own.closure == Closure.BY_HAND:
        with_closing(case=own, actor=None, now=now)
        event.refresh_from_db(fields=["state", "processed_at"])


def settle_others(*, event: InboundEvent, now: datetime) -> int:
    """Other messages about the return of `event`, which was read: they are news no more."""
    if not event.subject_id:
        return 0
    rows = _about(event.connection_id, event.subject_id, WITH_A_CASE).exclude(pk=event.pk)
    # A refund or a row of a file carries what it tells; it waits for its own reading.
    rows = rows.exclude(error_type__in=TRIED_AGAIN).exclude(topic__in=("REFUND", "FILE"))
    text = f"Settled by message {event.pk}: the return was read"
    values = {"error_type": "", "error_facts": {}}
    return _move(rows, EventState.QUIET, SETTLED, text, None, now, **values)


def _of(case: Case, state: str) -> QuerySet[InboundEvent]:
    if case.event is None or not case.subject.startswith("event:") or case.type in TRIED_AGAIN:
        return InboundEvent.objects.none()
    event = case.event
    rows = InboundEvent.objects.filter(pk=event.pk, state=state)
    if event.subject_id:
        rows = _about(event.connection_id, event.subject_id, (state,))
    return rows.filter(error_type=case.type)


def _about(connection_id: int, subject_id: str, states: Sequence[str]) -> QuerySet[InboundEvent]:
    return InboundEvent.objects.filter(
        connection=connection_id, subject_id=subject_id, state__in=states
    )


def _move(
    rows: QuerySet[InboundEvent],
    state: str,
    act: str,
    text: str,
    actor: User | None,
    now: datetime,
    **values: object,
) -> int:
    found = list(rows.select_for_update().only("pk", "connection", "topic", "external_id"))
    if not found:
        return 0
    moved = InboundEvent.objects.filter(pk__in=[row.pk for row in found])
    handled = None if state == EventState.PARKED else now
    count = moved.update(state=state, processed_at=handled, lease_until=None, **values)
    audit.record_all(_entry(row, act, text, actor, now) for row in found)
    return count


def _entry(row: InboundEvent, act: str, text: str, actor: User | None, now: datetime) -> AuditEntry:
    return audit.entry(actor=actor, act=act, subject=row, text=text, now=now)
