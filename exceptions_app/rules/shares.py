"""What each returned line takes of the order's own amounts.

Shares go by quantity, less what earlier credits took: any sequence of partial returns sums to the
line exactly, in net and in each of its taxes (R050, R056, R058). Gross is the anchor where prices
include tax, net where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from connectors.types import TaxPart
from exceptions_app.rules import mapping, money, order_taxes
from exceptions_app.rules.allocation import largest_remainder
from exceptions_app.rules.facts import OrderLineFact, Policy, RmaFacts
from exceptions_app.rules.matching import Share
from exceptions_app.rules.resolving import Resolved, ReturnedLine
from exceptions_app.rules.reversal import (
    Amounts,
    Anchor,
    Sold,
    Tax,
    credited_so_far,
    credited_together,
)
from exceptions_app.rules.rounding import Mode, Rounding

DUTY = "duty"


@dataclass(frozen=True, slots=True)
class LineShare:
    """What one returned line takes of one order line; `taxes` sum to `tax`.

    `duty` is beside net and tax: whether it is credited is not decided here.
    """

    line: ReturnedLine
    order_line: OrderLineFact
    units: int
    net: Decimal
    taxes: tuple[TaxPart, ...]
    duty: Decimal = money.ZERO

    @property
    def tax(self) -> Decimal:
        return sum((part.amount for part in self.taxes), money.ZERO)

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def is_partial(self) -> bool:
        """Units of the order line stay uncredited: a rounded share, not an exact remainder."""
        return self.order_line.credited_units + self.units < self.order_line.quantity


def is_credited(resolved: Resolved, line: ReturnedLine) -> bool:
    """Whether the line's value goes back to the customer: not exchanged, not missing (R020)."""
    if line.is_exchange or line.is_not_returned or (line.is_item and line.came == 0):
        return False
    trigger = resolved.facts.policy.credit_trigger
    return line.is_final or not line.is_item or trigger != "goods_inspected"


def line_shares(resolved: Resolved) -> tuple[LineShare, ...]:
    """The credited share of every line, in an order the platform's line order does not change."""
    if "shares" not in resolved.memo:
        resolved.memo["shares"] = _line_shares(resolved)
    found: tuple[LineShare, ...] = resolved.memo["shares"]
    return found


def _line_shares(resolved: Resolved) -> tuple[LineShare, ...]:
    credited = [
        share
        for share in resolved.assignment.shares
        if is_credited(resolved, resolved.line(share.line_no))
    ]
    if resolved.facts.policy.rounding.get("scope") == "document":
        return _by_document(resolved, credited)
    return _by_line(resolved, credited)


def rounding_of(policy: Policy, currency: str) -> Rounding:
    """How the bridge's ERP rounds the shares of a line, in `currency`."""
    mode = Mode(policy.rounding.get("mode") or Mode.HALF_UP)
    return Rounding(money.places(currency), mode)


def rounding_kept(policy: Policy) -> dict[str, str]:
    """The rounding of `policy` with nothing left to a default."""
    return {"mode": "half_up", "scope": "line", "cash_step": "", **policy.rounding}


def anchor(facts: RmaFacts, line: ReturnedLine) -> Anchor:
    """What the order says of its prices, else the rule for its VAT setting, else the platform."""
    order = facts.order
    includes = order.prices_include_tax if order else None
    if includes is None and order and order.vat_setting.strip():
        rule = mapping.vat(facts.mappings, order.vat_setting)
        includes = None if not rule else rule == mapping.VAT_INCLUDED
    if includes is None:
        includes = line.fact.is_tax_included
    return Anchor.GROSS if includes else Anchor.NET


def _by_line(resolved: Resolved, shares: list[Share]) -> tuple[LineShare, ...]:
    """Each line rounded for itself."""
    rounding = rounding_of(resolved.facts.policy, resolved.facts.currency)
    taken: dict[str, tuple[int, Amounts]] = {}
    found = []
    for share in shares:
        line = resolved.line(share.line_no)
        row = resolved.order_line(share.order_line_id)
        units, before = taken.get(row.line_id, _start(row))
        units += share.units
        sold = _sold(row, anchor(resolved.facts, line))
        after = credited_so_far(sold, before, Fraction(units, row.quantity), rounding)
        taken[row.line_id] = (units, after)
        found.append(_line_share(line, row, share.units, after.less(before)))
    return tuple(found)


def _by_document(resolved: Resolved, shares: list[Share]) -> tuple[LineShare, ...]:
    """The document's sums rounded, and spread over its order lines by the largest remainder."""
    rounding = rounding_of(resolved.facts.policy, resolved.facts.currency)
    of_row: dict[str, list[Share]] = {}
    for share in shares:
        of_row.setdefault(share.order_line_id, []).append(share)
    parts = []
    for line_id, own in of_row.items():
        row = resolved.order_line(line_id)
        units, before = _start(row)
        units += sum(share.units for share in own)
        sold = _sold(row, anchor(resolved.facts, resolved.line(own[0].line_no)))
        parts.append((sold, before, Fraction(units, row.quantity)))
    taken: dict[tuple[int, str], Amounts] = {}
    for (_, before, _), after, own in zip(
        parts, credited_together(parts, rounding), of_row.values(), strict=True
    ):
        for share, amounts in zip(own, _split(after.less(before), own, rounding), strict=True):
            taken[share.line_no, share.order_line_id] = amounts
    return tuple(
        _line_share(
            resolved.line(share.line_no),
            resolved.order_line(share.order_line_id),
            share.units,
            taken[share.line_no, share.order_line_id],
        )
        for share in shares
    )


def _split(amounts: Amounts, shares: list[Share], rounding: Rounding) -> list[Amounts]:
    """One order line's credit over the returned lines that take it back, by their units."""
    if len(shares) == 1:
        return [amounts]
    weights = [Decimal(share.units) for share in shares]
    nets = largest_remainder(amounts.net, weights, rounding.places)
    taxes = [largest_remainder(tax.amount, weights, rounding.places) for tax in amounts.taxes]
    duties = largest_remainder(amounts.components[DUTY], weights, rounding.places)
    return [
        Amounts(
            net,
            tuple(
                Tax(tax.code, parts[at]) for tax, parts in zip(amounts.taxes, taxes, strict=True)
            ),
            {DUTY: duties[at]},
        )
        for at, net in enumerate(nets)
    ]


def _start(row: OrderLineFact) -> tuple[int, Amounts]:
    """Units and amounts earlier credits took."""
    taxes = _taxes(order_taxes.credited(row))
    return row.credited_units, Amounts(row.credited_net, taxes, {DUTY: row.credited_duty})


def _sold(row: OrderLineFact, anchor: Anchor) -> Sold:
    stored = Amounts(row.net, _taxes(order_taxes.stored(row)), {DUTY: row.duty})
    return Sold(row.line_id, Fraction(row.quantity), stored, anchor)


def _taxes(parts: tuple[TaxPart, ...]) -> tuple[Tax, ...]:
    return tuple(Tax(part.code, part.amount) for part in parts)


def _line_share(line: ReturnedLine, row: OrderLineFact, units: int, amounts: Amounts) -> LineShare:
    taxes = tuple(TaxPart(tax.code, tax.amount) for tax in amounts.taxes)
    return LineShare(line, row, units, amounts.net, taxes, amounts.components[DUTY])


def is_to_the_penny(policy: Policy) -> bool:
    """The ERP quotes what is refunded: nothing between the two is let pass (R009)."""
    return policy.refund_authority == "erp_quote"


def allowance(resolved: Resolved) -> Decimal:
    """The difference that is rounding: the policy's tolerance, or a unit per partly returned line.

    Two systems may round a share of a line to different sides; a fully credited line leaves them
    no such freedom.
    """
    facts = resolved.facts
    if is_to_the_penny(facts.policy):
        return money.ZERO
    tolerance = facts.policy.tolerance.get(facts.currency, money.ZERO)
    return max(tolerance, rounding_allowance(resolved))


def rounding_allowance(resolved: Resolved) -> Decimal:
    """The part of it no policy decides: a minor unit per partly returned line."""
    if is_to_the_penny(resolved.facts.policy):
        return money.ZERO
    rounded = sum(1 for share in line_shares(resolved) if share.is_partial)
    return money.minor_unit(resolved.facts.currency) * rounded


def gross_of(resolved: Resolved, line: ReturnedLine) -> Decimal:
    """Net and tax of all order lines one returned line takes back; 0 when it takes none."""
    if "gross" not in resolved.memo:
        sums: dict[int, Decimal] = {}
        for share in line_shares(resolved):
            number = share.line.line_no
            sums[number] = sums.get(number, money.ZERO) + share.gross
        resolved.memo["gross"] = sums
    found: dict[int, Decimal] = resolved.memo["gross"]
    return found.get(line.line_no, money.ZERO)
