"""Typed looks into a parsed answer; a value of another type is an unreadable reply, never a guess.

Amounts are texts in Brightpearl's answers; numbers are taken as well. Properties without a value
are left out of its answers, so most have a default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.errors import UnreadableReply

ZERO = Decimal(0)


def child(row: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The object under `name`; empty where there is none."""
    value = row.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _unreadable(name, value)
    return value


def rows(value: object, name: str) -> Iterator[Mapping[str, Any]]:
    """The objects of a list; none where there is no list."""
    if value is None:
        return
    if not isinstance(value, list):
        raise _unreadable(name, value)
    for row in value:
        if not isinstance(row, Mapping):
            raise _unreadable(name, row)
        yield row


def text(row: Mapping[str, Any], name: str, default: str = "") -> str:
    value = row.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise _unreadable(name, value)
    return str(value).strip()


def whole(row: Mapping[str, Any], name: str) -> int:
    """A whole number that must be there; "2.0000" is 2."""
    value = number(row, name)
    if value is None or value != value.to_integral_value():
        raise _unreadable(name, row.get(name))
    return int(value)


def optional_whole(row: Mapping[str, Any], name: str) -> int | None:
    return None if row.get(name) in (None, "") else whole(row, name)


def number(row: Mapping[str, Any], name: str) -> Decimal | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise _unreadable(name, value)
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise _unreadable(name, value) from None
    if not found.is_finite() or abs(found.adjusted()) > 20:
        raise _unreadable(name, value)
    return found


def amount(row: Mapping[str, Any], name: str) -> Decimal:
    """An amount with the zeros of its text behind the cents taken off; zero where none is told."""
    value = number(row, name)
    return ZERO if value is None else plain(value)


def needed_amount(row: Mapping[str, Any], name: str) -> Decimal:
    """An amount that must be there: none is no zero."""
    if number(row, name) is None:
        raise _unreadable(name, row.get(name))
    return amount(row, name)


def plain(value: Decimal) -> Decimal:
    """12.3400 is 12.34 and 12.3 is 12.30: two places, more only where they are not zeros."""
    cents = value.quantize(Decimal("0.01"))
    return cents if cents == value else value.normalize()


def truth(row: Mapping[str, Any], name: str) -> bool:
    value = row.get(name)
    if value in (None, "", "false"):
        return False
    if value is True or value == "true":
        return True
    if value is False:
        return False
    raise _unreadable(name, value)


def moment(row: Mapping[str, Any], name: str) -> datetime | None:
    """A time with its zone; one without is taken as UTC, the account's zone is not told with it."""
    value = text(row, name)
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        raise _unreadable(name, value) from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def _unreadable(name: str, value: object) -> UnreadableReply:
    return UnreadableReply(
        f"Brightpearl's {name} has an unexpected form ({type(value).__name__}).", field=name
    )
