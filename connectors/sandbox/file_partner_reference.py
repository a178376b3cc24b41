"""The reference files a simulated partner lays ready, from what it knows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from connectors.exchange.reference import (
    ITEM_COLUMNS,
    ITEMS,
    LOCATION_COLUMNS,
    LOCATIONS,
    ORDER_COLUMNS,
    ORDERS,
)
from connectors.sandbox.file_partner_records import Record, Records

_WORDS = {True: "yes", False: "no"}


def files(records: Records) -> dict[str, bytes]:
    """Name → content; only the files there is something to say in."""
    tables = records.tables
    made = {
        LOCATIONS: _csv(LOCATION_COLUMNS, map(_location, tables["locations"].values())),
        ITEMS: _csv(ITEM_COLUMNS, map(_item, tables["items"].values())),
        ORDERS: _csv(
            ORDER_COLUMNS,
            (
                row
                for order in tables["orders"].values()
                for row in _order(order, tables["customers"])
            ),
        ),
    }
    return {name: content for name, content in made.items() if content.count(b"\n") > 1}


def _location(row: Record) -> dict[str, Any]:
    return {
        "code": row["code"],
        "name": row.get("name", ""),
        "division": row.get("division", ""),
        "active": row.get("active", True),
    }


def _item(row: Record) -> dict[str, Any]:
    return {
        "id": row["sku"],
        "sku": row["sku"],
        "barcode": row.get("upc", row.get("barcode", "")),
        "description": row.get("description", ""),
        "division": row.get("division", ""),
        "active": row.get("active", True),
        "returnable": row.get("returnable", True),
        "cost": row.get("unit_cost", ""),
    }


def _order(order: Record, customers: Mapping[str, Record]) -> Iterable[dict[str, Any]]:
    customer = customers.get(str(order.get("customer", "")), {})
    head = {
        "order": order["number"],
        "id": order["number"],
        "customer": order.get("customer", ""),
        "customer_name": customer.get("name", ""),
        "vat": customer.get("vat_setting", ""),
        "currency": order["currency"],
        "division": order.get("division", ""),
        "warehouse": order.get("warehouse", ""),
        "invoice": order.get("invoice_number", ""),
        "ordered_at": order["ordered_at"],
        "prices_include_tax": order.get("prices_include_tax", ""),
        "shipping_net": order.get("shipping_net", ""),
        "shipping_tax": order.get("shipping_tax", ""),
        "shipping_tax_code": order.get("shipping_tax_code", ""),
    }
    for line in order["lines"]:
        yield {
            **head,
            "line": line["line_id"],
            "sku": line["sku"],
            "description": line.get("description", ""),
            "quantity": line["quantity"],
            "unit_price": line["unit_price"],
            "discount": line.get("discount", ""),
            "net": line["net"],
            "tax": line["tax"],
            "tax_code": line.get("tax_code", ""),
            "parent_line": line.get("parent_line_id", ""),
        }


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[column]) for column in columns])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    return _WORDS[value] if isinstance(value, bool) else value
