"""What was read back against what was meant: the tax too, where the ERP tells it."""

from decimal import Decimal

import pytest

from connectors.types import DocumentKind, DocumentState, DocumentStatus, DraftLine, TaxPart
from exceptions_app.catalogue import entry, render
from exceptions_app.rules.confirming import Verdict, compare, found_words, refusal_type
from tests.exceptions_app.rules.make import make_draft

GST, PST = TaxPart("GST", Decimal("1.50")), TaxPart("PST", Decimal("4.00"))


def draft_of(*taxes, **line):
    values = {"net": Decimal("27.50"), "tax": Decimal("5.50"), "taxes": taxes, **line}
    return make_draft(lines=(DraftLine(1, "item", "JEANS-32", "", 1, **values),))


def state_of(**changes):
    values = {
        "kind": DocumentKind.CREDIT_MEMO,
        "key": "CM-1",
        "external_id": "7",
        "number": "CM000173",
        "status": DocumentStatus.POSTED,
        "units": 1,
        "gross": Decimal("33.00"),
        "currency": "GBP",
        "warehouse": "",
        "division": "",
        "posted_at": None,
        "url": "",
        **changes,
    }
    return DocumentState(**values)


@pytest.mark.parametrize(
    "state",
    [
        pytest.param({}, id="not-told"),
        pytest.param({"tax": Decimal("5.50")}, id="in-sum"),
        pytest.param({"tax": Decimal("5.50"), "taxes": (PST, GST)}, id="by-code"),
    ],
)
def test_a_document_of_the_same_tax_is_equal(state):
    assert compare(draft_of(GST, PST), [state_of(**state)]).verdict == Verdict.EQUAL


def test_the_same_sum_with_another_tax_differs_and_says_which():
    other = (TaxPart("GST", Decimal("5.50")),)

    found = compare(draft_of(GST, PST), [state_of(tax=Decimal("5.50"), taxes=other)])

    assert found.verdict == Verdict.DIFFERS
    assert found.differences == (
        ("tax GST", "£1.50", "£5.50"),
        ("tax PST", "£4.00", "£0.00"),
    )


def test_a_tax_that_was_booked_otherwise_is_told_in_words():
    found = compare(draft_of(tax_code="S"), [state_of(tax=Decimal("5.00"))])

    assert found_words(found) == "Booked as CM000173, tax £5.00, not £5.50"


def test_a_refund_recorded_with_another_sum_differs():
    line = DraftLine(1, "refund", "", "", 1, net=Decimal("60.00"), charge_code="CARD")
    draft = make_draft("refund_record", lines=(line,))
    state = state_of(kind=DocumentKind.REFUND_RECORD, units=0, gross=Decimal("50.00"))

    found = compare(draft, [state])

    assert found.verdict == Verdict.DIFFERS
    assert found.differences == (("amount", "£60.00", "£50.00"),)


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("credit_memo", "CM_REJECTED"),
        ("refund_record", "CM_REJECTED"),
        ("return_authorisation", "CM_REJECTED"),
        ("stock_receipt", "RECEIPT_NOT_POSTED"),
        ("stock_move", "RECEIPT_NOT_POSTED"),
        ("write_off", "RECEIPT_NOT_POSTED"),
    ],
)
def test_a_refusal_without_a_type_of_its_own_is_the_documents(kind, type_):
    assert refusal_type("unclassified", kind) == type_
    assert refusal_type("period_closed", kind) == "PERIOD_CLOSED"


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        ("stock_receipt", "OVER_RETURN"),
        ("credit_memo", "OVER_RETURN"),
        # The goods are not where they should be moved from; nobody sent too many back.
        ("stock_move", "RECEIPT_NOT_POSTED"),
        ("write_off", "RECEIPT_NOT_POSTED"),
    ],
)
def test_too_many_units_are_an_over_return_only_where_goods_come_in_or_are_credited(kind, type_):
    assert refusal_type("quantity", kind) == type_


def test_a_refused_document_is_called_what_it_is():
    title = entry("RECEIPT_NOT_POSTED").title

    told = render(title, {"erp": "Brightpearl", "rma": "R-1", "kind": "Stock move"})

    assert told == "Brightpearl has no stock move for return R-1"
