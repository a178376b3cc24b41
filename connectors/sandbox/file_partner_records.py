"""What the simulated partner knows and has booked, and whether it takes a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from connectors.errors import RejectionCode
from connectors.exchange.shapes import AckLine, LineResult, PartnerDocument
from connectors.types import DocumentKind

Record = Mapping[str, Any]

_PREFIXES = {
    DocumentKind.RETURN_AUTHORISATION: "RA",
    DocumentKind.STOCK_RECEIPT: "RC",
    DocumentKind.STOCK_MOVE: "MV",
    DocumentKind.WRITE_OFF: "WO",
    DocumentKind.CREDIT_MEMO: "CR",
    DocumentKind.REFUND_RECORD: "PB",
}
_KEYED_BY = {
    "locations": "code",
    "items": "sku",
    "customers": "code",
    "orders": "number",
}


@dataclass(frozen=True)
class Refusal:
    code: str
    field: str
    text: str


@dataclass
class Records:
    """Master data by key, closed months, and the documents that were booked."""

    tables: dict[str, dict[str, Record]] = field(
        default_factory=lambda: {name: {} for name in _KEYED_BY}
    )
    closed_periods: set[str] = field(default_factory=set)
    booked: dict[str, dict[str, Any]] = field(default_factory=dict)

    def load(self, records: Record) -> dict[str, int]:
        counts = {}
        for name, key in _KEYED_BY.items():
            rows = records.get(name, ())
            self.tables[name].update({str(row[key]): row for row in rows})
            counts[name] = len(rows)
        if "closed_periods" in records:
            self.closed_periods = set(records["closed_periods"])
            counts["closed_periods"] = len(self.closed_periods)
        return counts

    def verdict(self, document: PartnerDocument, place: int) -> AckLine:
        """Yes or no to one document; a yes has its number but is not booked yet."""
        refusal = self._refusal(document)
        if refusal is not None:
            return AckLine(
                key=document.key,
                line=place,
                result=LineResult.REJECTED,
                code=refusal.code,
                text=refusal.text,
                field=refusal.field,
            )
        return AckLine(key=document.key, line=place, result=LineResult.ACCEPTED)

    def book(self, document: PartnerDocument, batch_number: int) -> str:
        """Keep the document; returns the number it gets."""
        kind = document.kind or DocumentKind.RETURN_AUTHORISATION
        number = f"{_PREFIXES[kind]}{len(self.booked) + 1:06d}"
        self.booked[document.key] = {
            "key": document.key,
            "kind": kind.value,
            "number": number,
            "batch": batch_number,
            "rma_number": document.rma_number,
            "order_number": document.order_number,
            "warehouse": document.warehouse,
            "currency": document.currency,
            "units": sum(line.quantity for line in document.lines if line.component == "item"),
            "gross": str(_gross(document)),
            "lines": [
                {"line": line.line, "sku": line.sku, "quantity": line.quantity}
                for line in document.lines
                if line.component == "item"
            ],
        }
        return number

    def receive(self, authorisation: Record, number: str, units: int) -> None:
        """Note goods against an authorisation; a second receipt of it is noted in its place."""
        self.booked[f"receipt of {authorisation['key']}"] = {
            **authorisation,
            "kind": DocumentKind.STOCK_RECEIPT.value,
            "number": number,
            "units": units,
            "lines": [],
        }

    def has_received(self, authorisation: Record) -> bool:
        return f"receipt of {authorisation['key']}" in self.booked

    def announced(self, name: str) -> Record | None:
        """The authorisation booked under our key, its own number or the return's."""
        for row in self.booked.values():
            is_one = row["kind"] == DocumentKind.RETURN_AUTHORISATION.value
            if is_one and name in (row["key"], row["number"], row["rma_number"]):
                return row
        return None

    def _refusal(self, document: PartnerDocument) -> Refusal | None:
        if document.key in self.booked:
            number = self.booked[document.key]["number"]
            return Refusal(RejectionCode.DUPLICATE_KEY, "key", f"Booked already as {number}.")
        return (
            self._closed(document)
            or self._unknown_place(document)
            or self._unknown_goods(document)
            or self._too_many(document)
        )

    def _closed(self, document: PartnerDocument) -> Refusal | None:
        if document.kind is DocumentKind.RETURN_AUTHORISATION or document.date is None:
            return None
        month = f"{document.date:%Y-%m}"
        if month not in self.closed_periods:
            return None
        return Refusal(RejectionCode.PERIOD_CLOSED, "date", f"Period {month} is closed.")

    def _unknown_place(self, document: PartnerDocument) -> Refusal | None:
        known = self.tables["locations"]
        if not known or not document.warehouse or document.warehouse in known:
            return None
        return Refusal(
            RejectionCode.UNKNOWN_WAREHOUSE, "warehouse", f"No warehouse {document.warehouse}."
        )

    def _unknown_goods(self, document: PartnerDocument) -> Refusal | None:
        for line in document.lines:
            row = self.tables["items"].get(line.sku)
            if line.component != "item" or not self.tables["items"]:
                continue
            if row is None:
                return Refusal(RejectionCode.UNKNOWN_ITEM, "sku", f"No item {line.sku}.")
            if not row.get("active", True):
                return Refusal(
                    RejectionCode.INACTIVE_ITEM, "sku", f"Item {line.sku} is not active."
                )
        return None

    def _too_many(self, document: PartnerDocument) -> Refusal | None:
        order = self.tables["orders"].get(document.order_number)
        if order is None:
            return None
        for line in document.lines:
            if line.component != "item":
                continue
            sold = sum(row["quantity"] for row in order["lines"] if row["sku"] == line.sku)
            if self._units_back(document, line.sku) + line.quantity > sold:
                return Refusal(
                    RejectionCode.QUANTITY, "quantity", f"Only {sold} of {line.sku} were sold."
                )
        return None

    def _units_back(self, document: PartnerDocument, sku: str) -> int:
        kind = document.kind.value if document.kind else ""
        return sum(
            line["quantity"]
            for row in self.booked.values()
            if row["order_number"] == document.order_number and row["kind"] == kind
            for line in row["lines"]
            if line["sku"] == sku
        )


def _gross(document: PartnerDocument) -> Decimal:
    if document.amount is not None:
        return abs(document.amount)
    return sum((line.net + line.tax for line in document.lines), Decimal(0))
