"""What a second reading shows, in words and in money."""

from decimal import Decimal

import pytest

from connectors.types import DocumentStatus
from exceptions_app.rules.rereading import Edit, edited
from tests.exceptions_app.rules.test_rules_confirming import draft_of, state_of


@pytest.mark.parametrize(
    ("states", "edit"),
    [
        pytest.param([state_of()], None, id="as-sent"),
        pytest.param([state_of(status=DocumentStatus.STAGED)], None, id="not-booked-yet"),
        pytest.param([], Edit("it is not there any more"), id="gone"),
        pytest.param(
            [state_of(status=DocumentStatus.REJECTED)], Edit("it is void there"), id="void"
        ),
        pytest.param(
            [state_of(), state_of(number="CM000174")],
            Edit("there is more than one under its key, CM000173, CM000174"),
            id="twice",
        ),
        pytest.param(
            [state_of(gross=Decimal("31.00"))],
            Edit("£31.00 instead of £33.00", Decimal("2.00")),
            id="less-money",
        ),
        pytest.param(
            [state_of(tax=Decimal("9.00"))],
            Edit("tax £9.00, not £5.50", Decimal("3.50")),
            id="the-same-sum-with-another-tax",
        ),
        pytest.param([state_of(units=2)], Edit("2 units instead of 1"), id="units"),
        pytest.param(
            [state_of(currency="EUR", gross=Decimal("40.00"))],
            Edit("€40.00 instead of £33.00, currency EUR, not GBP"),
            id="another-currency-has-no-difference",
        ),
    ],
)
def test_it_says_what_is_different_and_what_that_moved(states, edit):
    assert edited(draft_of(), states) == edit


def test_the_facts_of_an_exception_tell_the_difference_only_where_there_is_one():
    assert Edit("it is void there").facts == {"found": "it is void there"}
    assert Edit("x", Decimal("2.00")).facts == {"found": "x", "difference": "2.00"}
