"""Sample documents for partners to look at: one order's return, in lines of every sort."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.types import DocumentDraft, DocumentKind, DraftLine, TaxPart

_PREFIXES = {
    DocumentKind.RETURN_AUTHORISATION: "RA",
    DocumentKind.STOCK_RECEIPT: "SR",
    DocumentKind.STOCK_MOVE: "SM",
    DocumentKind.WRITE_OFF: "WO",
    DocumentKind.CREDIT_MEMO: "CM",
    DocumentKind.REFUND_RECORD: "RF",
}
_BOOKED = {
    DocumentKind.RETURN_AUTHORISATION.value: "1042",
    DocumentKind.CREDIT_MEMO.value: "2077",
}


def draft(kind: DocumentKind, day: date) -> DocumentDraft:
    """A document of `kind` with invented names and amounts; a credit has two taxes and a fee."""
    is_first = kind is DocumentKind.RETURN_AUTHORISATION
    return DocumentDraft(
        kind=kind,
        key=f"{_PREFIXES[kind]}-sample-5001-1",
        date=day,
        division="WOMEN",
        warehouse="MAIN",
        customer_code="WEB",
        currency="GBP",
        rma_number="RMA5001",
        order_number="#1001",
        order_erp_id="100007",
        invoice_number="INV9",
        authorisation_number="" if is_first else "RA1042",
        note="A sample: do not book it",
        lines=_lines(kind),
        based_on={} if is_first else {k: v for k, v in _BOOKED.items() if k != kind.value},
        tender="card" if kind is DocumentKind.REFUND_RECORD else "",
        reference="ch_5001" if kind is DocumentKind.REFUND_RECORD else "",
    )


def _lines(kind: DocumentKind) -> tuple[DraftLine, ...]:
    if kind is DocumentKind.REFUND_RECORD:
        return (_charge(1, "refund", "CARD", "66.00"),)
    dress = DraftLine(
        line_no=1,
        component="item",
        sku="DRESS-RED-M",
        item_erp_id="ITEM-1",
        quantity=2,
        order_line_id="77001",
        description="Midi dress, red, M",
        reason_code="PF",
        bucket="SALE",
    )
    shirt = replace(
        dress, line_no=2, sku="SHIRT-BLUE-S", item_erp_id="ITEM-2", quantity=1,
        order_line_id="77002", description="Shirt, blue, S", reason_code="DA", bucket="DAMAGED",
    )  # fmt: skip
    if kind is not DocumentKind.CREDIT_MEMO:
        return (dress, shirt)
    taxes = (TaxPart("STATE", Decimal("6.00")), TaxPart("CITY", Decimal("5.00")))
    return (
        replace(dress, net=Decimal("55.00"), tax=Decimal("11.00"), taxes=taxes),
        replace(shirt, net=Decimal("20.00"), tax=Decimal("4.00"), tax_code="STANDARD"),
        _charge(3, "fee", "RETURN-FEE", "-5.00"),
    )


def _charge(number: int, component: str, code: str, net: str) -> DraftLine:
    return DraftLine(
        line_no=number,
        component=component,
        sku="",
        item_erp_id="",
        quantity=1,
        charge_code=code,
        net=Decimal(net),
    )
