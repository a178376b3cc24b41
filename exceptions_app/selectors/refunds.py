"""The refunds of one return as its page lists them: who made each, by what means, for what."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from exceptions_app.choices import RefundOrigin, RefundStatus
from exceptions_app.rules.facts import RefundFact
from exceptions_app.rules.sides import COMPONENTS

_TENDERS = {
    "card": "Card",
    "gift_card": "Gift card",
    "store_credit": "Store credit",
    "account": "Customer account",
    "cash": "Cash",
    "other": "Another means",
}
_PARTS = {**COMPONENTS, "tax": "Tax", "tender": "Means of payment", "unknown": "Not broken down"}
_TONES = {
    RefundStatus.CONFIRMED: "good",
    RefundStatus.PENDING: "wait",
    RefundStatus.FAILED: "bad",
    RefundStatus.UNKNOWN: "warn",
}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a refund in words; `tax` is in its amount, 0 where none is told."""

    label: str
    amount: Decimal
    tax: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Row:
    """One refund; `parts` and `tenders` are empty where nobody told them."""

    refund: RefundFact
    state: str
    tone: str
    made_by: str
    tenders: tuple[Part, ...]
    parts: tuple[Part, ...]


def rows(refunds: Iterable[RefundFact]) -> tuple[Row, ...]:
    """Failed ones and those on their way included: each says itself how far it is."""
    return tuple(_row(refund) for refund in refunds)


def _row(refund: RefundFact) -> Row:
    status = RefundStatus(refund.status)
    return Row(
        refund=refund,
        state=str(status.label),
        tone=_TONES[status],
        made_by=str(RefundOrigin(refund.origin).label),
        tenders=tuple(
            Part(_TENDERS.get(tender.kind, tender.kind), tender.amount) for tender in refund.tenders
        ),
        parts=tuple(
            Part(_part_label(part.component, part.line_id), part.amount, part.tax)
            for part in refund.parts
        ),
    )


def _part_label(component: str, line_id: str) -> str:
    label = _PARTS.get(component, component.capitalize())
    return f"{label}, order line {line_id}" if line_id else label
