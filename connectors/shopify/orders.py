"""An order of the shop in the shape of an ERP's: what every credit reverses.

Allocations and taxes are Shopify's own figures for the whole line; tax a marketplace remits is not
the shop's and is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

from connectors.shopify import refunds
from connectors.shopify.reading import Node, exact
from connectors.types import DiscountPart, ErpOrder, ErpOrderLine, TaxPart

_ZERO = Decimal(0)
_FINEST = Decimal("0.0001")


def order(node: Node) -> ErpOrder:
    """Amounts in the shop's currency. Division, warehouse and invoice are an ERP's: empty."""
    is_included = node.flag("taxesIncluded")
    shipping = node.nodes("shippingLines")
    paid = [each.money("discountedPriceSet").amount for each in shipping]
    full = [each.money("originalPriceSet").amount for each in shipping]
    shipping_taxes = _taxes(tax for each in shipping for tax in each.rows("taxLines"))
    shipping_tax = _sum(part.amount for part in shipping_taxes)
    customer = node.child("customer")
    return ErpOrder(
        erp_id=node.number_of(),
        number=node.required_text("name"),
        customer_code=customer.number_of() if customer else "",
        customer_name="",
        vat_setting=_vat_setting(node, is_included=is_included),
        currency=node.required_text("currencyCode"),
        division="",
        warehouse="",
        invoice_number="",
        ordered_at=node.required_moment("createdAt"),
        lines=tuple(_line(row, is_included=is_included) for row in node.nodes("lineItems")),
        shipping_net=_sum(paid) - (shipping_tax if is_included else _ZERO),
        shipping_tax=shipping_tax,
        shipping_tax_code=shipping_taxes[0].code if len(shipping_taxes) == 1 else "",
        tenders=refunds.tenders(_received(node.rows("transactions"))),
        prices_include_tax=is_included,
        shipping_discount=_sum(full) - _sum(paid),
    )


def _line(row: Node, *, is_included: bool) -> ErpOrderLine:
    total = row.money("originalTotalSet").amount
    taken = _sum(
        each.money("allocatedAmountSet").amount for each in row.rows("discountAllocations")
    )
    taxes = _taxes(row.rows("taxLines"))
    tax = _sum(part.amount for part in taxes)
    net = total - taken - (tax if is_included else _ZERO)
    discounts = _discounts(row, net=net, tax=tax if is_included else _ZERO)
    return ErpOrderLine(
        line_id=row.number_of(),
        sku=row.text("sku"),
        description=row.text("name"),
        quantity=row.units("quantity"),
        unit_price=row.money("originalUnitPriceSet").amount,
        discount=_sum(part.amount for part in discounts),
        net=net,
        tax=tax,
        tax_code=taxes[0].code if len(taxes) == 1 else "",
        taxes=taxes,
        discounts=discounts,
        duty=_sum(each.money("price").amount for each in row.rows("duties")),
    )


def _taxes(rows: Iterable[Node]) -> tuple[TaxPart, ...]:
    """Summed by title, rate and source: one line may name the same tax several times."""
    found: dict[str, Decimal] = {}
    for row in rows:
        if row.raw.get("channelLiable") is True:
            continue
        code = _tax_code(row)
        found[code] = found.get(code, _ZERO) + row.money("priceSet").amount
    return tuple(TaxPart(code, amount) for code, amount in found.items())


def _tax_code(row: Node) -> str:
    rate = row.raw.get("rate")
    percent = "" if rate is None else _percent(exact(rate, row.at("rate")))
    return " ".join(filter(None, (row.required_text("title"), percent, row.text("source"))))


def _percent(rate: Decimal) -> str:
    return f"{(rate * 100).normalize():f}%"


def _discounts(row: Node, *, net: Decimal, tax: Decimal) -> tuple[DiscountPart, ...]:
    """Each allocation without the tax in it, by the line's own proportion.

    Allocations "across" are the line's share of a discount on the order.
    """
    found = []
    for number, each in enumerate(row.rows("discountAllocations"), start=1):
        application = each.child("discountApplication")
        is_across = application is not None and application.text("allocationMethod") == "ACROSS"
        amount = each.money("allocatedAmountSet").amount
        if tax and net + tax:
            amount = (amount * net / (net + tax)).quantize(_FINEST, ROUND_HALF_UP)
        if amount:
            found.append(DiscountPart(str(number), amount, "order" if is_across else "line"))
    return tuple(found)


def _received(rows: Sequence[Node]) -> list[Node]:
    """What the customer paid with: captured or sold, and settled."""
    return [
        row
        for row in rows
        if row.text("kind") in ("SALE", "CAPTURE") and row.text("status") == "SUCCESS"
    ]


def _vat_setting(node: Node, *, is_included: bool) -> str:
    if node.flag("taxExempt"):
        return "exempt"
    return "prices_include_vat" if is_included else ""


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, _ZERO)
