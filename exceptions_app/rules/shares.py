"""What each returned line takes of the order's own amounts.

Shares go by quantity, less what earlier credits took: any sequence of partial returns sums to the
line exactly (R050, R056, R058). Gross is the anchor where the platform's prices include tax, net
where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from exceptions_app.rules import money
from exceptions_app.rules.facts import OrderLineFact
from exceptions_app.rules.resolving import Resolved, ReturnedLine
from exceptions_app.rules.reversal import Amounts, Anchor, Sold, Tax, credited_so_far
from exceptions_app.rules.rounding import Rounding


@dataclass(frozen=True, slots=True)
class LineShare:
    """What one returned line takes of one order line."""

    line: ReturnedLine
    order_line: OrderLineFact
    units: int
    net: Decimal
    tax: Decimal

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def is_partial(self) -> bool:
        """Units of the order line stay uncredited: a rounded share, not an exact remainder."""
        return self.order_line.credited_units + self.units < self.order_line.quantity


def is_credited(resolved: Resolved, line: ReturnedLine) -> bool:
    """Whether the line's value goes back to the customer: not exchanged, not missing (R020)."""
    if line.is_exchange or line.is_not_returned:
        return False
    trigger = resolved.facts.policy.credit_trigger
    return line.is_final or not line.is_item or trigger != "goods_inspected"


def line_shares(resolved: Resolved) -> tuple[LineShare, ...]:
    """The credited share of every line, in an order the platform's line order does not change."""
    taken: dict[str, tuple[int, Decimal, Decimal]] = {}
    shares = []
    for share in resolved.assignment.shares:
        line = resolved.line(share.line_no)
        if not is_credited(resolved, line):
            continue
        row = resolved.order_line(share.order_line_id)
        start = (row.credited_units, row.credited_net, row.credited_tax)
        units, net, tax = taken.get(row.line_id, start)
        part = _part(row, units + share.units, (net, tax), line, resolved.facts.currency)
        taken[row.line_id] = (units + share.units, net + part[0], tax + part[1])
        shares.append(LineShare(line, row, share.units, *part))
    return tuple(shares)


def _part(
    row: OrderLineFact,
    units_so_far: int,
    credited: tuple[Decimal, Decimal],
    line: ReturnedLine,
    currency: str,
) -> tuple[Decimal, Decimal]:
    """Net and tax of the units up to `units_so_far` that earlier credits did not take."""
    anchor = Anchor.GROSS if line.fact.is_tax_included else Anchor.NET
    sold = Sold(row.line_id, Fraction(row.quantity), _amounts(row.net, row.tax), anchor)
    before = _amounts(*credited)
    share = Fraction(units_so_far, row.quantity)
    part = credited_so_far(sold, before, share, Rounding(money.places(currency))).less(before)
    return part.net, part.tax


def _amounts(net: Decimal, tax: Decimal) -> Amounts:
    return Amounts(net, (Tax("", tax),))


def allowance(resolved: Resolved) -> Decimal:
    """The difference that is rounding: the policy's tolerance, or a unit per partly returned line.

    Two systems may round a share of a line to different sides; a fully credited line leaves them
    no such freedom.
    """
    facts = resolved.facts
    tolerance = facts.policy.tolerance.get(facts.currency, money.ZERO)
    rounded = sum(1 for share in line_shares(resolved) if share.is_partial)
    return max(tolerance, money.minor_unit(facts.currency) * rounded)


def gross_of(resolved: Resolved, line: ReturnedLine) -> Decimal:
    """Net and tax of all order lines one returned line takes back; 0 when it takes none."""
    return sum(
        (share.gross for share in line_shares(resolved) if share.line.line_no == line.line_no),
        money.ZERO,
    )
