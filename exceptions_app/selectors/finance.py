"""What finance looks at: refund against credit by cause, credits that wait, and credit runs.

Sums are kept apart by currency, and differences apart by direction: what a refund is more on one
return never hides what a credit is more on another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from exceptions_app.catalogue.causes import DIFFERENCE_TYPES
from exceptions_app.choices import (
    SEVERITY_OF_RANK,
    HoldReason,
    PostingKind,
    PostingStatus,
    Team,
)
from exceptions_app.selectors import causes, counts, paging
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
    """What finance can decide now in figures; `behind` are those that wait behind another."""

    causes: int
    count: int
    values: tuple[Amount, ...]
    more: tuple[Direction, ...]
    behind: int


def open_cases(*, now: datetime, bridge: str = "") -> counts.Scope:
    """Open exceptions of finance that can be decided now: none put off, none behind another."""
    return counts.Scope(now, team=Team.FINANCE, bridge=bridge)


def by_cause(scope: counts.Scope) -> tuple[Mapping[str, Any], ...]:
    """Sums by cause and currency, in one query: what the room's figures are made of.

    Those of exceptions that wait behind another are rows of their own, `is_behind`.
    """
    return tuple(counts.by_cause_and_type(replace(scope, has_behind=True)))


def differences(
    scope: counts.Scope, *, cursor: str = "", size: int = paging.PAGE_SIZE
) -> paging.Page:
    """A page of the causes of `scope` as Difference, in the order of the queue; one query."""
    page = paging.page_of(
        partial(counts.causes, scope), order=causes.ORDER, cursor=cursor, size=size
    )
    return paging.Page(tuple(_difference(row) for row in page.rows), page.newer, page.older)


def figures(sums: Sequence[Mapping[str, Any]]) -> Differences:
    """Counts and sums of all exceptions that `by_cause` read."""
    behind = sum(row["count"] for row in sums if row["is_behind"])
    sums = [row for row in sums if not row["is_behind"]]
    return Differences(
        causes=len({row["group_id"] for row in sums}),
        count=sum(row["count"] for row in sums),
        values=per_currency((row["currency"], row["total"]) for row in sums),
        more=_more(sums),
        behind=behind,
    )


def _added(rows: Iterable[Mapping[str, Any]], name: str) -> Decimal:
    return sum((row[name] or Decimal(0) for row in rows), Decimal(0))


def _more(rows: Iterable[Mapping[str, Any]]) -> tuple[Direction, ...]:
    currencies: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        currencies.setdefault(row["currency"], []).append(row)
    found = [
        Direction(currency, _added(own, "refund_more"), -_added(own, "credit_more"))
        for currency, own in sorted(currencies.items())
    ]
    return tuple(each for each in found if each.refund_more or each.credit_more)


def _difference(row: Mapping[str, Any]) -> Difference:
    parts = row["parts"]
    return Difference(
        group_id=row["group"],
        case_id=row["first"],
        title=row["title"],
        type=row["type"],
        bridge=row["bridge"],
        severity=SEVERITY_OF_RANK[row["rank"]],
        count=sum(part["count"] for part in parts),
        values=per_currency((part["currency"], part["total"]) for part in parts),
        more=_more(parts),
        oldest=row["oldest"],
        due_at=row["due"],
    )


def without_credit(sums: Iterable[Mapping[str, Any]]) -> Total:
    """Of `by_cause`, refunds past their grace period that have no credit memo."""
    rows = [row for row in sums if row["type"] == NO_CREDIT and not row["is_behind"]]
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
