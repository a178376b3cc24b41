"""Brightpearl: one company, so divisions are left out; all ids are numbers of the plain codes.

Damaged goods lie in the warehouse's quarantine. A month that is closed closes all before it, since
Brightpearl locks up to a day. `goods_in` is passed on as it is: what the ERP's staff check in.
"""

from __future__ import annotations

import calendar
import dataclasses
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.brightpearl import BrightpearlTwin
from connectors.sandbox.brightpearl_door import ACCOUNT
from connectors.sandbox.kits.kit import Access, Booked, Record
from connectors.sandbox.kits.numbers import number_of
from connectors.types import DocumentKind

_INSTANCE = "77"
_SHIPPING_NOMINAL = "4040"
_ZERO = Decimal(0)


class BrightpearlKit:
    system = "brightpearl"

    def twin(self, **options: Any) -> Twin:
        return BrightpearlTwin(**options)

    def access(self, credentials: Mapping[str, str]) -> Access:

        return Access(
            settings={
                "account": ACCOUNT,
                "instance_id": _INSTANCE,
                "timezone": "Europe/London",
                "untaxed_code": "Z",
            },
            secrets={
                "app_ref": credentials["brightpearl-app-ref"],
                "account_token": credentials["brightpearl-account-token"],
            },
        )

    def loads(self, records: Record) -> Record:
        made: dict[str, Any] = {
            "warehouses": [
                _warehouse(row) for row in records.get("locations", ()) if row.get("active", True)
            ],
            "contacts": [
                {"id": _id("customer", row["code"]), "name": row["name"]}
                for row in records.get("customers", ())
            ],
            "products": [_product(row) for row in records.get("items", ())],
            "tax_codes": _tax_codes(records.get("orders", ())),
            "orders": [_order(row) for row in records.get("orders", ())],
            "goods_in": list(records.get("goods_in", ())),
        }
        if "closed_periods" in records:
            made["period_lock"] = _lock(records["closed_periods"])
        return made

    def check_in(self, key: str) -> Record | None:
        """All that is awaited on a sales credit, put into quarantine by the ERP's own staff."""
        return {"goods_in": [{"credit": key, "place": "quarantine"}]}

    def booked(self, documents: Sequence[Record]) -> tuple[Booked, ...]:
        """A document that bears no key of ours is told by the credit it hangs on."""
        keys = {
            row["id"]: str(row.get("externalRef", ""))
            for row in documents
            if row["kind"] == "sales_credit"
        }
        merged: dict[tuple[str, DocumentKind, str], Booked] = {}
        for document in documents:
            for row in _booked(document, keys):
                # Each line of a release or a write-off stands for itself.
                is_line = row.kind in (DocumentKind.STOCK_MOVE, DocumentKind.WRITE_OFF)
                place = row.key, row.kind, "" if is_line else row.number
                known = merged.get(place)
                merged[place] = (
                    dataclasses.replace(known, units=known.units + row.units) if known else row
                )
        return tuple(sorted(merged.values(), key=lambda row: _ORDER.index(row.kind)))


def _id(kind: str, code: str) -> int:
    return int(number_of(kind, code))


def _warehouse(row: Record) -> Record:
    return {
        "id": _id("place", row["code"]),
        "name": row["name"],
        "default_location": _id("default", row["code"]),
        "quarantine_location": _id("quarantine", row["code"]),
    }


def _product(row: Record) -> Record:
    made = {
        "id": _id("item", row["sku"]),
        "sku": row["sku"],
        "name": row.get("description", ""),
        "barcode": row.get("upc", ""),
        "status": "LIVE" if row.get("active", True) else "ARCHIVED",
        "cost": row.get("unit_cost", 0),
    }
    parts = [
        {"product_id": _id("item", part["sku"]), "quantity": part["quantity"]}
        for part in row.get("members", ())
    ]
    return {**made, "components": parts} if parts else made


def _tax_codes(orders: Iterable[Record]) -> list[Record]:
    codes = {"Z"}
    for order in orders:
        codes |= {order.get("shipping_tax_code") or "Z"}
        codes |= {line.get("tax_code") or "Z" for line in order.get("lines", ())}
    return [{"id": _id("tax", code), "code": code} for code in sorted(codes)]


def _order(row: Record) -> Record:
    number = row["number"]
    rows = [_row(number, line) for line in row.get("lines", ())]
    if Decimal(str(row.get("shipping_net") or 0)) or Decimal(str(row.get("shipping_tax") or 0)):
        rows.append(
            {
                "id": _id("row", f"{number}/shipping"),
                "name": "Shipping",
                "quantity": 1,
                "net": row.get("shipping_net", 0),
                "tax": row.get("shipping_tax", 0),
                "tax_code": row.get("shipping_tax_code") or "Z",
                "nominal_code": _SHIPPING_NOMINAL,
            }
        )
    return {
        "id": _id("order", number),
        "ref": number,
        "contact_id": _id("customer", row["customer"]),
        "warehouse_id": _id("place", row["warehouse"]),
        "currency": row["currency"],
        "placed_on": row["ordered_at"],
        "invoice": row.get("invoice_number", ""),
        "rows": rows,
    }


def _row(number: str, line: Record) -> Record:
    parent = line.get("parent_line_id")
    return {
        "id": _id("row", f"{number}/{line['line_id']}"),
        "product_id": _id("item", line["sku"]),
        "name": line.get("description", ""),
        "quantity": line["quantity"],
        "net": line["net"],
        "tax": line["tax"],
        "tax_code": line.get("tax_code") or "Z",
        "parent_row_id": _id("row", f"{number}/{parent}") if parent else 0,
    }


def _lock(months: Iterable[str]) -> Record | None:
    """The lock that closes all these months; none opens what is locked."""
    if not (closed := sorted(months)):
        return None
    year, month = map(int, closed[-1].split("-"))
    return {"locked_until": f"{closed[-1]}-{calendar.monthrange(year, month)[1]}"}


_ORDER = list(DocumentKind)
_MARK = re.compile(r"\[(\S+) \d+x(\d+)\]")


def _booked(row: Record, keys: Mapping[int, str]) -> Iterable[Booked]:
    kind = row["kind"]
    if kind == "sales_credit":
        yield from _of_credit(row)
    elif kind == "sales_credit_invoice":
        yield Booked(
            key=keys.get(row["id"], ""),
            kind=DocumentKind.CREDIT_MEMO,
            number=row["number"],
            units=int(row["units"]),
            gross=Decimal(row["total"]),
            is_final=row["status"] == "invoiced",
        )
    elif kind == "customer_payment":
        gross = Decimal(row["amountPaid"])
        yield _made(row["transactionRef"], DocumentKind.REFUND_RECORD, row["id"], 0, gross)
    elif kind == "goods_in":
        key = row["reference"] or keys.get(row["order"], "")
        yield _made(key, DocumentKind.STOCK_RECEIPT, row["id"], _units(row))
    elif kind == "stock_correction":
        key = row["reason"].partition("]")[0].removeprefix("[")
        yield _made(key, DocumentKind.WRITE_OFF, row["id"], _units(row))


def _of_credit(row: Record) -> Iterable[Booked]:
    """The authorisation, and the releases its notes tell of."""
    key = str(row.get("externalRef", ""))
    # A credit the memo made by itself is told by its invoice.
    if not key.startswith("CM"):
        yield _made(key, DocumentKind.RETURN_AUTHORISATION, row["id"], int(row["units"]))
    for note in row["notes"]:
        for found in _MARK.finditer(note):
            yield _made(found[1], DocumentKind.STOCK_MOVE, row["id"], int(found[2]))


def _made(
    key: str, kind: DocumentKind, number: object, units: int, gross: Decimal = _ZERO
) -> Booked:
    return Booked(key, kind, str(number), units, gross, is_final=True)


def _units(row: Record) -> int:
    return abs(sum(int(moved["quantity"]) for moved in row["moved"]))
