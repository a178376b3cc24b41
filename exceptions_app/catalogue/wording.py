"""How one fact is written inside a sentence: money, dates and kinds as the screens write them.

Rules hand over plain text ("3.20", "2026-04-30", "credit_memo"), since facts are stored; what
already reads well ("£3.20") passes unchanged.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from datetime import date

# Amounts in the return's own currency. `excess` may also be units, which have no decimal point.
AMOUNT_FACTS = frozenset(
    {"value", "refund", "credit", "difference", "line_max", "excess", "charged", "quoted"}
)
MAYBE_UNITS = "excess"
DATE_FACTS = frozenset({"posting_date", "sold_on"})
# May hold a moment as rules write one, "2026-11-03 10:59 UTC", or as an earlier release stored it.
MOMENT_FACTS = frozenset({"since", "reason"})

SYMBOLS = {"GBP": "£", "EUR": "€", "USD": "$", "JPY": "¥"}
MINUS = "−"

_BARE_AMOUNT = re.compile(r"([+\-−]?)(\d+)(\.\d+)?")
_PERIOD = re.compile(r"(\d{4})-(0[1-9]|1[0-2])")
_STORED = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}):\d{2}(?:\.\d+)?(?:\+00:00|Z)")
_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2} UTC)")


def written(name: str, facts: Mapping[str, object]) -> str:
    """Return the fact `name` as one line of text; empty when it is absent or blank."""
    text = _plain(facts.get(name))
    if name == "kind":
        return text.replace("_", " ").lower()
    if name in DATE_FACTS:
        return _date(text)
    if name in MOMENT_FACTS:
        plain = _STORED.sub(r"\1 \2 UTC", text)
        return _MOMENT.sub(lambda at: f"{_date(at[1])}, {at[2]}", plain)
    if name == "period":
        return _period(text)
    if name in AMOUNT_FACTS:
        return _money(
            text, _plain(facts.get("currency")).upper(), needs_decimals=name == MAYBE_UNITS
        )
    return text


def _plain(value: object) -> str:
    if value is None:
        return ""
    shown = "".join(letter if letter.isprintable() else " " for letter in str(value))
    return " ".join(shown.split())


def _money(text: str, currency: str, *, needs_decimals: bool) -> str:
    bare = _BARE_AMOUNT.fullmatch(text)
    if bare is None or not currency or (needs_decimals and not bare.group(3)):
        return text
    sign = MINUS if bare.group(1) == "-" else bare.group(1)
    digits = f"{int(bare.group(2)):,}{_decimals(bare.group(3) or '')}"
    # A no-break space keeps the code on the line of its amount.
    unit = SYMBOLS.get(currency, f"{currency}\N{NO-BREAK SPACE}")
    return f"{sign}{unit}{digits}"


def _decimals(text: str) -> str:
    """Stored sums carry four places; what they do not need is not written: ".0000" is ".00"."""
    kept = text.rstrip("0")
    return text if len(text) <= len(".00") else kept.ljust(len(".00"), "0")


def _date(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.day} {calendar.month_abbr[day.month]} {day.year}"


def _period(text: str) -> str:
    month = _PERIOD.fullmatch(text)
    if month is None:
        return text
    return f"{calendar.month_name[int(month.group(2))]} {month.group(1)}"
