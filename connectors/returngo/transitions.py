"""Which shipment moves ReturnGO accepts by PUT /shipment; it answers 400 to every other.

Source: the vendor's API reference, shipment status transitions (documented). Writing the status
a shipment already has is accepted too and changes nothing but the other fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SHIPMENT_MOVES: Final[Mapping[str, frozenset[str]]] = {
    "Pending": frozenset({"LabelCreated", "Shipped", "Received", "Canceled", "Validated"}),
    "LabelCreated": frozenset({"Shipped", "Received", "Canceled", "Validated"}),
    "Shipped": frozenset({"Received", "Canceled", "Validated"}),
    "Canceled": frozenset({"Received", "Validated"}),
    "Received": frozenset({"Validated"}),
    "Validated": frozenset(),
}


def is_allowed(*, current: str, target: str) -> bool:
    """Whether the move may be written; a status we do not know allows nothing."""
    return target in SHIPMENT_MOVES.get(current, frozenset())
