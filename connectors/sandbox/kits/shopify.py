"""Shopify: a shop's orders with their returns and refunds inside them.

A plain return's unit names no line of the order, so the order's line of its SKU is meant, unless
both carry the same `shop_line`; an order that sells a SKU twice needs it. Prices include tax where
unit prices times quantity come to net and tax together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.kits.kit import Access, Record
from connectors.sandbox.kits.numbers import number_of
from connectors.sandbox.shopify import SHOP_DOMAIN, ShopifyTwin

_STATUSES = {
    "Pending": "REQUESTED",
    "Approved": "OPEN",
    "Received": "OPEN",
    "Validated": "OPEN",
    "Done": "CLOSED",
    "Rejected": "DECLINED",
    "Canceled": "CANCELED",
}
_REFUND_STATUSES = {
    "Success": "SUCCESS",
    "Pending": "PENDING",
    "Requested": "PENDING",
    "Failed": "FAILURE",
}
_EXCHANGE = "exchange"


class ShopifyKit:
    system = "shopify"
    holds_orders = True

    def twin(self, **options: Any) -> Twin:
        return ShopifyTwin(**options)

    def access(self, credentials: Mapping[str, str]) -> Access:

        return Access(
            settings={"shop_domain": SHOP_DOMAIN},
            secrets={
                "access_token": credentials["access_token"],
                "api_secret": credentials["api_secret"],
            },
        )

    def loads(self, records: Record) -> Record:
        return {
            "orders": [_order(row) for row in records.get("orders", ())],
            "changes": [self._change(row) for row in records.get("rmas", ())],
            "locations": [
                {"id": number_of("place", name), "name": name, "active": True}
                for name in sorted(_places(records.get("rmas", ())))
            ],
        }

    def external_id(self, rma_id: str) -> str:
        return number_of("return", rma_id)

    def unit_id(self, rma_id: str, item_id: str) -> str:
        return number_of("unit", rma_id, item_id)

    def _change(self, rma: Record) -> Record:
        return_id = self.external_id(rma["rma_id"])
        units = [(self.unit_id(rma["rma_id"], row["item_id"]), row) for row in rma["items"]]
        made = {
            "id": return_id,
            "name": f"{rma['order_name']}-R{rma['rma_id']}",
            "status": _STATUSES[rma["status"]],
            "created_at": rma["created_at"],
            "lines": [_line(rma, unit_id, unit) for unit_id, unit in units],
            "exchange_lines": [
                {"id": number_of("exchange", unit_id), "quantity": unit.get("quantity", 1)}
                for unit_id, unit in units
                if _EXCHANGE in str(unit.get("resolution_type", "")).lower()
            ],
            "dispositions": [
                _disposition(unit_id, unit) for unit_id, unit in units if unit.get("validation")
            ],
        }
        return {
            "order_id": number_of("order", rma["order_name"]),
            "updated_at": rma["updated_at"],
            "email": (rma.get("customer") or {}).get("email", ""),
            "returns": [made],
            "refunds": [_refund(rma, return_id, row) for row in rma.get("transactions", ())],
        }


def _line_id(order_name: str, row: Record) -> str:
    return number_of("line", order_name, row.get("shop_line") or row["sku"])


def _order(row: Record) -> Record:
    lines = row.get("lines", ())
    is_included = all(
        Decimal(line["unit_price"]) * line["quantity"] - Decimal(line.get("discount", 0))
        == Decimal(line["net"]) + Decimal(line["tax"])
        for line in lines
        # A bundle's part has its money in the bundle's line.
        if not line.get("parent_line_id")
    )
    total = sum((Decimal(line["net"]) + Decimal(line["tax"]) for line in lines), Decimal(0))
    shipping = Decimal(row.get("shipping_net", 0)) + Decimal(row.get("shipping_tax", 0))
    number = row["number"]
    return {
        "id": number_of("order", number),
        "name": number,
        "created_at": row["ordered_at"],
        "updated_at": row["ordered_at"],
        "currency": row["currency"],
        "taxes_included": is_included,
        "customer": {"id": number_of("customer", row["customer"]), "name": row["customer"]},
        "lines": [
            {
                "id": _line_id(number, line),
                "sku": line["sku"],
                "name": line["description"],
                "quantity": line["quantity"],
                "price": line["unit_price"],
                "taxes": [{"title": "VAT", "amount": line["tax"]}],
            }
            for line in lines
        ],
        "shipping": [{"title": "Standard", "price": str(shipping), "taxes": []}],
        "payments": [
            {
                "id": number_of("payment", number),
                "kind": "SALE",
                "status": "SUCCESS",
                "gateway": "shopify_payments",
                "amount": str(total + shipping),
            }
        ],
    }


def _line(rma: Record, unit_id: str, unit: Record) -> Record:
    return {
        "id": unit_id,
        "line_id": _line_id(rma["order_name"], unit),
        "quantity": unit.get("quantity", 1),
        "reason": unit.get("reason", ""),
    }


def _disposition(unit_id: str, unit: Record) -> dict[str, Any]:
    validation: Mapping[str, Any] = unit["validation"]
    kind = "RESTOCKED" if validation["is_restockable"] else "NOT_RESTOCKED"
    return {
        "id": number_of("disposition", unit_id),
        "line_id": unit_id,
        "type": kind if validation["is_returned"] else "MISSING",
        "quantity": unit.get("quantity", 1),
        "location": number_of("place", validation.get("store_location_id") or ""),
        "at": validation["at"],
    }


def _refund(rma: Record, return_id: str, row: Record) -> dict[str, Any]:
    refunded = [unit for unit in rma["items"] if unit["item_id"] in row["item_ids"]]
    return {
        "id": number_of("refund", row["id"]),
        "return_id": return_id,
        "created_at": row["created_at"],
        "processed_at": row["created_at"],
        "updated_at": row["updated_at"],
        "lines": [
            {
                "line_id": _line_id(rma["order_name"], unit),
                "quantity": unit.get("quantity", 1),
                "subtotal": unit["paid_price"],
                "tax": unit["paid_tax"],
            }
            for unit in refunded
        ],
        "transactions": [
            {
                "id": number_of("transaction", row["id"]),
                "kind": "REFUND",
                "status": _REFUND_STATUSES[row["status"]],
                "gateway": "shopify_payments",
                "amount": row["amount"],
                "payment_id": row.get("external_reference_id", ""),
                "processed_at": row["updated_at"],
            }
        ],
    }


def _places(rmas: Sequence[Record]) -> set[str]:
    found = {
        (unit.get("validation") or {}).get("store_location_id")
        for rma in rmas
        for unit in rma["items"]
    }
    return {name for name in found if name}
