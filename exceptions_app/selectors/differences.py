"""Finance's workbench: every return whose refund and credit differ, with why, one row each.

The figures of a row are those its exception was last looked at with, so that list, file and
exception say the same. Sums are kept apart by currency and by direction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case as Choose
from django.db.models import Count, DecimalField, Exists, OuterRef, Q, QuerySet, Sum, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from exceptions_app.catalogue import causes
from exceptions_app.choices import CASE_OPEN, POSTING_SENT, PostingKind, PostingStatus
from exceptions_app.models import Case, Posting
from exceptions_app.models.cases import awake
from exceptions_app.models.cause_rules import caused
from exceptions_app.rules import penny
from exceptions_app.selectors import paging
from exceptions_app.selectors.sums import Amount, per_currency

TYPES = (*causes.DIFFERENCE_TYPES, "CREDIT_QTY_GAP", "REFUND_OVER_LINE")
ORDER = ("-value", "id")
CREDITS = 20
_AMOUNT = r"^-?[0-9]{1,13}(\.[0-9]+)?$"
_FIGURES = ("refund_total", "credit_total", "difference")


@dataclass(frozen=True, slots=True)
class Row:
    """One return; `found` is None where the exception was opened by an earlier release."""

    case: Case
    found: penny.Explanation | None

    @property
    def currency(self) -> str:
        return self.found.currency if self.found else self.case.currency


@dataclass(frozen=True, slots=True)
class Total:
    """One currency of the whole list: both sides, refund less credit, and its two directions."""

    currency: str
    count: int
    refund: Decimal
    credit: Decimal
    difference: Decimal
    refund_more: Decimal
    credit_more: Decimal


@dataclass(frozen=True, slots=True)
class Kind:
    """The rows with one main cause."""

    name: str
    count: int
    values: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Credit:
    """A credit of the same order, of whichever return; `is_own` of the return looked at."""

    posting: Posting
    is_own: bool


def open_cases(
    *, now: datetime, bridge: str = "", cause: str = "", is_held: bool = False
) -> QuerySet[Case]:
    """One open exception for each return that differs; those put off only with `is_held`.

    Of several about one return the one about its whole refund stands for it: the difference of a
    return is counted once.
    """
    open_ones = Case.objects.filter(status__in=CASE_OPEN, type__in=TYPES, rma__isnull=False)
    before = Q(type__lt=OuterRef("type")) | Q(type=OuterRef("type"), pk__lt=OuterRef("pk"))
    rows = open_ones.filter(~Exists(open_ones.filter(before, rma=OuterRef("rma"))))
    rows = rows.exclude(awake(now)) if is_held else rows.filter(awake(now))
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    return rows.filter(caused(cause=cause)) if cause else rows


def listed(cases: QuerySet[Case], *, cursor: str = "", size: int = paging.PAGE_SIZE) -> paging.Page:
    """A page of Row, most money first."""
    shown = cases.select_related("rma", "bridge", "assignee", "group")
    page = paging.page(shown, order=ORDER, cursor=cursor, size=size)
    return paging.Page(
        rows=tuple(row_of(case) for case in page.rows), newer=page.newer, older=page.older
    )


def row_of(case: Case) -> Row:
    return Row(case, penny.unpacked(str(case.facts.get("explanation", ""))))


def totals(cases: QuerySet[Case]) -> tuple[Total, ...]:
    """Sums of the whole list by currency, in one query."""
    difference = _figure("difference")
    found: QuerySet[Any, Any] = (
        cases.order_by()
        .annotate(**{f"the_{name}": _figure(name) for name in _FIGURES}, signed=difference)
        .values("currency")
        .annotate(
            count=Count("pk"),
            refund=Sum("the_refund_total"),
            credit=Sum("the_credit_total"),
            total=Sum("the_difference"),
            refund_more=Sum("signed", filter=Q(signed__gt=0)),
            credit_more=Sum("signed", filter=Q(signed__lt=0)),
        )
        .order_by("currency")
    )
    zero = Decimal(0)
    return tuple(
        Total(
            currency=row["currency"],
            count=row["count"],
            refund=row["refund"] or zero,
            credit=row["credit"] or zero,
            difference=row["total"] or zero,
            refund_more=row["refund_more"] or zero,
            credit_more=-(row["credit_more"] or zero),
        )
        for row in found
    )


def kinds(cases: QuerySet[Case]) -> tuple[Kind, ...]:
    """The main causes of the list with how many rows each has, most rows first; one query."""
    rows: list[Any] = list(
        cases.order_by()
        .annotate(cause=Coalesce("own_group__cause", "group__cause"))
        .values("cause", "currency")
        .annotate(count=Count("pk"), total=Sum("value"))
    )
    names = {row["cause"] for row in rows}
    found = [
        Kind(
            name,
            sum(row["count"] for row in rows if row["cause"] == name),
            per_currency((row["currency"], row["total"]) for row in rows if row["cause"] == name),
        )
        for name in names
    ]
    return tuple(sorted(found, key=lambda kind: (-kind.count, kind.name)))


def credits_of_order(case: Case) -> tuple[Credit, ...]:
    """Every credit of the order the return is of, oldest first, at most CREDITS."""
    rma = case.rma
    if rma is None:
        return ()
    memos = Posting.objects.filter(kind=PostingKind.CREDIT_MEMO).exclude(
        status=PostingStatus.CANCELLED
    )
    own = memos.filter(rma=rma)
    rows = memos.filter(rma__sales_order=rma.sales_order_id) if rma.sales_order_id else own
    shown = rows.select_related("rma", "connection").order_by("pk")[:CREDITS]
    return tuple(Credit(row, row.rma_id == rma.pk) for row in shown)


def is_sent(credits_found: Sequence[Credit]) -> bool:
    """Whether a credit of the return itself has left."""
    return any(row.is_own and row.posting.status in POSTING_SENT for row in credits_found)


def _figure(name: str) -> Choose:
    """A figure of the facts as a number; nothing where it is no plain amount."""
    amount: DecimalField[Any, Any] = DecimalField(max_digits=18, decimal_places=4)
    picked = When(
        **{f"facts__{name}__regex": _AMOUNT}, then=Cast(KeyTextTransform(name, "facts"), amount)
    )
    return Choose(picked, default=None)
