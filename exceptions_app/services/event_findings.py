"""What a kept message finds: that it cannot be handled, or that it came more than once."""

from __future__ import annotations

from decimal import Decimal

from exceptions_app.choices import EventState
from exceptions_app.models import Case, InboundEvent
from exceptions_app.rules import refund_text
from exceptions_app.rules.facts import Finding
from exceptions_app.services import moments

# Said of a value that is the refunds of one return, as told in the exception's currency.
REFUNDS_WAITING = "refunds of this return that came and are not applied"
_UNKNOWN = "not known before the message can be read"
# Parked refunds looked through for those of one return.
_MOST_REFUNDS = 200


def of_error(event: InboundEvent, *, currency: str) -> tuple[Finding, ...]:
    """Why the message is parked; at risk is what is known, in `currency`."""
    if not event.error_type:
        return ()
    refund = event.error_facts.get("refund")
    value, formula = Decimal(refund or 0), "refund gross" if refund else _UNKNOWN
    waiting = _refunds_of(event, currency)
    if waiting:
        value, formula = waiting, REFUNDS_WAITING
    return (
        Finding(
            type=event.error_type,
            subject="event",
            cause=event.error_facts.get("field") or event.subject_id or event.topic,
            facts={"event": event.topic, **event.error_facts},
            value=value,
            value_formula=formula,
        ),
    )


def read_at_last(case: Case, event: InboundEvent) -> str:
    """What closed an exception about a message that could not be read; "" for any other type."""
    if case.type != "PAYLOAD_INVALID":
        return ""
    if case.event_id == event.pk:
        return "This message was handled again, and could be read."
    return "A later message about the same return was read."


def of_repeats(event: InboundEvent) -> tuple[Finding, ...]:
    """That it came more than once, which has no effect."""
    told = "not all with the same content" if event.differing_copies else "with the same content"
    return (
        Finding(
            type="DUPLICATE_SIGNAL",
            subject="event",
            cause="differs" if event.differing_copies else "same",
            facts={
                "event": event.topic,
                "copies": str(event.copies + 1),
                "changed": told,
                "since": moments.written(event.received_at),
            },
            value=Decimal(0),
            value_formula="none: a repeat has no effect",
        ),
    )


def _refunds_of(event: InboundEvent, currency: str) -> Decimal:
    """What the kept refunds of a return pay that nobody can read; 0 where none is known."""
    if event.error_type != "PAYLOAD_INVALID" or not event.subject_id:
        return Decimal(0)
    kept = InboundEvent.objects.filter(
        connection=event.connection_id,
        state__in=(EventState.NEW, EventState.PARKED),
        external_id__startswith="refund:",
    )
    bodies = kept.exclude(body=b"").order_by("-id").values_list("body", flat=True)
    refunds = [refund_text.from_bytes(bytes(body)) for body in bodies[:_MOST_REFUNDS]]
    # A refund may name the units it is for instead of its return.
    unit = event.error_facts.get("unit", "")
    paid = [
        refund.money.amount
        for refund in refunds
        if refund.money.currency == currency
        and (refund.rma_external_id == event.subject_id or unit in refund.unit_ids)
    ]
    return sum(paid, Decimal(0))
