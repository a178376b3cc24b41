"""Graded units that stand on no receipt, as the exceptions that keep them off it state them."""

from __future__ import annotations

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case

# No receipt is planned for units whose place the ERP does not know, whose grade means no bucket
# or whose return's status means nothing: only the exception tells.
NO_RECEIPT_TYPES = (
    "LOCATION_MISSING",
    "WAREHOUSE_UNMAPPED",
    "DISPOSITION_UNMAPPED",
    "STATUS_UNMAPPED",
)
PLACE_TYPES = (*NO_RECEIPT_TYPES, "DIVISION_MISMATCH")
_UNITS = r"^[0-9]{1,6}$"
CASE_ORDER = ("group_id", "id")


def units(rows: QuerySet[Case]) -> tuple[int, int]:
    """Units of `rows` that stand on no receipt, and those whose receipt is planned but blocked."""
    told = stated(rows).order_by()
    units = Cast(KeyTextTransform("units", "facts"), IntegerField())
    is_planned = Q(type="DIVISION_MISMATCH")
    found: dict[str, int] = told.aggregate(
        without=Sum(units, default=0, filter=~is_planned),
        planned=Sum(units, default=0, filter=is_planned),
    )
    return found["without"], found["planned"]


def cases(*, bridge: str = "") -> QuerySet[Case]:
    """Open exceptions for which units stand on no receipt, or on one whose place does not fit.

    An unmapped status holds up units only where some are graded.
    """
    rows = Case.objects.filter(status__in=CASE_OPEN, type__in=PLACE_TYPES).exclude(
        type="STATUS_UNMAPPED", facts__units__isnull=True
    )
    return rows.filter(bridge__code=bridge) if bridge else rows


def stated(rows: QuerySet[Case]) -> QuerySet[Case]:
    """`rows` that state their units, each line of a return once.

    A line whose grade and whose place are both unknown has an exception of each.
    """
    same_line = Case.objects.filter(
        status__in=CASE_OPEN,
        type__in=("LOCATION_MISSING", "WAREHOUSE_UNMAPPED"),
        rma=OuterRef("rma"),
        subject_part=OuterRef("subject_part"),
    )
    told = rows.filter(facts__units__regex=_UNITS)
    return told.exclude(Q(type="DISPOSITION_UNMAPPED") & Exists(same_line))
