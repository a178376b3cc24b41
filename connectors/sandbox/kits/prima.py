"""Prima: depots without divisions; each SKU is a product of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from connectors.sandbox.base import Twin
from connectors.sandbox.kits.kit import Access, Booked, Record
from connectors.sandbox.prima import PATH, PrimaTwin
from connectors.types import DocumentKind

_KINDS = {
    "SimReturn": DocumentKind.RETURN_AUTHORISATION,
    "SimGoodsIn": DocumentKind.STOCK_RECEIPT,
    "SimStockMove": DocumentKind.STOCK_MOVE,
    "SimWriteOff": DocumentKind.WRITE_OFF,
    "SimCredit": DocumentKind.CREDIT_MEMO,
}
_NOT_HELD = {
    "locations": ("division",),
    "items": ("division", "style", "color_code", "lbl_code", "dimension", "size_desc", "upc"),
    "customers": (),
    "orders": ("division", "prices_include_tax"),
}


class PrimaKit:
    system = "prima"

    def twin(self, **options: Any) -> Twin:
        return PrimaTwin(**options)

    def access(self, credentials: Mapping[str, str]) -> Access:
        return Access(path=PATH)

    def loads(self, records: Record) -> Record:
        made: dict[str, Any] = dict(records)
        for kind, dropped in _NOT_HELD.items():
            if kind in made:
                made[kind] = [_without(row, dropped) for row in made[kind]]
        for item, plain in zip(made.get("items", ()), records.get("items", ()), strict=True):
            item["barcode"] = plain.get("upc", "")
        for order, plain in zip(made.get("orders", ()), records.get("orders", ()), strict=True):
            order["vat_inclusive"] = plain.get("prices_include_tax", False)
        return made

    def check_in(self, key: str) -> Record | None:
        return None

    def booked(self, documents: Sequence[Record]) -> tuple[Booked, ...]:
        return tuple(
            Booked(
                key=row["reference"],
                kind=_KINDS[row["type"]],
                number=row["number"],
                units=row["units"],
                gross=Decimal(row["gross"]),
                is_final=True,
            )
            for row in documents
            if row["type"] in _KINDS
        )


def _without(row: Record, names: Sequence[str]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}
