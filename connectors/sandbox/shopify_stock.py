"""Products, stock by state and payouts of the simulated shop, and how stock may change.

Which states may be changed, what needs a ledger and which words refuse it are recorded from a live
store; so is that states other than `available` change what is on hand.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors.sandbox.shopify_amounts import View, money
from connectors.sandbox.shopify_paging import connection, refusal
from connectors.sandbox.shopify_parts import location
from connectors.sandbox.shopify_store import Record, Store, gid, item_number, parts, told

WRITABLE = ("available", "damaged", "incoming", "quality_control", "reserved", "safety_stock")
_ON_HAND = ("available", "committed", "reserved", "damaged", "safety_stock", "quality_control")
REASONS = frozenset(
    {
        "correction",
        "cycle_count_available",
        "damaged",
        "movement_canceled",
        "movement_created",
        "movement_received",
        "movement_updated",
        "other",
        "promotion",
        "quality_control",
        "received",
        "reservation_created",
        "reservation_deleted",
        "reservation_updated",
        "restock",
        "safety_stock",
        "shrinkage",
    }
)


class Refused(Exception):
    """A userError: field path, message and code."""

    def __init__(self, field: list[str], message: str, code: str) -> None:
        super().__init__(message)
        self.error = {"field": field, "message": message, "code": code}


@dataclass(frozen=True)
class Step:
    """One state of one item at one place, changed by `delta`."""

    field: list[str]
    item_id: str
    location_id: str
    state: str
    delta: int
    ledger: str | None
    expected: int | None


class StockRoom:
    """Views and changes of stock."""

    def __init__(self, store: Store) -> None:
        self._store = store

    # --- views --------------------------------------------------------------------------------

    def product(self, row: Record) -> View:
        return {
            "__typename": "Product",
            "id": gid("Product", row["id"]),
            "title": row.get("title", ""),
            "tags": list(row.get("tags") or ()),
            "updatedAt": told(row.get("updated_at") or "2026-01-01T00:00:00"),
            "status": row.get("status", "ACTIVE"),
            "variants": connection(row["variants"], lambda each: self.variant(row, each)),
            "metafield": lambda info, key, namespace=None: _metafield(row, namespace, key),
        }

    def variant(self, product: Record, row: Record) -> View:
        return {
            "__typename": "ProductVariant",
            "id": gid("ProductVariant", row["id"]),
            "legacyResourceId": str(row["id"]),
            "sku": row.get("sku"),
            "barcode": row.get("barcode"),
            "title": row.get("title", "Default"),
            "displayName": f"{product.get('title', '')} - {row.get('title', 'Default')}",
            "product": lambda info: self.product(product),
            "inventoryItem": lambda info: self.item(row),
            "metafield": lambda info, key, namespace=None: _metafield(row, namespace, key),
        }

    def item(self, variant: Record) -> View:
        number = item_number(variant)
        return {
            "__typename": "InventoryItem",
            "id": gid("InventoryItem", number),
            "sku": variant.get("sku"),
            "tracked": True,
            "inventoryLevel": lambda info, locationId, **_: next(
                (
                    self._level(variant, level)
                    for level in variant["levels"]
                    if gid("Location", level["location_id"]) == locationId
                ),
                None,
            ),
            "inventoryLevels": connection(
                variant["levels"], lambda level: self._level(variant, level)
            ),
        }

    def _level(self, variant: Record, level: Record) -> View:
        number, place = item_number(variant), str(level["location_id"])
        return {
            "__typename": "InventoryLevel",
            # The query part is recorded: such an id has digits at two places.
            "id": f"{gid('InventoryLevel', place)}?inventory_item_id={number}",
            "isActive": True,
            "item": lambda info: self.item(variant),
            "location": location(self._store.locations[place]),
            "quantities": lambda info, names: [
                {"id": gid("InventoryQuantity", place), "name": name, "quantity": units}
                for name in names
                for units in (_units(level, name),)
            ],
        }

    # --- changes ------------------------------------------------------------------------------

    def adjust(self, asked: Mapping[str, Any], *, at: datetime, can_omit: bool) -> View:
        """Carry out `inventoryAdjustQuantities`. Raises Refused, and nothing is changed."""
        name = asked["name"]
        steps = []
        for number, change in enumerate(asked["changes"]):
            _check_expectation(change, can_omit=can_omit)
            field = ["input", "changes", str(number)]
            steps.append(
                Step(
                    field=field,
                    item_id=change["inventoryItemId"],
                    location_id=change["locationId"],
                    state=name,
                    delta=int(change["delta"]),
                    ledger=change.get("ledgerDocumentUri"),
                    expected=change.get("changeFromQuantity"),
                )
            )
        ledgers = {step.ledger for step in steps if step.ledger}
        if len(ledgers) > 1:
            raise Refused(
                ["input", "changes"], "Only one ledger document", "MAX_ONE_LEDGER_DOCUMENT"
            )
        return self._carry_out(asked, steps, at=at)

    def move(self, asked: Mapping[str, Any], *, at: datetime, can_omit: bool) -> View:
        """Carry out `inventoryMoveQuantities`. Raises Refused, and nothing is changed."""
        steps = []
        for number, change in enumerate(asked["changes"]):
            field = ["input", "changes", str(number)]
            source, target = change["from"], change["to"]
            for end in (source, target):
                _check_expectation(end, can_omit=can_omit)
            if source["locationId"] != target["locationId"]:
                raise Refused(field, "The locations must be the same.", "DIFFERENT_LOCATIONS")
            if source["name"] == target["name"]:
                raise Refused(field, "The quantity names are the same.", "SAME_QUANTITY_NAME")
            units = int(change["quantity"])
            if units < 0:
                raise Refused([*field, "quantity"], "Negative.", "INVALID_QUANTITY_NEGATIVE")
            for end, sign, name in ((source, -1, "from"), (target, 1, "to")):
                steps.append(
                    Step(
                        field=[*field, name],
                        item_id=change["inventoryItemId"],
                        location_id=end["locationId"],
                        state=end["name"],
                        delta=sign * units,
                        ledger=end.get("ledgerDocumentUri"),
                        expected=end.get("changeFromQuantity"),
                    )
                )
        return self._carry_out(asked, steps, at=at)

    def group(self, row: Record) -> View:
        """An adjustment as it was answered; the quantity after it is not told."""
        return {
            "__typename": "InventoryAdjustmentGroup",
            "id": gid("InventoryAdjustmentGroup", row["id"]),
            "reason": row["reason"],
            "referenceDocumentUri": row["reference"],
            "createdAt": told(row["at"]),
            "changes": lambda info, **_: [
                {
                    "name": step.state,
                    "delta": step.delta,
                    "quantityAfterChange": None,
                    "ledgerDocumentUri": step.ledger,
                    "item": None,
                    "location": None,
                }
                for step in row["steps"]
            ],
        }

    def _carry_out(self, asked: Mapping[str, Any], steps: list[Step], *, at: datetime) -> View:
        if asked["reason"] not in REASONS:
            raise Refused(["input", "reason"], "The reason is not valid.", "INVALID_REASON")
        levels = [self._checked(step) for step in steps]
        for step, level in zip(steps, levels, strict=True):
            kept = level["quantities"]
            kept[step.state] = kept.get(step.state, 0) + step.delta
        number = str(len(self._store.groups) + 1)
        row: Record = {
            "id": number,
            "reason": asked["reason"],
            "reference": asked.get("referenceDocumentUri"),
            "at": at,
            "steps": steps,
        }
        self._store.groups[number] = row
        return self.group(row)

    def _checked(self, step: Step) -> Record:
        if step.state not in WRITABLE:
            raise Refused(["input", "name"], "Not a name to change.", "INVALID_QUANTITY_NAME")
        _check_ledger(step)
        variant = self._store.item(parts(step.item_id)[1])
        if variant is None:
            raise Refused(
                [*step.field, "inventoryItemId"],
                "The specified inventory item could not be found.",
                "INVALID_INVENTORY_ITEM",
            )
        place = parts(step.location_id)[1]
        levels: list[Record] = variant["levels"]
        level = next((row for row in levels if str(row["location_id"]) == place), None)
        if level is None:
            raise Refused(
                [*step.field, "locationId"],
                "The specified location could not be found.",
                "INVALID_LOCATION",
            )
        if step.expected is not None and step.expected != _units(level, step.state):
            raise Refused(
                [*step.field, "changeFromQuantity"],
                "The quantity is another by now.",
                "CHANGE_FROM_QUANTITY_STALE",
            )
        return level


def _check_ledger(step: Step) -> None:
    field = [*step.field, "ledgerDocumentUri"]
    if step.state == "available" and step.ledger:
        raise Refused(field, "Not for available.", "INVALID_AVAILABLE_DOCUMENT")
    if step.state != "available" and not step.ledger:
        raise Refused(field, "A ledger document is required.", "INVALID_QUANTITY_DOCUMENT")
    if step.ledger and step.ledger.startswith("gid://shopify/"):
        raise Refused(field, "Internal documents are not allowed.", "INTERNAL_LEDGER_DOCUMENT")


def _check_expectation(change: Mapping[str, Any], *, can_omit: bool) -> None:
    """Left out it is refused at run time, although the schema allows it (since 2026-04)."""
    if not can_omit and "changeFromQuantity" not in change:
        raise refusal(
            "changeFromQuantity must be given, as a number or null.", "INVALID_FIELD_ARGUMENTS"
        )


def _units(level: Mapping[str, Any], name: str) -> int:
    kept = level["quantities"]
    if name == "on_hand":
        return sum(int(kept.get(state, 0)) for state in _ON_HAND)
    return int(kept.get(name, 0))


def _metafield(row: Mapping[str, Any], namespace: str | None, key: str) -> View | None:
    value: Any = (row.get("metafields") or {}).get(f"{namespace}.{key}")
    if value is None:
        return None
    return {
        "id": gid("Metafield", 1),
        "namespace": namespace,
        "key": key,
        "type": "boolean" if value in ("true", "false") else "single_line_text_field",
        "value": str(value),
        "compareDigest": hashlib.sha256(str(value).encode()).hexdigest(),
    }


# --- payouts -----------------------------------------------------------------------------------


def payout(row: Mapping[str, Any], currency: str) -> View:
    return {
        "__typename": "ShopifyPaymentsPayout",
        "id": gid("ShopifyPaymentsPayout", row["id"]),
        "legacyResourceId": str(row["id"]),
        "issuedAt": told(row["issued_at"]),
        "status": row.get("status", "PAID"),
        "net": money(row.get("net"), row.get("currency", currency)),
        "transactionType": "DEPOSIT",
        "externalTraceId": None,
    }


def balance_rows(
    payouts: Mapping[str, Record], orders: Mapping[str, Record], currency: str
) -> Iterator[tuple[str, View]]:
    """Every row of every payout with the number of its payout."""
    for number, row in payouts.items():
        for each in row.get("rows") or ():
            yield number, _balance_row(number, row, each, orders, currency)


def _balance_row(
    number: str,
    paid: Mapping[str, Any],
    row: Mapping[str, Any],
    orders: Mapping[str, Record],
    currency: str,
) -> View:
    order = orders.get(str(row.get("order_id")))
    currency = paid.get("currency", currency)
    return {
        "__typename": "ShopifyPaymentsBalanceTransaction",
        "id": gid("ShopifyPaymentsBalanceTransaction", row["id"]),
        "type": row.get("type", "REFUND"),
        "sourceType": row.get("source_type", "REFUND"),
        "sourceId": row.get("source_id") and str(row["source_id"]),
        "sourceOrderTransactionId": row.get("transaction_id") and str(row["transaction_id"]),
        "transactionDate": told(row.get("at") or paid["issued_at"]),
        "adjustmentReason": None,
        "amount": money(row.get("amount"), currency),
        "fee": money(row.get("fee"), currency),
        "net": money(row.get("net", row.get("amount")), currency),
        "associatedOrder": order and {"id": gid("Order", order["id"]), "name": order["name"]},
        "associatedPayout": {"id": gid("ShopifyPaymentsPayout", number), "status": "PAID"},
        "test": False,
    }
