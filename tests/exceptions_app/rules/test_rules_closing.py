"""Who must agree to a closing by hand: as strict as the strictest change, or by the threshold."""

from decimal import Decimal

import pytest

from exceptions_app.catalogue import entry
from exceptions_app.rules import closing
from exceptions_app.rules.facts import Policy


def agreed(code, value="40", **changed):
    is_other = changed.pop("is_other_money", False)
    policy = Policy(**changed)
    return closing.agreement(
        entry(code), value=Decimal(value), policy=policy, is_other_money=is_other
    )


@pytest.mark.parametrize(
    ("code", "value", "expected"),
    [
        pytest.param("REFUND_OVER_LINE", "3", ("finance", 1), id="a change of money"),
        pytest.param("REFUND_OVER_LINE", "500.01", ("finance", 2), id="a large change of money"),
        pytest.param("VARIANT_CHANGED", "3", ("peer", 1), id="a mapping"),
        pytest.param("CM_NO_REFUND", "500", ("none", 0), id="only closing, up to the threshold"),
        pytest.param("CM_NO_REFUND", "500.01", ("finance", 1), id="only closing, above it"),
        pytest.param("WRONG_DEPOT", "-500.01", ("peer", 1), id="goods above it"),
        pytest.param("SCHEMA_CHANGED", "9000", ("none", 0), id="nobody is ever asked"),
    ],
)
def test_it_is_as_strict_as_the_strictest_change_of_the_type(code, value, expected):
    assert agreed(code, value) == expected


@pytest.mark.parametrize(
    ("asked", "expected"),
    [("peer", ("peer", 1)), ("finance", ("finance", 1)), ("two", ("finance", 2))],
)
def test_the_policy_of_the_bridge_asks_for_more_whatever_the_value(asked, expected):
    assert agreed("CM_NO_REFUND", approvals={"CM_NO_REFUND": asked}) == expected


def test_money_that_cannot_be_compared_counts_as_above():
    assert agreed("CM_NO_REFUND", "1", is_other_money=True) == ("finance", 1)
    assert agreed("OVER_RETURN", "1", is_other_money=True) == ("finance", 2)
