"""What the simulated shop keeps: plain records, found by the numbers in their global ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

Record = dict[str, Any]

_GID = re.compile(r"gid://shopify/([A-Za-z]+)/([0-9]{1,20})(?:\?.*)?")
# Numbers of what is derived from another record, far apart from those.
REVERSE_ORDER = 700_000_000_000
REVERSE_LINE = 710_000_000_000
FULFILLED_LINE = 720_000_000_000


class RecordInvalid(ValueError):
    """A record that cannot be taken in; the text says what is wrong."""


def gid(noun: str, number: object) -> str:
    return f"gid://shopify/{noun}/{number}"


def parts(text: str) -> tuple[str, str]:
    """Noun and number of a global id; empty texts for another."""
    found = _GID.fullmatch(text)
    return (found.group(1), found.group(2)) if found else ("", "")


def derived(base: int, number: object) -> str:
    return str(base + int(str(number)))


def original(base: int, number: str) -> str:
    return str(int(number) - base)


def decimal(value: object) -> Decimal:
    return Decimal(str(value if value is not None else 0))


def moment(value: object) -> datetime | None:
    """A time of a record as aware UTC; None when it has none."""
    if value is None or isinstance(value, datetime):
        return value
    read = datetime.fromisoformat(str(value))
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def told(value: object) -> str | None:
    """A time as Shopify writes it."""
    at = moment(value)
    return None if at is None else f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Store:
    """Records by number, in the order they came; a later one of the same number replaces."""

    def __init__(self) -> None:
        self.orders: dict[str, Record] = {}
        self.locations: dict[str, Record] = {}
        self.products: dict[str, Record] = {}
        self.payouts: dict[str, Record] = {}
        self.subscriptions: dict[str, Record] = {}
        self.groups: dict[str, Record] = {}
        self._order_of: dict[tuple[str, str], str] = {}

    def put_order(self, record: Mapping[str, Any], *, at: datetime) -> Record:
        """Take an order in with its returns and refunds; `updated_at` is `at` unless given."""
        for key in ("id", "name"):
            if not record.get(key):
                raise RecordInvalid(f"an order needs its {key}")
        order = {"created_at": at, "currency": "GBP", "taxes_included": True, **record}
        order["id"] = str(record["id"])
        order.setdefault("updated_at", at)
        self.orders[order["id"]] = order
        for kind in ("returns", "refunds", "lines"):
            order[kind] = [dict(row) for row in order.get(kind) or ()]
            for row in order[kind]:
                row["id"] = str(row["id"])
                self._order_of[kind, row["id"]] = order["id"]
        for row in order["returns"]:
            self._prepare_return(row, order)
        for row in order["refunds"]:
            row.setdefault("created_at", at)
        return order

    def change(self, order: Record, changes: Mapping[str, Any], *, at: datetime | None) -> None:
        """Lay changes over an order; rows of returns and refunds are laid over by their id."""
        merged = {**order, **changes}
        for kind in ("returns", "refunds"):
            merged[kind] = _merged(order.get(kind) or (), changes.get(kind) or ())
        if at is not None and "updated_at" not in changes:
            merged["updated_at"] = at
        self.put_order(merged, at=at or moment(order["updated_at"]) or datetime.now(UTC))

    def order_of(self, kind: str, number: str) -> Record | None:
        """The order that has this row of `returns`, `refunds` or `lines`."""
        return self.orders.get(self._order_of.get((kind, number), ""))

    def row(self, kind: str, number: str) -> tuple[Record, Record] | None:
        """An order and its row of that kind and number."""
        order = self.order_of(kind, number)
        if order is None:
            return None
        return order, next(row for row in order[kind] if row["id"] == number)

    def variants(self) -> Iterator[tuple[Record, Record]]:
        for product in self.products.values():
            for variant in product.get("variants") or ():
                yield product, variant

    def item(self, number: str) -> Record | None:
        """The variant whose stock the inventory item of that number is."""
        found = (row for _, row in self.variants() if item_number(row) == number)
        return next(found, None)

    def put_product(self, record: Mapping[str, Any]) -> None:
        product = {**record, "id": str(record["id"])}
        product["variants"] = [dict(row) for row in record.get("variants") or ()]
        for variant in product["variants"]:
            variant["levels"] = [
                {**level, "quantities": dict(level.get("quantities") or {})}
                for level in variant.get("levels") or ()
            ]
        self.products[product["id"]] = product

    def _prepare_return(self, row: Record, order: Record) -> None:
        if not row.get("status"):
            raise RecordInvalid(f"return {row['id']} needs its status")
        number = order["returns"].index(row) + 1
        row.setdefault("name", f"{order['name']}-R{number}")
        row.setdefault("created_at", order["updated_at"])
        known = {line["id"] for line in order["lines"]}
        for line in row.get("lines") or ():
            if line.get("line_id") is not None and str(line["line_id"]) not in known:
                raise RecordInvalid(f"order {order['name']} has no line {line['line_id']}")


def item_number(variant: Mapping[str, Any]) -> str:
    return str(variant.get("inventory_item_id") or variant["id"])


def _merged(rows: Any, changes: Any) -> list[Record]:
    found = {str(row["id"]): dict(row) for row in rows}
    for change in changes:
        key = str(change["id"])
        found[key] = {**found.get(key, {}), **change}
    return list(found.values())
