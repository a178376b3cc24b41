"""NetSuite: divisions are subsidiaries, and goods not for sale lie at locations of their own.

Places, customers and tax codes are known by internal ids, which follow from the plain codes. A SKU
without stock effect of its own, such as a bundle, is a kit of the parts its order names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.kits.kit import Access, Booked, Record
from connectors.sandbox.kits.numbers import number_of
from connectors.sandbox.netsuite import NetSuiteTwin
from connectors.types import DocumentKind

_KINDS = {
    "returnAuthorization": DocumentKind.RETURN_AUTHORISATION,
    "itemReceipt": DocumentKind.STOCK_RECEIPT,
    "inventoryTransfer": DocumentKind.STOCK_MOVE,
    "inventoryAdjustment": DocumentKind.WRITE_OFF,
    "creditMemo": DocumentKind.CREDIT_MEMO,
    "cashRefund": DocumentKind.CREDIT_MEMO,
    "customerRefund": DocumentKind.REFUND_RECORD,
}
_WITH_MONEY = (DocumentKind.CREDIT_MEMO, DocumentKind.REFUND_RECORD)
_LOGIN = ("client_id", "certificate_id", "private_key")
# Where goods lie that are not for sale, in the division all of them share.
_ASIDE = {"quarantine": "Quarantine", "damaged": "Damaged goods"}
_HOME = "10"


class NetSuiteKit:
    system = "netsuite"

    def twin(self, **options: Any) -> Twin:
        return NetSuiteTwin(**options)

    def access(self, credentials: Mapping[str, str]) -> Access:

        places = ", ".join(f"{bucket}={number_of('place', bucket)}" for bucket in _ASIDE)
        settings = {
            "account": "SANDBOX",
            "bucket_places": places,
            "adjustment_account": "120",
        }
        return Access(settings=settings, secrets={name: credentials[name] for name in _LOGIN})

    def loads(self, records: Record) -> Record:
        made: dict[str, Any] = dict(records)
        if "locations" in made:
            made["locations"] = [*map(_location, made["locations"]), *_aside()]
        if "items" in made:
            made["items"] = [_item(row) for row in made["items"]]
        if "customers" in made:
            made["customers"] = [
                {"code": number_of("customer", row["code"]), "name": row["name"]}
                for row in made["customers"]
            ]
        if "orders" in made:
            made["orders"] = [_order(row) for row in made["orders"]]
        return made

    def check_in(self, key: str) -> Record | None:
        return None

    def booked(self, documents: Sequence[Record]) -> tuple[Booked, ...]:
        return tuple(
            Booked(
                key=row["key"],
                kind=_KINDS[row["record"]],
                number=row["number"],
                units=_units(row["lines"]),
                gross=Decimal(row["total"]) if _KINDS[row["record"]] in _WITH_MONEY else Decimal(0),
                is_final=True,
            )
            for row in documents
            if row["record"] in _KINDS
        )


def _units(lines: Sequence[Record]) -> int:
    """A transfer's lines leave one place and come to the other; a write-off's only leave."""
    moved = [int(line["quantity"]) for line in lines]
    return max(sum(each for each in moved if each > 0), -sum(each for each in moved if each < 0))


def _location(row: Record) -> Record:
    return {**row, "code": number_of("place", row["code"])}


def _aside() -> list[Record]:
    return [
        {"code": number_of("place", bucket), "name": name, "division": _HOME, "active": True}
        for bucket, name in _ASIDE.items()
    ]


def _item(row: Record) -> Record:
    kept = ("sku", "upc", "description", "active", "unit_cost", "members")
    return {name: row[name] for name in kept if name in row}


def _order(row: Record) -> Record:
    lines = [
        {**line, "tax_code": number_of("tax", line["tax_code"])} for line in row.get("lines", ())
    ]
    return {
        **row,
        "customer": number_of("customer", row["customer"]),
        "warehouse": number_of("place", row["warehouse"]),
        "shipping_tax_code": number_of("tax", row.get("shipping_tax_code", "")),
        "lines": lines,
    }
