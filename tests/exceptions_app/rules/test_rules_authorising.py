"""Authorisations: what was announced, and its money where the ERP makes the credit of it."""

from dataclasses import replace
from decimal import Decimal

from exceptions_app.rules import planning
from exceptions_app.rules.erp_facts import ErpFact, ErpReceiptFact, ErpReceiptLineFact
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import NOW

ONE_DOCUMENT = ErpFact(authorisation_is_credit=True, can_read_receipts=True)
POLICY = make.make_policy(
    credit_trigger="goods_received",
    stock_trigger="erp_receipt",
    first_bucket="quarantine",
    bundle_stock="components",
    bundle_credit="parent",
)


def make_facts(*lines, **changes):
    """Announced and not here yet; three pairs of jeans were sold, one was credited before."""
    sold = make.make_order_line(
        quantity=3,
        net="100.00",
        tax="20.00",
        credited_units=1,
        credited_net="33.33",
        credited_tax="6.67",
    )
    line = make.make_line(quantity=2, disposition="", disposition_at=None)
    mappings = make.make_mappings()
    places = {**mappings.disposition, "place:qa": "quarantine"}
    facts = {
        "refunds": (),
        "order": make.make_order(sold),
        "policy": POLICY,
        "erp": ONE_DOCUMENT,
        "mappings": replace(mappings, disposition=places),
        "logistics": "expected",
        "received_at": None,
    }
    return make.make_facts(*(lines or (line,)), **(facts | changes))


def received(*lines):
    rows = tuple(ErpReceiptLineFact(sku, units, "QA") for sku, units in lines)
    return (ErpReceiptFact("GRN-1", "WH1", NOW, rows, "GRN-1"),)


def drafts(facts):
    return {row.slot: row.draft for row in planning.plan(facts).postings}


def rows(draft):
    return [
        (row.component, row.sku, row.quantity, row.order_line_id, row.net, row.tax, row.tax_code)
        for row in draft.lines
    ]


def test_it_says_the_money_of_the_credit_before_any_goods_came():
    draft = drafts(make_facts())["return_authorisation"]

    assert rows(draft) == [("item", "JEANS-32", 2, "1", Decimal("66.67"), Decimal("13.33"), "S20")]


def test_elsewhere_it_says_no_money():
    draft = drafts(make_facts(erp=ErpFact()))["return_authorisation"]

    assert rows(draft) == [("item", "JEANS-32", 2, "", Decimal(0), Decimal(0), "")]


def test_the_credit_says_the_money_of_what_came_and_the_same_where_all_of_it_did():
    facts = make_facts(erp_receipts=received(("JEANS-32", 2)))

    found = drafts(facts)

    assert rows(found["credit_memo"]) == rows(found["return_authorisation"])
    assert planning.plan(facts).findings == ()


def test_fees_kept_back_are_in_it_from_the_beginning():
    line = make.make_line(
        quantity=2, disposition="", disposition_at=None, fees=(make.make_fee(amount="5.00"),)
    )

    draft = drafts(make_facts(line))["return_authorisation"]

    assert [(row.component, row.charge_code, row.net) for row in draft.lines][1:] == [
        ("fee", "RSTK", Decimal("-5.00"))
    ]
    assert draft.gross == Decimal("75.00")


def test_exchanged_units_are_announced_without_money_and_without_taking_the_order_line():
    refunded = make.make_line(disposition="", disposition_at=None)
    swapped = replace(refunded, line_no=2, resolution="ExchangeToAnotherItem")
    facts = make_facts(
        refunded,
        swapped,
        erp_receipts=received(("JEANS-32", 2)),
        order=make.make_order(make.make_order_line(quantity=2, net="100.00", tax="20.00")),
    )

    found = drafts(facts)

    assert rows(found["return_authorisation"])[1] == (
        ("item", "JEANS-32", 1, "", Decimal(0), Decimal(0), "")
    )
    assert (found["credit_memo"].units, found["credit_memo"].gross) == (2, Decimal("60.00"))


def test_a_bundle_credited_as_it_was_sold_is_one_row_and_comes_in_by_its_parts():
    order = make.make_order(
        make.make_order_line("SET", line_id="1", net="90.00", tax="18.00"),
        make.make_order_line("SHIRT", line_id="2", net="0", tax="0", parent_line_id="1"),
        make.make_order_line("SOCK", line_id="3", quantity=2, net="0", tax="0", parent_line_id="1"),
    )
    line = make.make_line("SET", disposition="", disposition_at=None)
    facts = make_facts(line, order=order, erp_receipts=received(("SHIRT", 1), ("SOCK", 2)))

    found = drafts(facts)

    assert rows(found["return_authorisation"]) == [
        ("item", "SET", 1, "1", Decimal("90.00"), Decimal("18.00"), "S20"),
    ]
    assert rows(found["credit_memo"]) == rows(found["return_authorisation"])
    assert planning.plan(facts).findings == ()


def test_the_plan_is_the_same_once_both_documents_left():
    facts = make_facts(erp_receipts=received(("JEANS-32", 2)))
    left = [
        make.make_posting(slot, draft, id=at)
        for at, (slot, draft) in enumerate(drafts(facts).items(), start=1)
    ]

    after = replace(facts, postings=tuple(left))

    prints = [
        {slot: planning.plan_hash(draft) for slot, draft in drafts(each).items()}
        for each in (facts, after)
    ]
    assert prints[0] == prints[1]
    assert planning.plan(after).findings == ()
