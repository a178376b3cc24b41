"""The lines of a NetSuite-like record: copied from its source, changed or added as was sent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any

from connectors.sandbox import netsuite_checks as checks
from connectors.sandbox.netsuite_records import ZERO, Line, Transaction
from connectors.sandbox.netsuite_reflect import STATUSES
from connectors.sandbox.netsuite_store import Store

Body = Mapping[str, Any]

_CENT = Decimal("0.01")


class LineMaker:
    """Makes lines; raises checks.Refused."""

    def __init__(self, store: Store, switches: Mapping[str, Any], rules: checks.Checks) -> None:
        self._store = store
        self._switches = switches
        self._checks = rules

    def pairs(
        self,
        source: Transaction,
        content: Body,
        replaced: Collection[str],
        taken: Mapping[int, Decimal],
    ) -> list[tuple[Line | None, Body, str]]:
        """Each line to be made: what it is made from, what was said of it, where it was said."""
        pairs: list[tuple[Line | None, Body, str]] = []
        for position, row in enumerate(checks.rows(content, "item")):
            path = f"item.items[{position}]"
            document = self._store.reference("transaction", row.get("orderdoc"))
            if document not in ("", str(source.id)):
                raise checks.invalid("Invalid order document.", f"{path}.orderDoc")
            pairs.append((checks.source_line(source, row, f"{path}.orderLine"), row, path))
        if "item" in replaced:
            return pairs
        named = {origin.number for origin, _, _ in pairs if origin is not None}
        copied: list[tuple[Line | None, Body, str]] = [
            (line, {}, "item")
            for line in source.lines
            if line.number not in named
            and not line.kit
            and line.quantity > taken.get(line.number, ZERO)
        ]
        return [*copied, *pairs]

    def line(
        self, made: Transaction, origin: Line | None, row: Body, path: str, left: Decimal
    ) -> Line:
        place = self._checks.location(row.get("location"), made.subsidiary, f"{path}.location")
        if origin is None:
            item = self._checks.item(row.get("item"), f"{path}.item")
            quantity = self._checks.units(row, Decimal(1), limit=Decimal(10) ** 9)
            line = Line(0, item.id, item.type, quantity)
        else:
            quantity = self._checks.units(row, left, limit=left)
            line = Line(0, origin.item, origin.item_type, quantity, rate=origin.rate)
            line.source_line = origin.number
            share = quantity / origin.quantity
            line.taxes = [(code, (tax * share).quantize(_CENT)) for code, tax in origin.taxes]
            if origin.amount != origin.rate * origin.quantity:
                line.amount = (origin.amount * share).quantize(_CENT)
        line.location = place or made.location
        line.memo = str(row.get("description") or "")
        self._price(line, row)
        return line

    def _price(self, line: Line, row: Body) -> None:
        if row.get("rate") is not None:
            line.rate, line.amount = checks.number(row, "rate"), ZERO
        line.amount = line.amount or (line.rate * line.quantity).quantize(_CENT)
        if row.get("amount") is not None:
            line.amount = checks.number(row, "amount")
        if self._switches["suitetax"] and "tax1amt" in row:
            raise checks.invalid("This field does not exist where SuiteTax is on.", "tax1Amt")
        code = self._store.reference("salestaxitem", row.get("taxcode"))
        if row.get("tax1amt") is not None:
            kept = code or (line.taxes[0][0] if line.taxes else "")
            line.taxes = [(kept, checks.number(row, "tax1amt"))]
        elif code and line.taxes:
            line.taxes = [(code, line.tax)]

    def add_details(self, made: Transaction, content: Body) -> None:
        """Taxes as SuiteTax takes them: beside the lines, by their references."""
        details = checks.rows(content, "taxdetails")
        if details and not self._switches["suitetax"]:
            raise checks.invalid("This sublist exists where SuiteTax is on.", "taxDetails")
        if not (details and content.get("taxdetailsoverride")):
            return
        sent = [str(row.get("taxdetailsreference", "")) for row in checks.rows(content, "item")]
        sold = [line for line in made.lines if not line.kit]
        # Copied lines come before those that were sent.
        lines = dict(zip(sent, sold[len(sold) - len(sent) :], strict=True))
        for line in lines.values():
            line.taxes = []
        for position, row in enumerate(details):
            name = str(row.get("taxdetailsreference", ""))
            if name not in lines:
                path = f"taxDetails.items[{position}].taxDetailsReference"
                raise checks.invalid("No line has this reference.", path)
            code = self._store.reference("salestaxitem", row.get("taxcode"))
            lines[name].taxes.append((code, checks.number(row, "taxamount")))

    def statuses(self, row: Body, quantity: Decimal, path: str) -> list[tuple[str, Decimal]]:
        detail = checks.folded(row.get("inventorydetail") or {})
        assigned = []
        for each in checks.rows(detail, "inventoryassignment"):
            status = self._store.reference("inventorystatus", each.get("inventorystatus"))
            if status not in {number for number, _, _ in STATUSES}:
                raise checks.invalid("Invalid inventory status.", f"{path}.inventoryDetail")
            assigned.append((status, checks.number(each, "quantity")))
        if assigned and sum(units for _, units in assigned) != quantity:
            raise checks.business("The inventory detail does not sum to the line's quantity.")
        return assigned
