"""What changes of a case are its figures only, and which growth can be asked for."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from exceptions_app.rules import putting_off


@pytest.mark.parametrize(
    ("before", "after", "is_same"),
    [
        ({"value": "1", "why": "a fee"}, {"value": "2", "why": "a fee"}, True),
        ({"refund": "1"}, {"refund": "2", "units": "3"}, True),
        ({"why": "a fee"}, {"why": "a tax"}, False),
        ({"sku": "1"}, {"sku": "2"}, False),
        ({"value": "1"}, {"value": "1", "sku": "2"}, False),
    ],
)
def test_amounts_and_counts_are_figures_and_names_are_not(before, after, is_same):
    assert putting_off.are_only_figures(before, after) is is_same


@pytest.mark.parametrize(
    ("growth", "places", "is_fit"),
    [
        (Decimal("0.01"), 2, True),
        (Decimal("0.010"), 2, True),
        (Decimal("100"), 0, True),
        (Decimal("0.001"), 2, False),
        (Decimal("1.5"), 0, False),
        (Decimal(0), 2, False),
        (Decimal("Infinity"), 2, False),
        (None, 2, False),
    ],
)
def test_a_growth_is_more_than_nothing_and_no_finer_than_the_figure(growth, places, is_fit):
    assert (putting_off.growth_flaw(growth, places=places) == "") is is_fit


@pytest.mark.parametrize(
    ("now", "zone", "month"),
    [
        (datetime(2026, 5, 31, 22, 59, tzinfo=UTC), "Europe/London", "2026-06"),
        (datetime(2026, 5, 31, 23, tzinfo=UTC), "Europe/London", "2026-07"),
        (datetime(2026, 12, 5, tzinfo=UTC), "UTC", "2027-01"),
    ],
)
def test_the_next_month_is_the_companys(now, zone, month):
    assert putting_off.next_month(now=now, zone=zone) == month
    assert not putting_off.has_begun(month, now=now, zone=zone)
