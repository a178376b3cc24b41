"""How the screens write money: one amount, one cell, and sums of several currencies.

A list writes some of these on every row, so they are functions and not fragments: a fragment
costs a page more than the row it stands in.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Protocol

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

NOT_KNOWN = "Not known"
NOT_YET = "Not yet"
MINUS = "−"

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥"}
# ISO 4217 minor units that are not two.
MINOR_UNITS = {
    **dict.fromkeys(("CLP", "ISK", "JPY", "KRW", "PYG", "UGX", "VND", "XAF", "XOF", "XPF"), 0),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


class Sum(Protocol):
    """An amount with its currency beside it."""

    @property
    def amount(self) -> Decimal: ...

    @property
    def currency(self) -> str: ...


def money(amount: object, currency: str = "") -> str:
    """Return "£1,234.50"; "KWD 5.124" for a currency without a symbol; "Not known" for nothing.

    Takes a Decimal with its currency beside it, or one object with `amount` and `currency`.
    Places beyond the currency's own are shown, never rounded away: a screen that rounds hides the
    very penny somebody is looking for.

    Raises:
        TypeError: the amount is a float or a text; money is never either.
    """
    currency = getattr(amount, "currency", currency)
    amount = getattr(amount, "amount", amount)
    if amount is None or amount == "":
        return NOT_KNOWN
    if isinstance(amount, bool) or not isinstance(amount, Decimal | int):
        raise TypeError(f"Money must be a Decimal, not {type(amount).__name__}")
    value = Decimal(amount)
    sign = MINUS if value < 0 else ""
    return sign + _unsigned_money(abs(value), currency)


def signed_money(amount: object, currency: str = "") -> str:
    """Return `money` with a plus before what is above zero: "+£2.95", "−£2.95", "£0.00"."""
    text = money(amount, currency)
    value = getattr(amount, "amount", amount)
    is_more = isinstance(value, Decimal | int) and value > 0
    return f"+{text}" if is_more else text


def _unsigned_money(value: Decimal, currency: str) -> str:
    code = (currency or "").upper()
    if not code:
        return f"{value:,.{_places(value, 2)}f} (currency not known)"
    digits = f"{value:,.{_places(value, MINOR_UNITS.get(code, 2))}f}"
    symbol = SYMBOLS.get(code)
    # A no-break space keeps the code on the line of its amount.
    return f"{symbol}{digits}" if symbol else f"{code}\N{NO-BREAK SPACE}{digits}"


def _places(value: Decimal, minor_unit: int) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(minor_unit, -exponent) if isinstance(exponent, int) else minor_unit


def plain(amount: Decimal | int) -> str:
    """Return the digits alone, "1234.50", for attributes that a script adds up."""
    return f"{amount:f}" if isinstance(amount, Decimal) else str(amount)


def td_money(
    amount: object,
    currency: str = "",
    label: str = "",
    *,
    signed: bool = False,
    strong: bool = False,
) -> SafeString:
    """Return one money cell of a table; `label` is the column's name, for cards."""
    told = signed_money(amount, currency) if signed else money(amount, currency)
    return format_html(
        '<td class="num{}" data-l="{}">{}{}{}</td>',
        " quiet" if amount is None else "",
        label,
        SafeString("<b>" if strong else ""),
        told,
        SafeString("</b>" if strong else ""),
    )


def sums(values: Iterable[Sum]) -> SafeString:
    """Return "£12.00 + €3.00", a sum per currency; "Not known" for none."""
    told = format_html_join(
        " + ", '<span class="money">{}</span>', ((money(each),) for each in values or ())
    )
    return told or format_html('<span class="quiet">{}</span>', NOT_KNOWN)


def sums_or_not_yet(values: Iterable[Sum]) -> SafeString:
    """Return what one side confirmed, a line per currency; "Not yet" while it did not."""
    return format_html_join(
        SafeString("<br>"), "{}", ((money(each),) for each in values or ())
    ) or SafeString(NOT_YET)
