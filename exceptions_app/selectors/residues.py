"""Differences that were let pass within rounding or the tolerance, against the month's budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum

from exceptions_app.models import Bridge
from exceptions_app.selectors import facts as facts_selector


@dataclass(frozen=True, slots=True)
class Passed:
    """What one bridge let pass in one currency; `budget` is None without a limit."""

    bridge: str
    currency: str
    count: int
    refund_more: Decimal
    credit_more: Decimal
    budget: Decimal | None

    @property
    def used(self) -> Decimal:
        return self.refund_more + self.credit_more

    @property
    def left(self) -> Decimal | None:
        return None if self.budget is None else max(self.budget - self.used, Decimal(0))


def passed(*, since: datetime, bridge: str = "") -> tuple[Passed, ...]:
    """What was let pass since, by bridge and currency; two queries, one when there is nothing."""
    rows = facts_selector.residues(since=since)
    found: list[Any] = list(
        (rows.filter(bridge__code=bridge) if bridge else rows)
        .order_by()
        .values("bridge", "bridge__name", "currency")
        .annotate(
            count=Count("rma", distinct=True),
            more=Sum("residue", filter=Q(residue__gt=0)),
            less=Sum("residue", filter=Q(residue__lt=0)),
        )
        .order_by("bridge__name", "currency")
    )
    bridges = Bridge.objects.in_bulk({row["bridge"] for row in found})
    return tuple(
        Passed(
            bridge=row["bridge__name"],
            currency=row["currency"],
            count=row["count"],
            refund_more=row["more"] or Decimal(0),
            credit_more=-(row["less"] or Decimal(0)),
            budget=facts_selector.policy_of(bridges[row["bridge"]]).tolerance_budget.get(
                row["currency"]
            ),
        )
        for row in found
    )
