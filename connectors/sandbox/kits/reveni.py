"""Reveni: a transaction of products, each accepted or rejected; money as the record says.

A product that was not returned is rejected for that reason. Why a product is not restockable has
no place of its own here: a merchant's own reasons stand for it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.kits.kit import Access, Record
from connectors.sandbox.reveni import ReveniTwin

_STATES = {"Received": "RECEIVED", "Rejected": "CANCELLED", "Canceled": "CANCELLED"}
_REFUND_STATES = {
    "Success": "COMPLETED",
    "Pending": "PENDING",
    "Requested": "PENDING",
    "Failed": "FAILED",
}
_EXCHANGE = "exchange"


class ReveniKit:
    system = "reveni"
    holds_orders = False

    def twin(self, **options: Any) -> Twin:
        return ReveniTwin(**options)

    def access(self, credentials: Mapping[str, str]) -> Access:
        return Access(secrets=credentials)

    def loads(self, records: Record) -> Record:
        return {"transactions": [self._transaction(rma) for rma in records.get("rmas", ())]}

    def external_id(self, rma_id: str) -> str:
        return hashlib.md5(rma_id.encode(), usedforsecurity=False).hexdigest()

    def unit_id(self, rma_id: str, item_id: str) -> str:
        return item_id

    def _transaction(self, rma: Record) -> Record:
        copied = ("order_name", "order_id", "currency", "created_at", "updated_at", "customer")
        return {
            **{name: rma[name] for name in copied if name in rma},
            "id": self.external_id(rma["rma_id"]),
            "mode": rma.get("mode", "NOT_INSTANT"),
            "state": _STATES.get(rma["status"], "IN_PROGRESS"),
            "products": [_product(unit) for unit in rma.get("items", ())],
            "refunds": [_refund(row) for row in rma.get("transactions", ())],
            "shipments": [
                {"id": row["shipment_id"], **{k: v for k, v in row.items() if k != "shipment_id"}}
                for row in rma.get("shipments", ())
            ],
        }


def _product(unit: Record) -> Record:
    is_exchange = _EXCHANGE in str(unit.get("resolution_type", "")).lower()
    validation = unit.get("validation") or {}
    return {
        "id": unit["item_id"],
        "quantity": unit.get("quantity", 1),
        "order_line_id": unit.get("line_item_id", ""),
        "sku": unit.get("sku", ""),
        "barcode": unit.get("barcode", ""),
        "name": unit.get("name", ""),
        "price": unit.get("paid_price", "0"),
        "tax": unit.get("paid_tax", "0"),
        "request_type": "EXCHANGE" if is_exchange else "RETURN",
        "reason": unit.get("reason", ""),
        "location": validation.get("store_location_id") or "",
        **(_decision(validation) if validation else {}),
    }


def _decision(validation: Record) -> dict[str, Any]:
    decided = {"decided_at": validation["at"], "decided_by": validation.get("by", "merchant")}
    if not validation["is_returned"]:
        why = validation.get("non_returned_reason") or "Not returned"
        return {**decided, "status": "REJECTED", "rejection_reason": why}
    choice = "RESTOCK" if validation["is_restockable"] else "NO_RESTOCK"
    return {**decided, "status": "ACCEPTED", "restock": choice}


def _refund(row: Record) -> Record:
    return {
        "id": row["id"],
        "method": row.get("type", "ORIGINAL_PAYMENT"),
        "status": _REFUND_STATES.get(row["status"], row["status"]),
        "amount": row["amount"],
        "reference": row.get("external_reference_id", ""),
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    }
