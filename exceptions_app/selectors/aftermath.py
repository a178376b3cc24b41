"""What a closed exception leaves behind: the return it was about, and what else is open on it."""

from __future__ import annotations

from exceptions_app.models import Case, InboundEvent, Rma
from exceptions_app.selectors import order


def return_of(case: Case) -> Rma | None:
    """The return the exception is about, or the one its message told of, once we have it.

    One query for a message, none else.
    """
    if case.rma is not None or case.event_id is None or case.bridge is None:
        return case.rma
    told = InboundEvent.objects.filter(pk=case.event_id).exclude(subject_id="").values("subject_id")
    rows = Rma.objects.filter(bridge__source=case.bridge.source_id, external_id__in=told)
    return rows.order_by("pk").first()


def still_open(case: Case, rma: Rma | None) -> list[Case]:
    """The exceptions open on this return besides `case`, those to be solved first at the top."""
    if rma is None:
        return []
    return [each for each in order.of_return(rma) if each.pk != case.pk]
