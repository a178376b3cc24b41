"""What the warehouse looks at: what waits for a grade or to be booked, and how long it took.

Figures are read from rows that are still open, and from confirmed receipts of a chosen period; no
read walks the history.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Aggregate,
    Avg,
    CharField,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Func,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
)

from connectors.types import Inspection
from exceptions_app.choices import (
    KEYED_UNPROVED,
    POSTING_OPEN,
    ApprovalAxis,
    HoldReason,
    InspectionAxis,
    LogisticsAxis,
    PostingKind,
    PostingStatus,
)
from exceptions_app.models import ErpLocation, Posting, PostingCount, Rma, RmaLine
from exceptions_app.selectors import paging, unreceipted

# A longer period would be read whole, two times, for every look at the page.
PERIODS = (1, 7, 30)
SLOWEST = 20
CONFIRMED_SINCE = timedelta(hours=24)
# The index of returns still to be graded holds exactly these.
_UNGRADED = Q(
    inspection__in=[InspectionAxis.NOT_INSPECTED, InspectionAxis.PARTLY],
    approval__in=[ApprovalAxis.UNKNOWN, ApprovalAxis.REQUESTED, ApprovalAxis.AUTHORISED],
)
_STATES: Mapping[str, tuple[str, ...]] = {
    "waiting": (PostingStatus.PLANNED, PostingStatus.HELD, PostingStatus.READY),
    "sent": (PostingStatus.SENDING, PostingStatus.POSTED),
    "unknown": (PostingStatus.UNCONFIRMED,),
    "blocked": (PostingStatus.BLOCKED,),
    "failed": (PostingStatus.FAILED,),
}
STATE_LABELS = (
    ("waiting", "Waiting, not wrong"),
    ("sent", "Sent, not read back yet"),
    ("unknown", "Outcome not known"),
    ("blocked", "Blocked by an exception"),
    ("failed", "Refused by the ERP"),
)


@dataclass(frozen=True, slots=True)
class Board:
    """The parcels by where they stand. Counts of returns stop at paging.COUNT_CAP + 1."""

    expected: int
    to_grade: int
    oldest_at: datetime | None
    unbooked_units: int
    without_place_units: int
    stuck_units: int
    confirmed_units: int

    @property
    def receipt_units(self) -> int:
        """Units on planned receipts that are not confirmed."""
        return self.unbooked_units - self.without_place_units


@dataclass(frozen=True, slots=True)
class Latency:
    """From arrival to the confirmed receipt, at one place. Durations are never negative here.

    `before` is the average share (0 to 100) that passed before the receipt was planned.
    """

    place: str
    name: str
    receipts: int
    units: int
    median: timedelta
    nine_in_ten: timedelta
    worst: timedelta
    before: int


class _Percentile(Aggregate):
    """percentile_cont over a duration."""

    function = "percentile_cont"
    template = "%(function)s(%(fraction)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


class _SplitPart(Func):
    function = "split_part"
    output_field = CharField()


# "stock_receipt:10/WH1#2" is the second receipt for division 10, warehouse WH1.
_PLACE = _SplitPart(_SplitPart(F("slot"), Value(":"), Value(2)), Value("#"), Value(1))
_TOOK = ExpressionWrapper(F("confirmed_at") - F("rma__received_at"), output_field=DurationField())
_BEFORE = ExpressionWrapper(F("created_at") - F("rma__received_at"), output_field=DurationField())


def board(*, now: datetime) -> Board:
    """The warehouse in figures: one query, over open rows and one day of confirmed receipts."""
    waiting = to_grade()
    expected = (LogisticsAxis.EXPECTED, LogisticsAxis.IN_TRANSIT)
    oldest: QuerySet[Any, Any] = waiting.order_by("received_at").values("received_at")
    units = _units(now)
    found = paging.answers(
        counted={
            "expected": Rma.objects.filter(_UNGRADED, logistics__in=expected),
            "to_grade": waiting,
        },
        single={"oldest": oldest[:1], **units},
    )
    waits, stuck = (found[name] or 0 for name in ("waiting", "stuck"))
    without = unreceipted.without(found)
    return Board(
        expected=found["expected"],
        to_grade=found["to_grade"],
        oldest_at=found["oldest"],
        unbooked_units=waits + stuck + without,
        without_place_units=without,
        stuck_units=stuck + without,
        confirmed_units=found["confirmed"] or 0,
    )


def _units(now: datetime) -> dict[str, QuerySet[Any, Any]]:
    """Units of open receipts that wait or are stuck, of new confirmed ones, and on no receipt.

    No receipt is planned for those on no receipt: they are what their open exceptions state.
    """
    stuck = (*_STATES["blocked"], *_STATES["failed"])
    counted = PostingCount.objects.filter(kind=PostingKind.STOCK_RECEIPT)
    confirmed = Posting.objects.filter(
        kind=PostingKind.STOCK_RECEIPT,
        status=PostingStatus.CONFIRMED,
        confirmed_at__gt=now - CONFIRMED_SINCE,
    ).exclude(keyed__in=KEYED_UNPROVED)
    return {
        # Of what is open, the counts that are kept (decision 0014).
        "waiting": unreceipted.summed(counted.exclude(status__in=stuck), F("units")),
        "stuck": unreceipted.summed(counted.filter(status__in=stuck), F("units")),
        "confirmed": unreceipted.summed(confirmed, F("units")),
        **unreceipted.stated(),
    }


# --- What waits for a grade -------------------------------------------------------------------

GRADE_ORDER = ("received_at", "id")


def to_grade(*, bridge: str = "") -> QuerySet[Rma]:
    """Returns that arrived and have units without a final disposition."""
    rows = Rma.objects.filter(
        _UNGRADED, logistics=LogisticsAxis.RECEIVED, received_at__isnull=False
    )
    return rows.filter(bridge__code=bridge) if bridge else rows


@dataclass(frozen=True, slots=True)
class ToGrade:
    """One return; `items` are its units that have no grade, as "2 × TEE-BLK-M"."""

    rma: Rma
    units: int
    items: tuple[str, ...]


def graded_rows(rows: Iterable[Rma]) -> tuple[ToGrade, ...]:
    """The rows of a page of `to_grade` with what is to be graded, in one query."""
    rows = list(rows)
    lines: dict[int, list[RmaLine]] = {}
    found = RmaLine.objects.filter(
        rma__in=[row.pk for row in rows], inspection=Inspection.NOT_INSPECTED
    )
    for line in found.order_by("rma", "line_no"):
        lines.setdefault(line.rma_id, []).append(line)
    return tuple(
        ToGrade(
            rma=row,
            units=sum(line.quantity for line in lines.get(row.pk, ())),
            items=tuple(str(line) for line in lines.get(row.pk, ())),
        )
        for row in rows
    )


# --- What the ERP has not booked --------------------------------------------------------------

RECEIPT_ORDER = ("created_at", "id")


def receipts(*, bridge: str = "", place: str = "", state: str = "") -> QuerySet[Posting]:
    """Stock receipts that are planned and not confirmed; unknown filter values find nothing."""
    statuses = _STATES.get(state, ()) if state else POSTING_OPEN
    rows = Posting.objects.filter(kind=PostingKind.STOCK_RECEIPT, status__in=statuses)
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    if place:
        rows = rows.alias(place=_PLACE).filter(place=place)
    return rows


def units_of(rows: QuerySet[Posting]) -> int:
    found: dict[str, int] = rows.order_by().aggregate(whole=Sum("units", default=0))
    return found["whole"]


def receipt_rows(rows: QuerySet[Posting]) -> QuerySet[Posting]:
    """`rows` with what a line of the queue shows."""
    return rows.annotate(place=_PLACE).select_related("rma", "bridge", "connection").defer("draft")


def waits_for(posting: Posting) -> str:
    """Why a receipt has not been booked, in words."""
    if posting.status == PostingStatus.HELD:
        return HoldReason(posting.hold_reason).label if posting.hold_reason else "Held"
    return {
        PostingStatus.PLANNED: "Waits for an earlier document of the return",
        PostingStatus.READY: "Leaves with the next free worker",
        PostingStatus.SENDING: "Is leaving now",
        PostingStatus.POSTED: "Sent, waits to be read back",
        PostingStatus.UNCONFIRMED: "The reply was lost; nothing is sent again before the look-up",
        PostingStatus.FAILED: "The ERP refused it",
    }.get(PostingStatus(posting.status), "")


# --- How long it took -------------------------------------------------------------------------


def confirmed(
    *, since: datetime, until: datetime, bridge: str = "", place: str = ""
) -> QuerySet[Posting]:
    """Receipts confirmed in the period, of returns whose arrival is known."""
    rows = Posting.objects.filter(
        kind=PostingKind.STOCK_RECEIPT,
        status=PostingStatus.CONFIRMED,
        confirmed_at__gt=since,
        confirmed_at__lte=until,
        confirmed_at__gte=F("rma__received_at"),
    )
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    if place:
        rows = rows.alias(place=_PLACE).filter(place=place)
    return rows


def latency(rows: QuerySet[Posting]) -> tuple[Latency, ...]:
    """One row per place, the slowest median first, then all places as the last one.

    Empty when the period has no confirmed receipt. Two queries at most and the places' names.
    """
    figures: dict[str, Any] = {
        "receipts": Count("pk"),
        "total_units": Sum("units"),
        "median": _Percentile(_TOOK, fraction="0.5"),
        "nine_in_ten": _Percentile(_TOOK, fraction="0.9"),
        "worst": Max(_TOOK),
        "took": Avg(_TOOK),
        "before": Avg(_BEFORE),
    }
    found = rows.order_by().annotate(place=_PLACE).values("place").annotate(**figures)
    by_place: list[Any] = sorted(found, key=lambda row: (-row["median"], row["place"]))
    if not by_place:
        return ()
    names = _names([row["place"] for row in by_place])
    shown = [_latency(row, row["place"], names.get(row["place"], "")) for row in by_place]
    # One place is all places; of several, medians cannot be put together from theirs.
    whole = by_place[0] if len(by_place) == 1 else rows.order_by().aggregate(**figures)
    return (*shown, _latency(whole, "", "All places"))


def nine_in_ten(rows: QuerySet[Posting]) -> timedelta | None:
    """How long nine in ten of these took, all places together; None where there are none."""
    found: timedelta | None = rows.order_by().aggregate(took=_Percentile(_TOOK, fraction="0.9"))[
        "took"
    ]
    return found


def _latency(row: Mapping[str, Any], place: str, name: str) -> Latency:
    share = row["before"] / row["took"] if row["took"] else 0
    return Latency(
        place=place,
        name=name,
        receipts=row["receipts"],
        units=row["total_units"],
        median=row["median"],
        nine_in_ten=row["nine_in_ten"],
        worst=row["worst"],
        before=max(0, min(100, round(100 * share))),
    )


def _names(places: Sequence[str]) -> dict[str, str]:
    """The ERP's own names of "division/warehouse" places, where we read them."""
    codes = {place.partition("/")[2] for place in places}
    rows = ErpLocation.objects.filter(code__in=codes).order_by("pk")
    return {str(row): row.name for row in rows if row.name}


def slowest(rows: QuerySet[Posting]) -> list[Any]:
    """The receipts that took longest, with `took` and `place`."""
    found = rows.annotate(took=_TOOK, place=_PLACE).select_related("rma", "bridge")
    return list(found.defer("draft").order_by("-took", "pk")[:SLOWEST])


# --- Filters ----------------------------------------------------------------------------------


def places() -> list[tuple[str, str]]:
    """ "division/warehouse" with the ERP's name, of the warehouses the ERPs of our bridges know."""
    rows = (
        ErpLocation.objects.filter(is_active=True, connection__erp_bridges__is_active=True)
        .order_by()
        .values("division", "code")
        .annotate(told=Min("name"))
    )
    pairs = [(f"{row['division']}/{row['code']}", row["told"]) for row in rows]
    return sorted((code, f"{name}, {code}" if name else code) for code, name in pairs)
