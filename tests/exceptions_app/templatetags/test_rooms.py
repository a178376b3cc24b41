"""How the rooms write durations and differences."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app.templatetags.rooms import refund_words, took


@pytest.mark.parametrize(
    ("duration", "text"),
    [
        (None, "Not known"),
        (timedelta(0), "0 s"),
        (timedelta(seconds=41), "41 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=30, seconds=5), "30 min 5 s"),
        (timedelta(hours=1, seconds=59), "1 h"),
        (timedelta(days=2, hours=3, minutes=59), "2 d 3 h"),
        (timedelta(days=1, minutes=5), "1 d"),
        (timedelta(seconds=-1), "0 s"),
    ],
)
def test_a_duration_is_told_in_its_two_largest_units(duration, text):
    assert took(duration) == text


@pytest.mark.parametrize(
    ("difference", "text"),
    [
        ("3.20", "the refund is £3.20 more"),
        ("-5.00", "the credit is £5.00 more"),
        ("0.00", "refund and credit agree"),
    ],
)
def test_a_difference_names_the_side_that_is_more(difference, text):
    assert refund_words(Decimal(difference), "GBP") == text
