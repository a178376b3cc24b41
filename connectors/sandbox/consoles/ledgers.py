"""The consoles of the Prima-, NetSuite- and Brightpearl-like ERPs.

The same rooms for all three; a `Ledger` tells what differs: how each keeps its records, and how a
record is written that it takes in.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from connectors.sandbox.consoles import plain, reading
from connectors.sandbox.consoles.room import (
    Act,
    Room,
    Row,
    Sheet,
    Values,
    Wrong,
    yes_no,
)
from connectors.sandbox.kits import roster as kits

Record = Mapping[str, Any]
Records = dict[str, Any]


class Ledger(Protocol):
    """How one ERP keeps what its rooms show, and what it is loaded with to change it."""

    def items(self, books: Any) -> dict[str, Record]:
        """Plain facts by SKU: description, upc, active."""
        ...

    def new_item(self, item: Record) -> Records: ...

    def switched(self, books: Any, sku: str, *, is_active: bool) -> Records: ...

    def places(self, books: Any) -> dict[str, Record]:
        """Plain facts by code: name, active."""
        ...

    def new_place(self, code: str, name: str) -> Records: ...

    def orders(self, books: Any) -> Iterable[Sequence[object]]:
        """Number, customer, day, SKUs and total, the newest first."""
        ...

    def closed(self, books: Any) -> frozenset[str]: ...

    def with_months(self, months: Iterable[str]) -> Records: ...


class _Ruled(Room):
    """A room that asks its system's ledger."""

    ledger: ClassVar[Ledger]


class Items(_Ruled):
    code, title = "items", "Items"
    columns = ("SKU", "Description", "Barcode", "Active")
    hint = "SKU, words of the description, or barcode"

    def rows(self) -> Iterable[Row]:
        for sku, item in self.ledger.items(self.twin.books).items():
            yield Row(sku, [sku, item["description"], item["upc"], yes_no(item["active"])])

    def sheet(self, key: str) -> Sheet | None:
        item = self.ledger.items(self.twin.books).get(key)
        if item is None:
            return None
        facts = [("Description", item["description"]), ("Barcode", item["upc"])]
        return Sheet(
            title=f"Item {key}",
            facts=[*facts, ("Active", yes_no(item["active"]))],
            acts=(self._switch(key, is_active=not item["active"]),),
        )

    def acts(self) -> Sequence[Act]:
        def carry(values: Values) -> str:
            item = plain.item(values)
            if item["sku"] in self.ledger.items(self.twin.books):
                raise Wrong("sku", f"{item['sku']} is an item already.")
            self.load(**self.ledger.new_item(item))
            return f"Item {item['sku']} is added."

        return (Act(code="add", label="Add an item", fields=plain.item_fields(()), carry=carry),)

    def _switch(self, sku: str, *, is_active: bool) -> Act:
        word = "on" if is_active else "off"

        def carry(_values: Values) -> str:
            self.load(**self.ledger.switched(self.twin.books, sku, is_active=is_active))
            return f"{sku} is switched {word}."

        return Act(code=f"switch-{word}", label=f"Switch {word}", carry=carry)


class Places(_Ruled):
    code, title = "warehouses", "Warehouses"
    columns = ("Code", "Name", "Active")

    def rows(self) -> Iterable[Row]:
        for code, place in self.ledger.places(self.twin.books).items():
            yield Row("", [code, place["name"], yes_no(place["active"])])

    def acts(self) -> Sequence[Act]:
        def carry(values: Values) -> str:
            code = reading.code(values, "code")
            known = self.ledger.places(self.twin.books)
            if code in known or values["name"] in {row["name"] for row in known.values()}:
                raise Wrong("code", f"{code}, {values['name']}: there is such a warehouse already.")
            self.load(**self.ledger.new_place(code, values["name"]))
            return f"Warehouse {values['name']} is added."

        label = "Add a warehouse"
        return (Act(code="add", label=label, fields=plain.PLACE_FIELDS, carry=carry),)


class Orders(_Ruled):
    code, title = "orders", "Orders"
    columns = ("Number", "Customer", "Ordered", "SKUs", "Total")
    hint = "Order number, customer, day, or a SKU on it"

    def rows(self) -> Iterable[Row]:
        return (Row("", cells) for cells in self.ledger.orders(self.twin.books))


class Documents(_Ruled):
    code, title = "documents", "Documents posted"
    columns = ("Number", "Kind", "Our key", "Units", "Total")
    hint = "Document number, our key, or kind"

    def rows(self) -> Iterable[Row]:
        booked = kits.ERPS[self.twin.name].booked(self.twin.documents())
        for row in reversed(booked):
            kind = row.kind.value.replace("_", " ").capitalize()
            total = f"{row.gross:.2f}" if row.gross else ""
            yield Row("", [row.number, kind, row.key, row.units, total])


class Months(_Ruled):
    code, title = "months", "Months"
    columns = ("Closed month",)
    hint = "Every month that is not listed is open"

    def rows(self) -> Iterable[Row]:
        for month in sorted(self.ledger.closed(self.twin.books), reverse=True):
            yield Row("", [month])

    def acts(self) -> Sequence[Act]:
        def put(months: Iterable[str]) -> None:
            self.load(**self.ledger.with_months(months))

        return plain.month_acts(self.ledger.closed(self.twin.books), put)


class PrimaLedger:
    """Prima keeps the plain records, nearly."""

    def items(self, books: Any) -> dict[str, Record]:
        return {
            sku: _item(
                row.get("description"), row.get("barcode"), is_active=row.get("active", True)
            )
            for sku, row in books.items.items()
        }

    def new_item(self, item: Record) -> Records:
        return {"items": kits.ERPS["prima"].loads({"items": [item]})["items"]}

    def switched(self, books: Any, sku: str, *, is_active: bool) -> Records:
        return {"items": [{**books.items[sku], "active": is_active}]}

    def places(self, books: Any) -> dict[str, Record]:
        return {
            code: {"name": row.get("name", ""), "active": row.get("active", True)}
            for code, row in books.locations.items()
        }

    def new_place(self, code: str, name: str) -> Records:
        return {"locations": [{"code": code, "name": name, "active": True}]}

    def orders(self, books: Any) -> Iterable[Sequence[object]]:
        for number, order in reversed(books.orders.items()):
            lines = order.get("lines", ())
            worth = sum((_worth(line.get("net"), line.get("tax")) for line in lines), Decimal(0))
            skus = ", ".join(str(line["sku"]) for line in lines)
            day = str(order.get("ordered_at", ""))[:10]
            total = f"{worth:.2f} {order.get('currency', '')}"
            yield number, order.get("customer", ""), day, skus, total

    def closed(self, books: Any) -> frozenset[str]:
        return frozenset(books.closed_periods)

    def with_months(self, months: Iterable[str]) -> Records:
        return {"closed_periods": sorted(months)}


class NetSuiteLedger:
    """NetSuite knows its records by internal ids; items and places by their codes too."""

    def items(self, books: Any) -> dict[str, Record]:
        return {
            sku: _item(row.get("description"), row.get("upc"), is_active=row.get("active", True))
            for sku, row in books.loaded("item").items()
        }

    def new_item(self, item: Record) -> Records:
        return {"items": kits.ERPS["netsuite"].loads({"items": [item]})["items"]}

    def switched(self, books: Any, sku: str, *, is_active: bool) -> Records:
        return {"items": [{**books.loaded("item")[sku], "active": is_active}]}

    def places(self, books: Any) -> dict[str, Record]:
        return {
            code: {"name": row.get("name", ""), "active": row.get("active", True)}
            for code, row in books.loaded("location").items()
        }

    def new_place(self, code: str, name: str) -> Records:
        row = {"code": code, "name": name, "division": "10", "active": True}
        made = kits.ERPS["netsuite"].loads({"locations": [row]})["locations"]
        return {"locations": made[:1]}

    def orders(self, books: Any) -> Iterable[Sequence[object]]:
        found = [each for each in books.transactions.values() if each.kind == "salesorder"]
        for order in sorted(found, key=lambda each: each.created_at, reverse=True):
            named = [books.items[line.item].sku for line in order.lines if line.item in books.items]
            number = order.other_ref or order.external_id or order.number
            total = f"{order.total:.2f} {order.currency}"
            yield number, order.entity, order.day.isoformat(), ", ".join(named), total

    def closed(self, books: Any) -> frozenset[str]:
        return frozenset(books.closed_months)

    def with_months(self, months: Iterable[str]) -> Records:
        return {"closed_periods": sorted(months)}


class BrightpearlLedger:
    """Brightpearl locks up to a day: the last closed month closes all before it."""

    def items(self, books: Any) -> dict[str, Record]:
        return {
            row["sku"]: _item(
                row.get("name"), row.get("barcode"), is_active=row.get("status") == "LIVE"
            )
            for row in books.products.values()
        }

    def new_item(self, item: Record) -> Records:
        return {"products": kits.ERPS["brightpearl"].loads({"items": [item]})["products"]}

    def switched(self, books: Any, sku: str, *, is_active: bool) -> Records:
        known = dict(books.products[books.product_of(sku)])
        # It says itself when a product was last changed.
        known.pop("updated_on", None)
        return {"products": [{**known, "status": "LIVE" if is_active else "ARCHIVED"}]}

    def places(self, books: Any) -> dict[str, Record]:
        return {
            str(number): {"name": row.get("name", ""), "active": True}
            for number, row in books.warehouses.items()
        }

    def new_place(self, code: str, name: str) -> Records:
        row = {"code": code, "name": name}
        made = kits.ERPS["brightpearl"].loads({"locations": [row]})["warehouses"]
        return {"warehouses": made}

    def orders(self, books: Any) -> Iterable[Sequence[object]]:
        found = [each for each in books.orders.values() if each.type_code == "SO"]
        for order in sorted(found, key=lambda each: each.placed_on, reverse=True):
            rows = order.rows.values()
            ids = [row.product_id for row in rows if row.product_id in books.products]
            skus = ", ".join(str(books.products[number]["sku"]) for number in ids)
            worth = sum((row.net + row.tax for row in rows), Decimal(0))
            customer = books.contacts.get(order.contact_id, {}).get("name", "")
            day = order.placed_on.date().isoformat()
            yield order.ref, customer, day, skus, f"{worth:.2f} {order.currency}"

    def closed(self, books: Any) -> frozenset[str]:
        day = books.locked_until()
        return frozenset() if day is None else frozenset({f"{day:%Y-%m}"})

    def with_months(self, months: Iterable[str]) -> Records:
        loads = kits.ERPS["brightpearl"].loads({"closed_periods": sorted(months)})
        return {"period_lock": loads["period_lock"]}


def rooms_of(ledger: Ledger) -> tuple[type[Room], ...]:
    """The rooms of one ERP."""
    return tuple(
        type(room.__name__, (room,), {"ledger": ledger})
        for room in (Items, Places, Orders, Documents, Months)
    )


def _item(name: object, upc: object, *, is_active: object) -> Record:
    return {"description": name or "", "upc": upc or "", "active": bool(is_active)}


def _worth(net: object, tax: object) -> Decimal:
    return Decimal(str(net or 0)) + Decimal(str(tax or 0))
