"""How fresh each ERP's item master is, with the flags of what may be returned (R046)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Sum

from exceptions_app.choices import ApprovalAxis, MoneyAxis
from exceptions_app.models import Bridge, Rma, Watermark
from exceptions_app.rules.upkeep import ITEMS_LIMIT
from exceptions_app.selectors.sums import Amount, per_currency

FEED = "items"
_OPEN = (
    ApprovalAxis.REQUESTED,
    ApprovalAxis.UNKNOWN,
    ApprovalAxis.AUTHORISED,
    ApprovalAxis.CLOSED,
)
_UNPAID = (MoneyAxis.NONE, MoneyAxis.PENDING, MoneyAxis.FAILED)


@dataclass(frozen=True, slots=True)
class ItemFeed:
    """The items of one ERP in use; `read_at` is None while they were never read.

    Where they are late, `returns` without a confirmed refund are judged by old flags, and customers
    claim `values` for them; elsewhere nobody counts.
    """

    name: str
    read_at: datetime | None
    is_late: bool
    returns: int
    values: tuple[Amount, ...]


def feeds(*, now: datetime, bridge: str = "") -> tuple[ItemFeed, ...]:
    """One for each ERP of an active bridge, by name; two queries, three where one is late."""
    rows = Bridge.objects.filter(is_active=True)
    if bridge:
        rows = rows.filter(code=bridge)
    names = dict(rows.order_by("erp__name").values_list("erp", "erp__name"))
    read = dict(
        Watermark.objects.filter(feed=FEED, connection__in=list(names)).values_list(
            "connection", "read_at"
        )
    )
    late = [pk for pk in names if _is_late(read.get(pk), now)]
    exposed = _exposed(late)
    return tuple(
        ItemFeed(
            name=name,
            read_at=read.get(pk),
            is_late=pk in late,
            returns=sum(row["returns"] for row in exposed.get(pk, ())),
            values=per_currency((row["currency"], row["claimed"]) for row in exposed.get(pk, ())),
        )
        for pk, name in names.items()
    )


def _is_late(read_at: datetime | None, now: datetime) -> bool:
    return read_at is None or now - read_at >= ITEMS_LIMIT


def _exposed(connections: list[int]) -> dict[int, list[Any]]:
    """Returns of these ERPs that are not refunded, by currency."""
    found: dict[int, list[Any]] = {}
    if connections:
        rows = Rma.objects.filter(
            bridge__erp__in=connections, approval__in=_OPEN, money__in=_UNPAID
        ).order_by()
        sums = rows.values("bridge__erp", "currency").annotate(
            returns=Count("pk"), claimed=Sum("amount_in")
        )
        for row in sums:
            found.setdefault(row["bridge__erp"], []).append(row)
    return found
