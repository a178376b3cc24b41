"""A sales order as the rules want it, with what earlier credits took of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, Greatest

from connectors.types import TaxPart
from exceptions_app.choices import PostingKind, PostingStatus, RefundOrigin, RefundStatus
from exceptions_app.models import (
    CreditTaking,
    Posting,
    Refund,
    Rma,
    SalesOrder,
    SalesOrderLine,
)
from exceptions_app.models.statements import Select
from exceptions_app.rules import order_text
from exceptions_app.rules.facts import OrderFact, OrderLineFact

_TAKEN = ("net_taken", "tax_taken", "duty_taken")


def of(order: SalesOrder, *, excluding_rma_id: int | None) -> OrderFact:
    """The order with what credits of *other* returns already took of each line."""
    # No return has the id 0: then none is left out.
    asked = {"order": order.pk, "rma": excluding_rma_id or 0}
    taken: dict[int | None, Any] = {
        row[0]: dict(zip(_SUMS, row[1:], strict=True)) for row in _TAKINGS.rows(**asked)
    }
    lines = _LINES.rows(**asked, currency=order.currency)
    taxes = _taxes_taken(lines, _takings(order.pk, excluding_rma_id or 0))
    fact = _order(order, lines, taken=taken, taxes=taxes)
    elsewhere = lines[0].elsewhere if lines else Decimal(0)
    return replace(fact, taken_elsewhere=elsewhere)


def alone(order: SalesOrder) -> OrderFact:
    """An order without what credits took of it: enough to judge likeness."""
    return _order(order, order.lines.all(), taken={}, taxes={})


def _takings(order: Any, rma: Any) -> QuerySet[CreditTaking]:
    return CreditTaking.objects.filter(order=order).exclude(posting__rma_id=rma)


def _taken_elsewhere(order: Any, rma: Any, currency: Any) -> Coalesce:
    """What the order's other returns took, each by the greater of its credits and what was paid
    back outside the platform. What the platform paid is held against that return's own credit.

    It is read with the order's lines, so that it costs no query of its own.
    """
    memos = Posting.objects.filter(
        rma=OuterRef("pk"), kind=PostingKind.CREDIT_MEMO, currency=currency
    ).exclude(status=PostingStatus.CANCELLED)
    refunds = Refund.objects.filter(
        rma=OuterRef("pk"), status=RefundStatus.CONFIRMED, currency=currency
    ).exclude(origin=RefundOrigin.PLATFORM)
    others = Rma.objects.filter(sales_order=order).exclude(pk=rma)
    most = Greatest(_sum_of(memos, "gross"), _sum_of(refunds, "amount"))
    totals = others.order_by().annotate(most=most).values("sales_order")
    return Coalesce(Subquery(totals.annotate(total=Sum("most")).values("total")), Decimal(0))


def _sum_of(rows: QuerySet[Any], field: str) -> Coalesce:
    totals = rows.order_by().values("rma").annotate(total=Sum(field)).values("total")
    return Coalesce(Subquery(totals), Decimal(0))


_SUMS = ("units", *_TAKEN)
_TAKINGS = Select(
    lambda order, rma: (
        _takings(order, rma)
        .values("order_line_id")
        .annotate(
            units_taken=Sum("units"),
            net_taken=Sum("net"),
            tax_taken=Sum("tax"),
            duty_taken=Sum("duty"),
        )
        .values_list("order_line_id", "units_taken", *_TAKEN)
    )
)
_LINES = Select(
    lambda order, rma, currency: SalesOrderLine.objects.filter(order=order).annotate(
        elsewhere=_taken_elsewhere(order, rma, currency)
    )
)


def _taxes_taken(
    lines: Iterable[SalesOrderLine], takings: QuerySet[CreditTaking]
) -> dict[int | None, dict[str, Decimal]]:
    """What credits took of each tax code, for the lines that have several; else no query."""
    if not any(line.taxes for line in lines):
        return {}
    found: dict[int | None, dict[str, Decimal]] = defaultdict(dict)
    rows = takings.exclude(taxes=[]).values_list("order_line_id", "taxes")
    for line_id, taxes in rows:
        of_line = found[line_id]
        for part in order_text.taxes_from(taxes):
            of_line[part.code] = of_line.get(part.code, Decimal(0)) + part.amount
    return found


def _order(
    order: SalesOrder,
    lines: Iterable[SalesOrderLine],
    *,
    taken: dict[int | None, Any],
    taxes: dict[int | None, dict[str, Decimal]],
) -> OrderFact:
    zero: dict[str, Any] = {"units": 0, **dict.fromkeys(_TAKEN, Decimal(0))}
    shipping = taken.get(None, zero)
    return OrderFact(
        erp_id=order.erp_id,
        number=order.number,
        customer_code=order.customer_code,
        vat_setting=order.vat_setting,
        currency=order.currency,
        division=order.division,
        warehouse=order.warehouse,
        invoice_number=order.invoice_number,
        lines=tuple(
            OrderLineFact(
                line_id=line.line_id,
                sku=line.sku,
                description=line.description,
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount=line.discount,
                net=line.net,
                tax=line.tax,
                tax_code=line.tax_code,
                credited_units=taken.get(line.pk, zero)["units"],
                credited_net=taken.get(line.pk, zero)["net_taken"],
                credited_tax=taken.get(line.pk, zero)["tax_taken"],
                taxes=order_text.taxes_from(line.taxes),
                discounts=order_text.discounts_from(line.discounts),
                credited_taxes=tuple(
                    TaxPart(code, amount) for code, amount in taxes.get(line.pk, {}).items()
                ),
                parent_line_id=line.parent_line_id,
                duty=line.duty,
                credited_duty=taken.get(line.pk, zero)["duty_taken"],
            )
            for line in lines
        ),
        shipping_net=order.shipping_net,
        shipping_tax=order.shipping_tax,
        shipping_tax_code=order.shipping_tax_code,
        shipping_credited_net=shipping["net_taken"],
        shipping_credited_tax=shipping["tax_taken"],
        tenders=order_text.tenders_from(order.tenders),
        prices_include_tax=order.prices_include_tax,
    )
