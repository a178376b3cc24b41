"""What may be done to returns and refunds of the simulated shop, and what is refused.

Moves and refusals are recorded from a live store; so is that closing a closed return changes
nothing, and that none of these takes an idempotency key but `refundCreate`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from connectors.sandbox.shopify_paging import refusal
from connectors.sandbox.shopify_store import (
    REVERSE_LINE,
    Record,
    Store,
    decimal,
    original,
    parts,
    told,
)

# Mutation: from which states, to which.
MOVES: dict[str, tuple[tuple[str, ...], str]] = {
    "returnApproveRequest": (("REQUESTED",), "OPEN"),
    "returnDeclineRequest": (("REQUESTED",), "DECLINED"),
    "returnClose": (("OPEN", "CLOSED"), "CLOSED"),
    "returnReopen": (("CLOSED",), "OPEN"),
    "returnCancel": (("REQUESTED", "OPEN"), "CANCELED"),
}
_FIRST_MADE = 900_000_000_001


class ReturnRefused(Exception):
    """A userError; `code` is left out where the mutation's errors have none."""

    def __init__(self, field: list[str] | None, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.error = {"field": field, "message": message}
        if code is not None:
            self.error["code"] = code


class ReturnDesk:
    """Acts on returns; every act that changes something moves its order's `updated_at`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._made = 0

    def number(self) -> str:
        """A number no record has, the same in every replay of the same calls."""
        self._made += 1
        return str(_FIRST_MADE + self._made)

    def move(
        self, mutation: str, named: str, *, at: datetime, decline: Mapping[str, Any] | None = None
    ) -> tuple[Record, Record, bool]:
        """Move a return; its order, itself and whether anything changed.

        Raises ReturnRefused when it is not there or may not move.
        """
        order, row = self._find(named, mutation)
        sources, target = MOVES[mutation]
        field = ["id"] if mutation.startswith(("returnC", "returnR")) else ["input", "id"]
        was_touched = any(line.get("processed") for line in row.get("lines") or ())
        was_touched = was_touched or bool(row.get("dispositions"))
        if row["status"] not in sources or (mutation == "returnCancel" and was_touched):
            raise ReturnRefused(field, "Return status is invalid.", "INVALID_STATE")
        if row["status"] == target:
            return order, row, False
        changes: Record = {"id": row["id"], "status": target}
        changes["closed_at"] = told(at) if target == "CLOSED" else None
        if mutation == "returnApproveRequest":
            changes["approved_at"] = told(at)
        if decline is not None:
            changes["decline"] = dict(decline)
        self._store.change(order, {"returns": [changes]}, at=at)
        return *self._found(row["id"]), True

    def dispose(
        self, inputs: list[Mapping[str, Any]], *, at: datetime, bumps: bool
    ) -> tuple[Record, Record, list[str]]:
        """Record dispositions; the order, the return and the numbers of its lines.

        More units than came are accepted, as they were live.
        """
        rows = [self._disposed(number, each) for number, each in enumerate(inputs)]
        if len({row["id"] for row, _ in rows}) > 1:
            raise _unknown_line(0)
        row = rows[0][0]
        order = self._store.order_of("returns", row["id"])
        assert order is not None
        made = [
            {
                "id": self.number(),
                "line_id": line_id,
                "type": each["dispositionType"],
                "quantity": int(each["quantity"]),
                "location": parts(each.get("locationId") or "")[1] or None,
                "at": told(at),
            }
            for each, (_, line_id) in zip(inputs, rows, strict=True)
        ]
        kept = [*(row.get("dispositions") or ()), *made]
        change = {"returns": [{"id": row["id"], "dispositions": kept}]}
        self._store.change(order, change, at=at if bumps else None)
        return *self._found(row["id"]), [line_id for _, line_id in rows]

    def refund(self, asked: Mapping[str, Any], *, at: datetime) -> tuple[Record, Record]:
        """Carry out `refundCreate` for goods and payments; the order and the refund."""
        noun, number = parts(asked["orderId"])
        order = self._store.orders.get(number) if noun == "Order" else None
        if order is None:
            raise ReturnRefused(["orderId"], "Order does not exist")
        lines = [
            self._refunded(order, place, each)
            for place, each in enumerate(asked.get("refundLineItems") or ())
        ]
        payments = [self._paid_back(each, at) for each in asked.get("transactions") or ()]
        _check_sum(order, payments)
        refund: Record = {
            "id": self.number(),
            "created_at": told(at),
            "updated_at": told(at),
            "note": asked.get("note"),
            "lines": lines,
            "transactions": payments,
        }
        self._store.change(order, {"refunds": [refund]}, at=at)
        found = self._store.row("refunds", refund["id"])
        assert found is not None
        return found

    def _find(self, named: str, mutation: str) -> tuple[Record, Record]:
        noun, number = parts(named)
        if noun != "Return":
            raise refusal("Invalid id", "RESOURCE_NOT_FOUND")
        found = self._store.row("returns", number)
        if found is None:
            field = ["input", "id"] if "Request" in mutation else ["id"]
            raise ReturnRefused(field, "Return not found.", "NOT_FOUND")
        return found

    def _found(self, number: str) -> tuple[Record, Record]:
        found = self._store.row("returns", number)
        assert found is not None
        return found

    def _disposed(self, place: int, asked: Mapping[str, Any]) -> tuple[Record, str]:
        noun, number = parts(asked["reverseFulfillmentOrderLineItemId"])
        line_id = original(REVERSE_LINE, number) if noun and int(number) > REVERSE_LINE else ""
        for order in self._store.orders.values():
            for row in order["returns"]:
                if any(str(line["id"]) == line_id for line in row.get("lines") or ()):
                    self._check_place(place, asked)
                    return row, line_id
        raise _unknown_line(place)

    def _check_place(self, place: int, asked: Mapping[str, Any]) -> None:
        named = asked.get("locationId")
        is_known = parts(named or "")[1] in self._store.locations
        if (asked["dispositionType"] == "RESTOCKED" or named) and not is_known:
            field = ["dispositionInputs", str(place), "locationId"]
            raise ReturnRefused(field, "Location could not be found.", "NOT_FOUND")

    def _refunded(self, order: Record, place: int, asked: Mapping[str, Any]) -> Record:
        line_id = parts(asked["lineItemId"])[1]
        line = next((row for row in order["lines"] if row["id"] == line_id), None)
        field = ["refundLineItems", str(place), "quantity"]
        units = int(asked["quantity"])
        if line is None or units > int(line.get("quantity", 1)) - _refunded(order, line_id):
            raise ReturnRefused(field, "Quantity cannot refund more items than were purchased")
        whole = Decimal(int(line.get("quantity", 1)))
        tax = sum((decimal(each["amount"]) for each in line.get("taxes") or ()), Decimal(0))
        taken = sum((decimal(each["amount"]) for each in line.get("discounts") or ()), Decimal(0))
        paid = decimal(line.get("price")) * whole - taken
        cent = Decimal("0.01")
        return {
            "line_id": line_id,
            "quantity": units,
            "restock_type": asked.get("restockType", "NO_RESTOCK"),
            "subtotal": (paid * units / whole).quantize(cent),
            "tax": (tax * units / whole).quantize(cent),
        }

    def _paid_back(self, asked: Mapping[str, Any], at: datetime) -> Record:
        if asked.get("kind") != "REFUND":
            raise ReturnRefused(None, "Transaction kind is not valid for a refund")
        return {
            "id": self.number(),
            "kind": "REFUND",
            "status": "SUCCESS",
            "gateway": asked.get("gateway"),
            "amount": decimal(asked.get("amount")),
            "processed_at": told(at),
        }


def _refunded(order: Record, line_id: str) -> int:
    return sum(
        int(line["quantity"])
        for refund in order["refunds"]
        for line in refund.get("lines") or ()
        if str(line["line_id"]) == line_id
    )


def _check_sum(order: Record, payments: list[Record]) -> None:
    paid = sum((decimal(each["amount"]) for each in order.get("payments") or ()), Decimal(0))
    back = sum(
        (
            decimal(each["amount"])
            for refund in order["refunds"]
            for each in refund.get("transactions") or ()
        ),
        Decimal(0),
    )
    asked = sum((decimal(each["amount"]) for each in payments), Decimal(0))
    if asked > paid - back:
        text = f"Refund amount {asked} is greater than net payment received {paid - back}"
        raise ReturnRefused(None, text)


def _unknown_line(place: int) -> ReturnRefused:
    field = ["dispositionInputs", str(place), "reverseFulfillmentOrderLineItemId"]
    return ReturnRefused(field, "The reverse fulfillment order could not be found.", "NOT_FOUND")
