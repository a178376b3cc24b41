"""Money that names no goods: what is owed, over which lines, by which tenders."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exceptions_app.rules.reversal import Amounts, Anchor, OverCredit, Sold, Tax
from exceptions_app.rules.rounding import Mode
from exceptions_app.rules.settlement import (
    Order,
    Settled,
    compare,
    minor_units,
    over_lines,
    over_tenders,
    settle,
)


@pytest.mark.parametrize(
    ("entries", "never", "expected"),
    [
        (["80.00", "-50.00", "-4.95"], False, ("25.05", "0")),
        (["20.00", "-50.00"], False, ("0", "30.00")),
        (["20.00", "-50.00"], True, ("0", "0")),
    ],
)
def test_an_exchange_is_a_credit_and_a_sale_and_the_difference_a_payment(entries, never, expected):
    found = settle([Decimal(entry) for entry in entries], never_charge_customer=never)

    assert found == Settled(Decimal(expected[0]), Decimal(expected[1]))


@pytest.mark.parametrize(
    ("order", "expected"),
    [(Order.LISTED, ["25.00", "15.00"]), (Order.PROPORTIONAL, ["8.00", "32.00"])],
)
def test_tenders_get_back_what_they_paid_and_no_more(order, expected):
    paid = [Decimal("25.00"), Decimal("100.00")]

    assert [str(share) for share in over_tenders(Decimal("40.00"), paid, order, 2)] == expected
    with pytest.raises(OverCredit) as refused:
        over_tenders(Decimal("125.01"), paid, order, 2)
    assert refused.value.left == Decimal("125.00")


def make_sold(ref, gross, tax):
    net = Decimal(gross) - Decimal(tax)
    return Sold(ref, Fraction(1), Amounts(net, (Tax("v", Decimal(tax)),)), Anchor.GROSS)


def test_a_refund_without_goods_takes_each_lines_own_tax():
    lines = [make_sold("L1", "12.00", "2.00"), make_sold("L2", "24.00", "4.00")]

    spread = over_lines(Decimal("15.00"), lines, Order.PROPORTIONAL, 2)
    listed = over_lines(Decimal("12.00"), lines, Order.LISTED, 2)

    assert [(line.ref, str(part.gross), str(part.tax)) for line, part in spread] == [
        ("L1", "5.00", "0.83"),
        ("L2", "10.00", "1.67"),
    ]
    assert [(line.ref, str(part.gross), str(part.tax)) for line, part in listed] == [
        ("L1", "12.00", "2.00")
    ]
    with pytest.raises(OverCredit):
        over_lines(Decimal("36.01"), lines, Order.PROPORTIONAL, 2)


@given(
    lines=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**5)), min_size=1, max_size=8),
    share=st.fractions(0, 1),
)
def test_a_refund_over_lines_is_never_more_or_less_than_itself(lines, share):
    sold = [
        make_sold(f"L{at}", Decimal(net + tax).scaleb(-2), Decimal(tax).scaleb(-2))
        for at, (net, tax) in enumerate(lines)
    ]
    whole = sum(line.stored.gross for line in sold)
    refund = Decimal(int(Fraction(whole) * 100 * share)).scaleb(-2)

    found = over_lines(refund, sold, Order.PROPORTIONAL, 2)

    assert sum(part.gross for _, part in found) == refund
    assert all(0 <= part.tax <= line.stored.tax for line, part in found)


def test_a_provider_that_takes_tens_only_pays_more_than_the_credit_says():
    assert minor_units(Decimal("5.124"), 3) == 5124
    assert minor_units(Decimal("5.124"), 3, step=10, mode=Mode.UP) == 5130


@pytest.mark.parametrize(
    ("refund", "difference", "is_exception"),
    [("10.05", "0.05", False), ("10.06", "0.06", True), ("9.94", "-0.06", True)],
)
def test_a_difference_beyond_the_tolerance_is_an_exception(refund, difference, is_exception):
    found = compare(credit=Decimal(10), refund=Decimal(refund), tolerance=Decimal("0.05"))

    assert (found.difference, found.is_exception) == (Decimal(difference), is_exception)
