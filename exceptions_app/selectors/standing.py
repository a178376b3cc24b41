"""Where a return stands, as its list can be narrowed."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q

from exceptions_app.choices import (
    CASE_OPEN,
    POSTING_OPEN,
    ApprovalAxis,
    InspectionAxis,
    LogisticsAxis,
    MoneyAxis,
    PostingKind,
)
from exceptions_app.models import Case, Posting

_ALIVE = Q(approval__in=[ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED])
_OPEN_CREDIT = Posting.objects.filter(
    rma=OuterRef("pk"), kind=PostingKind.CREDIT_MEMO, status__in=POSTING_OPEN
)
# Where a return stands, as its list can be narrowed: code, words, condition. Each is the condition
# of an index of models.Rma, newest first, so that a rare state is found without a walk.
WHERE: dict[str, tuple[str, Q]] = {
    "asked": (
        "Not authorised yet",
        Q(approval__in=[ApprovalAxis.REQUESTED, ApprovalAxis.UNKNOWN]),
    ),
    "coming": (
        "Not arrived",
        _ALIVE & Q(logistics__in=[LogisticsAxis.EXPECTED, LogisticsAxis.IN_TRANSIT]),
    ),
    "inspect": (
        "To be inspected",
        _ALIVE
        & Q(
            logistics=LogisticsAxis.RECEIVED,
            inspection__in=[InspectionAxis.NOT_INSPECTED, InspectionAxis.PARTLY],
        ),
    ),
    "unpaid": (
        "Inspected, no refund",
        _ALIVE & Q(inspection=InspectionAxis.INSPECTED, money=MoneyAxis.NONE),
    ),
    "unrefunded": (
        "Not refunded, at any stage",
        Q(
            approval__in=[
                ApprovalAxis.REQUESTED,
                ApprovalAxis.UNKNOWN,
                ApprovalAxis.AUTHORISED,
                ApprovalAxis.CLOSED,
            ],
            money__in=[MoneyAxis.NONE, MoneyAxis.PENDING, MoneyAxis.FAILED],
        ),
    ),
    "pending": ("Refund asked for", Q(money=MoneyAxis.PENDING)),
    "failed": ("Refund failed", Q(money=MoneyAxis.FAILED)),
    "uncredited": ("Refunded, credit open", Q(Exists(_OPEN_CREDIT), money=MoneyAxis.CONFIRMED)),
    "refunded": ("Refund confirmed", Q(money=MoneyAxis.CONFIRMED)),
    "ended": (
        "Refused or cancelled",
        Q(approval__in=[ApprovalAxis.REFUSED, ApprovalAxis.CANCELLED]),
    ),
}


def has_open_case(type_code: str = "") -> Exists:
    """Whether an exception of a return is open, of one type or of any."""
    cases = Case.objects.filter(rma=OuterRef("pk"), status__in=CASE_OPEN)
    return Exists(cases.filter(type=type_code) if type_code else cases)
