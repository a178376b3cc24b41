"""Shares of an amount: rounding, and sums that come back to the original."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exceptions_app.rules import money
from tests.exceptions_app.rules.make import make_line

CURRENCIES = st.sampled_from(["GBP", "JPY", "KWD"])


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("2.665", "GBP", "2.67"),
        ("-2.665", "GBP", "-2.67"),
        ("4.995", "EUR", "5.00"),
        ("100.5", "JPY", "101"),
        ("5.1245", "KWD", "5.125"),
        ("1.005", "gbp ", "1.01"),
    ],
)
def test_amounts_round_half_away_from_zero_to_the_minor_unit(amount, currency, expected):
    assert str(money.quantise(Decimal(amount), currency)) == expected


@pytest.mark.parametrize(
    ("amount", "text", "exact"),
    [("60.0000", "60.00", "60.00"), ("7.1250", "7.13", "7.125"), ("0", "0.00", "0.00")],
)
def test_amounts_in_words_have_the_currencys_places_and_costs_lose_no_digit(amount, text, exact):
    assert money.text(Decimal(amount), "GBP") == text
    assert money.exact_text(Decimal(amount), "GBP") == exact


@pytest.mark.parametrize(
    ("total", "quantity", "expected"),
    [
        pytest.param("10.00", 3, ["3.33", "3.34", "3.33"], id="spare-cent"),
        pytest.param("0.02", 3, ["0.01", "0.00", "0.01"], id="less-than-a-cent-each"),
        pytest.param("34.17", 3, ["11.39", "11.39", "11.39"], id="even"),
        pytest.param("88961.77", 2, ["44480.89", "44480.88"], id="half-cent"),
    ],
)
def test_units_returned_one_by_one_take_the_running_share(total, quantity, expected):
    shares = [
        money.cumulative_share(Decimal(total), taken, 1, quantity, "USD")
        for taken in range(quantity)
    ]

    assert [str(share) for share in shares] == expected


@settings(deadline=None)
@given(
    currency=CURRENCIES,
    minor=st.integers(min_value=0, max_value=10_000_000),
    steps=st.lists(st.integers(min_value=0, max_value=9), min_size=1, max_size=12),
    kept=st.integers(min_value=0, max_value=5),
)
def test_any_sequence_of_partial_returns_sums_to_the_original(currency, minor, steps, kept):
    quantity = sum(steps) + kept or 1
    total = minor * money.minor_unit(currency)
    shares = []
    taken = 0
    for units in [*steps, quantity - sum(steps)]:
        shares.append(money.cumulative_share(total, taken, units, quantity, currency))
        taken += units

    assert sum(shares) == total
    assert all(share >= 0 for share in shares)
    assert all(share == money.quantise(share, currency) for share in shares)


@pytest.mark.parametrize(("units", "quantity"), [(4, 3), (-1, 3), (0, 0)])
def test_a_share_outside_the_sold_units_is_refused(units, quantity):
    with pytest.raises(ValueError, match=f"{units} of {quantity} units is no share"):
        money.share_so_far(Decimal(10), units, quantity, "GBP")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"quantity": 2}, Decimal("120.00")),
        ({"quantity": 2, "unit_price": "50.00", "is_tax_included": False}, Decimal("120.00")),
        ({"unit_tax": None, "is_tax_included": False}, Decimal("60.00")),
        ({"unit_price": None}, None),
    ],
)
def test_what_was_paid_includes_tax_once(changes, expected):
    assert money.paid_gross(make_line(**changes)) == expected
