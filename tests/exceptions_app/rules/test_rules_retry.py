"""When to try again, and when to stop."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exceptions_app.rules import retry


@pytest.mark.parametrize(
    ("attempts", "ceiling"),
    [(0, 2), (1, 2), (2, 4), (3, 8), (7, 128), (8, 256), (9, 300), (5000, 300)],
)
def test_the_ceiling_doubles_from_two_seconds_to_five_minutes(attempts, ceiling):
    assert retry.next_delay_seconds(attempts, 1) == ceiling
    assert retry.next_delay_seconds(attempts, 0.5) == ceiling / 2
    assert retry.next_delay_seconds(attempts, 0) == 0


@settings(deadline=None)
@given(attempts=st.integers(0, 100), fraction=st.floats(0, 1, exclude_max=True))
def test_the_delay_stays_under_its_ceiling(attempts, fraction):
    assert 0 <= retry.next_delay_seconds(attempts, fraction) <= retry.CAP_SECONDS


@pytest.mark.parametrize("after", [0, 1, 900])
def test_what_the_other_side_asks_for_wins(after):
    assert retry.next_delay_seconds(3, 0.9, after_seconds=after) == after


@pytest.mark.parametrize("fraction", [-0.1, 1.01])
def test_a_fraction_outside_its_range_is_refused(fraction):
    with pytest.raises(ValueError, match="outside"):
        retry.next_delay_seconds(1, fraction)


@pytest.mark.parametrize(
    ("used", "expected"),
    [
        ({"attempts": 7}, False),
        ({"attempts": 8}, True),
        ({"lookups": 11}, False),
        ({"lookups": 12}, True),
        ({}, False),
    ],
)
def test_tries_and_look_ups_have_their_own_limits(used, expected):
    assert retry.is_exhausted(**used) is expected
