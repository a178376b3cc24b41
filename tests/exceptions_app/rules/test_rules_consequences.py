"""What an approver is told of stock and ledger."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from connectors.types import DocumentDraft, DocumentKind, DraftLine
from exceptions_app.rules.consequences import told


def make_draft(kind=DocumentKind.CREDIT_MEMO, **values):
    line = DraftLine(
        line_no=1,
        component="item",
        sku="TEE",
        item_erp_id="1",
        quantity=2,
        bucket="saleable" if kind != DocumentKind.CREDIT_MEMO else "",
        net=Decimal("16.67"),
        tax=Decimal("3.33"),
        tax_code="S",
    )
    fixed = {
        "key": "",
        "date": date(2026, 5, 31),
        "division": "01",
        "warehouse": "MAIN",
        "customer_code": "C1",
        "currency": "GBP",
        "rma_number": "R1",
        "order_number": "SO-1",
        "order_erp_id": "",
        "invoice_number": "",
        "authorisation_number": "",
        "note": "",
        "lines": (line,),
    }
    return DocumentDraft(kind=kind, **{**fixed, **values})


def _line(draft, **values):
    return (replace(draft.lines[0], **values),)


def test_a_credit_tells_its_sum_and_what_differs_to_the_penny():
    before = make_draft()
    after = replace(
        before,
        date=date(2026, 6, 1),
        lines=_line(before, net=Decimal("15.00"), tax=Decimal("3.00")),
    )

    assert told(before, after) == (
        "Stock: not moved by this document.",
        "Ledger: credits £18.00, £15.00 net and £3.00 tax.",
        "Credits £2.00 less than planned before (£20.00).",
        "Tax of code S: £3.00 instead of £3.33.",
        "Booked on 1 Jun 2026 instead of 31 May 2026: another period.",
    )


def test_an_unchanged_credit_says_so():
    assert "Credits the same sum as planned before." in told(make_draft(), make_draft())


def test_a_receipt_tells_units_by_item_place_and_bucket():
    before = make_draft(DocumentKind.STOCK_RECEIPT)
    after = replace(before, lines=_line(before, sku="TEE-M", quantity=1))

    assert told(before, after) == (
        "Stock of TEE-M rises by 1 unit, not planned before, 01 MAIN, saleable.",
        "Stock of TEE no longer rises by 2 units, 01 MAIN, saleable.",
        "Ledger: no credit is booked by this document.",
    )
    assert told(None, before)[0] == "Stock of TEE rises by 2 units, 01 MAIN, saleable."


def test_a_write_off_and_an_authorisation_say_what_they_do():
    assert told(None, make_draft(DocumentKind.WRITE_OFF))[0].startswith("Stock of TEE falls by 2")
    assert told(None, make_draft(DocumentKind.RETURN_AUTHORISATION)) == (
        "Announces 2 units: neither stock nor ledger moves yet.",
    )


def test_a_correction_without_tax_says_whose_tax_the_credit_has():
    before = make_draft()
    wrong = replace(
        before.lines[0],
        line_no=2,
        component="adjustment",
        net=Decimal("-5.00"),
        tax=Decimal("0.00"),
    )

    lines = told(before, replace(before, lines=(*before.lines, wrong)))

    assert lines[1:4] == (
        "Ledger: credits £15.00, £11.67 net and £3.33 tax.",
        "Of it −£5.00 is a correction without tax: the tax stays that of the order's lines.",
        "Credits £5.00 less than planned before (£20.00).",
    )
