"""How far the stock of an item can be believed while its returns are under way (R082).

Units that customers send back are in nobody's stock yet: on their way, waiting for a grade, or
graded and not read back from the ERP. A buyer sees them by item, and what was read back lately.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Exists, F, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from connectors.types import Inspection
from exceptions_app.choices import (
    CASE_OPEN,
    KEYED_UNPROVED,
    POSTING_OPEN,
    ApprovalAxis,
    LogisticsAxis,
    PostingKind,
    PostingStatus,
)
from exceptions_app.models import Case, Posting, Rma, RmaLine
from exceptions_app.selectors import paging, unreceipted, warehouse

# Most units first: these are bought wrongly first.
ORDER = ("-limbo", "sku_key")
LOOKED_BACK = timedelta(days=30)
_COMING = (LogisticsAxis.EXPECTED, LogisticsAxis.IN_TRANSIT)


@dataclass(frozen=True, slots=True)
class Item:
    """Units of one item that no stock counts yet, and how the last ones fared.

    `back` units came back in LOOKED_BACK, `proved` of them stand in the ERP by a receipt that was
    read back. `until` is when nine of ten of those that arrived would be booked, as slow as the
    last ones were; None where none arrived or nothing was booked to go by.
    """

    sku: str
    name: str
    coming: int
    to_grade: int
    unbooked: int
    back: int
    proved: int
    until: datetime | None

    @property
    def limbo(self) -> int:
        return self.coming + self.to_grade + self.unbooked

    @property
    def share(self) -> int | None:
        """Percent of `back` that are proved; None where none came back."""
        return 100 * self.proved // self.back if self.back else None


def items(
    *, now: datetime, bridge: str = "", cursor: str = "", size: int = paging.PAGE_SIZE
) -> paging.Page:
    """A page of items with units under way, most units first; four queries at most."""
    page = paging.page(_grouped(bridge), order=ORDER, cursor=cursor, size=size)
    lately = _lately([row["sku_key"] for row in page.rows], now, bridge)
    took = _nine_in_ten(now, bridge) if page.rows else None
    rows = tuple(_item(row, lately.get(row["sku_key"], {}), took) for row in page.rows)
    return paging.Page(rows=rows, newer=page.newer, older=page.older)


def _grouped(bridge: str) -> QuerySet[Any, Any]:
    """Units by item and where they are, of returns with any under way."""
    open_receipts = Posting.objects.filter(kind=PostingKind.STOCK_RECEIPT, status__in=POSTING_OPEN)
    returns = Rma.objects.filter(
        approval__in=[ApprovalAxis.AUTHORISED, ApprovalAxis.CLOSED], logistics__in=_COMING
    )
    # No receipt is planned while these stand: only they say that the units are in no stock.
    unplaced = Case.objects.filter(
        status__in=CASE_OPEN, type__in=unreceipted.NO_RECEIPT_TYPES, rma__isnull=False
    )
    # Four lists read from an index each: one condition for all would read every return.
    wanted = [
        returns.order_by().values("pk"),
        warehouse.to_grade().order_by().values("pk"),
        open_receipts.order_by().values("rma"),
        unplaced.order_by().values("rma"),
    ]
    lines = RmaLine.objects.filter(rma__in=wanted[0].union(*wanted[1:]))
    if bridge:
        lines = lines.filter(rma__bridge__code=bridge)
    lines = lines.exclude(inspection=Inspection.NOT_RETURNED)
    is_coming = Q(rma__logistics__in=_COMING)
    is_ungraded = ~is_coming & Q(inspection=Inspection.NOT_INSPECTED)
    is_unbooked = ~is_coming & ~Q(inspection=Inspection.NOT_INSPECTED)
    own = OuterRef("rma")
    is_held_up = Q(Exists(open_receipts.filter(rma=own))) | Q(Exists(unplaced.filter(rma=own)))
    units = {
        "coming": _units(is_coming),
        "to_grade": _units(is_ungraded),
        "unbooked": _units(is_unbooked & is_held_up),
    }
    found: QuerySet[Any, Any] = (
        lines.order_by()
        .values("sku_key")
        .annotate(
            sku=Min("sku"),
            name=Max("name"),
            arrived_at=Max("rma__received_at", filter=~is_coming),
            **units,
        )
        .annotate(limbo=F("coming") + F("to_grade") + F("unbooked"))
        .filter(limbo__gt=0)
    )
    return found


def _units(wanted: Q) -> Coalesce:
    return Coalesce(Sum("quantity", filter=wanted), 0)


def _lately(keys: Sequence[str], now: datetime, bridge: str) -> dict[str, Mapping[str, Any]]:
    """Of these items, the units that came back lately and those that are proved in stock."""
    receipts = Posting.objects.filter(rma=OuterRef("rma"), kind=PostingKind.STOCK_RECEIPT)
    proved = receipts.filter(status=PostingStatus.CONFIRMED).exclude(keyed__in=KEYED_UNPROVED)
    is_proved = Q(Exists(proved)) & ~Q(Exists(receipts.filter(status__in=POSTING_OPEN)))
    rows = RmaLine.objects.filter(
        sku_key__in=keys, rma__received_at__gt=now - LOOKED_BACK, rma__received_at__lte=now
    ).exclude(inspection=Inspection.NOT_RETURNED)
    if bridge:
        rows = rows.filter(rma__bridge__code=bridge)
    found: Any = (
        rows.order_by().values("sku_key").annotate(back=Sum("quantity"), proved=_units(is_proved))
    )
    return {row["sku_key"]: row for row in found}


def _nine_in_ten(now: datetime, bridge: str) -> timedelta | None:
    """From arrival to the receipt that was read back, of nine in ten of the last ones."""
    rows = warehouse.confirmed(since=now - LOOKED_BACK, until=now, bridge=bridge)
    return warehouse.nine_in_ten(rows)


def _item(row: Mapping[str, Any], lately: Mapping[str, Any], took: timedelta | None) -> Item:
    arrived = row["arrived_at"] if row["to_grade"] or row["unbooked"] else None
    return Item(
        sku=row["sku"],
        name=row["name"],
        coming=row["coming"],
        to_grade=row["to_grade"],
        unbooked=row["unbooked"],
        back=lately.get("back", 0),
        proved=lately.get("proved", 0),
        until=arrived + took if arrived and took is not None else None,
    )
