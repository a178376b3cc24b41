"""How many places a currency has: its minor unit, by ISO 4217."""

from __future__ import annotations

import re
from decimal import Decimal

_USUAL = 2
_NONE = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX"),
    *("VND", "VUV", "XAF", "XOF", "XPF"),
)
_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_PLACES = {**dict.fromkeys(_NONE, 0), **dict.fromkeys(_THREE, 3)}
_CODE = re.compile(r"[A-Z]{3}")


def places(currency: str) -> int:
    """Decimal places of `currency`: 0, 2 or 3; a currency not listed has 2."""
    return _PLACES.get(currency.strip().upper(), _USUAL)


def minor_unit(currency: str) -> Decimal:
    """The smallest amount of `currency`: 1, 0.01 or 0.001."""
    return Decimal(1).scaleb(-places(currency))


def counted(amount: Decimal, currency: str) -> Decimal:
    """`amount` as a number of minor units: 12.34 GBP is 1234; digits below the unit stay.

    Raises:
        ValueError: `currency` is no code of three letters, so its unit cannot be known.
    """
    return amount.scaleb(_known(currency))


def from_count(count: Decimal, currency: str) -> Decimal:
    """The amount that `count` minor units are: 1234 of GBP are 12.34, of JPY 1234.

    Raises:
        ValueError: as `counted`; or the count is written with decimals, as no count of units is.
    """
    if int(count.as_tuple().exponent) < 0:
        raise ValueError(f"'{count}' has decimals, and minor units are whole")
    return count.scaleb(-_known(currency))


def _known(currency: str) -> int:
    code = currency.strip().upper()
    if not _CODE.fullmatch(code):
        raise ValueError(f"'{currency}' is no currency, so its minor unit is not known")
    return places(code)
