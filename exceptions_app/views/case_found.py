"""A document that stands in the ERP and is not as it was sent: what our figure rests on."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from exceptions_app.choices import MONEY_KINDS, RefundStatus
from exceptions_app.models import Case, Refund
from exceptions_app.templatetags.amounts import money


def rests_on(case: Case) -> str:
    """What was sent and why, beside what the customer got; "" without a document. One query."""
    posting, rma = case.posting, case.rma
    if posting is None or rma is None:
        return ""
    if posting.kind not in MONEY_KINDS:
        units = f"{posting.units} unit{'' if posting.units == 1 else 's'}"
        return f"We sent {units}, as the return and its inspection say."
    order = rma.sales_order.number if rma.sales_order else rma.order_name
    sent = money(posting.gross, posting.currency)
    told = f"We sent {sent}, computed from order {order} and what came back."
    rows = Refund.objects.filter(rma=rma, status=RefundStatus.CONFIRMED, currency=posting.currency)
    paid = rows.aggregate(total=Sum("amount"))["total"] or Decimal(0)
    platform = rma.bridge.source.name
    if not paid:
        return f"{told} {platform} tells no refund of it yet."
    agrees = ", as much as we sent" if paid == posting.gross else ""
    return f"{told} {platform} refunded {money(paid, posting.currency)}{agrees}."
