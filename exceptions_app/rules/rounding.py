"""Rounding of exact figures to a currency's places: the size is rounded, then the sign applied.

So a credit always mirrors its debit. Figures are exact fractions until here; nothing passes
through binary numbers or a decimal context.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction


class Mode(StrEnum):
    """Which way a figure between two steps goes; ERPs differ (R058)."""

    HALF_UP = "half_up"  # halves away from zero
    HALF_EVEN = "half_even"
    UP = "up"  # away from zero
    DOWN = "down"  # towards zero


@dataclass(frozen=True, slots=True)
class Rounding:
    """`places` of the currency (0 to 4), the mode, and the cash step in minor units (1: none)."""

    places: int
    mode: Mode = Mode.HALF_UP
    step: int = 1

    def __call__(self, figure: Decimal | Fraction | int) -> Decimal:
        """The figure in whole steps of the currency."""
        steps = Fraction(figure) * 10**self.places / self.step
        return of_units(_whole(steps, self.mode) * self.step, self.places)

    @property
    def unit(self) -> Decimal:
        """The smallest difference this rounding knows."""
        return of_units(self.step, self.places)

    def sum_of(self, parts: Iterable[Decimal]) -> Decimal:
        """Each part rounded, then summed: what a document's lines add up to."""
        return sum((self(part) for part in parts), of_units(0, self.places))


def of_units(units: int, places: int) -> Decimal:
    """`units` minor units as an amount; exact at any size."""
    sign, digits = int(units < 0), tuple(int(digit) for digit in str(abs(units)))
    return Decimal((sign, digits, -places))


def _whole(steps: Fraction, mode: Mode) -> int:
    size, sign = abs(steps), -1 if steps < 0 else 1
    below, rest = divmod(size, 1)
    match mode:
        case Mode.HALF_EVEN:
            return sign * round(size)
        case Mode.HALF_UP:
            return sign * (below + int(rest * 2 >= 1))
        case Mode.UP:
            return sign * (below + int(rest > 0))
        case Mode.DOWN:
            return sign * below
