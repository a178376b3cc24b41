"""What the NetSuite-like twin remembers, and how friendly records become its own.

Load schema, as the other ERPs' (amounts as number or text, never a float):

- `locations`: code, name, division, active (bool)
- `items`: sku, upc, description, active (bool), unit_cost, type ("InvtPart" unless said), members
  [{sku, quantity}] of a kit
- `customers`: code, name
- `orders`: number, customer, division, warehouse, currency, ordered_at (ISO 8601), shipping_net,
  shipping_tax, shipping_tax_code, reference_field ("otherrefnum", "externalid" or "tranid"),
  invoice_number (an invoice is made, or with cash_sale a cash sale), and `lines`: line_id, sku,
  quantity, unit_price, discount, net, tax, tax_code, taxes, description, parent_line_id
- `closed_periods`: months such as "2026-04"; replaces what was there
- `statuses`: [{key, status}]: somebody gives the documents with this external id another letter
- `charges`: codes of Other Charge items that fees and goodwill are booked with

A code of digits is the internal id; any other gets one, as do items and orders without `id`. A
line's discount becomes a discount line behind it. The same code, sku or number replaces what was
there and keeps its id.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.netsuite_records import ZERO, Item, Line, Record, Transaction, amount
from connectors.sandbox.netsuite_reflect import Reflection
from connectors.sandbox.netsuite_sql import Mirror, stamp

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


class Store:
    """Records by their ids, and the mirror SuiteQL reads."""

    def __init__(self, now: Any, switches: Mapping[str, Any]) -> None:
        self.mirror = Mirror(now)
        self.reflection = Reflection(self.mirror, switches, self.id_of)
        self.transactions: dict[int, Transaction] = {}
        self.items: dict[int, Item] = {}
        # Subsidiary and whether it is active, by location.
        self.locations: dict[str, tuple[str, bool]] = {}
        self.closed_months: frozenset[str] = frozenset()
        self._ids: dict[tuple[str, str], int] = {}
        self._loaded: dict[tuple[str, str], Record] = {}
        self._by_external_id: dict[tuple[str, str], int] = {}
        self._by_source: dict[int, dict[int, None]] = {}
        self._last_id = 1_000

    def loaded(self, kind: str) -> dict[str, Record]:
        """The records of a kind ("item", "location") as they were last taken in, by their code."""
        return {code: row for (of, code), row in self._loaded.items() if of == kind}

    def next_id(self) -> int:
        self._last_id += 1
        return self._last_id

    def id_of(self, table: str, code: str) -> int:
        """The internal id of a code: the code itself where it is digits, else one given once."""
        if code.isdecimal():
            return int(code)
        return self._ids.setdefault((table, code), self._ids.get((table, code)) or self.next_id())

    def item_of(self, reference: Any) -> Item | None:
        """The item an `{"id": …}` or `{"externalId": …}` names."""
        number = self.reference("item", reference)
        return self.items.get(int(number)) if number.isdecimal() else None

    def reference(self, table: str, reference: Any) -> str:
        """The id a reference means, "" for none."""
        if isinstance(reference, Mapping):
            if reference.get("id") not in (None, ""):
                return str(reference["id"])
            known = self._ids.get((table, str(reference.get("externalId", ""))))
            return "" if known is None else str(known)
        return "" if reference is None else str(reference)

    def find(self, kind: str, reference: str) -> Transaction | None:
        """A transaction of this kind by id or by `eid:` and its external id."""
        if reference.lower().startswith("eid:"):
            number = self._by_external_id.get((kind, reference[4:]), 0)
        else:
            number = int(reference) if reference.isdecimal() else 0
        found = self.transactions.get(number)
        return found if found is not None and found.kind == kind else None

    def made_from(self, source: int, kind: str) -> list[Transaction]:
        """What of this kind was made from a transaction, in order."""
        found = [self.transactions[number] for number in self._by_source.get(source, ())]
        return [each for each in found if each.kind == kind]

    def keep(self, transaction: Transaction) -> None:
        self.transactions[transaction.id] = transaction
        self._by_source.setdefault(transaction.source, {})[transaction.id] = None
        if transaction.external_id:
            self._by_external_id[transaction.kind, transaction.external_id] = transaction.id
        self.reflection.transaction(transaction)

    def forget(self, transaction: Transaction) -> None:
        """As if it had never been made."""
        del self.transactions[transaction.id]
        del self._by_source[transaction.source][transaction.id]
        self._by_external_id.pop((transaction.kind, transaction.external_id), None)
        self.reflection.gone(transaction.id)

    # --- what is loaded -----------------------------------------------------------------------

    def load(self, records: Record, *, at: datetime) -> dict[str, int]:
        """Take `records` in; return how many of each kind came.

        Raises:
            KeyError, TypeError, ValueError: a field is missing or of the wrong form.
        """
        loaders = {
            "locations": self._load_location,
            "items": self._load_item,
            "charges": self._load_charge,
            "customers": self._load_customer,
            "orders": self._load_order,
        }
        counts = {}
        for kind, loader in loaders.items():
            for record in records.get(kind, ()):
                loader(record, at)
            counts[kind] = len(records.get(kind, ()))
        for told in records.get("statuses", ()):
            self._change_status(str(told["key"]), str(told["status"]))
        if "closed_periods" in records:
            self.closed_months = frozenset(map(str, records["closed_periods"]))
        self.reflection.periods(at, self.closed_months)
        return counts

    def _change_status(self, key: str, status: str) -> None:
        for (_, external_id), number in self._by_external_id.items():
            if external_id == key:
                self.transactions[number].status = status
                self.reflection.transaction(self.transactions[number])

    def _load_location(self, record: Record, at: datetime) -> None:
        number, subsidiary = self.id_of("location", str(record["code"])), self._division(record)
        is_active = bool(record.get("active", True))
        self.locations[str(number)] = (subsidiary, is_active)
        self._loaded["location", str(record["code"])] = dict(record)
        row = {"id": number, "name": record.get("name", ""), "externalid": record["code"]}
        rest = {"subsidiary": subsidiary, "isinactive": not is_active}
        self.mirror.put("location", number, [{**row, **rest}])

    def _division(self, record: Record) -> str:
        code = str(record.get("division", "") or "1")
        number = self.id_of("subsidiary", code)
        row = {"id": number, "name": code, "externalid": code, "isinactive": False}
        self.mirror.put("subsidiary", number, [row])
        return str(number)

    def _load_item(self, record: Record, at: datetime) -> None:
        sku = str(record["sku"])
        known = self._ids.get(("item", sku))
        number = int(record.get("id") or known or self.next_id())
        self._ids["item", sku] = number
        members = record.get("members", ())
        kind = str(record.get("type") or ("Kit" if members else "InvtPart"))
        is_active = bool(record.get("active", True))
        self.items[number] = Item(number, sku, kind, is_active)
        if self._loaded.get(("item", sku)) == record:
            return
        self._loaded["item", sku] = dict(record)
        cost = record.get("unit_cost")
        row = {
            "id": number,
            "itemid": sku,
            "externalid": sku,
            "upccode": record.get("upc") or None,
            "displayname": record.get("description") or None,
            "itemtype": kind,
            "isinactive": not is_active,
            "averagecost": None if cost in (None, "") else amount(record, "unit_cost"),
            "lastmodifieddate": stamp(at),
            "createddate": stamp(at),
        }
        self.mirror.put("item", number, [row])
        parts = [
            {
                "parentitem": number,
                "item": self.item_id(str(each["sku"])),
                "quantity": each["quantity"],
            }
            for each in members
        ]
        self.mirror.put("kititemmember", number, parts)

    def item_id(self, sku: str) -> int:
        return self._ids.get(("item", sku), 0)

    def _load_charge(self, code: Any, at: datetime) -> None:
        self._load_item({"sku": str(code), "type": "OthCharge"}, at)

    def _load_customer(self, record: Record, at: datetime) -> None:
        code = str(record["code"])
        number = self.id_of("customer", code)
        row = {"id": number, "entityid": code, "externalid": code, "isinactive": False}
        self.mirror.put("customer", number, [row])

    def _load_order(self, record: Record, at: datetime) -> None:
        number = str(record["number"])
        ordered = _moment(record["ordered_at"])
        internal = self.id_of("order", str(record.get("id") or f"order {number}"))
        known = self.transactions.get(internal)
        lines = self._order_lines(record)
        if known is not None:
            lines = [_keeping(line, known.line(line.number)) for line in lines]
        field_name = record.get("reference_field", "otherrefnum")
        order = Transaction(
            id=internal,
            kind="salesorder",
            number=number if field_name == "tranid" else f"SO{internal}",
            created_at=ordered,
            day=ordered.date(),
            entity=str(self.id_of("customer", str(record.get("customer", "")))),
            subsidiary=self._division(record),
            currency=str(record.get("currency", "GBP")),
            lines=lines,
            external_id=number if field_name == "externalid" else "",
            other_ref=number if field_name == "otherrefnum" else "",
            status="F",
            location=self._location_id(record),
        )
        self.keep(order)
        if record.get("invoice_number"):
            self._keep_sale(order, record)

    def _location_id(self, record: Record) -> str:
        code = str(record.get("warehouse", ""))
        return str(self.id_of("location", code)) if code else ""

    def _keep_sale(self, order: Transaction, record: Record) -> None:
        kind = "cashsale" if record.get("cash_sale") else "invoice"
        number = str(record["invoice_number"])
        internal = self.id_of(kind, f"{kind} {number}")
        known = self.transactions.get(internal)
        lines = [
            Line(
                number=position,
                item=line.item,
                item_type=line.item_type,
                quantity=line.quantity,
                rate=line.rate,
                amount=line.amount,
                taxes=list(line.taxes),
                location=line.location,
                source_line=line.number,
                kit=line.kit,
                memo=line.memo,
            )
            for position, line in enumerate(order.lines, start=1)
        ]
        if known is not None:
            lines = [_keeping(line, known.line(line.number)) for line in lines]
        sale = Transaction(
            id=internal,
            kind=kind,
            number=number,
            created_at=order.created_at,
            day=order.day,
            entity=order.entity,
            subsidiary=order.subsidiary,
            currency=order.currency,
            lines=lines,
            location=order.location,
            source=order.id,
        )
        self.keep(sale)

    def _order_lines(self, record: Record) -> list[Line]:
        lines: list[Line] = []
        location = self._location_id(record)
        numbers: dict[str, int] = {}
        for position, told in enumerate(record.get("lines", ()), start=1):
            name = str(told.get("line_id", "")) or str(position)
            number = int(name) if name.isdecimal() else position
            numbers[name] = number
            item = self.items.get(self.item_id(str(told["sku"])))
            discount = amount(told, "discount")
            parent = str(told.get("parent_line_id", ""))
            lines.append(
                Line(
                    number=number,
                    item=item.id if item else 0,
                    item_type=item.type if item else "InvtPart",
                    quantity=Decimal(int(told["quantity"])),
                    rate=amount(told, "unit_price"),
                    amount=amount(told, "net") + discount,
                    taxes=self._taxes(told),
                    location=location,
                    kit=numbers.get(parent, 0),
                    memo=str(told.get("description", "")),
                )
            )
            if discount:
                lines.append(self._discount(900_000_000 + number, discount))
        if amount(record, "shipping_net") or amount(record, "shipping_tax"):
            lines.append(self._shipping(record))
        return lines

    def _discount(self, number: int, discount: Decimal) -> Line:
        self._load_item({"sku": "Discount", "type": "Discount"}, _LONG_AGO)
        item = self.item_id("Discount")
        return Line(number, item, "Discount", ZERO, rate=-discount, amount=-discount)

    def _shipping(self, record: Record) -> Line:
        tax, code = amount(record, "shipping_tax"), str(record.get("shipping_tax_code", ""))
        taxes = [(self.tax_code(code), tax)] if tax or code else []
        net = amount(record, "shipping_net")
        return Line(999_999_999, 0, "ShipItem", ZERO, amount=net, taxes=taxes)

    def _taxes(self, line: Record) -> list[tuple[str, Decimal]]:
        parts = line.get("taxes") or [{"code": line.get("tax_code"), "amount": line.get("tax")}]
        return [
            (self.tax_code(str(part.get("code") or "")), amount(part, "amount")) for part in parts
        ]

    def tax_code(self, code: str) -> str:
        if not code:
            return ""
        number = self.id_of("salestaxitem", code)
        row = {"id": number, "itemid": code, "isinactive": False}
        self.mirror.put("salestaxitem", number, [row])
        return str(number)


def _keeping(line: Line, known: Line | None) -> Line:
    if known is not None:
        line.received, line.billed = known.received, known.billed
    return line


def _moment(text: Any) -> datetime:
    moment = datetime.fromisoformat(str(text))
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
