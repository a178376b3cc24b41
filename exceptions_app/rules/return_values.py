"""Cells of a file of returns as values, read the way the person said they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, timezone
from decimal import Decimal
from zoneinfo import ZoneInfo

from exceptions_app.rules import money

DATE_ORDERS: Mapping[str, str] = {
    "ymd": "year first, as in 2026-12-31",
    "dmy": "day first, as in 31/12/2026",
    "mdy": "month first, as in 12/31/2026",
}
DECIMAL_SIGNS: Mapping[str, str] = {".": "a point, as in 1,234.50", ",": "a comma, as in 1.234,50"}
MOST_UNITS = 100_000
_MOST_AMOUNT = Decimal(10) ** 10

_DATE = re.compile(
    r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})"
    r"(?:[T ,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,9})?)?)?"
    r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?"
)
_SIGNS = "£$€\N{NO-BREAK SPACE} "
_AMOUNT = {
    ".": re.compile(r"\d{1,3}(?:[, ']\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"),
    ",": re.compile(r"\d{1,3}(?:[. ']\d{3})+(?:,\d+)?|\d+(?:,\d+)?"),
}
_YES = frozenset({"yes", "y", "true", "1", "restock", "restocked", "si", "oui", "ja", "x"})
_NO = frozenset({"no", "n", "false", "0", "no restock", "not restocked", "non", "nein"})


@dataclass(frozen=True, slots=True)
class Writing:
    """How the file writes: order of a date, sign of decimals, zone of times that name none."""

    date_order: str = "ymd"
    decimal_sign: str = "."
    timezone: str = "UTC"
    # Where the file has no column for it.
    currency: str = ""


def guess_date_order(samples: Iterable[str]) -> str:
    """How these dates are written; "" where nothing tells."""
    for text in samples:
        found = _DATE.fullmatch(text.strip())
        if found is None:
            continue
        if len(found.group(1)) == 4:
            return "ymd"
        if int(found.group(1)) > 12:
            return "dmy"
        if int(found.group(2)) > 12:
            return "mdy"
    return ""


def guess_decimal_sign(samples: Iterable[str]) -> str:
    """The sign before one or two last digits; "" where none has it."""
    for text in samples:
        found = re.search(r"([.,])\d{1,2}$", text.strip(_SIGNS))
        if found:
            return found.group(1)
    return ""


class CellWrong(ValueError):
    """The cell is not what its column expects; the text says what is."""


def moment(text: str, writing: Writing) -> datetime:
    """Aware UTC; a date without a time is its midnight. Raises CellWrong."""
    found = _DATE.fullmatch(text.strip())
    expected = f"expected a date with the {DATE_ORDERS[writing.date_order]}"
    if found is None:
        raise CellWrong(expected)
    first, second, third = (int(found.group(place)) for place in (1, 2, 3))
    # A year of four digits in front is never anything else.
    order = "ymd" if len(found.group(1)) == 4 else writing.date_order
    year, month, day = {
        "ymd": (first, second, third),
        "dmy": (third, second, first),
        "mdy": (third, first, second),
    }[order]
    hour, minute, second_ = (int(found.group(place) or 0) for place in (4, 5, 6))
    try:
        at = datetime.combine(datetime(year, month, day, tzinfo=UTC), time(hour, minute, second_))
        if not 2000 <= year <= 2100:
            raise CellWrong(f"{expected}, between 2000 and 2100")
        return at.replace(tzinfo=_zone(found.group(7), writing)).astimezone(UTC)
    except CellWrong:
        raise
    except (ValueError, OverflowError):
        raise CellWrong(expected) from None


def _zone(suffix: str | None, writing: Writing) -> ZoneInfo | timezone:
    if not suffix:
        return ZoneInfo(writing.timezone)
    if suffix in ("Z", "UTC"):
        return UTC
    hours, minutes = int(suffix[1:3]), int(suffix[-2:])
    away = timedelta(hours=hours, minutes=minutes)
    return timezone(-away if suffix[0] == "-" else away)


def amount(text: str, writing: Writing, currency: str) -> Decimal:
    """0 or more, in the currency's own places. Raises CellWrong."""
    bare = text.strip(_SIGNS)
    expected = f"expected an amount with {DECIMAL_SIGNS[writing.decimal_sign]}"
    if bare.startswith(("-", "\N{MINUS SIGN}")):
        raise CellWrong("expected an amount of 0 or more")
    if not _AMOUNT[writing.decimal_sign].fullmatch(bare):
        raise CellWrong(expected)
    whole, _, fraction = bare.partition(writing.decimal_sign)
    digits = re.sub(r"\D", "", whole)
    places = money.places(currency)
    if len(fraction.rstrip("0")) > places:
        raise CellWrong(f"expected at most {places} decimals in {currency}")
    read = Decimal(f"{digits}.{fraction or 0}")
    if read >= _MOST_AMOUNT:
        raise CellWrong("the amount is too large")
    return read


def units(text: str) -> int:
    """A whole number from 1; "2.0" and "2,00" are 2. Raises CellWrong."""
    found = re.fullmatch(r"(\d{1,6})(?:[.,]0+)?", text.strip())
    if found is None or not 1 <= int(found.group(1)) <= MOST_UNITS:
        raise CellWrong(f"expected a whole number from 1 to {MOST_UNITS:,}")
    return int(found.group(1))


def flag(text: str) -> bool:
    """Yes or no in a few languages. Raises CellWrong."""
    word = " ".join(text.replace("_", " ").split()).casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellWrong("expected yes or no")


def currency(text: str) -> str:
    """Raises CellWrong."""
    code = text.strip().upper()
    if not re.fullmatch(r"[A-Z]{3}", code):
        raise CellWrong("expected a code of three letters, as in GBP")
    return code
