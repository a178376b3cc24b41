"""Which rounding point an original document used: the tax of lines under each known policy.

A credit never recomputes tax (see `reversal`); these figures explain why another system's document
differs from ours by a cent, and check what an order says of itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import TypeVar

from exceptions_app.rules.allocation import largest_remainder
from exceptions_app.rules.rounding import Mode, Rounding

_Figure = TypeVar("_Figure", Decimal, Fraction)


class Point(StrEnum):
    """Where the rounding happens."""

    LINE = "per_line"
    UNIT = "per_unit"
    RATE = "per_rate"  # once per tax code over the whole document
    COMBINED = "per_line_combined"  # a line's rates added up, rounded once, then split
    NET_FIRST = "per_line_net_first"  # the net of an inclusive line is rounded, tax is the rest


@dataclass(frozen=True, slots=True)
class Rate:
    """A tax in per cent, on the line's net and on the taxes named in `on_top_of`."""

    code: str
    percent: Decimal
    on_top_of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """A line's total as the document states it; it may have more places than the currency."""

    amount: Decimal
    rates: tuple[Rate, ...]
    quantity: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class Policy:
    point: Point
    mode: Mode = Mode.HALF_UP

    def __str__(self) -> str:
        bare = self.point in {Point.COMBINED, Point.NET_FIRST}
        return str(self.point) if bare else f"{self.point}_{self.mode}"


_PLAIN = (
    Policy(Point.LINE, Mode.HALF_UP),
    Policy(Point.LINE, Mode.HALF_EVEN),
    Policy(Point.LINE, Mode.UP),
    Policy(Point.LINE, Mode.DOWN),
    Policy(Point.UNIT),
    Policy(Point.COMBINED),
    Policy(Point.RATE, Mode.HALF_UP),
    Policy(Point.RATE, Mode.HALF_EVEN),
    Policy(Point.RATE, Mode.DOWN),
)


def policies(*, is_inclusive: bool) -> tuple[Policy, ...]:
    """Those in use somewhere; the net comes first only where prices include tax."""
    return (*_PLAIN, Policy(Point.NET_FIRST)) if is_inclusive else _PLAIN


def policy_named(name: str) -> Policy | None:
    """The policy of a name such as "per_line_half_up"; None for a name that is none."""
    for point in (Point.COMBINED, Point.NET_FIRST):
        if name == point:
            return Policy(point)
    for point in (Point.LINE, Point.UNIT, Point.RATE):
        mode = name.removeprefix(f"{point}_")
        if mode != name and mode in set(Mode):
            return Policy(point, Mode(mode))
    return None


def tax_by_code(
    lines: Iterable[Line], policy: Policy, *, is_inclusive: bool, places: int
) -> dict[str, Decimal]:
    """Each code's tax over the document, in the order the codes appear."""
    rounding = Rounding(places, policy.mode)
    if policy.point is Point.RATE:
        exact = _summed(
            _exact(line.amount, line.rates, is_inclusive=is_inclusive) for line in lines
        )
        return {code: rounding(tax) for code, tax in exact.items()}
    found: dict[str, Decimal] = {}
    for line in lines:
        for code, tax in _of_line(line, policy.point, rounding, is_inclusive=is_inclusive).items():
            found[code] = found.get(code, rounding(0)) + tax
    return found


def _of_line(
    line: Line, point: Point, rounding: Rounding, *, is_inclusive: bool
) -> Mapping[str, Decimal]:
    match point:
        case Point.UNIT:
            return _per_unit(line, rounding, is_inclusive=is_inclusive)
        case Point.COMBINED:
            return _combined(line, rounding)
        case Point.NET_FIRST:
            return _net_first(line, rounding)
        case _:
            exact = _exact(
                Rounding(rounding.places)(line.amount), line.rates, is_inclusive=is_inclusive
            )
            return {code: rounding(tax) for code, tax in exact.items()}


def _per_unit(line: Line, rounding: Rounding, *, is_inclusive: bool) -> dict[str, Decimal]:
    """A unit's taxes rounded and multiplied; such systems do not know tax on tax."""
    plain = tuple(Rate(rate.code, rate.percent) for rate in line.rates)
    units = Fraction(line.quantity)
    exact = _exact(Fraction(line.amount) / units, plain, is_inclusive=is_inclusive)
    return {code: rounding(Fraction(rounding(tax)) * units) for code, tax in exact.items()}


def _combined(line: Line, rounding: Rounding) -> dict[str, Decimal]:
    percents = [rate.percent for rate in line.rates]
    whole = sum((Fraction(percent) for percent in percents), Fraction(0))
    tax = rounding(Fraction(line.amount) * whole / 100)
    shares = largest_remainder(tax, percents, rounding.places)
    return _summed({rate.code: share} for rate, share in zip(line.rates, shares, strict=True))


def _net_first(line: Line, rounding: Rounding) -> dict[str, Decimal]:
    gross = rounding(line.amount)
    exact = _exact(gross, line.rates, is_inclusive=True)
    tax = gross - rounding(Fraction(gross) - sum(exact.values()))
    weights = [rate.percent for rate in line.rates]
    shares = largest_remainder(tax, weights, rounding.places)
    return _summed({rate.code: share} for rate, share in zip(line.rates, shares, strict=True))


def _exact(
    amount: Decimal | Fraction, rates: Sequence[Rate], *, is_inclusive: bool
) -> dict[str, Fraction]:
    """Each code's unrounded tax; rates stand after those they are on top of."""
    factors: dict[str, Fraction] = {}
    for rate in rates:
        base = 1 + sum((factors.get(code, Fraction(0)) for code in rate.on_top_of), Fraction(0))
        factors[rate.code] = (
            factors.get(rate.code, Fraction(0)) + base * Fraction(rate.percent) / 100
        )
    net = Fraction(amount)
    if is_inclusive:
        net /= 1 + sum(factors.values())
    return {code: net * factor for code, factor in factors.items()}


def _summed(parts: Iterable[Mapping[str, _Figure]]) -> dict[str, _Figure]:
    found: dict[str, _Figure] = {}
    for part in parts:
        for code, figure in part.items():
            found[code] = found[code] + figure if code in found else figure
    return found


def line_net(
    price: Decimal,
    quantity: Decimal,
    places: int,
    *,
    base_quantity: Decimal = Decimal(1),
    charges: Sequence[Decimal] = (),
    allowances: Sequence[Decimal] = (),
) -> Decimal:
    """A line's net from its price per `base_quantity`; every part is rounded on its own."""
    rounding = Rounding(places)
    goods = rounding(Fraction(price) * Fraction(quantity) / Fraction(base_quantity))
    return goods + rounding.sum_of(charges) - rounding.sum_of(allowances)
