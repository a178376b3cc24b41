"""An amount spread over weights, so that the shares always sum to the amount exactly.

Where the platform sends its own allocation that is used; these are for when it does not
(an order-level discount, a bundle's price, a refund that names no goods).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from exceptions_app.rules.rounding import Mode, Rounding, of_units


class NothingToShareBy(ValueError):
    """An amount, and only weights of zero to spread it over."""


def largest_remainder(amount: Decimal, weights: Sequence[Decimal], places: int) -> list[Decimal]:
    """Everyone's whole units first, then a unit each to the largest remainders, ties to the first.

    `amount` must be whole in `places`. A negative amount is spread as its size.

    Raises:
        NothingToShareBy: no weight is above zero, and the amount is not zero.
        ValueError: a weight below zero.
    """
    units = int(Fraction(amount) * 10**places)
    parts = _parts(units, weights)
    shares = [part.numerator // part.denominator for part in parts]
    by_rest = sorted(range(len(parts)), key=lambda at: (shares[at] - parts[at], at))
    for at in by_rest[: abs(units) - sum(shares)]:
        shares[at] += 1
    sign = -1 if units < 0 else 1
    return [of_units(sign * share, places) for share in shares]


def running(
    amount: Decimal, weights: Sequence[Decimal], places: int, mode: Mode = Mode.HALF_UP
) -> list[Decimal]:
    """Each share is what the weights so far carry, less what was given: some ERPs' own way.

    Raises as `largest_remainder`.
    """
    parts = _parts(int(Fraction(amount) * 10**places), weights)
    sign = -1 if amount < 0 else 1
    rounding = Rounding(places, mode)
    given, so_far, shares = rounding(0), Fraction(0), []
    for part in parts:
        so_far += part
        share = rounding(sign * so_far / 10**places) - given
        given += share
        shares.append(share)
    return shares


def _parts(units: int, weights: Sequence[Decimal]) -> list[Fraction]:
    """The exact share of each weight in the size of `units`."""
    if any(weight < 0 for weight in weights):
        msg = "a weight is below zero"
        raise ValueError(msg)
    whole = sum((Fraction(weight) for weight in weights), Fraction(0))
    if not whole:
        if units:
            msg = "all weights are zero"
            raise NothingToShareBy(msg)
        return [Fraction(0) for _ in weights]
    return [abs(units) * Fraction(weight) / whole for weight in weights]
