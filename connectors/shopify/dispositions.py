"""Which units of a return line were decided, and how.

Dispositions hang on the reverse fulfilment order and name a line by the fulfilled line it came
from, never by unit or return line. Units are therefore numbered by us: those decided first come
first, final verdicts before "needs more work", so that a unit once decided keeps its verdict.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from connectors.shopify.reading import Node
from connectors.types import Inspection


@dataclass(frozen=True, slots=True)
class Verdict:
    """`code` is the vendor's own word, empty until it is final: goods that need more work are not
    judged yet."""

    inspection: Inspection
    code: str = ""
    location: str = ""
    at: datetime | None = None

    @property
    def is_restockable(self) -> bool | None:
        return {Inspection.PASSED: True, Inspection.FAILED: False}.get(self.inspection)


OPEN = Verdict(Inspection.NOT_INSPECTED)
_FOUND = {
    "RESTOCKED": Inspection.PASSED,
    "NOT_RESTOCKED": Inspection.FAILED,
    "MISSING": Inspection.NOT_RETURNED,
}
_WORK_NEEDED = "PROCESSING_REQUIRED"


@dataclass(slots=True)
class _Decided:
    verdict: Verdict
    units: int


class Pool:
    """The decided units of one return, taken out line by line."""

    def __init__(self, reverse_orders: Iterable[Node]) -> None:
        self._of: dict[str, list[_Decided]] = defaultdict(list)
        for line in (line for order in reverse_orders for line in order.nodes("lineItems")):
            fulfilled = line.child("fulfillmentLineItem")
            if fulfilled is not None:
                rows = sorted(line.rows("dispositions"), key=_rank)
                self._of[fulfilled.required_text("id")] += [_decided(row) for row in rows]

    def take(self, fulfilled_id: str, units: int) -> list[tuple[Verdict, int]]:
        """Verdicts for `units` units of one line, in order; what is undecided comes last."""
        taken: list[tuple[Verdict, int]] = []
        for decided in self._of[fulfilled_id]:
            count = min(decided.units, units)
            if count:
                taken.append((decided.verdict, count))
            decided.units -= count
            units -= count
        return [*taken, (OPEN, units)] if units else taken

    def has_final_left(self) -> bool:
        """More units were decided than are returned. A unit worked on and then decided counts
        twice with Shopify and is none."""
        rows = (row for rows in self._of.values() for row in rows)
        return any(row.units and row.verdict.code for row in rows)


def kind_of(row: Node) -> str:
    return row.required_text("type")


def has_come(row: Node) -> bool:
    """Whether the disposition says that goods lie at a place of the shop."""
    return kind_of(row) in ("RESTOCKED", "NOT_RESTOCKED", _WORK_NEEDED)


def _rank(row: Node) -> tuple[bool, datetime, int]:
    return (
        kind_of(row) == _WORK_NEEDED,
        row.required_moment("createdAt"),
        int(row.number_of()),
    )


def _decided(row: Node) -> _Decided:
    place = row.child("location")
    location = (place.text("name") or place.number_of()) if place else ""
    units = row.units("quantity")
    if kind_of(row) == _WORK_NEEDED:
        return _Decided(Verdict(Inspection.NOT_INSPECTED, location=location), units)
    # A word nobody knows is a verdict too; what it means for stock, a mapping must say.
    inspection = _FOUND.get(kind_of(row), Inspection.FAILED)
    at = row.required_moment("createdAt")
    return _Decided(Verdict(inspection, kind_of(row), location, at), units)
