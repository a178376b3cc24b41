"""Small parts of the simulated shop's answers that need no other record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.sandbox.shopify_amounts import View
from connectors.sandbox.shopify_store import gid

_REASONS = {
    "too-small": "SIZE_TOO_SMALL",
    "too-big": "SIZE_TOO_LARGE",
    "changed-my-mind": "UNWANTED",
    "item-not-as-described": "NOT_AS_DESCRIBED",
    "received-the-wrong-item": "WRONG_ITEM",
    "damaged-or-defective": "DEFECTIVE",
    "style": "STYLE",
    "color": "COLOR",
    "unknown": "UNKNOWN",
}


def returned_line(row: Mapping[str, Any]) -> View:
    """What verified and unverified lines of a return share."""
    quantity = int(row.get("quantity", 1))
    processed = int(row.get("processed", 0))
    handle = row.get("reason", "unknown")
    return {
        "id": gid("ReturnLineItem", row["id"]),
        "quantity": quantity,
        "processableQuantity": quantity - processed,
        "processedQuantity": processed,
        "unprocessedQuantity": quantity - processed,
        "refundableQuantity": quantity,
        "refundedQuantity": 0,
        "customerNote": row.get("customer_note"),
        "returnReason": _REASONS.get(handle, "OTHER"),
        "returnReasonNote": row.get("note", ""),
        "returnReasonDefinition": handle
        and {
            "id": gid("ReturnReasonDefinition", 1),
            "handle": handle,
            "name": str(handle).replace("-", " ").capitalize(),
            "deleted": False,
        },
    }


def location(row: Mapping[str, Any]) -> View:
    return {
        "__typename": "Location",
        "id": gid("Location", row["id"]),
        "legacyResourceId": str(row["id"]),
        "name": row["name"],
        "isActive": bool(row.get("active", True)),
    }


def return_status(returns: Iterable[Mapping[str, Any]]) -> str:
    """As recorded: the returns of an order together."""
    states = {row["status"] for row in returns}
    for state, told_as in (
        ("REQUESTED", "RETURN_REQUESTED"),
        ("OPEN", "IN_PROGRESS"),
        ("CLOSED", "RETURNED"),
    ):
        if state in states:
            return told_as
    return "NO_RETURN"
