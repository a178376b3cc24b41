"""Amounts in their currency's places."""

from decimal import Decimal

import pytest

from exceptions_app.rules import money
from tests.exceptions_app.rules.make import make_line


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
