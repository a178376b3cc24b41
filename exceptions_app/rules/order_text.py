"""The parts of money as plain JSON and back, without losing a digit: taxes, discounts, tenders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from connectors.types import DiscountPart, RefundPart, TaxPart, Tender

Row = dict[str, str]
Rows = Iterable[Mapping[str, str]]


def taxes_json(taxes: Iterable[TaxPart]) -> list[Row]:
    return [{"code": part.code, "amount": str(part.amount)} for part in taxes]


def taxes_from(rows: Rows) -> tuple[TaxPart, ...]:
    return tuple(TaxPart(row["code"], Decimal(row["amount"])) for row in rows)


def discounts_json(discounts: Iterable[DiscountPart]) -> list[Row]:
    return [
        {"code": part.code, "amount": str(part.amount), "scope": part.scope} for part in discounts
    ]


def discounts_from(rows: Rows) -> tuple[DiscountPart, ...]:
    return tuple(DiscountPart(row["code"], Decimal(row["amount"]), row["scope"]) for row in rows)


def tenders_json(tenders: Iterable[Tender]) -> list[Row]:
    return [{"kind": tender.kind, "amount": str(tender.amount)} for tender in tenders]


def tenders_from(rows: Rows) -> tuple[Tender, ...]:
    return tuple(Tender(row["kind"], Decimal(row["amount"])) for row in rows)


def refund_parts_json(parts: Iterable[RefundPart]) -> list[Row]:
    return [
        {
            "component": part.component,
            "line_id": part.line_id,
            "amount": str(part.amount),
            "tax": str(part.tax),
        }
        for part in parts
    ]


def refund_parts_from(rows: Rows) -> tuple[RefundPart, ...]:
    return tuple(
        RefundPart(row["component"], row["line_id"], Decimal(row["amount"]), Decimal(row["tax"]))
        for row in rows
    )
