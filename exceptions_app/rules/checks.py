"""The checks a return passed, in words kept with each posting (R110)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exceptions_app.catalogue import causes
from exceptions_app.rules import bundles, mapping, money, refund_findings, sale_days, shares
from exceptions_app.rules.facts import Finding
from exceptions_app.rules.resolving import Resolved, is_credit_due, refund_confirmed

# What a check would have found, by its code.
_FAILING: Mapping[str, frozenset[str]] = {
    "item_master": frozenset({"SKU_UNKNOWN", "SKU_INACTIVE", "SKU_AMBIGUOUS", "PROMO_SKU"}),
    "sale_day": frozenset(),
    "reason": frozenset({"REASON_UNMAPPED"}),
    "disposition": frozenset({"DISPOSITION_UNMAPPED"}),
    "location": frozenset({"LOCATION_MISSING", "WAREHOUSE_UNMAPPED", "DIVISION_MISMATCH"}),
    "order": frozenset({"SO_LINK_MISSING"}),
    "quantity": frozenset({"OVER_RETURN"}),
    "bundle": frozenset(),
    "vat": frozenset({"VAT_SETTING"}),
    "period": frozenset({"PERIOD_CLOSED"}),
    "components": frozenset({"COMPONENT_MISSING"}),
    "quote": frozenset({"QUOTE_CHANGED"}),
    "amount": frozenset({*causes.DIFFERENCE_TYPES, "REFUND_OVER_LINE"}),
}
_CODE_OF = {found: code for code, types in _FAILING.items() for found in types}


def code_of(case_type: str) -> str:
    """The check that fails while there is an exception of this type; "" where none does."""
    return _CODE_OF.get(case_type, "")


def passed(resolved: Resolved, found: tuple[Finding, ...]) -> tuple[tuple[str, str], ...]:
    """(code, sentence) of every check that was made and found nothing; none before approval."""
    if not resolved.is_approved:
        return ()
    types = {finding.type for finding in found}
    rows = [*_goods(resolved), *_order(resolved), *_credit(resolved)]
    return tuple((code, text) for code, text in rows if not _FAILING[code] & types)


def _goods(resolved: Resolved) -> Iterator[tuple[str, str]]:
    items = [line for line in resolved.lines if line.is_item]
    stock = [line for line in items if line.is_for_stock]
    if items and not resolved.is_waiting_for_items:
        text = f"All {len(items)} SKUs lead to active items"
        text = "Its SKU leads to an active item" if len(items) == 1 else text
        yield "item_master", "; ".join((text, *_gifts(resolved)))
    elif resolved.gifts and not items:
        yield "item_master", "; ".join(_gifts(resolved))
    at_sale = {
        f"{line.fact.sku} {meant}"
        for line in items
        if (meant := mapping.meant_at_sale(resolved.facts.mappings, line.fact.sku))
    }
    if at_sale:
        yield "sale_day", f"{_sold(resolved)}: {'; '.join(sorted(at_sale))}"
    if any(line.fact.reason for line in items):
        yield "reason", "Every return reason is mapped"
    if stock:
        text = "Every final disposition has a bucket"
        yield "disposition", text
        targets = {line.target for line in stock if line.target}
        places = sorted(mapping.place(each.division, each.warehouse) for each in targets)
        what = (
            "Division and warehouse are" if any(each.division for each in targets) else "Place is"
        )
        text = f"{what} valid: {', '.join(places)}"
        yield "location", text


def _gifts(resolved: Resolved) -> list[str]:
    skus = sorted({line.fact.sku for line in resolved.gifts})
    return [f"{sku} is a gift without an item, as agreed: nothing is booked for it" for sku in skus]


def _sold(resolved: Resolved) -> str:
    day = resolved.facts.mappings.sold_on
    if resolved.facts.order is None or day is None:
        return "The day of sale is not known, so the SKU is read as of today"
    return f"Sold on {sale_days.day_words(day)}"


def _order(resolved: Resolved) -> Iterator[tuple[str, str]]:
    order = resolved.facts.order
    if order is None:
        return
    yield "order", f"Sales order {order.number} is linked"
    yield "quantity", "No more units than the order sold"
    for bundle in bundles.bundles(order):
        rows = (bundle.parent, *bundle.parts)
        told = ", ".join(
            f"{row.sku} {money.text(row.net + row.tax, resolved.facts.currency)}" for row in rows
        )
        yield (
            "bundle",
            f"Bundle {bundle.parent.sku} is credited by the order's own shares: {told}",
        )
    setting = order.vat_setting or "none"
    yield "vat", f"VAT setting of the customer is covered: {setting}"


def _credit(resolved: Resolved) -> Iterator[tuple[str, str]]:
    facts = resolved.facts
    if facts.order is None or not is_credit_due(resolved):
        return
    yield "period", "The posting date is in an open period"
    yield "components", "Every part of the credit has its charge code"
    if facts.quote is not None:
        text = f"The credit is what quote {facts.quote.number} said, or finance decided otherwise"
        yield "quote", text
    refund = refund_confirmed(facts)
    # With units that no order line bears nothing was compared.
    if refund > 0 and refund_findings.is_comparable(resolved):
        allowed = money.text(shares.allowance(resolved), facts.currency)
        text = (
            f"Refund {money.text(refund, facts.currency)} agrees with the credit within {allowed}"
        )
        accepted = facts.decisions.accepted_difference
        if accepted:
            shown = money.text(accepted, facts.currency)
            text = f"Finance accepted that refund and credit differ by {shown}"
            if facts.quote is not None:
                # It may be the quote that the credit differs from.
                text = f"Finance accepted a difference of {shown}"
        yield "amount", text
