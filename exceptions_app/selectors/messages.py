"""What the inbox reads: messages as they came, what they are about, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from exceptions_app.choices import CASE_OPEN, EventState
from exceptions_app.models import AuditEntry, Case, InboundEvent, Rma
from exceptions_app.selectors import stopped

# Of one message; more of them say nothing new.
REPLAYS = 50


def events(*, state: str = "", topic: str = "", connection: str = "") -> QuerySet[InboundEvent]:
    """Messages without their bodies; unknown filter values find nothing."""
    rows = InboundEvent.objects.select_related("connection").defer("body", "headers")
    if state:
        rows = rows.filter(state__in=stopped.EVENTS if state == stopped.NEEDS else (state,))
    if topic:
        rows = rows.filter(topic=topic)
    if connection:
        rows = rows.filter(connection__code=connection)
    return rows


def event(*, event_id: int, has_body: bool) -> InboundEvent:
    """One message; its body and headers are read only for those who may see them.

    Raises:
        InboundEvent.DoesNotExist: there is none.
    """
    rows = InboundEvent.objects.select_related("connection")
    if not has_body:
        rows = rows.defer("body", "headers")
    return rows.get(pk=event_id)


def return_of(event: InboundEvent) -> Rma | None:
    """The return a message is about, when we have it; a refund's is found by the refund."""
    rows = Rma.objects.filter(bridge__source=event.connection_id)
    if event.subject_id:
        return rows.filter(external_id=event.subject_id).first()
    number = _refund_of(event)
    return rows.filter(refunds__external_id=number).first() if number else None


def about(event: InboundEvent) -> str:
    """What a message says it is about, in words; "" when it does not tell."""
    if event.subject_id:
        return f"Return {event.subject_id}"
    number = _refund_of(event)
    return f"Refund {number}" if number else ""


def _refund_of(event: InboundEvent) -> str:
    """Refunds are kept under their own number, read or not (services.events)."""
    kind, _, number = event.external_id.partition(":")
    return number if kind in ("refund", "unreadable") else ""


def open_cases_of_event(event: InboundEvent) -> list[Case]:
    """Open exceptions about this message or what it is about, the oldest first."""
    rows = Case.objects.filter(stopped.about_events([event]), status__in=CASE_OPEN)
    return list(rows.only("pk", "title").order_by("pk"))


@dataclass(frozen=True, slots=True)
class Replay:
    """Who had a message handled again; `end` is what became of it, None while nothing has."""

    entry: AuditEntry
    end: AuditEntry | None


def ending_of(event: InboundEvent) -> AuditEntry | None:
    """Who gave the message up or what settled it, and why; None where it was simply handled."""
    if event.state not in (EventState.GIVEN_UP, EventState.QUIET):
        return None
    rows = AuditEntry.objects.filter(
        subject_kind="inboundevent", subject_id=event.pk, act__startswith="event."
    )
    last = rows.order_by("-id").first()
    return last if last is not None and last.act in ("event.give_up", "event.settled") else None


def replays_of(event: InboundEvent) -> list[Replay]:
    """Who had the message handled again, when, and with what end; newest first."""
    rows = AuditEntry.objects.filter(subject_kind="inboundevent", subject_id=event.pk)
    found: list[Replay] = []
    end: AuditEntry | None = None
    for row in rows.order_by("-id")[:REPLAYS]:
        if row.act == "event.replay":
            found.append(Replay(row, end))
            end = None
        elif row.act == "event.replayed":
            end = row
    return found
