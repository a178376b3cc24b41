"""Line by line: what the platform states for returned units against what the credit gives.

The order of causes on one line is fixed: units that only one side counts, rounding (at most a
minor unit for each tax of a partly returned line, or a unit price rounded by the platform), tax
where the net agrees, the discount, the bundle, and the price for what is left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.types import DocumentDraft
from exceptions_app.rules import money
from exceptions_app.rules.facts import OrderFact, OrderLineFact
from exceptions_app.rules.mapping import normalise
from exceptions_app.rules.penny_parts import (
    BUNDLE,
    DISCOUNT,
    PRICE,
    QUANTITY,
    ROUNDING,
    TAX,
    Cause,
    units_text,
)
from exceptions_app.rules.resolving import Resolved
from exceptions_app.rules.shares import LineShare, is_credited, line_shares


@dataclass(slots=True)
class Pair:
    """Both sides of one order line. `paid_tax` is None where the platform does not say it."""

    subject: str
    sku: str
    row: OrderLineFact | None
    paid: Decimal = money.ZERO
    paid_tax: Decimal | None = money.ZERO
    paid_units: int = 0
    is_partial: bool = False
    net: Decimal = money.ZERO
    tax: Decimal = money.ZERO
    units: int = 0
    given: dict[str, str] = field(default_factory=dict)

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax


def line_causes(resolved: Resolved, credit: DocumentDraft) -> list[Cause]:
    """Causes of all lines, in the order of the order's lines; () where both sides agree."""
    currency = credit.currency or resolved.facts.currency
    found: list[Cause] = []
    for pair in _pairs(resolved, credit):
        pair.given = {
            "sku": pair.sku,
            "refund": money.exact_text(pair.paid, currency),
            "credit": money.exact_text(pair.gross, currency),
        }
        found.extend(_of_pair(pair, resolved.facts.order, currency))
    found.extend(_unmatched(resolved, currency))
    return found


def _pairs(resolved: Resolved, credit: DocumentDraft) -> list[Pair]:
    order = resolved.facts.order
    rows = {row.line_id: row for row in (order.lines if order else ())}
    pairs: dict[str, Pair] = {}
    # Lines of the return in the order of their numbers, so that the platform's own order of lines
    # decides nothing.
    for share in sorted(line_shares(resolved), key=lambda each: each.line.line_no):
        line_id = share.order_line.line_id
        pair = pairs.setdefault(
            line_id,
            Pair(f"line:{share.line.line_no}", share.line.fact.sku, rows.get(line_id)),
        )
        _add_paid(pair, share)
    for sent in credit.lines:
        if not sent.order_line_id:
            continue
        pair = pairs.setdefault(
            sent.order_line_id,
            Pair(f"order_line:{sent.order_line_id}", sent.sku, rows.get(sent.order_line_id)),
        )
        pair.net += sent.net
        pair.tax += sent.tax
        pair.units += sent.quantity
    places = {line_id: place for place, line_id in enumerate(rows)}
    return [pairs[key] for key in sorted(pairs, key=lambda key: (places.get(key, len(rows)), key))]


def _add_paid(pair: Pair, share: LineShare) -> None:
    fact = share.line.fact
    unit = money.paid_unit_gross(fact)
    pair.paid_units += share.units
    pair.is_partial = pair.is_partial or share.is_partial
    if unit is None:
        # Without the platform's price the item counts as refunded at the order's own value.
        pair.paid += share.gross
        _add_tax(pair, share.tax)
        return
    pair.paid += unit * share.units
    _add_tax(pair, None if fact.unit_tax is None else fact.unit_tax * share.units)


def _add_tax(pair: Pair, tax: Decimal | None) -> None:
    """One tax that is not told makes the whole one unknown."""
    is_known = tax is not None and pair.paid_tax is not None
    pair.paid_tax = (pair.paid_tax or money.ZERO) + (tax or money.ZERO) if is_known else None


def _of_pair(pair: Pair, order: OrderFact | None, currency: str) -> Iterator[Cause]:
    left = pair.paid - pair.gross
    is_discounted = False
    for name, step in _STEPS:
        if left and (taken := step(pair, left, order, currency)):
            left -= taken
            is_discounted = is_discounted or name == DISCOUNT
            yield Cause(name, taken, pair.subject, _given(name, pair, order, currency))
    if not left:
        return
    if is_discounted and abs(left) <= money.minor_unit(currency) * pair.units:
        yield Cause(ROUNDING, left, pair.subject, pair.given)
    else:
        yield Cause(BUNDLE if _is_bundled(pair, order) else PRICE, left, pair.subject, pair.given)


def _units_apart(pair: Pair, left: Decimal, order: OrderFact | None, currency: str) -> Decimal:
    more = pair.paid_units - pair.units
    if not more:
        return money.ZERO
    if not pair.paid_units or not pair.units:
        return left
    return money.quantise(pair.paid / pair.paid_units * more, currency)


def _rounded(pair: Pair, left: Decimal, order: OrderFact | None, currency: str) -> Decimal:
    row = pair.row
    if row is None or row.quantity <= 0 or not pair.paid_units:
        return money.ZERO
    if pair.is_partial and abs(left) <= money.minor_unit(currency) * max(1, len(row.taxes)):
        return left
    # The platform states a unit's price, and a line need not be a whole number of them.
    sold = money.quantise((row.net + row.tax) / row.quantity, currency)
    is_unit_price = row.quantity > 1 and pair.paid == sold * pair.paid_units
    return left if is_unit_price else money.ZERO


def _taxed(pair: Pair, left: Decimal, order: OrderFact | None, currency: str) -> Decimal:
    """The net agrees and the tax does not; or exactly the tax was left out of the refund."""
    if pair.units != pair.paid_units:
        return money.ZERO
    is_left_out = bool(pair.tax) and left == -pair.tax
    return left if is_left_out or _is_same_net(pair) else money.ZERO


def _is_same_net(pair: Pair) -> bool:
    return pair.paid_tax is not None and pair.paid - pair.paid_tax == pair.net


def _discounted(pair: Pair, left: Decimal, order: OrderFact | None, currency: str) -> Decimal:
    figures = discounts(pair, order, currency)
    return figures.own - figures.platform if figures else money.ZERO


_STEPS = (
    (QUANTITY, _units_apart),
    (ROUNDING, _rounded),
    (TAX, _taxed),
    (DISCOUNT, _discounted),
)


@dataclass(frozen=True, slots=True)
class Discounts:
    """What each side took off the list price of the returned units, tax included."""

    own: Decimal
    platform: Decimal


def discounts(pair: Pair, order: OrderFact | None, currency: str) -> Discounts | None:
    """Both sides' discount on the units, where the list price is known and a discount was given.

    None where the platform's price is above the list price, or below it by more than the whole
    order was discounted: that is another price, not another share of a discount.
    """
    row = pair.row
    if row is None or order is None or row.quantity <= 0:
        return None
    if not pair.units or pair.units != pair.paid_units:
        return None
    factor = _tax_factor(row, currency)
    whole = sum((_discount(each, currency) for each in order.lines), money.ZERO)
    if factor is None or whole <= 0:
        return None
    listed = money.quantise(row.unit_price * factor * pair.paid_units, currency)
    own = money.quantise(row.discount * factor * pair.paid_units / row.quantity, currency)
    platform = listed - pair.paid
    if not 0 <= platform <= whole or platform == own:
        return None
    return Discounts(own, platform)


def _discount(row: OrderLineFact, currency: str) -> Decimal:
    factor = _tax_factor(row, currency)
    return money.ZERO if factor is None else money.quantise(row.discount * factor, currency)


def _tax_factor(row: OrderLineFact, currency: str) -> Decimal | None:
    """By what the line's list price becomes one with tax: 1 where it is one already.

    None where the price less the discount is neither the net nor the gross of the line.
    """
    paid = row.unit_price * row.quantity - row.discount
    slack = money.minor_unit(currency) * max(row.quantity, 1)
    gross = row.net + row.tax
    if abs(paid - gross) <= slack:
        return Decimal(1)
    if row.net > 0 and abs(paid - row.net) <= slack:
        return gross / row.net
    return None


def _is_bundled(pair: Pair, order: OrderFact | None) -> bool:
    """The line is a component of a bundle, or the bundle whose components are lines."""
    row = pair.row
    if row is None or order is None:
        return False
    parents = {each.parent_line_id for each in order.lines} - {""}
    return bool(row.parent_line_id) or row.line_id in parents


def _given(name: str, pair: Pair, order: OrderFact | None, currency: str) -> Mapping[str, str]:
    """The two figures the sentence of the cause compares; by default those of the line."""
    sides: tuple[Decimal, Decimal] | None = None
    if name == QUANTITY:
        return {
            **pair.given,
            "refund": units_text(pair.paid_units),
            "credit": units_text(pair.units),
        }
    if name == DISCOUNT and (figures := discounts(pair, order, currency)):
        sides = (figures.platform, figures.own)
    elif name == TAX:
        paid = pair.paid_tax if pair.paid_tax is not None and _is_same_net(pair) else money.ZERO
        sides = (paid, pair.tax)
    if sides is None:
        return pair.given
    refund, credit = (money.exact_text(side, currency) for side in sides)
    return {**pair.given, "refund": refund, "credit": credit}


def _unmatched(resolved: Resolved, currency: str) -> Iterator[Cause]:
    """Items the platform states a price for that no order line can bear.

    The units told are those of the SKU on all lines, as the sentence names it and no line.
    """
    paid, credited = _units_of_skus(resolved)
    for line in sorted(resolved.lines, key=lambda each: each.line_no):
        units = resolved.assignment.unmatched.get(line.line_no, 0)
        unit = money.paid_unit_gross(line.fact)
        if not units or not unit or not line.is_item or not is_credited(resolved, line):
            continue
        key = normalise(line.fact.sku)
        given = {
            "sku": line.fact.sku,
            "refund": units_text(paid[key]),
            "credit": units_text(credited[key]),
        }
        yield Cause(QUANTITY, unit * units, f"line:{line.line_no}", given)


def _units_of_skus(resolved: Resolved) -> tuple[Counter[str], Counter[str]]:
    """Units the platform states a price for, and those of them that the credit holds, by SKU."""
    paid, credited = Counter[str](), Counter[str]()
    for line in resolved.lines:
        if line.is_item and money.paid_unit_gross(line.fact) and is_credited(resolved, line):
            paid[normalise(line.fact.sku)] += line.fact.quantity
    for share in line_shares(resolved):
        credited[normalise(share.line.fact.sku)] += share.units
    return paid, credited
