"""Gifts: lines sold at zero, and those of which a policy says that no document names them."""

from __future__ import annotations

from exceptions_app.rules import bundles, mapping, money
from exceptions_app.rules.facts import LineFact, OrderFact, RmaFacts


def is_free(line: LineFact, order: OrderFact | None) -> bool:
    """Nothing was paid for it, by the platform's price or by every line of the order that sold it.

    A bundle or a part of one is no gift: its price stands on another line of the order.
    """
    rows = [
        row
        for row in (order.lines if order else ())
        if mapping.normalise(row.sku) == mapping.normalise(line.sku)
    ]
    found = bundles.bundles(order) if order and rows else ()
    names = {row.line_id for bundle in found for row in (bundle.parent, *bundle.parts)}
    if any(row.line_id in names for row in rows):
        return False
    is_sold_at_zero = bool(rows) and all(row.net + row.tax == 0 for row in rows)
    return money.paid_unit_gross(line) == 0 or is_sold_at_zero


def has_no_effect(line: LineFact, facts: RmaFacts) -> bool:
    """A colleague agreed that this gift has no item, and the ERP has none: nothing is booked.

    The same SKU with a price, or with an item by now, is booked like any other (R043).
    """
    return (
        mapping.is_without_item(facts.mappings, line.sku)
        and not line.items
        and is_free(line, facts.order)
    )
