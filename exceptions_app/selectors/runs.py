"""Credit runs: what a person may release, and how far the started ones are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import CharField, Count, Max, Min, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from exceptions_app.choices import MONEY_FIXES, FixStatus, HoldReason, PostingStatus
from exceptions_app.models import Bridge, CreditRun, Fix, Posting
from exceptions_app.selectors import paging

RUNS = 20


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run that was started, and how far its credits are; sums are in the run's currency.

    `left` are those cancelled since: the return's facts changed before they left.
    """

    run: CreditRun
    confirmed: int
    confirmed_total: Decimal
    failed: int
    unknown: int
    under_way: int
    left: int


def started(*, cursor: str = "", bridge: str = "", size: int = RUNS) -> paging.Page:
    """Started runs, newest first, each as RunRow; two queries."""
    rows = CreditRun.objects.select_related("bridge__erp")
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    page = paging.page(rows, order=("-id",), cursor=cursor, size=size)
    return paging.Page(rows=_with_progress(page.rows), newer=page.newer, older=page.older)


def one(*, run_id: int) -> RunRow:
    """One run.

    Raises:
        CreditRun.DoesNotExist: there is none.
    """
    (row,) = _with_progress([CreditRun.objects.select_related("bridge__erp").get(pk=run_id)])
    return row


def _with_progress(rows: Sequence[CreditRun]) -> tuple[RunRow, ...]:
    counted: dict[int, dict[str, tuple[int, Decimal]]] = {}
    if rows:
        found = Posting.objects.filter(run__in=[row.pk for row in rows]).order_by()
        for row in found.values("run", "status").annotate(count=Count("pk"), total=Sum("gross")):
            counted.setdefault(row["run"], {})[row["status"]] = (row["count"], row["total"])
    return tuple(_run_row(row, counted.get(row.pk, {})) for row in rows)


def _run_row(row: CreditRun, by_status: Mapping[str, tuple[int, Decimal]]) -> RunRow:
    def count(*statuses: str) -> int:
        return sum(by_status.get(status, (0, Decimal(0)))[0] for status in statuses)

    confirmed, total = by_status.get(PostingStatus.CONFIRMED, (0, Decimal(0)))
    whole = sum(number for number, _ in by_status.values())
    failed = count(PostingStatus.FAILED, PostingStatus.BLOCKED)
    unknown = count(PostingStatus.UNCONFIRMED)
    left = count(PostingStatus.CANCELLED)
    return RunRow(
        run=row,
        confirmed=confirmed,
        confirmed_total=total,
        failed=failed,
        unknown=unknown,
        under_way=whole - confirmed - failed - unknown - left,
        left=left,
    )


def postings(run_id: int) -> QuerySet[Posting]:
    return Posting.objects.filter(run=run_id).select_related("rma").defer("draft")


@dataclass(frozen=True, slots=True)
class ReadyRun:
    """The credits of one bridge and currency that a person may release, as they stand now.

    `dates` are the posting dates of the documents with their counts; `last_id` closes the list:
    what arrives later has a larger one.
    """

    bridge: Bridge
    currency: str
    count: int
    total: Decimal
    oldest: datetime
    last_id: int
    dates: tuple[tuple[str, int], ...]


def ready(*, bridge: Bridge, currency: str) -> ReadyRun | None:
    """What would leave if the run were started now; None when nothing waits."""
    rows = members(bridge=bridge, currency=currency)
    whole = rows.aggregate(
        count=Count("pk"), total=Sum("gross"), oldest=Min("created_at"), last_id=Max("pk")
    )
    if not whole["count"]:
        return None
    day: Any = Cast(KeyTextTransform("date", "draft"), CharField())
    dates = rows.order_by().annotate(day=day).values("day").annotate(n=Count("pk"))
    return ReadyRun(
        bridge=bridge,
        currency=currency,
        dates=tuple(sorted((row["day"] or "", row["n"]) for row in dates)),
        **whole,
    )


def members(*, bridge: Bridge, currency: str) -> QuerySet[Posting]:
    return Posting.objects.filter(
        bridge=bridge,
        currency=currency,
        status=PostingStatus.HELD,
        hold_reason=HoldReason.RUN,
    )


@dataclass(frozen=True, slots=True)
class Member:
    """A credit that waits for the run; `decision` is what finance decided about its amount."""

    posting: Posting
    decision: Fix | None

    @property
    def deciders(self) -> tuple[str, ...]:
        """Who agreed to the decision, in the order they did."""
        given = [row.approver for row in self.decision.approvals.all()] if self.decision else []
        return tuple(person.get_full_name() or person.get_username() for person in given)


def listed(ready: ReadyRun, *, cursor: str = "", size: int = paging.PAGE_SIZE) -> paging.Page:
    """A page of the credits of `ready` as Member, the longest wait first; three queries."""
    rows = members(bridge=ready.bridge, currency=ready.currency).filter(pk__lte=ready.last_id)
    page = paging.page(
        rows.select_related("rma").defer("draft"), order=("id",), cursor=cursor, size=size
    )
    decisions: dict[int, Fix] = {}
    if page.rows:
        found = Fix.objects.filter(
            rma__in=[row.rma_id for row in page.rows],
            kind__in=MONEY_FIXES,
            status=FixStatus.APPLIED,
        )
        # The last decision about a return's money is the one in force.
        found = found.select_related("rma").prefetch_related("approvals__approver")
        for fix in found.order_by("pk"):
            if fix.rma_id is not None:
                decisions[fix.rma_id] = fix
    shown = tuple(Member(row, decisions.get(row.rma_id)) for row in page.rows)
    return paging.Page(rows=shown, newer=page.newer, older=page.older)
