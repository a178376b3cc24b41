"""Reading GraphQL answers. The schema promises types, so another type is never guessed at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from connectors.errors import UnreadableReply
from connectors.types import Money

_GID = re.compile(r"gid://shopify/([A-Za-z]{1,60})/([0-9]{1,20})(?:\?[\x21-\x7e]{0,200})?")
_ID = re.compile(r"[0-9]{1,20}")
_MAX_DIGITS = 24


def unreadable(place: str, what: str) -> UnreadableReply:
    return UnreadableReply(f"Shopify: {place} {what}", field=place)


def gid(noun: str, number: str) -> str:
    """The vendor's form of one of our ids; "" for a text that is nobody's id."""
    return f"gid://shopify/{noun}/{number}" if _ID.fullmatch(number) else ""


class Node:
    """One object of an answer; `place` is its path from the top, lists without indexes."""

    __slots__ = ("place", "raw")

    def __init__(self, raw: object, place: str) -> None:
        """Raises UnreadableReply when `raw` is no object."""
        if not isinstance(raw, Mapping):
            raise unreadable(place or "the reply", "is not an object")
        self.raw: Mapping[str, object] = raw
        self.place = place

    def at(self, key: str) -> str:
        return f"{self.place}.{key}" if self.place else key

    def text(self, key: str) -> str:
        """The text without outer blanks; "" when null."""
        value = self.raw.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise unreadable(self.at(key), "is not text")
        return value.strip()

    def required_text(self, key: str) -> str:
        value = self.text(key)
        if not value:
            raise unreadable(self.at(key), "is missing")
        return value

    def number_of(self, key: str = "id") -> str:
        """The number in a global id, which is also what messages and other systems call it."""
        found = _GID.fullmatch(self.required_text(key))
        if not found:
            raise unreadable(self.at(key), "is not an id of Shopify's")
        return found.group(2)

    def whole(self, key: str) -> int:
        value = self.raw.get(key)
        if isinstance(value, bool) or not isinstance(value, int):
            raise unreadable(self.at(key), "is not a whole number")
        return value

    def units(self, key: str) -> int:
        """A number of units: whole and not negative."""
        value = self.whole(key)
        if not 0 <= value <= 1_000_000:
            raise unreadable(self.at(key), "is no number of units")
        return value

    def flag(self, key: str) -> bool:
        value = self.raw.get(key)
        if not isinstance(value, bool):
            raise unreadable(self.at(key), "is neither true nor false")
        return value

    def moment(self, key: str) -> datetime | None:
        """Aware UTC; None when null."""
        text = self.text(key)
        if not text:
            return None
        try:
            read = datetime.fromisoformat(text)
            return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise unreadable(self.at(key), "is not a time") from None

    def required_moment(self, key: str) -> datetime:
        read = self.moment(key)
        if read is None:
            raise unreadable(self.at(key), "is missing")
        return read

    def child(self, key: str) -> Node | None:
        value = self.raw.get(key)
        return None if value is None else Node(value, self.at(key))

    def required(self, key: str) -> Node:
        return Node(self.raw.get(key), self.at(key))

    def rows(self, key: str) -> tuple[Node, ...]:
        """The objects of a plain list; null reads as empty."""
        value = self.raw.get(key)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise unreadable(self.at(key), "is not a list")
        return tuple(Node(each, f"{self.at(key)}[]") for each in value)

    def nodes(self, key: str) -> tuple[Node, ...]:
        """The objects of a connection; a null one reads as empty.

        Raises UnreadableReply when there are more than the answer has: a part is never taken for
        the whole. Connections that are read on are completed before they come here.
        """
        if self.raw.get(key) is None:
            return ()
        connection = self.required(key)
        if "pageInfo" in connection.raw and connection.next_cursor():
            raise unreadable(self.at(key), "goes on beyond what is read")
        return connection.page()

    def page(self) -> tuple[Node, ...]:
        """The rows of this very connection."""
        if self.raw.get("nodes") is None:
            raise unreadable(self.at("nodes"), "is missing")
        return self.rows("nodes")

    def next_cursor(self) -> str:
        """Where this connection goes on; "" at its end. "more" where no cursor was asked for."""
        info = self.required("pageInfo")
        if not info.flag("hasNextPage"):
            return ""
        return info.required_text("endCursor") if "endCursor" in info.raw else "more"

    def money(self, key: str) -> Money:
        """The shop's own currency of an amount that is told in two: the ERP posts in it."""
        return amount(self.required(key).required("shopMoney"))

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.raw.get(key)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise unreadable(self.at(key), "is not a list of texts")
        return tuple(value)


def amount(pair: Node) -> Money:
    """Amounts come as text, trailing zeros dropped."""
    currency = pair.required_text("currencyCode")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha()):
        raise unreadable(pair.at("currencyCode"), "is no currency")
    return Money(exact(pair.raw.get("amount"), pair.at("amount")), currency.upper())


def exact(value: object, place: str) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise unreadable(place, "is not a number")
    try:
        read = Decimal(value)
    except InvalidOperation:
        raise unreadable(place, "is not a number") from None
    digits = len(read.as_tuple().digits)
    if not read.is_finite() or digits > _MAX_DIGITS or abs(read.adjusted()) > _MAX_DIGITS:
        raise unreadable(place, "is out of range")
    return read
