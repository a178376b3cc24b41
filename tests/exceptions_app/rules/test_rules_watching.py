"""Contradictions in a return: raised by the defect, not beside it, gone when it is mended."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.types import DraftLine, Inspection, Tender
from exceptions_app import catalogue
from exceptions_app.rules.planning import plan
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import NOW, make_facts, make_line, make_order, make_order_line

GOODS_FIRST = make.make_policy(credit_trigger="goods_received")
ON_ITS_WAY = {"logistics": "in_transit", "received_at": None}
NOT_GRADED = make_line(disposition="", disposition_at=None, inspection=Inspection.NOT_INSPECTED)


def found(facts, kind):
    return [row for row in plan(facts).findings if row.type == kind]


def credit_line(**changes):
    values = {"line_no": 1, "component": "item", "sku": "JEANS-32", "item_erp_id": "E-JEANS-32"}
    values |= {"quantity": 1, "order_line_id": "1", "description": "Jeans", "reason_code": ""}
    values |= {"bucket": "", "unit_price": Decimal("50.00"), "net": Decimal("50.00")}
    values |= {"tax": Decimal("10.00"), "tax_code": "S20", "charge_code": "", "key_parts": {}}
    return DraftLine(**(values | changes))


def sent_credit(**changes):
    return make.make_posting(draft=make.make_draft(lines=(credit_line(**changes),)), number="CM1")


def receipt():
    draft = make.make_draft("stock_receipt", lines=(credit_line(bucket="saleable"),))
    return make.make_posting("stock_receipt:10/WH1", draft, id=2, number="RC1")


RECODED = make.make_item("JEANS-NEW", barcode="501")
SOLD_ON_ACCOUNT = make_order(tenders=(Tender("account", Decimal("60.00")),))
INSTANT = make.make_policy(refund_timing="instant", credit_trigger="goods_inspected")

# type: the facts with the defect, the facts beside it, the facts once it is mended
CASES = {
    "VARIANT_CHANGED": (
        make_facts(make_line(items=(RECODED,))),
        make_facts(),
        make_facts(make_line(items=(RECODED,)), order=make_order(make_order_line("JEANS-NEW"))),
    ),
    "ITEM_INELIGIBLE": (
        make_facts(make_line(items=(make.make_item(is_returnable=False),))),
        make_facts(make_line(items=(make.make_item(is_returnable=False, is_active=False),))),
        make_facts(make_line(items=(make.make_item(is_returnable=True),))),
    ),
    "REFUND_BEFORE_RECEIPT": (
        make_facts(NOT_GRADED, policy=GOODS_FIRST, **ON_ITS_WAY),
        make_facts(NOT_GRADED, **ON_ITS_WAY),
        make_facts(NOT_GRADED, policy=GOODS_FIRST),
    ),
    "CREDIT_BEFORE_RECEIPT": (
        make_facts(NOT_GRADED, policy=GOODS_FIRST, postings=(sent_credit(),), **ON_ITS_WAY),
        make_facts(NOT_GRADED, postings=(sent_credit(),), **ON_ITS_WAY),
        make_facts(NOT_GRADED, policy=GOODS_FIRST, postings=(sent_credit(),)),
    ),
    "TAX_CODE_MISMATCH": (
        make_facts(postings=(sent_credit(tax_code="Z0"),)),
        make_facts(postings=(sent_credit(tax_code=""),)),
        make_facts(postings=(sent_credit(),)),
    ),
    "INVOICE_LINK_MISSING": (
        make_facts(order=make_order(invoice_number=""), are_orders_invoiced=True),
        make_facts(order=make_order(invoice_number="")),
        make_facts(are_orders_invoiced=True),
    ),
    "B2B_ACCOUNT_CREDIT": (
        make_facts(
            order=SOLD_ON_ACCOUNT,
            refunds=(make.make_refund(tenders=(Tender("card", Decimal("60.00")),)),),
        ),
        make_facts(refunds=(make.make_refund(tenders=(Tender("card", Decimal("60.00")),)),)),
        make_facts(
            order=SOLD_ON_ACCOUNT,
            refunds=(make.make_refund(tenders=(Tender("account", Decimal("60.00")),)),),
        ),
    ),
    "INSTANT_REJECTED": (
        make_facts(policy=INSTANT, status_raw="Rejected"),
        make_facts(status_raw="Rejected"),
        make_facts(policy=INSTANT),
    ),
    "CANCELLED_AFTER_POST": (
        make_facts(status_raw="Canceled", postings=(sent_credit(), receipt())),
        make_facts(status_raw="Canceled"),
        make_facts(postings=(sent_credit(), receipt())),
    ),
    "NOTIFY_FAILED": (
        make_facts(
            postings=(
                make.make_posting(
                    "platform_update",
                    status="failed",
                    open_type="RETRY_EXHAUSTED",
                    open_facts={"vendor_text": "No such return"},
                ),
            )
        ),
        make_facts(postings=(make.make_posting("platform_update", status="failed"),)),
        make_facts(postings=(make.make_posting("platform_update"),)),
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_a_defect_is_told_with_all_its_words_and_only_while_it_is_there(kind):
    defect, beside, mended = CASES[kind]

    (told,) = found(defect, kind)

    entry = catalogue.CATALOGUE[kind]
    assert entry.is_watched
    brought = {*told.facts, "erp", "platform", "bridge", "rma", "order", "value"}
    assert catalogue.facts_used(entry) - brought == set()
    assert told.value >= 0
    assert told.value_formula
    assert found(beside, kind) == []
    assert found(mended, kind) == []


def test_what_is_only_told_holds_no_document_back():
    for defect, *_ in CASES.values():
        kinds = {row.type for row in plan(defect).findings if row.blocks}
        assert kinds & set(CASES) == set()


def test_an_alias_that_somebody_chose_is_no_changed_variant():
    mappings = make.make_mappings(sku_alias={"jeans-32": "JEANS-NEW"})
    facts = make_facts(make_line(alias_items=(RECODED,)), mappings=mappings)

    assert found(facts, "VARIANT_CHANGED") == []


@pytest.mark.lesson(19)
def test_goods_that_never_came_were_paid_at_once_for_nothing():
    lost = make_line(inspection=Inspection.NOT_RETURNED)
    facts = make_facts(lost, policy=INSTANT)

    (told,) = found(facts, "INSTANT_REJECTED")

    assert told.facts["got"] == "None of its goods came"
    assert told.value == Decimal("60.00")
    assert found(make_facts(lost, make_line(line_no=2), policy=INSTANT), "INSTANT_REJECTED") == []


def test_documents_of_a_cancelled_return_are_named_with_their_numbers():
    (told,) = found(CASES["CANCELLED_AFTER_POST"][0], "CANCELLED_AFTER_POST")

    assert told.facts["number"] == "credit memo CM1, stock receipt RC1"
    assert told.value == Decimal("120.00")


BUNDLED = make_order(make_order_line(parent_line_id="9"))
GIFT_CARD = make_order(tenders=(Tender("gift_card", Decimal("15.00")),))
DISCOUNTED = make_order(make_order_line(discount="5.00", net="45.00", tax="9.00"))


def paid(amount, line=None, refund=None, **changes):
    rows = (make.make_refund(amount, **(refund or {})),)
    return make_facts(line or make_line(), refunds=rows, **changes)


@pytest.mark.parametrize(
    ("facts", "kind"),
    [
        (paid("50.00", make_line(unit_price="50.00", unit_tax=None)), "TAX_PRORATA"),
        (paid("60.00", order=DISCOUNTED), "DISCOUNT_ALLOCATION"),
        (paid("60.00", make_line(fees=(make.make_fee(),))), "FEE_MISMATCH"),
        (paid("70.00", refund={"currency": "EUR"}), "CURRENCY_MISMATCH"),
        (paid("55.00", make_line(unit_price="55.00"), order=BUNDLED), "BUNDLE_PARTIAL"),
        (paid("45.00", order=GIFT_CARD), "TENDER_SPLIT"),
        (paid("63.20"), "REFUND_CM_MISMATCH"),
        (paid("65.00", make_line(fees=(make.make_fee(),)), order=BUNDLED), "REFUND_CM_MISMATCH"),
    ],
)
def test_a_difference_with_one_kind_of_cause_has_the_type_of_that_cause(facts, kind):
    (told,) = plan(facts).findings

    brought = {*told.facts, "erp", "platform", "bridge", "rma", "value", "difference"}
    assert told.type == kind
    assert catalogue.facts_used(catalogue.CATALOGUE[kind]) - brought == set()
    assert plan(make_facts()).findings == ()


def test_a_refund_in_another_currency_alone_is_told_with_its_own_amount():
    (told,) = plan(paid("70.00", refund={"currency": "EUR"})).findings

    assert (told.facts["got"], told.facts["credit"]) == ("70.00 EUR", "60.00")


def test_a_trade_price_is_told_apart_from_any_other_price():
    line = make_line(unit_price="54.00", unit_tax="9.00")
    refund = (make.make_refund("54.00"),)

    trade = make_facts(line, order=SOLD_ON_ACCOUNT, refunds=refund)
    retail = make_facts(line, refunds=refund)

    assert [row.type for row in plan(trade).findings] == ["B2B_PRICE"]
    assert [row.type for row in plan(retail).findings] == ["REFUND_CM_MISMATCH"]


def test_a_note_that_failed_says_what_the_platform_answered():
    (told,) = found(CASES["NOTIFY_FAILED"][0], "NOTIFY_FAILED")

    assert told.facts["vendor_text"] == "No such return"
    assert told.subject == "posting:platform_update"


def test_an_old_window_is_missed_only_by_what_was_there_before_it_opened():
    policy = make.make_policy(schedule={"credit_memo": "02:00-04:00"})
    planned = plan(make_facts(policy=policy)).postings
    (memo,) = [row for row in planned if row.kind == "credit_memo"]

    def held(created_at):
        row = make.make_posting(draft=memo.draft, status="held", created_at=created_at, id=3)
        return make_facts(policy=policy, postings=(row,))

    (told,) = found(held(NOW - timedelta(hours=12)), "ERP_BATCH_WAIT")
    assert told.facts["since"] == "2026-11-20 02:00 UTC"
    assert found(held(NOW - timedelta(hours=9)), "ERP_BATCH_WAIT") == []
    sent = replace(held(NOW - timedelta(hours=12)).postings[0], status="confirmed")
    assert found(make_facts(policy=policy, postings=(sent,)), "ERP_BATCH_WAIT") == []
