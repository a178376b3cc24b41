"""Documents that have not landed, in sums: read once for all panels that tell of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import BooleanField, Count, ExpressionWrapper, Min, Q, QuerySet, Sum

from exceptions_app.choices import POSTING_OPEN
from exceptions_app.models import Posting


@dataclass(frozen=True, slots=True)
class OpenDocuments:
    """Documents of one bridge, kind, state and currency.

    `is_in_trouble` when they have an exception of their own; `oldest` is when the first was
    planned, `until` when the first hold ends.
    """

    bridge_id: int
    bridge: str
    kind: str
    status: str
    hold_reason: str
    currency: str
    is_in_trouble: bool
    count: int
    total: Decimal
    oldest: datetime
    until: datetime | None


def in_sums(*, kinds: Collection[str] = (), bridge: str = "") -> tuple[OpenDocuments, ...]:
    """Everything planned and not confirmed, grouped: one query that reads an index alone."""
    rows = Posting.objects.filter(status__in=POSTING_OPEN)
    if kinds:
        rows = rows.filter(kind__in=kinds)
    if bridge:
        rows = rows.filter(bridge__code=bridge)
    has_case = ExpressionWrapper(~Q(open_type=""), output_field=BooleanField())
    grouped: QuerySet[Any, Any] = (
        rows.order_by()
        .values("bridge", "bridge__name", "kind", "status", "hold_reason", "currency")
        .annotate(is_in_trouble=has_case)
        .annotate(
            count=Count("*"),
            total=Sum("gross"),
            oldest=Min("created_at"),
            until=Min("hold_until"),
        )
    )
    return tuple(
        OpenDocuments(bridge_id=row.pop("bridge"), bridge=row.pop("bridge__name"), **row)
        for row in grouped
    )
