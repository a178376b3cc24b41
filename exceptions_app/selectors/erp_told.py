"""What an ERP told by itself, from our copies: receipts of a return, months that are closed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet, Value

from exceptions_app.models import (
    Bridge,
    ErpClosedPeriod,
    ErpLocation,
    ErpReceipt,
    Rma,
    SalesOrder,
)
from exceptions_app.models.statements import Select
from exceptions_app.rules.erp_facts import ErpReceiptFact, ErpReceiptLineFact
from exceptions_app.rules.facts import LocationTarget

# So many orders tell whether an ERP names invoices at all.
_NEWEST_ORDERS = 20


def receipts_of(rma: Rma) -> tuple[ErpReceiptFact, ...]:
    """What the ERP's own staff received for the return, the earliest first; one query."""
    rows = ErpReceipt.objects.filter(rma=rma).order_by("received_at", "external_id")
    return tuple(
        ErpReceiptFact(
            external_id=row.external_id,
            warehouse=row.warehouse,
            received_at=row.received_at,
            lines=tuple(ErpReceiptLineFact(**line) for line in row.lines),
            number=row.number,
            key=row.key,
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class Told:
    """What concerns every return of a bridge: `are_orders_invoiced` says whether any of the ERP's
    newest orders names its invoice."""

    place_names: Mapping[LocationTarget, str]
    closed_periods: frozenset[str]
    are_orders_invoiced: bool


def of_bridge(bridge: Bridge) -> Told:
    """Active locations by name, `closed_periods_of`, and the habit of its orders, in one query."""
    places: dict[LocationTarget, str] = {}
    closed = set(bridge.closed_periods)
    are_invoiced = False
    for what, first, code, name in _TOLD.rows(erp=bridge.erp_id):
        if what == "period":
            closed.add(first)
        elif what == "invoice":
            are_invoiced = are_invoiced or bool(first)
        else:
            places[LocationTarget(division=first, warehouse=code)] = name
    return Told(places, frozenset(closed), are_invoiced)


def _told(erp: Any) -> QuerySet[Any, tuple[Any, ...]]:
    """What of it, and up to three words of that."""
    locations = ErpLocation.objects.filter(connection=erp, is_active=True)
    periods = ErpClosedPeriod.objects.filter(connection=erp)
    orders = SalesOrder.objects.filter(connection=erp).order_by("-pk")
    rows = locations.order_by().values_list(Value("location"), "division", "code", "name")
    none = Value("")
    return rows.union(
        periods.order_by().values_list(Value("period"), "period", none, none),
        orders.values_list(Value("invoice"), "invoice_number", none, none)[:_NEWEST_ORDERS],
        all=True,
    )


_TOLD = Select(_told)


def closed_periods_of(bridge: Bridge) -> frozenset[str]:
    """Months ("2026-04") no document may be dated in: a person's and the ERP's word, together."""
    told = ErpClosedPeriod.objects.filter(connection=bridge.erp_id)
    return frozenset(bridge.closed_periods) | frozenset(told.values_list("period", flat=True))
