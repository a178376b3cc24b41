"""Sums of money, one per currency: what is in different currencies is never added up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Amount:
    """A sum in one currency."""

    amount: Decimal
    currency: str


def per_currency(pairs: Iterable[tuple[str, Decimal | None]]) -> tuple[Amount, ...]:
    """(currency, amount) pairs added up, by currency; a currency with nothing in it is left out."""
    sums: dict[str, Decimal] = {}
    for currency, amount in pairs:
        sums[currency] = sums.get(currency, Decimal(0)) + (amount or Decimal(0))
    return tuple(Amount(total, currency) for currency, total in sorted(sums.items()) if total)
