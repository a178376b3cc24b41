"""What a playbook's step about an order tells of it: its invoice, and what was charged."""

from __future__ import annotations

from decimal import Decimal

from django.http import HttpRequest
from django.urls import reverse

from exceptions_app.catalogue import Step
from exceptions_app.models import Case
from exceptions_app.templatetags.amounts import money


def of_step(step: Step, case: Case, request: HttpRequest) -> dict[str, str]:
    """The order with its invoice and VAT, and the way to it; {} for steps about other things."""
    order = case.rma.sales_order if case.rma else None
    if step.link != "order" or case.rma is None or order is None:
        return {}
    lines = list(order.lines.all())
    net = sum((line.net for line in lines), Decimal(0)) + order.shipping_net
    tax = sum((line.tax for line in lines), Decimal(0)) + order.shipping_tax
    invoice = f"invoice {order.invoice_number}" if order.invoice_number else "no invoice known"
    amounts = f"{money(net, order.currency)} and {money(tax, order.currency)} of VAT"
    return {
        "note": f"Order {order.number}, {invoice}: {amounts}.",
        "url": reverse("return-detail", args=[case.rma_id]),
        "url_label": f"Open return {case.rma} with its order",
    }
