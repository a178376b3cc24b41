"""How the team rooms write durations and differences; none of it reads the database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django import template

from exceptions_app.templatetags.amounts import NOT_KNOWN, money

register = template.Library()


@register.filter
def took(value: timedelta | None) -> str:
    """Return a duration in its two largest units: "2 d 3 h", "1 h 5 min", "41 s"."""
    if value is None:
        return NOT_KNOWN
    seconds = max(0, int(value.total_seconds()))
    units = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
    parts: list[str] = []
    for size, name in units:
        count, seconds = divmod(seconds, size)
        if count or parts:
            parts.append(f"{count} {name}" if count else "")
        if len(parts) == 2:
            break
    return " ".join(part for part in parts if part) or "0 s"


@register.filter
def refund_words(difference: Decimal, currency: str) -> str:
    """Return refund less credit in words: "the refund is £3.20 more", or the credit is."""
    if not difference:
        return "refund and credit agree"
    side = "refund" if difference > 0 else "credit"
    return f"the {side} is {money(abs(difference), currency)} more"
