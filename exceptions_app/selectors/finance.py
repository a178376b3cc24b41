"""What finance looks at: refund against credit by cause, credits that wait, and credit runs.

Sums are kept apart by currency, and differences apart by direction: what a refund is more on one
return never hides what a credit is more on another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Case as Choose
from django.db.models import (
    Count,
    DecimalField,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    When,
)
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from exceptions_app.catalogue.causes import DIFFERENCE_TYPES
from exceptions_app.choices import (
    CASE_OPEN,
    SEVERITY_RANK,
    HoldReason,
    PostingKind,
    PostingStatus,
    Severity,
    Team,
)
from exceptions_app.models import Case, CauseGroup
from exceptions_app.models.cases import awake
from exceptions_app.selectors import causes, paging
from exceptions_app.selectors.documents import OpenDocuments
from exceptions_app.selectors.sums import Amount, per_currency

NO_CREDIT = "REFUND_NO_CM"
_AMOUNT = r"^-?[0-9]{1,13}(\.[0-9]+)?$"
# Which fact says by how much the refund is more than the credit; a minus says the credit is.
_MORE = {
    **dict.fromkeys(DIFFERENCE_TYPES, "difference"),
    "CREDIT_QTY_GAP": "difference",
    "REFUND_OVER_LINE": "excess",
    NO_CREDIT: "refund",
}


# --- Differences by cause ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Direction:
    """One currency: by how much refunds are more, and by how much credits are; never below 0."""

    currency: str
    refund_more: Decimal
    credit_more: Decimal


@dataclass(frozen=True, slots=True)
class Difference:
    """Open exceptions of one cause. `more` is empty where nothing could be compared yet."""

    group_id: int
    case_id: int
    title: str
    type: str
    bridge: str
    severity: str
    count: int
    values: tuple[Amount, ...]
    more: tuple[Direction, ...]
    oldest: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Total:
    """How many exceptions, and what they come to per currency."""

    count: int
    values: tuple[Amount, ...]


@dataclass(frozen=True, slots=True)
class Differences:
    """All open exceptions of finance in figures."""

    causes: int
    count: int
    values: tuple[Amount, ...]
    more: tuple[Direction, ...]


def open_cases(*, now: datetime, bridge: str = "") -> QuerySet[Case]:
    """Open exceptions of finance that nobody put off."""
    rows = Case.objects.filter(awake(now), status__in=CASE_OPEN, team=Team.FINANCE)
    return rows.filter(bridge__code=bridge) if bridge else rows


def by_cause(cases: QuerySet[Case]) -> tuple[Mapping[str, Any], ...]:
    """Sums of `cases` by cause and currency, in one query: what the room's figures are made of."""
    return tuple(_by_currency(cases, "group", "type"))


def differences(
    cases: QuerySet[Case],
    *,
    cursor: str = "",
    size: int = paging.PAGE_SIZE,
    sums: Sequence[Mapping[str, Any]] | None = None,
) -> paging.Page:
    """A page of the causes of `cases` as Difference, in the order of the queue.

    Two queries, with `sums` as `by_cause` reads them; a third one without.
    """
    grouped = (
        cases.order_by()
        .values("group")
        .annotate(
            total=Sum("value"),
            oldest=Min("opened_at"),
            due=Min("due_at"),
            count=Count("*"),
            rank=Max("severity_rank"),
            first=Min("pk"),
        )
    )
    page = paging.page(grouped, order=causes.ORDER, cursor=cursor, size=size)
    pks = [row["group"] for row in page.rows]
    if sums is None:
        sums = by_cause(cases.filter(group__in=pks)) if pks else ()
    groups = CauseGroup.objects.select_related("bridge").in_bulk(pks)
    own: dict[int, list[Mapping[str, Any]]] = {}
    for each in sums:
        own.setdefault(each["group"], []).append(each)
    rows = tuple(
        _difference(row, groups[row["group"]], own.get(row["group"], ())) for row in page.rows
    )
    return paging.Page(rows=rows, newer=page.newer, older=page.older)


def figures(sums: Sequence[Mapping[str, Any]]) -> Differences:
    """Counts and sums of all exceptions that `by_cause` read."""
    currencies: dict[str, list[Mapping[str, Any]]] = {}
    for row in sums:
        currencies.setdefault(row["currency"], []).append(row)
    whole = [
        {
            "currency": currency,
            "refund_more": _added(rows, "refund_more"),
            "credit_more": _added(rows, "credit_more"),
        }
        for currency, rows in sorted(currencies.items())
    ]
    return Differences(
        causes=len({row["group"] for row in sums}),
        count=sum(row["count"] for row in sums),
        values=per_currency((row["currency"], row["total"]) for row in sums),
        more=_more(whole),
    )


def _added(rows: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    return sum((row[name] or Decimal(0) for row in rows), Decimal(0))


def _by_currency(cases: QuerySet[Case], *names: str) -> QuerySet[Any, Any]:
    picked: list[Any] = [
        When(
            Q(type=kind, **{f"facts__{name}__regex": _AMOUNT}),
            then=Cast(
                KeyTextTransform(name, "facts"), DecimalField(max_digits=18, decimal_places=4)
            ),
        )
        for kind, name in _MORE.items()
    ]
    found: QuerySet[Any, Any] = (
        cases.order_by()
        .annotate(signed=Choose(*picked, default=None))
        .values(*names, "currency")
        .annotate(
            count=Count("*"),
            total=Sum("value"),
            refund_more=Sum("signed", filter=Q(signed__gt=0)),
            credit_more=Sum("signed", filter=Q(signed__lt=0)),
        )
        .order_by("currency")
    )
    return found


def _more(rows: Sequence[Mapping[str, Any]]) -> tuple[Direction, ...]:
    return tuple(
        Direction(
            row["currency"], row["refund_more"] or Decimal(0), -(row["credit_more"] or Decimal(0))
        )
        for row in rows
        if row["refund_more"] or row["credit_more"]
    )


def _difference(
    row: Mapping[str, Any], group: CauseGroup, sums: Sequence[Mapping[str, Any]]
) -> Difference:
    names = {rank: code for code, rank in SEVERITY_RANK.items()}
    return Difference(
        group_id=group.pk,
        case_id=row["first"],
        title=group.title,
        type=group.type,
        bridge=group.bridge.name if group.bridge else "",
        severity=Severity(names[row["rank"]]).value,
        count=row["count"],
        values=per_currency((each["currency"], each["total"]) for each in sums),
        more=_more(sums),
        oldest=row["oldest"],
        due_at=row["due"],
    )


def without_credit(sums: Iterable[Mapping[str, Any]]) -> Total:
    """Of `by_cause`, refunds past their grace period that have no credit memo."""
    rows = [row for row in sums if row["type"] == NO_CREDIT]
    return Total(
        count=sum(row["count"] for row in rows),
        values=per_currency((row["currency"], row["total"]) for row in rows),
    )


# --- Credits that wait ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Waiting:
    """Credits of one bridge that wait for the same thing, in one currency."""

    bridge: str
    status: str
    hold_reason: str
    is_in_trouble: bool
    count: int
    total: Decimal
    currency: str
    oldest: datetime
    opens_at: datetime | None

    @property
    def is_late_only(self) -> bool:
        """Waiting by policy or for its turn: not wrong."""
        return not self.is_in_trouble and self.status not in _NEEDS_A_PERSON

    @property
    def label(self) -> str:
        if self.is_in_trouble and self.status not in _NEEDS_A_PERSON:
            return f"{PostingStatus(self.status).label}, with an exception"
        if self.status == PostingStatus.HELD and self.hold_reason:
            return HoldReason(self.hold_reason).label
        return _WAITS[PostingStatus(self.status)]


_NEEDS_A_PERSON = (PostingStatus.BLOCKED, PostingStatus.FAILED, PostingStatus.UNCONFIRMED)
_WAITS = {
    PostingStatus.PLANNED: "Waits for an earlier document of its return",
    PostingStatus.BLOCKED: "Blocked by an exception",
    PostingStatus.HELD: "Held",
    PostingStatus.READY: "Leaves with the next free worker",
    PostingStatus.SENDING: "Is leaving now",
    PostingStatus.UNCONFIRMED: "Outcome not known",
    PostingStatus.POSTED: "Sent, waits to be read back",
    PostingStatus.FAILED: "Refused by the ERP",
}


def waiting(documents: Iterable[OpenDocuments]) -> tuple[Waiting, ...]:
    """Of `documents` the credits, by bridge, what is wrong first."""
    found = [
        Waiting(
            bridge=row.bridge,
            status=row.status,
            hold_reason=row.hold_reason,
            is_in_trouble=row.is_in_trouble,
            count=row.count,
            total=row.total,
            currency=row.currency,
            oldest=row.oldest,
            opens_at=row.until,
        )
        for row in documents
        if row.kind == PostingKind.CREDIT_MEMO
    ]
    order = {status: place for place, status in enumerate(_ORDER)}
    return tuple(
        sorted(found, key=lambda row: (order[PostingStatus(row.status)], row.bridge, row.currency))
    )


_ORDER = (
    PostingStatus.FAILED,
    PostingStatus.UNCONFIRMED,
    PostingStatus.BLOCKED,
    PostingStatus.HELD,
    PostingStatus.PLANNED,
    PostingStatus.READY,
    PostingStatus.SENDING,
    PostingStatus.POSTED,
)


def sums_of(rows: Sequence[Waiting]) -> tuple[Amount, ...]:
    """What `rows` come to, per currency."""
    return per_currency((row.currency, row.total) for row in rows)
