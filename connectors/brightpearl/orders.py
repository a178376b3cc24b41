"""A sales order as `GET /order-service/sales-order/{ids}` tells it, in our words.

Documented: net and tax of a row are totals after its discount; the order of rows is not kept; a
bundle's row and its components' rows name each other. Assumed: shipping is a row under the
account's shipping nominal code, and a discount on the whole order is a row with a negative net,
which is spread over the goods here, since a credit reverses goods.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from connectors.brightpearl import reading
from connectors.errors import UnreadableReply
from connectors.types import DiscountPart, ErpOrder, ErpOrderLine

ZERO = reading.ZERO


@dataclass(frozen=True, slots=True)
class Nominals:
    """The account's nominal codes that tell what a row is."""

    shipping: str
    discount: str


@dataclass(frozen=True, slots=True)
class OrderRead:
    """An order, and the SKU each product had when it was sold."""

    order: ErpOrder
    skus: Mapping[int, str]
    is_cancelled: bool


def read(raw: Mapping[str, Any], nominals: Nominals) -> OrderRead:
    """Raises UnreadableReply where a field has an unexpected form."""
    includes_tax = reading.text(raw, "priceModeCode") == "INC"
    rows = sorted(reading.rows(raw.get("rows"), "rows"), key=_position)
    shipping = [row for row in rows if _is_shipping(row, nominals)]
    discounts = [row for row in rows if row not in shipping and _is_discount(row, nominals)]
    lines = [
        _line(row, includes_tax=includes_tax)
        for row in rows
        if row not in shipping and row not in discounts
    ]
    ordered_at = reading.moment(raw, "placedOn") or reading.moment(raw, "createdOn")
    if ordered_at is None:
        raise UnreadableReply("The sales order has no date.", field="placedOn")
    customer = reading.child(raw, "customer")
    order = ErpOrder(
        erp_id=str(reading.whole(raw, "id")),
        number=reading.text(raw, "ref"),
        customer_code=reading.text(customer, "id"),
        customer_name=reading.text(reading.child(customer, "address"), "addressFullName"),
        vat_setting="",
        currency=reading.text(reading.child(raw, "currency"), "code"),
        division="",
        warehouse=reading.text(raw, "warehouseId"),
        invoice_number=invoice_reference(raw),
        ordered_at=ordered_at,
        lines=tuple(_spread(lines, discounts)),
        shipping_net=_total(shipping, "net"),
        shipping_tax=_total(shipping, "tax"),
        shipping_tax_code=next((reading.text(row, "taxCode") for row in shipping), ""),
        prices_include_tax=includes_tax if raw.get("priceModeCode") else None,
    )
    skus = {
        reading.whole(row, "productId"): reading.text(row, "sku")
        for row in rows
        if row.get("productId")
    }
    return OrderRead(order, skus, reading.truth(raw, "isCanceled"))


def invoice_reference(raw: Mapping[str, Any]) -> str:
    """The first invoice's reference, "" while there is none.

    Documented for the order as a list `invoices`; the sales order's own `invoice` was seen named,
    not shown, so a text and an object are both taken.
    """
    for invoice in reading.rows(raw.get("invoices"), "invoices"):
        found = reading.text(invoice, "invoiceReference")
        if found:
            return found
    single = raw.get("invoice")
    if isinstance(single, Mapping):
        return reading.text(single, "invoiceReference") or reading.text(single, "reference")
    return reading.text(raw, "invoice")


def _position(row: Mapping[str, Any]) -> tuple[Decimal, int]:
    return reading.number(row, "sequence") or ZERO, reading.whole(row, "id")


def _is_shipping(row: Mapping[str, Any], nominals: Nominals) -> bool:
    code = reading.text(row, "nominalCode")
    return bool(code) and code == nominals.shipping


def _is_discount(row: Mapping[str, Any], nominals: Nominals) -> bool:
    code = reading.text(row, "nominalCode")
    is_named = bool(code) and code == nominals.discount
    return reading.amount(row, "net") < 0 and (is_named or not row.get("productId"))


def _line(row: Mapping[str, Any], *, includes_tax: bool) -> ErpOrderLine:
    quantity = reading.whole(row, "quantity")
    net, tax = reading.needed_amount(row, "net"), reading.needed_amount(row, "tax")
    price = reading.number(row, "productPrice")
    unit_price = reading.plain(price) if price is not None else _unit(net, quantity)
    discount = _row_discount(row, unit_price * quantity, net, tax, includes_tax=includes_tax)
    parent = reading.optional_whole(row, "parentRowId")
    return ErpOrderLine(
        line_id=str(reading.whole(row, "id")),
        sku=reading.text(row, "sku") if row.get("productId") else "",
        description=reading.text(row, "name"),
        quantity=quantity,
        unit_price=unit_price,
        discount=discount,
        net=net,
        tax=tax,
        tax_code=reading.text(row, "taxCode"),
        discounts=(DiscountPart("", discount),) if discount else (),
        parent_line_id=str(parent) if parent else "",
    )


def _row_discount(
    row: Mapping[str, Any], listed: Decimal, net: Decimal, tax: Decimal, *, includes_tax: bool
) -> Decimal:
    """What the row's percentage took off, without tax; zero where it has none."""
    if not reading.number(row, "discountPercentage"):
        return ZERO
    off = listed - (net + tax if includes_tax else net)
    if includes_tax and net + tax:
        off = off * net / (net + tax)
    return max(off.quantize(Decimal("0.01")), ZERO)


def _unit(net: Decimal, quantity: int) -> Decimal:
    return reading.plain((net / quantity).quantize(Decimal("0.0001"))) if quantity else ZERO


def _total(rows: Sequence[Mapping[str, Any]], name: str) -> Decimal:
    return sum((reading.amount(row, name) for row in rows), ZERO)


def _spread(
    lines: Sequence[ErpOrderLine], discounts: Sequence[Mapping[str, Any]]
) -> list[ErpOrderLine]:
    """The lines with each discount row's net and tax taken off, by what they are worth."""
    found = list(lines)
    for row in discounts:
        code = reading.text(row, "taxCode")
        chosen = [at for at, line in enumerate(found) if line.net > 0 and line.tax_code == code]
        chosen = chosen or [at for at, line in enumerate(found) if line.net > 0]
        nets = _shares(-reading.amount(row, "net"), [found[at].net for at in chosen])
        taxes = _shares(-reading.amount(row, "tax"), [found[at].net for at in chosen])
        for at, net, tax in zip(chosen, nets, taxes, strict=True):
            line = found[at]
            part = DiscountPart(reading.text(row, "name"), net, "order")
            found[at] = replace(
                line,
                net=line.net - net,
                tax=line.tax - tax,
                discount=line.discount + net,
                discounts=(*line.discounts, part) if net else line.discounts,
            )
    return found


def _shares(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """`amount` by weight to the cent, the cents left over to the greatest remainders."""
    whole = sum(weights, ZERO)
    if not whole:
        return [ZERO for _ in weights]
    step = Decimal(1) if amount == amount.to_integral_value() and _are_whole(weights) else None
    step = step or Decimal("0.01")
    exact = [amount * weight / whole for weight in weights]
    shares = [(part / step).to_integral_value(ROUND_FLOOR) * step for part in exact]
    left = int((amount - sum(shares, ZERO)) / step)
    by_rest = sorted(range(len(exact)), key=lambda at: (shares[at] - exact[at], at))
    for at in by_rest[:left]:
        shares[at] += step
    return shares


def _are_whole(amounts: Sequence[Decimal]) -> bool:
    return all(amount == amount.to_integral_value() for amount in amounts)
