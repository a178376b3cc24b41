"""What was typed into a field, read or refused with a sentence that says what to write."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal

from connectors.sandbox.consoles.room import Act, Values, Wrong

_MOST_UNITS = 1_000
_LONGEST = 200
_AMOUNT = re.compile(r"-?[0-9]{1,7}(\.[0-9]{1,2})?")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/ -]{0,59}")


def checked(act: Act, typed: Values) -> dict[str, str]:
    """What was typed for the fields of an act, stripped; nothing else of the form.

    Raises:
        Wrong: a needed field is empty, too long, or not one of its choices.
    """
    values = {field.name: typed.get(field.name, "").strip() for field in act.fields}
    for field in act.fields:
        value = values[field.name]
        if field.is_required and field.kind != "tick" and not value:
            raise Wrong(field.name, f"{field.label}: fill this in.")
        if len(value) > _LONGEST:
            raise Wrong(field.name, f"{field.label}: at most {_LONGEST} characters.")
        if field.kind == "choice" and value and value not in dict(field.choices):
            raise Wrong(field.name, f"{field.label}: choose one from the list.")
        if any(ord(character) < 32 for character in value):
            raise Wrong(field.name, f"{field.label}: write it on one line.")
    return values


def code(values: Values, name: str) -> str:
    value = values[name]
    if value and not _CODE.fullmatch(value):
        raise Wrong(name, f"{value} is no code: use letters, digits, dots, dashes and slashes.")
    return value


def amount(values: Values, name: str) -> str:
    """An amount with at most two decimals, as text; "0.00" where the field is empty."""
    value = values[name] or "0"
    if not _AMOUNT.fullmatch(value):
        raise Wrong(name, f"{value} is no amount: write it like 12.50.")
    return str(Decimal(value).quantize(Decimal("0.01")))


def units(values: Values, name: str, *, least: int = 1) -> int:
    value = values[name]
    is_number = value.isascii() and value.isdecimal() and len(value) <= 6
    if not is_number or not least <= int(value) <= _MOST_UNITS:
        raise Wrong(name, f"Write a whole number from {least} to {_MOST_UNITS:,}.")
    return int(value)


def day(values: Values, name: str) -> str:
    """Noon UTC of a day as ISO 8601."""
    try:
        read = date.fromisoformat(values[name])
    except ValueError:
        raise Wrong(name, "Write a day like 2026-11-22.") from None
    return datetime(read.year, read.month, read.day, 12, tzinfo=UTC).isoformat()


def month(values: Values, name: str) -> str:
    value = values[name]
    try:
        datetime.strptime(value, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise Wrong(name, "Write a month like 2026-11.") from None
    if len(value) != len("2026-11"):
        raise Wrong(name, "Write a month like 2026-11.")
    return value
