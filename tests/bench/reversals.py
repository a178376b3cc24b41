"""Credits over generated orders: no counterexample, how many a second, and what a long order costs.

Every order is made from its own number, so that a failure names the order that shows it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from exceptions_app.rules.reversal import Amounts, Anchor, Sold, Taken, Tax, credit_units
from exceptions_app.rules.rounding import Mode, Rounding, of_units

_PLACES = (0, 2, 2, 2, 3)
_TRIALS = 7
_MODES = (Mode.HALF_UP, Mode.HALF_EVEN)


@dataclass(frozen=True, slots=True)
class Run:
    """What `play` saw; `wrong` are the numbers of orders that broke a promise."""

    orders: int
    credits: int
    seconds: float
    wrong: tuple[int, ...]

    @property
    def per_second(self) -> float:
        return self.credits / self.seconds


def play(orders: int, *, first: int = 1) -> Run:
    """Return every unit of every order in a random sequence of parts, and check each line."""
    began, made, wrong = time.perf_counter(), 0, []
    for number in range(first, first + orders):
        count, is_right = _reverse(random.Random(number))
        made += count
        if not is_right:
            wrong.append(number)
    return Run(orders, made, time.perf_counter() - began, tuple(wrong))


def _reverse(dice: random.Random) -> tuple[int, bool]:
    places, mode = dice.choice(_PLACES), dice.choice(_MODES)
    count, is_right = 0, True
    for line in _lines(dice, places):
        parts, after = _returned(line, dice, Rounding(places, mode))
        count += len(parts)
        is_right &= after == line.stored and all(_least(part) >= 0 for part in parts)
    return count, is_right


def _returned(line: Sold, dice: random.Random, rounding: Rounding) -> tuple[list[Amounts], Amounts]:
    taken, parts = Taken.nothing(line), []
    while taken.units < line.quantity:
        units = dice.randint(1, int(line.quantity - taken.units))
        part, taken = credit_units(line, taken, Fraction(units), rounding)
        parts.append(part)
    return parts, taken.amounts


def _lines(dice: random.Random, places: int) -> Iterator[Sold]:
    for number in range(dice.randint(1, 5)):
        most = 10 ** dice.randint(1, 8)
        taxes = [dice.randint(0, most // 4) for _ in range(dice.randint(0, 3))]
        yield Sold(
            ref=f"L{number}",
            quantity=Fraction(dice.randint(1, 12)),
            stored=Amounts(
                of_units(dice.randint(0, most), places),
                tuple(Tax(f"T{at}", of_units(tax, places)) for at, tax in enumerate(taxes)),
                {"discount": of_units(dice.randint(0, most), places)}
                if dice.random() < 0.5
                else {},
            ),
            anchor=dice.choice(list(Anchor)),
        )


def _least(part: Amounts) -> Decimal:
    return min(part.net, part.gross, *(tax.amount for tax in part.taxes), *part.components.values())


def long_order(lines: int, returns: int) -> float:
    """Seconds to credit one more unit of each line after `returns` earlier ones."""
    rounding = Rounding(2)
    stored = Amounts(Decimal("499.95"), (Tax("V", Decimal("99.99")),))
    rows = [Sold(f"L{at}", Fraction(returns + 1), stored, Anchor.NET) for at in range(lines)]
    taken = [Taken.nothing(row) for row in rows]
    for _ in range(returns):
        taken = [
            credit_units(row, before, Fraction(1), rounding)[1]
            for row, before in zip(rows, taken, strict=True)
        ]
    best = float("inf")
    for _ in range(_TRIALS):
        began = time.perf_counter()
        for row, before in zip(rows, taken, strict=True):
            credit_units(row, before, Fraction(1), rounding)
        best = min(best, time.perf_counter() - began)
    return best
