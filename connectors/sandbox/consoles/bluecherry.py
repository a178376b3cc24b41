"""The console of the BlueCherry-like ERP: its masters, orders, documents and closed months."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox import bluecherry_store as store
from connectors.sandbox.consoles import plain, reading
from connectors.sandbox.consoles.room import (
    Act,
    Choices,
    Field,
    Room,
    Row,
    Sheet,
    Table,
    Values,
    Wrong,
    options,
    yes_no,
)

_KINDS = {
    "RA": "Return authorisation",
    "RCV": "Stock receipt",
    "ADJ": "Stock adjustment",
    "CM": "Credit memo",
}


class Items(Room):
    code, title = "items", "Items"
    columns = ("SKU", "Description", "Barcode", "Division", "Active", "Last changed")
    hint = "SKU, words of the description, or barcode"

    def rows(self) -> Iterable[Row]:
        for sku, kept in self.twin.books.items.items():
            record = kept.record
            told = [store.text(record, name) for name in ("description", "upc", "division")]
            is_active = yes_no(record.get("active", True))
            yield Row(sku, [sku, *told, is_active, kept.last_mod])

    def sheet(self, key: str) -> Sheet | None:
        kept = self.twin.books.items.get(key)
        if kept is None:
            return None
        record = kept.record
        facts = [(words, store.text(record, name)) for name, words in _ITEM_WORDS.items()]
        is_active = record.get("active", True)
        state = [("Active", yes_no(is_active)), ("Last changed", kept.last_mod)]
        return Sheet(
            title=f"Item {key}",
            facts=[*facts, *state],
            acts=(self._switch(record, is_active=not is_active), self._rename(record)),
        )

    def acts(self) -> Sequence[Act]:
        fields = plain.item_fields(_divisions(self.twin))
        return (Act(code="add", label="Add an item", fields=fields, carry=self._add),)

    def _add(self, values: Values) -> str:
        record = plain.item(values)
        if record["sku"] in self.twin.books.items:
            raise Wrong("sku", f"{record['sku']} is an item already.")
        self.load(items=[record])
        return f"Item {record['sku']} is added."

    def _switch(self, record: store.Record, *, is_active: bool) -> Act:
        word = "on" if is_active else "off"

        def carry(_values: Values) -> str:
            self.load(items=[{**record, "active": is_active}])
            return f"{record['sku']} is switched {word}."

        return Act(code=f"switch-{word}", label=f"Switch {word}", carry=carry)

    def _rename(self, record: store.Record) -> Act:
        def carry(values: Values) -> str:
            upc = reading.code(values, "upc")
            self.load(items=[{**record, "description": values["description"], "upc": upc}])
            return f"{record['sku']} is changed."

        fields = (
            Field(
                name="description",
                label="Description",
                value=store.text(record, "description"),
            ),
            Field(name="upc", label="Barcode", value=store.text(record, "upc"), is_required=False),
        )
        return Act(code="change", label="Change the item", fields=fields, carry=carry)


class Warehouses(Room):
    code, title = "warehouses", "Warehouses"
    columns = ("Code", "Name", "Division", "Active")

    def rows(self) -> Iterable[Row]:
        for code, kept in self.twin.books.locations.items():
            told = [store.text(kept.record, name) for name in ("name", "division")]
            yield Row(code, [code, *told, yes_no(kept.record.get("active", True))])

    def sheet(self, key: str) -> Sheet | None:
        kept = self.twin.books.locations.get(key)
        if kept is None:
            return None
        record, is_active = kept.record, kept.record.get("active", True)
        facts = [(name.capitalize(), store.text(record, name)) for name in ("name", "division")]
        return Sheet(
            title=f"Warehouse {key}",
            facts=[*facts, ("Active", yes_no(is_active))],
            acts=(self._switch(record, is_active=not is_active),),
        )

    def acts(self) -> Sequence[Act]:
        division = Field(name="division", label="Division", hint="Such as 10")
        fields = (*plain.PLACE_FIELDS, division)
        return (Act(code="add", label="Add a warehouse", fields=fields, carry=self._add),)

    def _add(self, values: Values) -> str:
        code = reading.code(values, "code")
        if code in self.twin.books.locations:
            raise Wrong("code", f"{code} is a warehouse already.")
        division = reading.code(values, "division")
        record = {"code": code, "name": values["name"], "division": division, "active": True}
        self.load(locations=[record])
        return f"Warehouse {code} is added."

    def _switch(self, record: store.Record, *, is_active: bool) -> Act:
        word = "on" if is_active else "off"

        def carry(_values: Values) -> str:
            self.load(locations=[{**record, "active": is_active}])
            return f"{record['code']} is switched {word}."

        return Act(code=f"switch-{word}", label=f"Switch {word}", carry=carry)


class Orders(Room):
    code, title = "orders", "Orders"
    columns = ("Number", "Customer", "Ordered", "Warehouse", "SKUs", "Total")
    hint = "Order number, customer, day, or a SKU on it"

    def rows(self) -> Iterable[Row]:
        for number, kept in reversed(self.twin.books.orders.items()):
            order = kept.record
            skus = ", ".join(store.text(line, "sku") for line in order.get("lines", ()))
            names = [store.text(order, "customer"), store.text(order, "ordered_at")[:10]]
            place = store.text(order, "warehouse")
            yield Row(number, [number, *names, place, skus, _total(order)])

    def sheet(self, key: str) -> Sheet | None:
        kept = self.twin.books.orders.get(key)
        if kept is None:
            return None
        order = kept.record
        names = ("customer", "division", "warehouse", "ordered_at", "invoice_number")
        facts = [(name.replace("_", " ").capitalize(), store.text(order, name)) for name in names]
        rows = [
            Row(
                "",
                [store.text(line, name) for name in ("line_id", "sku", "description")]
                + [line["quantity"], store.text(line, "net"), store.text(line, "tax")],
            )
            for line in order.get("lines", ())
        ]
        columns = ("Line", "SKU", "Description", "Units", "Net", "Tax")
        return Sheet(
            title=f"Order {key}",
            facts=[*facts, ("Total", _total(order)), ("Last changed", kept.last_mod)],
            tables=(Table(title="Lines", columns=columns, rows=rows),),
            acts=(self._line(order), self._invoice(order)),
        )

    def acts(self) -> Sequence[Act]:
        books = self.twin.books
        active = [code for code, kept in books.locations.items() if kept.record.get("active", True)]
        fields = plain.order_fields(
            options(books.customers),
            _divisions(self.twin),
            options(active),
            "GBP",
            f"{self.twin.moment():%Y-%m-%d}",
        )
        return (Act(code="add", label="Add an order", fields=fields, carry=self._add),)

    def _add(self, values: Values) -> str:
        order = plain.order(values, self._sold(values, "1"))
        if order["number"] in self.twin.books.orders:
            raise Wrong("number", f"{order['number']} is an order already.")
        self.load(orders=[order])
        return f"Order {order['number']} is added."

    def _sold(self, values: Values, line_id: str) -> dict[str, Any]:
        item = self.twin.books.items.get(values["sku"])
        if item is None:
            raise Wrong("sku", f"{values['sku']} is no item of this system.")
        return plain.order_line(values, line_id, store.text(item.record, "description"))

    def _line(self, order: store.Record) -> Act:
        def carry(values: Values) -> str:
            lines = list(order.get("lines", ()))
            taken = {store.text(line, "line_id") for line in lines}
            line_id = next(str(n) for n in range(1, len(lines) + 2) if str(n) not in taken)
            self.load(orders=[{**order, "lines": [*lines, self._sold(values, line_id)]}])
            return f"Line {line_id} is added."

        return Act(code="line", label="Add a line", fields=plain.LINE_FIELDS, carry=carry)

    def _invoice(self, order: store.Record) -> Act:
        def carry(values: Values) -> str:
            number = reading.code(values, "invoice")
            self.load(orders=[{**order, "invoice_number": number}])
            return f"The invoice of order {order['number']} is {number or 'taken away'}."

        value = store.text(order, "invoice_number")
        field = Field(name="invoice", label="Invoice number", value=value, is_required=False)
        return Act(code="invoice", label="Set the invoice", fields=(field,), carry=carry)


class Customers(Room):
    code, title = "customers", "Customers"
    columns = ("Code", "Name", "VAT setting")

    def rows(self) -> Iterable[Row]:
        for code, kept in self.twin.books.customers.items():
            told = [store.text(kept.record, name) for name in ("name", "vat_setting")]
            yield Row("", [code, *told])

    def acts(self) -> Sequence[Act]:
        def carry(values: Values) -> str:
            code = reading.code(values, "code")
            vat = reading.code(values, "vat_setting")
            self.load(customers=[{"code": code, "name": values["name"], "vat_setting": vat}])
            return f"Customer {code} is kept."

        vat = Field(name="vat_setting", label="VAT setting", is_required=False)
        fields = (*plain.PLACE_FIELDS, vat)
        return (Act(code="add", label="Add or change a customer", fields=fields, carry=carry),)


class Documents(Room):
    code, title = "documents", "Documents posted"
    columns = ("Number", "Kind", "Our key", "Order", "Status", "Units", "Total")
    hint = "Document number, our key, order, or kind"

    def rows(self) -> Iterable[Row]:
        for row in reversed(self.twin.documents()):
            kind = _KINDS[row["doc_type"]]
            told = [row["ref_num"], row["ord_num"], row["status"], row["total_qty"]]
            total = f"{row['total_amt']:.2f}" if row["doc_type"] == "CM" else ""
            number = row["doc_num"]
            yield Row(number, [number or "(none yet)", kind, *told, total])

    def sheet(self, key: str) -> Sheet | None:
        found = [row for row in self.twin.documents() if key and row["doc_num"] == key]
        if not found:
            return None
        row = found[0]
        names = ("ref_num", "ord_num", "customer", "division", "location", "doc_date", "note")
        facts = [(_DOCUMENT_WORDS.get(name, name.capitalize()), row[name]) for name in names]
        total = [("Total", f"{row['total_amt']:.2f} {row['curr_code']}")]
        lines = [
            Row(
                "",
                [store.text(line, name) for name in ("sim_sku", "component", "size_qty")]
                + [store.text(line, name) for name in ("net_amt", "tax_amt")],
            )
            for line in row["simdetail"]["rows"]
        ]
        columns = ("SKU", "Component", "Units", "Net", "Tax")
        return Sheet(
            title=f"{_KINDS[row['doc_type']]} {key}",
            facts=[("Status", row["status"]), *facts, *(total if row["doc_type"] == "CM" else ())],
            tables=(Table(title="Lines", columns=columns, rows=lines),),
            acts=self._acts(row),
        )

    def _acts(self, row: dict[str, Any]) -> tuple[Act, ...]:
        number = row["doc_num"]

        def edit(what: str, said: str, to: str = "") -> str:
            self.load(edits=[{"doc_num": number, "what": what, **({"to": to} if to else {})}])
            return said

        def total(values: Values) -> str:
            wanted = reading.amount(values, "total")
            if Decimal(wanted) <= 0:
                raise Wrong("total", "A credit is worth more than nothing.")
            return edit("amount", f"{number} is {wanted} now.", wanted)

        def quantity(values: Values) -> str:
            wanted = reading.units(values, "units")
            return edit("quantity", f"The first line has {wanted} units now.", str(wanted))

        unit_field = Field(name="units", label="Units of its first line")
        amount = Field(name="total", label="Total", value=f"{row['total_amt']:.2f}")
        if row["status"] == "REJECTED":
            return (
                _plain_act("restore", "Put it back as it was sent", f"{number} is back.", edit),
            )
        acts = [
            Act(code="quantity", label="Change the units", fields=(unit_field,), carry=quantity),
            _plain_act("void", "Make it void", f"{number} is void.", edit),
            _plain_act("restore", "Put it back as it was sent", f"{number} is back.", edit),
        ]
        if row["doc_type"] == "CM":
            acts.insert(
                0, Act(code="total", label="Change the total", fields=(amount,), carry=total)
            )
            is_open = row["sim_open_amt"] > 0
            acts.append(
                _plain_act("apply", "Apply it to its invoice", f"{number} is applied.", edit)
                if is_open
                else _plain_act("unapply", "Take it off its invoice", f"{number} is open.", edit)
            )
        return tuple(acts)


class Months(Room):
    code, title = "months", "Months"
    columns = ("Closed month",)
    hint = "Every month that is not listed is open"

    def rows(self) -> Iterable[Row]:
        for month in sorted(self.twin.books.closed_periods, reverse=True):
            yield Row("", [month])

    def acts(self) -> Sequence[Act]:
        def put(months: Iterable[str]) -> None:
            self.load(closed_periods=sorted(months))

        return plain.month_acts(self.twin.books.closed_periods, put)


ROOMS: tuple[type[Room], ...] = (Items, Warehouses, Orders, Customers, Documents, Months)

_ITEM_WORDS = {
    "description": "Description",
    "upc": "Barcode",
    "division": "Division",
    "style": "Style",
    "color_code": "Colour",
    "size_desc": "Size",
    "unit_cost": "Unit cost",
}
_DOCUMENT_WORDS = {
    "ref_num": "Our key",
    "ord_num": "Order",
    "location": "Warehouse",
    "doc_date": "Date (month/day/year)",
}


def _plain_act(what: str, label: str, said: str, edit: Any) -> Act:
    def carry(_values: Values) -> str:
        return str(edit(what, said))

    return Act(code=what, label=label, carry=carry)


def _divisions(twin: Any) -> Choices:
    return options(sorted(twin.books.divisions))


def _total(order: store.Record) -> str:
    lines = order.get("lines", ())
    worth = sum(
        (store.amount(line, "net") + store.amount(line, "tax") for line in lines), Decimal(0)
    )
    worth += store.amount(order, "shipping_net") + store.amount(order, "shipping_tax")
    return f"{worth:.2f} {store.text(order, 'currency')}"
