"""The exact reversal of a sold line: what a return takes of the amounts stored with it.

Nothing is recomputed from prices or rates. Every stored amount (net or gross, each tax line, any
other component such as a duty or a discount) is credited as

    round(stored amount x share returned so far) - credited so far

so that any sequence of partial returns sums to the line exactly, per tax line and component
(R050, R056, R058). One figure is derived so that each document adds up: net where prices include
tax, gross where they do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from exceptions_app.rules.rounding import Mode, Rounding

ZERO = Decimal(0)
_NOTHING, _ALL = Fraction(0), Fraction(1)


class Anchor(StrEnum):
    """The figure that is kept exact; the other one follows from it and the taxes."""

    GROSS = "gross"  # prices include tax
    NET = "net"


class Method(StrEnum):
    """How partial returns are rounded. Ours is CUMULATIVE; the others are what some ERPs do by
    themselves, and explain a penny between their document and ours."""

    CUMULATIVE = "cumulative"
    UNIT = "unit"  # a unit's amount is rounded and multiplied; the last return takes the rest
    INDEPENDENT = "independent"  # each return rounded alone; the sum may miss the line


class OverCredit(ValueError):
    """More than is left of the line; `left` in the basis that was asked for, or in units."""

    def __init__(self, left: Decimal | Fraction) -> None:
        super().__init__(f"only {left} left")
        self.left = left


@dataclass(frozen=True, slots=True)
class Tax:
    """One tax line as stored: its code and amount."""

    code: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Amounts:
    """Net and taxes that belong together, and further stored amounts by name."""

    net: Decimal
    taxes: tuple[Tax, ...] = ()
    components: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def tax(self) -> Decimal:
        return sum((tax.amount for tax in self.taxes), ZERO)

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax

    @property
    def tax_by_code(self) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for tax in self.taxes:
            found[tax.code] = found.get(tax.code, ZERO) + tax.amount
        return found

    def less(self, other: Amounts) -> Amounts:
        """What is left after `other`, which has the same taxes and components."""
        return Amounts(
            self.net - other.net,
            tuple(
                Tax(mine.code, mine.amount - its.amount)
                for mine, its in zip(self.taxes, other.taxes, strict=True)
            ),
            {name: amount - other.components[name] for name, amount in self.components.items()},
        )

    def nothing(self) -> Amounts:
        """The same taxes and components, all zero."""
        return self.less(self)


@dataclass(frozen=True, slots=True)
class Sold:
    """One line of the original order: its stored amounts for `quantity` units.

    None is negative but a tax that is withheld.
    """

    ref: str
    quantity: Fraction
    stored: Amounts
    anchor: Anchor


@dataclass(frozen=True, slots=True)
class Taken:
    """What credits took of a line so far: the share (0 to 1), the units, and the amounts."""

    share: Fraction
    units: Fraction
    amounts: Amounts

    @staticmethod
    def nothing(sold: Sold) -> Taken:
        return Taken(_NOTHING, _NOTHING, sold.stored.nothing())


def credit_units(
    sold: Sold,
    taken: Taken,
    units: Fraction,
    rounding: Rounding,
    method: Method = Method.CUMULATIVE,
) -> tuple[Amounts, Taken]:
    """What `units` more are worth, and what is taken after them.

    A share that an earlier reduction in price took is not given again: the last units get the rest.

    Raises:
        OverCredit: more units than were sold and not yet returned.
        ValueError: no units.
    """
    if units <= 0:
        msg = "units must be above zero"
        raise ValueError(msg)
    if taken.units + units > sold.quantity:
        raise OverCredit(sold.quantity - taken.units)
    is_last = taken.units + units == sold.quantity
    share = _ALL if is_last else min(_ALL, taken.share + units / sold.quantity)
    if method is Method.CUMULATIVE:
        after = credited_so_far(sold, taken.amounts, share, rounding)
    else:
        after = _their_way(sold, taken, share, units, rounding, method)
    return after.less(taken.amounts), Taken(share, taken.units + units, after)


def credit_amount(
    sold: Sold, taken: Taken, amount: Decimal, basis: Anchor, rounding: Rounding
) -> tuple[Amounts, Taken]:
    """A credit of exactly `amount` (net or gross, by `basis`) without goods; the rest follows it.

    Raises:
        OverCredit: more than is left of the line.
        ValueError: not above zero.
    """
    left = sold.stored.less(taken.amounts)
    left_of_basis = left.gross if basis is Anchor.GROSS else left.net
    if amount <= 0:
        msg = "the amount must be above zero"
        raise ValueError(msg)
    if amount > left_of_basis:
        raise OverCredit(left_of_basis)
    whole = sold.stored.gross if basis is Anchor.GROSS else sold.stored.net
    share = (
        _ALL
        if amount == left_of_basis
        else min(_ALL, taken.share + Fraction(amount) / Fraction(whole))
    )
    fixed = (taken.amounts.gross if basis is Anchor.GROSS else taken.amounts.net) + amount
    after = _joined(replace(sold, anchor=basis), taken.amounts, share, fixed, rounding)
    return after.less(taken.amounts), Taken(share, taken.units, after)


def credited_so_far(sold: Sold, before: Amounts, share: Fraction, rounding: Rounding) -> Amounts:
    """Everything credited once `share` (0 to 1) of the line is back, `before` included.

    `before` need not be ours: an amount that stands higher than its share is not taken back.
    """
    is_gross = sold.anchor is Anchor.GROSS
    whole = sold.stored.gross if is_gross else sold.stored.net
    was = before.gross if is_gross else before.net
    return _joined(sold, before, share, _reached(whole, was, share, rounding), rounding)


def credited_together(
    parts: Sequence[tuple[Sold, Amounts, Fraction]], rounding: Rounding
) -> list[Amounts]:
    """As `credited_so_far` for the lines of one document, whose sums are rounded and not the lines.

    Net or gross, and each tax code, is rounded once over the document and spread over its lines by
    the largest remainder. No line leaves the steps its own figure lies between, so a line that is
    wholly back still ends at what was stored.
    """
    anchored = _spread(
        [(sold.anchor, *_anchored(sold, before), share) for sold, before, share in parts], rounding
    )
    taxes = _spread(
        [
            (whole.code, whole.amount, was.amount, share)
            for sold, before, share in parts
            for whole, was in zip(sold.stored.taxes, before.taxes, strict=True)
        ],
        rounding,
    )
    after = []
    for (sold, before, share), anchor in zip(parts, anchored, strict=True):
        own, taxes = taxes[: len(sold.stored.taxes)], taxes[len(sold.stored.taxes) :]
        after.append(_joined(sold, before, share, anchor, rounding, own))
    return after


def _anchored(sold: Sold, before: Amounts) -> tuple[Decimal, Decimal]:
    if sold.anchor is Anchor.GROSS:
        return sold.stored.gross, before.gross
    return sold.stored.net, before.net


def _spread(
    figures: Sequence[tuple[str, Decimal, Decimal, Fraction]], rounding: Rounding
) -> list[Decimal]:
    """Where each (code, whole, before, share) stands after a document that rounds per code."""
    exact = [_due(whole, was, share) for _, whole, was, share in figures]
    reached = [
        _reached(whole, was, share, replace(rounding, mode=Mode.DOWN))
        for _, whole, was, share in figures
    ]
    for code in dict.fromkeys(code for code, *_ in figures):
        rows = [at for at, figure in enumerate(figures) if figure[0] == code]
        due = rounding(sum((exact[at] - Fraction(figures[at][2]) for at in rows), _NOTHING))
        missing = due - sum((reached[at] - figures[at][2] for at in rows), ZERO)
        # A line that is wholly back, or stands above its share already, has no rest to give.
        rests = {at: exact[at] - Fraction(reached[at]) for at in rows}
        for at in sorted(rows, key=lambda at: (-abs(rests[at]), at)):
            if abs(missing) < rounding.unit:
                break
            if rests[at] and (rests[at] > 0) == (missing > 0):
                step = rounding.unit if missing > 0 else -rounding.unit
                reached[at] += step
                missing -= step
    return reached


def _due(whole: Decimal, before: Decimal, share: Fraction) -> Fraction:
    """The unrounded share of a stored amount, between what it gave and the whole."""
    low, high = sorted((Fraction(before), Fraction(whole)))
    return max(low, min(high, Fraction(whole) * share))


def _reached(whole: Decimal, before: Decimal, share: Fraction, rounding: Rounding) -> Decimal:
    """What a stored amount has given once `share` is back: between what it gave and the whole."""
    if share == _ALL:
        return whole
    return _between(before, whole, rounding(Fraction(whole) * share))


def _between(before: Decimal, whole: Decimal, amount: Decimal) -> Decimal:
    # A tax that is withheld is stored below zero, and grows downwards.
    low, high = sorted((before, whole))
    return low if amount < low else min(amount, high)


def _joined(
    sold: Sold,
    before: Amounts,
    share: Fraction,
    anchored: Decimal,
    rounding: Rounding,
    given: Sequence[Decimal] | None = None,
) -> Amounts:
    """All amounts at `share`, with the anchor's figure given and the other derived.

    `given` are the taxes, where the document decided them.
    """
    taxes = (
        list(given)
        if given is not None
        else [
            _reached(whole.amount, was.amount, share, rounding)
            for whole, was in zip(sold.stored.taxes, before.taxes, strict=True)
        ]
    )
    net = anchored
    if sold.anchor is Anchor.GROSS:
        net, taxes = _fitted(sold.stored, before, anchored, taxes)
    return Amounts(
        net,
        tuple(Tax(tax.code, amount) for tax, amount in zip(sold.stored.taxes, taxes, strict=True)),
        {
            name: _reached(whole, before.components[name], share, rounding)
            for name, whole in sold.stored.components.items()
        },
    )


def _fitted(
    stored: Amounts, before: Amounts, gross: Decimal, taxes: Sequence[Decimal]
) -> tuple[Decimal, list[Decimal]]:
    """Net and taxes that sum to `gross`, each between what was taken and what was stored.

    With a net of a few minor units and several taxes rounded up, the derived net could fall below
    what was credited already; the taxes that can give way do, in their order.
    """
    fitted = list(taxes)
    net = gross - sum(fitted, ZERO)
    wanted = _between(before.net, stored.net, net)
    for at, tax in enumerate(fitted):
        moved = _between(before.taxes[at].amount, stored.taxes[at].amount, tax + net - wanted)
        net -= moved - tax
        fitted[at] = moved
    return net, fitted


def _their_way(
    sold: Sold, taken: Taken, share: Fraction, units: Fraction, rounding: Rounding, method: Method
) -> Amounts:
    part = units / sold.quantity

    def reached(whole: Decimal, before: Decimal) -> Decimal:
        if method is Method.UNIT and share == _ALL:
            return whole
        if method is Method.UNIT:
            return before + rounding(Fraction(rounding(Fraction(whole) / sold.quantity)) * units)
        return before + rounding(Fraction(whole) * part)

    stored, before = sold.stored, taken.amounts
    taxes = tuple(
        Tax(whole.code, reached(whole.amount, was.amount))
        for whole, was in zip(stored.taxes, before.taxes, strict=True)
    )
    tax = sum((row.amount for row in taxes), ZERO)
    is_gross = sold.anchor is Anchor.GROSS
    net = reached(stored.gross, before.gross) - tax if is_gross else reached(stored.net, before.net)
    components = {
        name: reached(whole, before.components[name]) for name, whole in stored.components.items()
    }
    return Amounts(net, taxes, components)
