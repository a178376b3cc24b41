"""Graded units that stand on no receipt, as the exceptions that keep them off it state them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, F, IntegerField, OuterRef, QuerySet, Sum, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from exceptions_app.choices import CASE_OPEN
from exceptions_app.models import Case, CaseCount
from exceptions_app.selectors import counts, paging

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


def units(*, bridge: str = "") -> tuple[int, int]:
    """Units that stand on no receipt, and those whose receipt is planned but blocked; one query.

    From the counts that are kept (decision 0014). A line whose grade and whose place are both
    unknown has an exception of each: the one of its grade is taken off again.
    """
    planned = summed(_counted(bridge).filter(type="DIVISION_MISMATCH"), F("units"))
    found = paging.answers(counted={}, single=stated(bridge=bridge) | {"planned": planned})
    return without(found), found["planned"] or 0


def stated(*, bridge: str = "") -> dict[str, QuerySet[Any, Any]]:
    """What `without` needs, each as the only value of its query."""
    told = _counted(bridge).filter(type__in=NO_RECEIPT_TYPES)
    return {"stated": summed(told, F("units")), "stated_twice": _told_twice(bridge)}


def without(found: Mapping[str, Any]) -> int:
    """Units on no receipt, from the answers to `stated`."""
    return (found["stated"] or 0) - (found["stated_twice"] or 0)


def _told_twice(bridge: str) -> QuerySet[Any, Any]:
    """The units of grades nobody mapped whose line states them for its place too."""
    rows = Case.objects.filter(status__in=CASE_OPEN, type="DISPOSITION_UNMAPPED")
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    told = Cast(KeyTextTransform("units", "facts"), IntegerField())
    return summed(rows.filter(_same_line(), facts__units__regex=_UNITS), told)


def _counted(bridge: str) -> QuerySet[CaseCount]:
    rows = CaseCount.objects.all()
    return rows.filter(bridge__code=bridge) if bridge else rows


def summed(rows: QuerySet[Any], units: Any) -> QuerySet[Any, Any]:
    """The sum as the only value of the only row; no row when there is nothing to sum."""
    whole: QuerySet[Any, Any] = rows.order_by().annotate(whole=Value(1)).values("whole")
    found: QuerySet[Any, Any] = whole.annotate(units_of_all=Sum(units)).values("units_of_all")
    return found


def scope(*, bridge: str = "") -> counts.Scope | None:
    """The same as `cases` for the counts that are kept; None where they cannot tell it.

    They do not know which unmapped statuses hold up units.
    """
    unmapped = _counted(bridge).filter(type="STATUS_UNMAPPED")
    if unmapped.aggregate(found=Sum("count", default=0))["found"]:
        return None
    return counts.Scope(None, types=PLACE_TYPES, bridge=bridge, has_snoozed=True, has_behind=True)


def cases(*, bridge: str = "") -> QuerySet[Case]:
    """Open exceptions for which units stand on no receipt, or on one whose place does not fit.

    An unmapped status holds up units only where some are graded.
    """
    rows = Case.objects.filter(status__in=CASE_OPEN, type__in=PLACE_TYPES).exclude(
        type="STATUS_UNMAPPED", facts__units__isnull=True
    )
    return rows.filter(bridge__code=bridge) if bridge else rows


def _same_line() -> Exists:
    """Another exception says that this line's place is not known."""
    return Exists(
        Case.objects.filter(
            status__in=CASE_OPEN,
            type__in=("LOCATION_MISSING", "WAREHOUSE_UNMAPPED"),
            rma=OuterRef("rma"),
            subject_part=OuterRef("subject_part"),
        )
    )
