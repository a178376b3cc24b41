"""What a credit takes of the order it reverses, written beside its posting."""

from __future__ import annotations

from decimal import Decimal

from connectors.types import DocumentDraft, DraftLine
from exceptions_app.models import CreditTaking, Posting, Rma, SalesOrderLine
from exceptions_app.rules import order_text


def take(*, posting: Posting, rma: Rma, draft: DocumentDraft) -> None:
    """Note what this credit takes of each sold line, so that no other return can take it too."""
    order = rma.sales_order
    if order is None:
        return
    by_line_id = {line.line_id: line for line in SalesOrderLine.objects.filter(order=order)}
    CreditTaking.objects.bulk_create(
        [
            CreditTaking(
                posting=posting,
                order=order,
                order_line=by_line_id.get(line.order_line_id),
                units=line.quantity if line.component == "item" else 0,
                taxes=order_text.taxes_json(line.taxes),
                **_amounts_taken(line),
            )
            for line in draft.lines
            if line.order_line_id in by_line_id or line.component == "shipping"
        ]
    )


def _amounts_taken(line: DraftLine) -> dict[str, Decimal]:
    """Duty is a line of its own in a credit, and no part of the net of the line it came with."""
    if line.component == "duty":
        return {"net": Decimal(0), "tax": Decimal(0), "duty": line.net}
    return {"net": line.net, "tax": line.tax}
