"""The message of an exception: what is wrong in it, and what to send to whoever can mend it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from exceptions_app.models import Case, InboundEvent
from exceptions_app.rules import unreadable
from exceptions_app.services import giving_up, moments
from exceptions_app.services.event_findings import REFUNDS_WAITING

# Of one return; more of them say nothing new.
_SHOWN = 5


def beside(case: Case) -> dict[str, Any]:
    """`message` for a message nobody can read, else nothing: its entries, its like, a text.

    `entries` are the facts told twice and not alike. `events` are what is parked or given up
    with it, the oldest first. `support` is ready to be sent on and holds nothing personal.
    """
    if case.type != "PAYLOAD_INVALID" or case.event_id is None:
        return {}
    event = InboundEvent.objects.defer("body", "headers").get(pk=case.event_id)
    rows = [event]
    if event.subject_id:
        alike = InboundEvent.objects.defer("body", "headers").filter(
            connection=event.connection_id,
            subject_id=event.subject_id,
            error_type=case.type,
            state__in=giving_up.WITH_A_CASE,
        )
        rows = list(alike.order_by("pk")[:_SHOWN]) or rows
    support = unreadable.support_text(
        case.facts,
        subject=event.subject_id,
        message=event.external_id,
        received=moments.written(event.received_at),
    )
    return {
        "message": {
            "entries": unreadable.entries(case.facts),
            "unit": case.facts.get("unit", ""),
            "refunds": unreadable.against_refunds(case.facts, _refunded(case), case.currency),
            "events": rows,
            "platform": case.facts.get("platform", ""),
            "support": "\n".join(support),
        }
    }


def _refunded(case: Case) -> Decimal:
    """What came of refunds for the return, where that is what the exception puts at risk."""
    return case.value if case.value_formula == REFUNDS_WAITING else Decimal(0)


def event_id_of(case: Case) -> int | None:
    """The message that says what the exception is about: its own, or the latest of its return."""
    if case.event_id or case.rma is None:
        return case.event_id
    rows = InboundEvent.objects.filter(
        connection=case.rma.bridge.source_id, subject_id=case.rma.external_id
    )
    return rows.order_by("-received_at", "-pk").values_list("pk", flat=True).first()
