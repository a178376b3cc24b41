"""The taxes of a sold line by code: what was charged, and what credits took of each so far."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from connectors.types import TaxPart
from exceptions_app.rules import allocation, money
from exceptions_app.rules.facts import OrderLineFact


def stored(row: OrderLineFact) -> tuple[TaxPart, ...]:
    """One part per code, in the order they were charged; a line of one tax has one part."""
    if not row.taxes:
        return (TaxPart(row.tax_code, row.tax),)
    found: dict[str, Decimal] = {}
    for part in row.taxes:
        found[part.code] = found.get(part.code, money.ZERO) + part.amount
    return tuple(TaxPart(code, amount) for code, amount in found.items())


def credited(row: OrderLineFact) -> tuple[TaxPart, ...]:
    """What was credited of each code of `stored`.

    A credit that told its tax in one sum (one keyed by hand, or sent before the codes were read)
    counts by what is left of each code.
    """
    charged = stored(row)
    told = {part.code: part.amount for part in row.credited_taxes}
    parts = [TaxPart(part.code, told.get(part.code, money.ZERO)) for part in charged]
    rest = row.credited_tax - sum((part.amount for part in parts), money.ZERO)
    if not rest:
        return tuple(parts)
    left = [
        max(whole.amount - part.amount, money.ZERO)
        for whole, part in zip(charged, parts, strict=True)
    ]
    return tuple(
        TaxPart(part.code, part.amount + share)
        for part, share in zip(parts, _spread(rest, left), strict=True)
    )


def _spread(amount: Decimal, weights: Iterable[Decimal]) -> list[Decimal]:
    """`amount` over `weights` in its own digits; all of it to the first where none has weight."""
    weights = list(weights)
    if not sum(weights, money.ZERO):
        return [amount, *(money.ZERO for _ in weights[1:])]
    exponent = amount.as_tuple().exponent
    places = max(-exponent, 0) if isinstance(exponent, int) else 0
    return allocation.largest_remainder(amount, weights, places)
