"""Which other exceptions a change is about, so that none of their approvals is walked round."""

from __future__ import annotations

from typing import Any

from exceptions_app.choices import CASE_OPEN, FixKind, FixStatus
from exceptions_app.models import Case, Fix, Rma


def of(*, kind: str, payload: dict[str, Any], case: Case | None, rma: Rma | None) -> frozenset[str]:
    """Types of exceptions beside `case`: the strictest approval one of them asks for counts."""
    return _about_document(payload) | _renewed(kind, case, rma)


def _about_document(payload: dict[str, Any]) -> frozenset[str]:
    """What is open about the document of a change: none of it may be walked round by another."""
    posting_id = payload.get("posting_id")
    if posting_id is None:
        return frozenset()
    about = Case.objects.filter(posting=posting_id, status__in=CASE_OPEN)
    return frozenset(about.values_list("type", flat=True))


def _renewed(kind: str, case: Case | None, rma: Rma | None) -> frozenset[str]:
    """Of an acceptance asked for on no exception: those that the acceptances in force were about.

    Renewing is agreed to as the first was.
    """
    if kind != FixKind.ACCEPT_DIFFERENCE or case is not None or rma is None:
        return frozenset()
    rows = Fix.objects.filter(rma=rma, kind=kind, status__in=(FixStatus.HELD, FixStatus.APPLIED))
    types = rows.filter(case__isnull=False).values_list("case__type", flat=True)
    return frozenset(filter(None, types))
