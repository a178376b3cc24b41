"""Which exception keeps away what a message that came too early builds on."""

from __future__ import annotations

from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case, InboundEvent
from exceptions_app.rules import refund_text

# The latest unreadable messages of a bridge that are compared.
_MOST = 50


def waits_for(case: Case) -> Case | None:
    """The open exception of an unreadable message about the same return; None where none is known.

    A refund names its return, or only the units it is for. At most two queries.
    """
    if case.event_id is None or case.bridge_id is None:
        return None
    event = InboundEvent.objects.only("subject_id", "external_id", "body").get(pk=case.event_id)
    returns, units = {event.subject_id}, frozenset[str]()
    if event.external_id.startswith("refund:") and event.body:
        refund = refund_text.from_bytes(bytes(event.body))
        returns.add(refund.rma_external_id or "")
        units = frozenset(refund.unit_ids)
    others = Case.objects.filter(
        bridge=case.bridge_id, type="PAYLOAD_INVALID", status__in=CASE_OPEN
    ).select_related("event")
    for other in others.defer("event__body", "event__headers").order_by("-pk")[:_MOST]:
        about = other.event.subject_id if other.event else ""
        if (about and about in returns) or other.facts.get("unit") in units:
            return other
    return None
