"""Values of a case read from JSON; what cannot be used is refused with its place and the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

from exceptions_app.errors import InvalidCase
from exceptions_app.rules import amounts, money

_MOST_ROWS = 10_000
_MOST_TEXT = 200

_Read = TypeVar("_Read")


@dataclass(frozen=True, slots=True)
class Node:
    """One object of the case and the path that leads to it."""

    value: dict[str, Any]
    path: str = ""

    def has(self, name: str) -> bool:
        return self.value.get(name) is not None

    def at(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def refuse(self, name: str, reason: str) -> InvalidCase:
        return InvalidCase(self.at(name), reason)

    def need(self, name: str) -> Any:
        if not self.has(name):
            raise self.refuse(name, "is missing")
        return self.value[name]

    def text(self, name: str, default: str | None = None) -> str:
        if default is not None and not self.has(name):
            return default
        found = self.need(name)
        if not isinstance(found, str) or not found.strip() or len(found) > _MOST_TEXT:
            raise self.refuse(name, f"must be a text of 1 to {_MOST_TEXT} characters")
        if not is_storable(found):
            raise self.refuse(name, "contains a character that cannot be stored")
        return found

    def flag(self, name: str, *, default: bool) -> bool:
        found = self.value.get(name, default)
        if not isinstance(found, bool):
            raise self.refuse(name, "must be true or false")
        return found

    def number(self, name: str, default: Decimal | None = None) -> Decimal:
        """Any finite number of reasonable size, as a text or a whole JSON number."""
        if default is not None and not self.has(name):
            return default
        return _number(self.need(name), self.at(name))

    def amount(self, name: str, places: int, default: Decimal | None = None) -> Decimal:
        """An amount of money, not below zero, with no more places than its currency has."""
        found = self.signed(name, places, default)
        if found < 0:
            raise self.refuse(name, "must not be below zero")
        return found

    def signed(self, name: str, places: int, default: Decimal | None = None) -> Decimal:
        """An amount of money that may be below zero: a tax that is withheld, a discount."""
        found = self.number(name, default)
        if found != round(found, places):
            raise self.refuse(name, f"has more than {places} decimal places")
        return found

    def quantity(self, name: str, default: Decimal | None = None) -> Decimal:
        found = self.number(name, default)
        if found <= 0:
            raise self.refuse(name, "must be above zero")
        return found

    def node(self, name: str) -> Node:
        found = self.need(name)
        if not isinstance(found, dict):
            raise self.refuse(name, "must be an object")
        return Node(found, self.at(name))

    def nodes(self, name: str, *, is_needed: bool = True) -> Iterator[Node]:
        """The objects of a list; every further read knows its place in it."""
        for at, found in enumerate(self.list(name, is_needed=is_needed)):
            path = f"{self.at(name)}[{at}]"
            if not isinstance(found, dict):
                raise InvalidCase(path, "must be an object")
            yield Node(found, path)

    def numbers(self, name: str, *, is_needed: bool = True) -> list[Decimal]:
        found = self.list(name, is_needed=is_needed)
        return [_number(value, f"{self.at(name)}[{at}]") for at, value in enumerate(found)]

    def list(self, name: str, *, is_needed: bool = True) -> list[Any]:
        if not is_needed and not self.has(name):
            return []
        found = self.need(name)
        if not isinstance(found, list):
            raise self.refuse(name, "must be a list")
        if len(found) > _MOST_ROWS:
            raise self.refuse(name, f"has more than {_MOST_ROWS:,} entries")
        return found

    def choice(self, name: str, read: Callable[[str], _Read], allowed: str) -> _Read:
        found = self.text(name)
        try:
            return read(found)
        except ValueError:
            raise self.refuse(name, f"must be {allowed}, not {found!r}") from None


def is_storable(text: str) -> bool:
    """Neither a NUL nor half of a character pair, which no database or terminal takes."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def _number(value: Any, path: str) -> Decimal:
    # A JSON number with a point has lost its decimal digits already.
    try:
        return amounts.read(value)
    except amounts.NotAnAmount as error:
        raise InvalidCase(path, str(error)) from None


def places(case: Node) -> int:
    """The decimal places of the case's currency: its own `exponent`, else ISO 4217's."""
    currency = case.text("currency")
    if currency not in amounts.CURRENCIES:
        raise case.refuse("currency", "must be a known code of three letters, such as EUR")
    if not case.has("exponent"):
        return money.places(currency)
    found = case.need("exponent")
    if isinstance(found, bool) or not isinstance(found, int) or not 0 <= found <= 4:
        raise case.refuse("exponent", "must be a whole number from 0 to 4")
    return found
