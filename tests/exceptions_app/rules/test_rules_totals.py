"""Money of a return, side by side: summed per currency, compared only where it can be."""

from decimal import Decimal

import pytest

from connectors.types import Inspection, Money
from exceptions_app.rules.facts import FeeTarget
from exceptions_app.rules.totals import Goods, goods, totals
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_line, make_posting, make_refund


def gbp(amount):
    return Money(Decimal(amount), "GBP")


def eur(amount):
    return Money(Decimal(amount), "EUR")


def credit(amount, currency="GBP", **changes):
    return make_posting(gross=Decimal(amount), currency=currency, **changes)


def test_sums_of_two_currencies_stay_apart_and_leave_no_difference():
    found = totals(
        make_facts(
            refunds=(
                make_refund("20.00"),
                make_refund("45.00", external_id="R-2", currency="EUR"),
                make_refund("1.50", external_id="R-3", currency=""),
            ),
            postings=(credit("20.00"),),
        )
    )

    assert found.refunded == (gbp("21.50"), eur("45.00"))
    assert found.credited == (gbp("20.00"),)
    assert found.difference is None


def test_one_currency_each_but_not_the_same_is_not_compared():
    facts = make_facts(refunds=(make_refund("45.00", currency="EUR"),), postings=(credit("20.00"),))

    assert totals(facts).difference is None


@pytest.mark.parametrize(("currency", "sign"), [("GBP", gbp), ("EUR", eur)])
def test_the_same_currency_on_both_sides_is_compared(currency, sign):
    facts = make_facts(
        refunds=(make_refund("20.00", currency=currency),),
        postings=(credit("18.50", currency),),
    )

    assert totals(facts).difference == sign("1.50")


def test_only_what_each_side_confirmed_is_refunded_and_credited():
    found = totals(
        make_facts(
            refunds=(make_refund("20.00", status="pending"), make_refund("5.00", status="failed")),
            postings=(credit("20.00", status="ready"),),
        )
    )

    assert (found.refunded, found.credited) == ((), ())
    assert (found.pending, found.planned) == ((gbp("20.00"),), (gbp("20.00"),))


def test_a_credit_that_would_be_is_compared_with_what_was_refunded():
    found = totals(
        make_facts(refunds=(make_refund("80.00"),), postings=(credit("85.00", status="blocked"),))
    )

    assert (found.difference, found.expected) == (None, gbp("-5.00"))


def test_what_came_back_is_worth_what_was_paid_for_it_tax_included():
    facts = make_facts(
        make_line(
            quantity=2,
            unit_price=Decimal("10.00"),
            unit_tax=Decimal("2.00"),
            is_tax_included=False,
        ),
        make_line(line_no=2, unit_price=Decimal("99.00"), inspection=Inspection.NOT_RETURNED),
        make_line("M", line_no=3, unit_price="2.40", items=()),
        mappings=make.make_mappings(fee={"m": FeeTarget("shipping", "SHIP")}),
    )

    assert goods(facts) == Goods(units=2, gross=Decimal("24.00"))


def test_goods_without_a_price_have_no_value():
    facts = make_facts(make_line(), make_line(line_no=2, unit_price=None))

    assert goods(facts) == Goods(units=2, gross=None)
