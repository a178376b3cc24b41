"""Differences that finance accepted: each with its reason and its people, and what they come to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce
from django.utils import timezone

from exceptions_app.choices import MONEY_FIXES, FixKind, FixStatus
from exceptions_app.models import Bridge, Fix
from exceptions_app.selectors import paging

ROWS = 25
ORDER = ("-id",)
_AMOUNT = r"^-?[0-9]{1,13}(\.[0-9]+)?$"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A difference finance accepted; `difference` is refund less credit, None when unreadable."""

    fix: Fix
    difference: Decimal | None
    currency: str

    @property
    def agreed_by(self) -> tuple[str, ...]:
        """Who approved it, in the order they did; whoever decided where no approval was kept."""
        fix = self.fix
        people = [row.approver for row in fix.approvals.all()]
        if not people and fix.decided_by is not None:
            people = [fix.decided_by]
        return tuple(person.get_full_name() or person.get_username() for person in people)


@dataclass(frozen=True, slots=True)
class Both:
    """One currency: what was accepted with the refund above the credit, and with it below.

    `below` is never above 0; the two are never set off against each other. `unread` counts
    amounts that are in neither.
    """

    currency: str
    count: int
    above: Decimal
    below: Decimal
    unread: int


def month_start(*, now: datetime, bridge: str = "") -> datetime:
    """When the month of `now` began where the books are kept: in the bridge's zone, else the
    desk's. Who reads it changes nothing."""
    row = Bridge.objects.filter(code=bridge).first() if bridge else None
    local = now.astimezone(ZoneInfo(row.timezone) if row else timezone.get_default_timezone())
    return local.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def in_force(*, since: datetime, bridge: str = "") -> QuerySet[Fix]:
    """Acceptances since that hold.

    What a later decision about the same return's money replaced is no longer accepted.
    """
    later = Fix.objects.filter(
        rma=OuterRef("rma"),
        kind__in=MONEY_FIXES,
        status__in=(FixStatus.HELD, FixStatus.APPLIED),
        pk__gt=OuterRef("pk"),
    )
    found = Fix.objects.filter(
        ~Exists(later),
        kind=FixKind.ACCEPT_DIFFERENCE,
        status=FixStatus.APPLIED,
        decided_at__gte=since,
    )
    return found.filter(bridge__code=bridge) if bridge else found


def newest(rows: QuerySet[Fix]) -> tuple[Accepted, ...]:
    """The newest of `rows`, at most ROWS; two queries."""
    return tuple(_accepted(fix) for fix in _shown(rows).order_by(*ORDER)[:ROWS])


def every(rows: QuerySet[Fix]) -> Iterator[Accepted]:
    """All of `rows`, newest first, read in steps."""
    shown = _shown(rows)
    for fix in paging.every(
        lambda cursor: paging.page(shown, order=ORDER, cursor=cursor, size=paging.FILE_SIZE)
    ):
        yield _accepted(fix)


def sums(rows: QuerySet[Fix]) -> tuple[Both, ...]:
    """What all of `rows` come to, one row per currency; one query."""
    is_read = Q(payload__difference__regex=_AMOUNT)
    amount: Any = Cast(
        KeyTextTransform("difference", "payload"), DecimalField(max_digits=18, decimal_places=4)
    )
    found = (
        rows.order_by()
        .values(code=Coalesce(F("rma__currency"), F("bridge__currency")))
        .annotate(
            count=Count("pk"),
            above=Sum(amount, filter=is_read & ~Q(payload__difference__startswith="-")),
            below=Sum(amount, filter=is_read & Q(payload__difference__startswith="-")),
            read=Count("pk", filter=is_read),
        )
        .order_by("code")
    )
    return tuple(
        Both(
            currency=row["code"],
            count=row["count"],
            above=row["above"] or Decimal(0),
            below=row["below"] or Decimal(0),
            unread=row["count"] - row["read"],
        )
        for row in found
    )


def _shown(rows: QuerySet[Fix]) -> QuerySet[Fix]:
    return rows.select_related("rma", "bridge", "requested_by", "decided_by").prefetch_related(
        "approvals__approver"
    )


def _accepted(fix: Fix) -> Accepted:
    return Accepted(
        fix=fix,
        difference=_number(fix.payload.get("difference")),
        currency=fix.rma.currency if fix.rma else fix.bridge.currency,
    )


def _number(text: object) -> Decimal | None:
    try:
        return Decimal(str(text))
    except InvalidOperation:
        return None
