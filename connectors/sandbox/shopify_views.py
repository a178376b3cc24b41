"""Records of the simulated shop as its GraphQL types tell them."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from connectors.sandbox.shopify_amounts import (
    View,
    adjustment,
    allocation,
    bag,
    duty,
    money,
    tax,
)
from connectors.sandbox.shopify_paging import connection
from connectors.sandbox.shopify_parts import location, return_status, returned_line
from connectors.sandbox.shopify_store import (
    FULFILLED_LINE,
    REVERSE_LINE,
    REVERSE_ORDER,
    Record,
    Store,
    decimal,
    derived,
    gid,
    told,
)


class OrderViews:
    """Orders with what hangs on them: lines, transactions, refunds and returns."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- orders -------------------------------------------------------------------------------

    def order(self, row: Record) -> View:
        currency = row["currency"]
        customer = row.get("customer")
        name = str(row["name"])
        digits = "".join(each for each in name if each.isdigit())
        return {
            "__typename": "Order",
            "id": gid("Order", row["id"]),
            "legacyResourceId": row["id"],
            "name": name,
            "number": int(digits[-9:] or 0),
            "createdAt": told(row["created_at"]),
            "processedAt": told(row.get("processed_at") or row["created_at"]),
            "updatedAt": told(row["updated_at"]),
            "currencyCode": currency,
            "presentmentCurrencyCode": currency,
            "taxesIncluded": bool(row.get("taxes_included")),
            "taxExempt": bool(row.get("tax_exempt")),
            "email": row.get("email"),
            "note": row.get("note"),
            "tags": list(row.get("tags") or ()),
            "customer": customer and self._customer(customer),
            "returnStatus": return_status(row["returns"]),
            "lineItems": connection(row["lines"], lambda line: self.line(row, line)),
            "shippingLines": connection(
                row.get("shipping") or (), lambda line: self._shipping(row, line)
            ),
            "transactions": lambda info, first=None, **_: [
                self._transaction(row, each) for each in (row.get("payments") or ())[:first]
            ],
            "refunds": lambda info, first=None: [
                self.refund(row, each) for each in row["refunds"][:first]
            ],
            "returns": connection(row["returns"], lambda each: self.returned(row, each)),
        }

    def _customer(self, customer: Mapping[str, Any]) -> View:
        return {"id": gid("Customer", customer.get("id", 1)), "displayName": customer["name"]}

    def line(self, order: Record, row: Mapping[str, Any]) -> View:
        currency = order["currency"]
        quantity = int(row.get("quantity", 1))
        discounts = row.get("discounts") or ()
        return {
            "__typename": "LineItem",
            "id": gid("LineItem", row["id"]),
            "sku": row.get("sku"),
            "name": row.get("name") or row.get("sku") or "",
            "title": row.get("name") or row.get("sku") or "",
            "quantity": quantity,
            "currentQuantity": int(row.get("current_quantity", quantity)),
            "refundableQuantity": int(row.get("refundable_quantity", quantity)),
            "isGiftCard": bool(row.get("gift_card")),
            "variant": {"id": gid("ProductVariant", row["id"]), "barcode": row.get("barcode")},
            "product": None,
            "lineItemGroup": row.get("group") and self._group(row["group"]),
            "originalUnitPriceSet": bag(row.get("price"), currency),
            "originalTotalSet": bag(decimal(row.get("price")) * quantity, currency),
            "discountAllocations": [
                allocation(each, number, currency) for number, each in enumerate(discounts)
            ],
            "taxLines": lambda info, first=None: [
                tax(each, currency) for each in (row.get("taxes") or ())[:first]
            ],
            "duties": [duty(each, currency) for each in row.get("duties") or ()],
        }

    def _group(self, group: Mapping[str, Any]) -> View:
        return {
            "id": gid("LineItemGroup", group["id"]),
            "title": group.get("title", ""),
            "quantity": int(group.get("quantity", 1)),
            "variantSku": group.get("sku"),
        }

    def _shipping(self, order: Record, row: Mapping[str, Any]) -> View:
        currency = order["currency"]
        paid = bag(row.get("discounted", row.get("price")), currency)
        return {
            "id": gid("ShippingLine", row.get("id", 1)),
            "title": row.get("title", "Standard"),
            "originalPriceSet": bag(row.get("price"), currency),
            "discountedPriceSet": paid,
            "currentDiscountedPriceSet": paid,
            "isRemoved": False,
            "taxLines": [tax(each, currency) for each in row.get("taxes") or ()],
        }

    def _transaction(self, order: Record, row: Mapping[str, Any]) -> View:
        at = told(row.get("processed_at") or order["updated_at"])
        details = row.get("details")
        return {
            "__typename": "OrderTransaction",
            "id": gid("OrderTransaction", row["id"]),
            "kind": row.get("kind", "REFUND"),
            "status": row.get("status", "SUCCESS"),
            "gateway": row.get("gateway", "shopify_payments"),
            "paymentId": row.get("payment_id"),
            "createdAt": at,
            "processedAt": at,
            "amountSet": bag(row.get("amount"), order["currency"]),
            "paymentDetails": details and {"__typename": details},
            "test": False,
        }

    # --- refunds ------------------------------------------------------------------------------

    def refund(self, order: Record, row: Record) -> View:
        currency = order["currency"]
        transactions = row.get("transactions") or ()
        moved = sum(
            (decimal(each.get("amount")) for each in transactions if _is_paid(each)), Decimal(0)
        )
        linked = self._store.row("returns", str(row["return_id"])) if row.get("return_id") else None
        return {
            "__typename": "Refund",
            "id": gid("Refund", row["id"]),
            "legacyResourceId": row["id"],
            "createdAt": told(row.get("created_at")),
            "processedAt": told(row.get("processed_at") or row.get("created_at")),
            "updatedAt": told(row.get("updated_at") or order["updated_at"]),
            "note": row.get("note"),
            "order": lambda info: self.order(order),
            "return": (lambda info: self.returned(*linked)) if linked else None,
            "totalRefundedSet": bag(moved, currency),
            "duties": [
                {"amountSet": bag(each["amount"], currency), "originalDuty": None}
                for each in row.get("duties") or ()
            ],
            "refundLineItems": connection(
                row.get("lines") or (), lambda each: self._refunded(order, each)
            ),
            "refundShippingLines": connection(
                row.get("shipping") or (), lambda each: self._refunded_shipping(order, each)
            ),
            "orderAdjustments": connection(
                row.get("adjustments") or (), lambda each: adjustment(each, currency)
            ),
            "transactions": connection(transactions, lambda each: self._transaction(order, each)),
        }

    def _refunded(self, order: Record, row: Mapping[str, Any]) -> View:
        currency = order["currency"]
        line = self._sold(order, row["line_id"])
        return {
            "id": gid("RefundLineItem", row.get("id", row["line_id"])),
            "lineItem": self.line(order, line),
            "quantity": int(row["quantity"]),
            "restockType": row.get("restock_type", "NO_RESTOCK"),
            "restocked": bool(row.get("restocked")),
            "location": None,
            "priceSet": bag(line.get("price"), currency),
            "subtotalSet": bag(row.get("subtotal"), currency),
            "totalTaxSet": bag(row.get("tax"), currency),
        }

    def _refunded_shipping(self, order: Record, row: Mapping[str, Any]) -> View:
        currency = order["currency"]
        sold = (order.get("shipping") or ({"price": row.get("amount")},))[0]
        return {
            "id": gid("RefundShippingLine", row.get("id", 1)),
            "shippingLine": self._shipping(order, sold),
            "subtotalAmountSet": bag(row.get("amount"), currency),
            "taxAmountSet": bag(row.get("tax"), currency),
        }

    # --- returns ------------------------------------------------------------------------------

    def returned(self, order: Record, row: Record) -> View:
        lines = row.get("lines") or ()
        currency = order["currency"]
        has_reverse = row["status"] in ("OPEN", "CLOSED") and lines
        fees = enumerate(row.get("shipping_fees") or (), 1)
        return {
            "__typename": "Return",
            "id": gid("Return", row["id"]),
            "name": row["name"],
            "status": row["status"],
            "totalQuantity": sum(int(line.get("quantity", 1)) for line in lines),
            "createdAt": told(row["created_at"]),
            "requestApprovedAt": told(row.get("approved_at")),
            "closedAt": told(row.get("closed_at")),
            "decline": row.get("decline"),
            "order": lambda info: self.order(order),
            "returnLineItems": connection(lines, lambda line: self._returned_line(order, line)),
            "exchangeLineItems": connection(
                row.get("exchange_lines") or (), lambda line: self._exchange(order, line)
            ),
            "returnShippingFees": [
                {"id": gid("ReturnShippingFee", number), "amountSet": bag(fee, currency)}
                for number, fee in fees
            ],
            "refunds": connection(
                lambda: [r for r in order["refunds"] if str(r.get("return_id")) == row["id"]],
                lambda refund: self.refund(order, refund),
            ),
            "reverseFulfillmentOrders": connection(
                [row] if has_reverse else [], lambda each: self.reverse(order, each)
            ),
        }

    def _returned_line(self, order: Record, row: Mapping[str, Any]) -> View:
        quantity = int(row.get("quantity", 1))
        fee = row.get("restocking_fee")
        common = returned_line(row)
        if row.get("line_id") is None:
            price = money(row.get("unit_price"), order["currency"])
            return {**common, "__typename": "UnverifiedReturnLineItem", "unitPrice": price}
        sold = self._sold(order, row["line_id"])
        return {
            **common,
            "__typename": "ReturnLineItem",
            "fulfillmentLineItem": self._fulfilled(order, sold),
            "withCodeDiscountedTotalPriceSet": bag(_paid(sold, quantity), order["currency"]),
            "restockingFee": fee
            and {
                "id": gid("RestockingFee", row["id"]),
                "percentage": 0.0,
                "amountSet": bag(fee, order["currency"]),
            },
        }

    def _fulfilled(self, order: Record, line: Mapping[str, Any]) -> View:
        quantity = int(line.get("quantity", 1))
        return {
            "__typename": "FulfillmentLineItem",
            "id": gid("FulfillmentLineItem", derived(FULFILLED_LINE, line["id"])),
            "quantity": quantity,
            "lineItem": self.line(order, line),
            "originalTotalSet": bag(decimal(line.get("price")) * quantity, order["currency"]),
            "discountedTotalSet": bag(_paid(line, quantity), order["currency"]),
        }

    def _exchange(self, order: Record, row: Mapping[str, Any]) -> View:
        quantity, processed = int(row.get("quantity", 1)), int(row.get("processed", 0))
        return {
            "__typename": "ExchangeLineItem",
            "id": gid("ExchangeLineItem", row["id"]),
            "quantity": quantity,
            "processedQuantity": processed,
            "unprocessedQuantity": quantity - processed,
            "processableQuantity": quantity - processed,
            "variantId": row.get("variant_id") and gid("ProductVariant", row["variant_id"]),
            "lineItems": [
                self.line(order, self._sold(order, number)) for number in row.get("line_ids") or ()
            ],
        }

    def reverse(self, order: Record, row: Record) -> View:
        return {
            "__typename": "ReverseFulfillmentOrder",
            "id": gid("ReverseFulfillmentOrder", derived(REVERSE_ORDER, row["id"])),
            "status": "OPEN" if row["status"] == "OPEN" else "CLOSED",
            "order": lambda info: self.order(order),
            "lineItems": connection(
                [line for line in row.get("lines") or () if line.get("line_id") is not None],
                lambda line: self.reverse_line(order, row, line),
            ),
            "reverseDeliveries": connection(
                row.get("deliveries") or (), lambda each: self._delivery(order, row, each)
            ),
        }

    def reverse_line(self, order: Record, row: Record, line: Mapping[str, Any]) -> View:
        found = [
            each
            for each in row.get("dispositions") or ()
            if str(each["line_id"]) == str(line["id"])
        ]
        return {
            "__typename": "ReverseFulfillmentOrderLineItem",
            "id": gid("ReverseFulfillmentOrderLineItem", derived(REVERSE_LINE, line["id"])),
            "totalQuantity": int(line.get("quantity", 1)),
            "fulfillmentLineItem": self._fulfilled(order, self._sold(order, line["line_id"])),
            "dispositions": [self._disposition(order, each) for each in found],
        }

    def _disposition(self, order: Record, row: Mapping[str, Any]) -> View:
        place = self._store.locations.get(str(row.get("location")))
        return {
            "id": gid("ReverseFulfillmentOrderDisposition", row["id"]),
            "type": row["type"],
            "quantity": int(row.get("quantity", 1)),
            "createdAt": told(row.get("at") or order["updated_at"]),
            "location": place and location(place),
        }

    def _delivery(self, order: Record, row: Record, delivery: Mapping[str, Any]) -> View:
        return {
            "__typename": "ReverseDelivery",
            "id": gid("ReverseDelivery", delivery["id"]),
            "reverseFulfillmentOrder": lambda info: self.reverse(order, row),
            "deliverable": {
                "__typename": "ReverseDeliveryShippingDeliverable",
                "label": None,
                "tracking": {
                    "carrierName": delivery.get("carrier"),
                    "number": delivery.get("number"),
                    "url": delivery.get("url"),
                },
            },
        }

    def _sold(self, order: Record, number: object) -> Mapping[str, Any]:
        return next(line for line in order["lines"] if line["id"] == str(number))


def _paid(line: Mapping[str, Any], units: int) -> Decimal:
    quantity = int(line.get("quantity", 1))
    taken = sum((decimal(each["amount"]) for each in line.get("discounts") or ()), Decimal(0))
    return (decimal(line.get("price")) * quantity - taken) * units / max(quantity, 1)


def _is_paid(row: Mapping[str, Any]) -> bool:
    kind, status = row.get("kind", "REFUND"), row.get("status", "SUCCESS")
    return bool(kind == "REFUND" and status == "SUCCESS")
