"""Both sides' money by component: each figure its own system's, the difference between them."""

from dataclasses import replace
from decimal import Decimal

import pytest

from exceptions_app.rules.planning import plan
from exceptions_app.rules.sides import is_refunded, sides
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_fee, make_line, make_refund


def credit(facts, **changes):
    """The credit memo `facts` call for, confirmed unless said otherwise."""
    (draft,) = [row.draft for row in plan(facts).postings if row.kind == "credit_memo"]
    return make.make_posting("credit_memo", draft, id=1, number="CM-1", **changes)


def shown(facts):
    return [(row.label, row.platform, row.erp, row.difference) for row in sides(facts)]


def test_both_sides_agree_component_by_component():
    facts = make_facts()

    result = shown(replace(facts, postings=(credit(facts),)))

    assert result == [("Goods", Decimal("60.00"), Decimal("60.00"), Decimal("0.00"))]


@pytest.mark.parametrize("status", ["ready", "posted", "unconfirmed"])
def test_a_credit_that_is_not_confirmed_is_no_figure_of_the_ledger(status):
    facts = make_facts()

    result = shown(replace(facts, postings=(credit(facts, status=status),)))

    assert result == [("Goods", Decimal("60.00"), None, None)]


def test_what_the_refund_holds_beyond_its_lines_is_named_as_not_split():
    facts = make_facts()
    posting = credit(facts)

    result = shown(replace(facts, refunds=(make_refund("63.95"),), postings=(posting,)))

    assert result == [
        ("Goods", Decimal("60.00"), Decimal("60.00"), Decimal("0.00")),
        ("Not split by component", Decimal("3.95"), Decimal(0), Decimal("3.95")),
    ]


def test_a_fee_kept_back_takes_from_the_platforms_side():
    facts = make_facts(make_line(fees=(make_fee(amount="5.00"),)), refunds=())

    assert shown(facts) == [
        ("Goods", Decimal("60.00"), None, None),
        ("Fees kept back", Decimal("-5.00"), None, None),
    ]


def test_a_line_without_a_price_makes_its_component_unknown():
    facts = make_facts(make_line(), make_line(line_no=2, unit_price=None), refunds=())

    assert shown(facts) == [("Goods", None, None, None)]


def test_a_linked_document_of_another_amount_shows_the_rest():
    facts = make_facts()
    posting = replace(credit(facts), gross=Decimal("58.00"))

    result = shown(replace(facts, postings=(posting,)))

    assert result[-1] == ("Not split by component", Decimal(0), Decimal("-2.00"), Decimal("2.00"))
    assert sum(row[2] for row in result) == Decimal("58.00")


def test_what_either_side_has_in_another_currency_is_in_no_row():
    posting = credit(make_facts(), currency="EUR")
    facts = make_facts(refunds=(make_refund("70.00", currency="EUR"),), postings=(posting,))

    result = sides(facts)

    assert [(row.label, row.platform, row.erp) for row in result] == [
        ("Goods", Decimal("60.00"), None)
    ]
    assert not is_refunded(facts)
