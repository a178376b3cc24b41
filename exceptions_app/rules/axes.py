"""The five axes of a return, read from what the platform says (never one status for all)."""

from __future__ import annotations

from collections.abc import Iterable

from connectors.types import Inspection, SourceRefund, SourceRma, SourceShipment
from exceptions_app.choices import (
    ApprovalAxis,
    ExchangeAxis,
    InspectionAxis,
    LogisticsAxis,
    MoneyAxis,
    RefundStatus,
)

_REFUND_WORDS = {
    "success": RefundStatus.CONFIRMED,
    "requested": RefundStatus.PENDING,
    "pending": RefundStatus.PENDING,
    "processing": RefundStatus.PENDING,
    "failed": RefundStatus.FAILED,
    "failure": RefundStatus.FAILED,
    "error": RefundStatus.FAILED,
    "canceled": RefundStatus.FAILED,
}
_ARRIVED = frozenset({"received", "validated"})
_RECEIVED_STATUSES = frozenset({"received", "validated"})


def refund_status(raw: str) -> str:
    """Our reading of a transaction's status; a word we do not know is "unknown", never money."""
    return _REFUND_WORDS.get(raw.strip().casefold(), RefundStatus.UNKNOWN)


def is_refund(kind: str) -> bool:
    """Whether a transaction kind pays the customer (an invoice payment goes the other way)."""
    return kind.casefold().startswith("refund")


def approval(status_raw: str, mapped: str | None) -> str:
    """The approval axis by the bridge's status mapping; unmapped is "unknown" and parks."""
    return mapped if mapped in ApprovalAxis.values else ApprovalAxis.UNKNOWN


def logistics(rma: SourceRma) -> str:
    """Received needs a receipt by the platform, never a carrier's word (R, lesson 20)."""
    inbound = [shipment for shipment in rma.shipments if not shipment.is_outbound]
    if rma.status.casefold() in _RECEIVED_STATUSES or _has_status(inbound, _ARRIVED):
        return LogisticsAxis.RECEIVED
    if any(line.inspection != Inspection.NOT_INSPECTED for line in rma.lines):
        return LogisticsAxis.RECEIVED
    if rma.status.casefold() == "shipped" or _has_status(inbound, frozenset({"shipped"})):
        return LogisticsAxis.IN_TRANSIT
    methods = {line.return_method.casefold() for line in rma.lines}
    if methods and all("no shipment" in method for method in methods):
        return LogisticsAxis.NOT_REQUIRED
    return LogisticsAxis.EXPECTED


def inspection(rma: SourceRma) -> str:
    seen = [line.inspection != Inspection.NOT_INSPECTED for line in rma.lines]
    if seen and all(seen):
        return InspectionAxis.INSPECTED
    return InspectionAxis.PARTLY if any(seen) else InspectionAxis.NOT_INSPECTED


def money(refunds: Iterable[str]) -> str:
    """The money axis from refund statuses: pending wins over confirmed, failed counts alone."""
    states = set(refunds)
    if RefundStatus.PENDING in states or RefundStatus.UNKNOWN in states:
        return MoneyAxis.PENDING
    if RefundStatus.CONFIRMED in states:
        return MoneyAxis.CONFIRMED
    return MoneyAxis.FAILED if RefundStatus.FAILED in states else MoneyAxis.NONE


def exchange(rma: SourceRma) -> str:
    orders = [order for order in rma.exchanges if order.kind.casefold() != "fee"]
    if not orders:
        return ExchangeAxis.NONE
    released = all(order.order_id for order in orders)
    return ExchangeAxis.RELEASED if released else ExchangeAxis.PENDING


def refunds_of(rma: SourceRma) -> tuple[SourceRefund, ...]:
    """The transactions of a return that pay the customer."""
    return tuple(refund for refund in rma.refunds if is_refund(refund.kind))


def _has_status(shipments: Iterable[SourceShipment], wanted: frozenset[str]) -> bool:
    return any(shipment.status.casefold() in wanted for shipment in shipments)
