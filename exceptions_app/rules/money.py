"""Amounts in a currency's own unit.

Rounding is half away from zero, the sign applied last, so that a credit mirrors its debit.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from connectors import currencies
from exceptions_app.rules.facts import LineFact

ZERO = Decimal(0)

places = currencies.places
minor_unit = currencies.minor_unit


def quantise(amount: Decimal, currency: str) -> Decimal:
    """`amount` in whole minor units of `currency`, halves away from zero."""
    return amount.quantize(minor_unit(currency), rounding=ROUND_HALF_UP)


def paid_unit_gross(line: LineFact) -> Decimal | None:
    """What the customer paid for one unit, tax included; None when the platform does not say."""
    if line.unit_price is None:
        return None
    if line.is_tax_included or line.unit_tax is None:
        return line.unit_price
    return line.unit_price + line.unit_tax


def paid_gross(line: LineFact) -> Decimal | None:
    """`paid_unit_gross` of all units of the line."""
    unit = paid_unit_gross(line)
    return None if unit is None else unit * line.quantity


def text(amount: Decimal, currency: str) -> str:
    """`amount` for a finding's facts: plain digits in the currency's places, no symbol."""
    return f"{quantise(amount, currency):f}"


def exact_text(amount: Decimal, currency: str) -> str:
    """Like `text`, but with all digits where the currency's places would lose some (unit costs)."""
    rounded = quantise(amount, currency)
    return f"{rounded:f}" if rounded == amount else f"{amount.normalize():f}"
