"""A refund of the shop in our words: its sum, its parts and by what means it was paid.

Shopify's own figures are taken, never price times quantity. What they leave unexplained is a part
of its own, so that the parts always sum to the money.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from connectors.shopify.reading import Node, unreadable
from connectors.types import Money, RefundPart, SourceRefund, Tender

_FAILED = frozenset({"FAILURE", "ERROR"})
_ZERO = Decimal(0)
_TENDERS = {
    "gift_card": "gift_card",
    "shopify_gift_card": "gift_card",
    "shopify_store_credit": "store_credit",
    "store_credit": "store_credit",
    "cash": "cash",
    "shopify_payments": "card",
}
_CARDS = frozenset({"CardPaymentDetails", "ShopPayInstallmentsPaymentDetails"})
# Why a refund differs from its lines. The reason "pending" stands for money still under way.
_REASONS = {"RESTOCK": "fee", "CUSTOMER": "goodwill", "DAMAGE": "goodwill"}
_UNDER_WAY = "PENDING_REFUND_DISCREPANCY"


def of_return(
    rows: Iterable[Node],
    *,
    return_id: str,
    is_only_return: bool,
    units_of: Mapping[str, Sequence[str]],
    is_tax_included: bool,
    currency: str,
) -> tuple[SourceRefund, ...]:
    """The refunds of an order that concern one return, oldest first.

    Those linked to it, and those linked to none whose goods are all in it, while it is the order's
    only return: staff may refund an order without naming the return. A refund of goods that were
    never sent (`CANCEL`) is no part of a return.
    """
    found = []
    for row in rows:
        linked = row.child("return")
        if linked is not None and linked.number_of() != return_id:
            continue
        if linked is None and not (is_only_return and _is_for(row, units_of)):
            continue
        found.append(
            _refund(
                row,
                return_id=return_id,
                origin="platform" if linked else "storefront",
                units=_units(row, units_of),
                is_tax_included=is_tax_included,
                currency=currency,
            )
        )
    return tuple(sorted(found, key=lambda refund: (refund.created_at, int(refund.external_id))))


def _is_for(row: Node, units_of: Mapping[str, Sequence[str]]) -> bool:
    lines = row.nodes("refundLineItems")
    return bool(lines) and all(
        line.required("lineItem").number_of() in units_of and line.text("restockType") != "CANCEL"
        for line in lines
    )


def _units(row: Node, units_of: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """The first units of each refunded line: which of several alike is not told."""
    found: list[str] = []
    for line in row.nodes("refundLineItems"):
        of_line = units_of.get(line.required("lineItem").number_of(), ())
        found += of_line[: line.units("quantity")]
    return tuple(dict.fromkeys(found))


def _refund(
    row: Node,
    *,
    return_id: str,
    origin: str,
    units: tuple[str, ...],
    is_tax_included: bool,
    currency: str,
) -> SourceRefund:
    payments = [each for each in row.nodes("transactions") if each.text("kind") == "REFUND"]
    live = [each for each in payments if each.required_text("status") not in _FAILED]
    counted = live or payments
    moneys = [each.money("amountSet") for each in counted]
    if {money.currency for money in moneys} - {currency}:
        raise unreadable(row.at("transactions"), "are not in the shop's currency")
    total = sum((money.amount for money in moneys), _ZERO)
    created_at = row.moment("createdAt") or row.required_moment("processedAt")
    biggest = max(counted, key=lambda each: each.money("amountSet").amount, default=None)
    return SourceRefund(
        external_id=row.number_of(),
        rma_external_id=return_id,
        # Without a payment no money goes to the customer: an even exchange, or a voided one.
        kind="refund" if payments else "no payment",
        status=_status(counted),
        money=Money(total, currency),
        processor=biggest.text("gateway") if biggest else "",
        reference=biggest.text("paymentId") if biggest else "",
        unit_ids=units,
        created_at=created_at,
        updated_at=row.required_moment("updatedAt"),
        origin=origin,
        parts=_parts(row, total, is_tax_included=is_tax_included) if payments else (),
        tenders=tenders(counted),
    )


def _status(payments: Sequence[Node]) -> str:
    """The payment that has come least far speaks for all: money is there when all of it is."""
    words = [each.required_text("status") for each in payments]
    settled = next((word for word in words if word != "SUCCESS"), "SUCCESS")
    return settled.lower()


def tenders(payments: Iterable[Node]) -> tuple[Tender, ...]:
    """What was paid by each means, greatest first."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for each in payments:
        sums[_tender(each)] += each.money("amountSet").amount
    pairs = sorted(sums.items(), key=lambda pair: (-pair[1], pair[0]))
    return tuple(Tender(kind, total) for kind, total in pairs)


def _tender(payment: Node) -> str:
    details = payment.child("paymentDetails")
    gateway = payment.text("gateway").casefold().replace(" ", "_")
    if gateway not in _TENDERS and details is not None and details.text("__typename") in _CARDS:
        return "card"
    return _TENDERS.get(gateway, "other")


def _parts(row: Node, total: Decimal, *, is_tax_included: bool) -> tuple[RefundPart, ...]:
    sure = [*_goods(row, is_tax_included=is_tax_included)]
    sure += _shipping(row, is_tax_included=is_tax_included)
    sure += [RefundPart("duty", "", duty.money("amountSet").amount) for duty in row.rows("duties")]
    named, unnamed = _adjustments(row)
    parts = [*sure, *named, *unnamed]
    if _sum(parts) != total and _sum([*sure, *named]) == total:
        # Older refunds tell their shipping a second time, as an adjustment without a reason.
        parts = [*sure, *named]
    rest = total - _sum(parts)
    if rest:
        parts.append(RefundPart("unknown", "", rest))
    return tuple(parts)


def _goods(row: Node, *, is_tax_included: bool) -> Iterable[RefundPart]:
    for line in row.nodes("refundLineItems"):
        tax = line.money("totalTaxSet").amount
        subtotal = line.money("subtotalSet").amount
        gross = subtotal if is_tax_included else subtotal + tax
        yield RefundPart("item", line.required("lineItem").number_of(), gross, tax)


def _shipping(row: Node, *, is_tax_included: bool) -> Iterable[RefundPart]:
    for line in row.nodes("refundShippingLines"):
        tax = line.money("taxAmountSet").amount
        subtotal = line.money("subtotalAmountSet").amount
        yield RefundPart("shipping", "", subtotal if is_tax_included else subtotal + tax, tax)


def _adjustments(row: Node) -> tuple[list[RefundPart], list[RefundPart]]:
    """With a reason, and without. Shopify's sign is the other way round: what it adds was kept
    back, what it takes away was paid on top."""
    named: list[RefundPart] = []
    unnamed: list[RefundPart] = []
    for each in row.nodes("orderAdjustments"):
        reason = each.text("reason")
        if reason == _UNDER_WAY:
            continue
        tax = each.money("taxAmountSet").amount
        gross = each.money("amountSet").amount + tax
        part = RefundPart(_REASONS.get(reason, "adjustment"), "", -gross, -tax)
        (named if reason else unnamed).append(part)
    return named, unnamed


def _sum(parts: Iterable[RefundPart]) -> Decimal:
    return sum((part.amount for part in parts), _ZERO)
