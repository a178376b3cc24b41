"""The sums above which an exception is graver where a bridge names none: round sums of a currency.

They are of one order of worth and no rates of exchange; an amount in a currency that is not here,
and that the bridge does not name, makes nothing graver.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType

_BY_SUM = {
    500: ("AUD", "CAD", "CHF", "EUR", "GBP", "NZD", "USD"),
    2_000: ("PLN",),
    5_000: ("DKK", "NOK", "SEK"),
    10_000: ("CZK",),
    100_000: ("JPY",),
    200_000: ("HUF",),
}
GRAVER_ABOVE: Mapping[str, Decimal] = MappingProxyType(
    {code: Decimal(amount) for amount, codes in _BY_SUM.items() for code in codes}
)
