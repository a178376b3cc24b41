"""Our assumed wire form of Reveni: every field name here is invented, the facts are documented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.reveni_records import Transaction, moment

Switches = Mapping[str, Any]


def list_row(record: Transaction) -> dict[str, Any]:
    return {
        "id": record.transaction_id,
        "state": record.state,
        "order_name": str(record.facts.get("order_name", "")),
        "updated_at": stamp(record.updated_at),
    }


def detail(record: Transaction, switches: Switches) -> dict[str, Any]:
    facts = record.facts
    customer = facts.get("customer") or {}
    return {
        **list_row(record),
        "type": record.kind,
        "mode": record.mode,
        "created_at": stamp(record.created_at),
        "order": {
            "id": str(facts.get("order_id", "")),
            "name": str(facts.get("order_name", "")),
        },
        "customer": {"name": customer.get("name", ""), "email": customer.get("email", "")},
        "currency": str(facts.get("currency", "")),
        "products": list(_products(record, switches)),
        "breakdown": {
            name: [
                {"type": row["type"], "amount": amount(row["amount"], switches)}
                for row in facts.get(name) or ()
            ]
            for name in ("fees", "bonuses")
        },
        "refunds": [refund(record, row, switches) for row in record.refunds],
        "new_orders": list(_new_orders(record)),
        "shipments": [_shipment(row) for row in facts.get("shipments") or ()],
        "timeline": [
            *(_line(row, "event") for row in record.timeline),
            *(_line(row, "note") for row in record.notes),
        ],
    }


def refund(record: Transaction, row: Mapping[str, Any], switches: Switches) -> dict[str, Any]:
    created_at = moment(row.get("created_at"), record.created_at)
    return {
        "id": str(row["id"]),
        "transaction_id": record.transaction_id,
        "kind": row.get("kind", "REFUND"),
        "method": row.get("method", "ORIGINAL_PAYMENT"),
        "status": row.get("status", "COMPLETED"),
        "amount": amount(row["amount"], switches),
        "currency": str(row.get("currency") or record.facts.get("currency", "")),
        "reference": row.get("reference", ""),
        "created_at": stamp(created_at),
        "updated_at": stamp(moment(row.get("updated_at"), created_at)),
    }


def stamp(value: datetime) -> str:
    return value.isoformat(timespec="seconds")


def amount(value: object, switches: Switches) -> str | Decimal | None:
    if value is None:
        return None
    read = Decimal(str(value))
    return read if switches["amounts_as_numbers"] else f"{read:.2f}"


def _products(record: Transaction, switches: Switches) -> Iterator[dict[str, Any]]:
    for product in record.products:
        quantity = int(product.get("quantity", 1))
        entry = _product(product, switches, record.updated_at)
        if not switches["units_apart"]:
            yield {**entry, "quantity": quantity}
            continue
        for position in range(1, quantity + 1):
            yield {**entry, "id": entry["id"] if quantity == 1 else f"{entry['id']}-{position}"}


def _product(product: Mapping[str, Any], switches: Switches, record_at: datetime) -> dict[str, Any]:
    decided_at = product.get("decided_at")
    entry = {
        "id": str(product["id"]),
        "order_line_id": str(product.get("order_line_id", "")),
        "sku": product.get("sku", ""),
        "barcode": product.get("barcode", ""),
        "name": product.get("name", ""),
        "price": amount(product.get("price"), switches),
        "request_type": product.get("request_type", "RETURN"),
        "reason": product.get("reason", ""),
        "notes": product.get("notes", ""),
        "status": product["status"],
        "restock": product.get("restock"),
        "rejection_reason": product.get("rejection_reason"),
        "decided_at": stamp(moment(decided_at, record_at)) if decided_at else None,
        "decided_by": product.get("decided_by"),
        "location": product.get("location", ""),
    }
    if switches["has_tax_fields"]:
        entry["tax"] = amount(product.get("tax"), switches)
    return entry


def _new_orders(record: Transaction) -> Iterator[dict[str, str]]:
    """The record's own, else one as soon as the mode has the exchange placed."""
    given = record.facts.get("new_orders")
    if given is not None:
        for row in given:
            yield {
                "id": str(row.get("id", "")),
                "draft_id": str(row.get("draft_id", "")),
                "name": str(row.get("name", "")),
                "kind": "replacement",
            }
        return
    if record.kind == "REFUND":
        return
    is_placed = record.mode == "INSTANT" or record.state in ("ACCEPTED", "PARTLY_ACCEPTED")
    name = f"{record.facts.get('order_name', '')}-X"
    number = f"ex{record.transaction_id}"
    yield {
        "id": number if is_placed else "",
        "draft_id": number,
        "name": name if is_placed else "",
        "kind": "replacement",
    }


def _shipment(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": str(row["id"]),
        "status": row.get("status", "PENDING"),
        "carrier": row.get("carrier", ""),
        "tracking_number": row.get("tracking_number", ""),
        "tracking_url": row.get("tracking_url", ""),
    }


def _line(row: Mapping[str, Any], kind: str) -> dict[str, Any]:
    return {"kind": kind, "text": row["text"], "at": stamp(row["at"]), "by": row.get("by", "")}
