"""Amounts and currencies as people and other systems write them: plain digits, or refused.

What Python would read as well ("1e3", "1_000", "٣", "Infinity") is no amount here: nobody writes it
on an invoice, and a figure that is misread moves money.
"""

from __future__ import annotations

import re
from decimal import Decimal

# As the database keeps amounts.
MOST_DIGITS = 15
# More than any currency has: rates and weights are read here as well.
MOST_PLACES = 9

_PLAIN = re.compile(r"[+-]?(\d+)(?:\.(\d+))?", re.ASCII)

# ISO 4217, and a few that were replaced lately and still stand on older orders.
_CODES = """
    AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD BTN BWP
    BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB
    EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD
    JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU
    MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD
    RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY
    TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW
    ZWG ZWL
"""
CURRENCIES = frozenset(_CODES.split())


class NotAnAmount(ValueError):
    """What was written is no amount; `str()` says why and continues "the amount …"."""


def read(raw: object, *, places: int = MOST_PLACES) -> Decimal:
    """The amount that `raw` (a text or a whole number) says, exactly, of at most `places` places.

    Raises:
        NotAnAmount: it is not in plain digits, or too long.
    """
    if isinstance(raw, bool) or not isinstance(raw, str | int | Decimal):
        msg = 'must be a number written as a text, such as "12.50"'
        raise NotAnAmount(msg)
    if isinstance(raw, int) and abs(raw) >= 10**MOST_DIGITS:
        raise NotAnAmount(_too_large())
    found = _PLAIN.fullmatch(str(raw).strip())
    if found is None:
        msg = "is not a number in plain digits"
        raise NotAnAmount(msg)
    if len(found[1].lstrip("0")) > MOST_DIGITS:
        raise NotAnAmount(_too_large())
    if len(found[2] or "") > places:
        msg = f"has more than {places} decimal places"
        raise NotAnAmount(msg)
    return Decimal(found[0])


def _too_large() -> str:
    return f"is too large: at most {MOST_DIGITS} digits before the point"
