"""The same lines through each of the five pairs: every penny posted, open or accepted."""

from decimal import Decimal

import pytest

from exceptions_app.services.replay.pairs import PAIRS
from tests.exceptions_app.replay.lines_cast import Twins, row

pytestmark = pytest.mark.django_db

LINES = (
    row("500", "20001", 10, "2.95"),
    row("500", "20002", 4, "5.00"),
    row("501", "20001", 6, "2.95", customer="101"),
    # As it was sold; at another price; never bought here; more than was sold.
    row("C1", "20001", -4, "2.95"),
    row("C2", "20002", -1, "4.00"),
    row("C3", "20003", -2, "1.25", customer="102"),
    row("C4", "20001", -7, "2.95", customer="101"),
)


@pytest.mark.parametrize("pair", sorted(PAIRS))
def test_every_penny_is_posted_open_or_accepted_through_any_pair(pair):
    result = Twins().replay(*LINES, pair=pair)
    kept = result.account.money

    assert result.problems == ()
    assert kept.came_in == Decimal("-38.95")
    assert kept.came_in == kept.posted + kept.still_open + kept.accepted
    assert kept.posted <= Decimal("-11.80")
    assert result.account.credit_lines == 4
