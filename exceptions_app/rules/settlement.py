"""Money back without naming goods: what is owed, over which lines, and by which tenders.

The credit is never made smaller by any of it: a fee or an exchange is an entry of its own, and
how the customer was paid does not change what is credited.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from exceptions_app.rules.allocation import largest_remainder
from exceptions_app.rules.reversal import Amounts, Anchor, OverCredit, Sold, Taken, credit_amount
from exceptions_app.rules.rounding import Mode, Rounding

ZERO = Decimal(0)


class Order(StrEnum):
    """Over what a sum is spread."""

    PROPORTIONAL = "proportional"
    LISTED = "in_listed_order"  # the first is used up before the next


@dataclass(frozen=True, slots=True)
class Settled:
    """One of the two is zero."""

    refund_due: Decimal
    customer_owes: Decimal


def settle(entries: Iterable[Decimal], *, never_charge_customer: bool = False) -> Settled:
    """Signed entries (credits above zero, charges below) as what goes which way."""
    balance = sum(entries, ZERO)
    owes = ZERO if never_charge_customer else max(-balance, ZERO)
    return Settled(max(balance, ZERO), owes)


def over_tenders(
    refund: Decimal, paid: Sequence[Decimal], order: Order, places: int
) -> list[Decimal]:
    """What each tender gets back, none more than was paid with it.

    Raises:
        OverCredit: the refund is more than all tenders together.
    """
    if refund > sum(paid, ZERO):
        raise OverCredit(sum(paid, ZERO))
    return _spread(refund, paid, order, places)


def over_lines(
    refund: Decimal, lines: Sequence[Sold], order: Order, places: int
) -> list[tuple[Sold, Amounts]]:
    """A refund in money as a credit per line; lines that get nothing are left out.

    Raises:
        OverCredit: the refund is more than all lines together.
    """
    whole = [line.stored.gross for line in lines]
    if refund > sum(whole, ZERO):
        raise OverCredit(sum(whole, ZERO))
    found = []
    for line, share in zip(lines, _spread(refund, whole, order, places), strict=True):
        if share:
            taken = Taken.nothing(line)
            amounts, _ = credit_amount(line, taken, share, Anchor.GROSS, Rounding(places))
            found.append((line, amounts))
    return found


def _spread(amount: Decimal, limits: Sequence[Decimal], order: Order, places: int) -> list[Decimal]:
    if order is Order.PROPORTIONAL:
        return largest_remainder(amount, limits, places)
    left, shares = amount, []
    for limit in limits:
        share = min(left, limit)
        shares.append(share)
        left -= share
    return shares


def minor_units(amount: Decimal, places: int, *, step: int = 1, mode: Mode = Mode.HALF_UP) -> int:
    """The amount as a payment provider takes it: whole minor units, in its steps."""
    return int(Fraction(Rounding(places, mode, step)(amount)) * 10**places)


@dataclass(frozen=True, slots=True)
class Compared:
    """`difference` is what the platform paid less what we credit."""

    difference: Decimal
    is_exception: bool


def compare(*, credit: Decimal, refund: Decimal, tolerance: Decimal) -> Compared:
    """Whether credit and refund differ by more than the tolerance; equal to it is within."""
    difference = refund - credit
    return Compared(difference, abs(difference) > tolerance)
