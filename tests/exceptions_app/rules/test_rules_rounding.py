"""Rounding of exact figures: the size first, the sign last, whatever the size."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exceptions_app.rules.allocation import NothingToShareBy, largest_remainder, running
from exceptions_app.rules.rounding import Mode, Rounding


@pytest.mark.parametrize(
    ("figure", "mode", "expected"),
    [
        ("2.665", Mode.HALF_UP, "2.67"),
        ("2.665", Mode.HALF_EVEN, "2.66"),
        ("2.675", Mode.HALF_EVEN, "2.68"),
        ("2.661", Mode.UP, "2.67"),
        ("2.669", Mode.DOWN, "2.66"),
        ("2.66", Mode.UP, "2.66"),
    ],
)
def test_a_credit_is_rounded_as_the_mirror_of_its_debit(figure, mode, expected):
    rounding = Rounding(2, mode)

    assert str(rounding(Decimal(figure))) == expected
    assert str(rounding(Decimal(f"-{figure}"))) == f"-{expected}"


@pytest.mark.parametrize(
    ("figure", "places", "step", "expected"),
    [
        ("1000.5", 0, 1, "1001"),
        ("5.1245", 3, 1, "5.125"),
        ("13.02", 2, 5, "13.00"),
        ("13.03", 2, 5, "13.05"),
    ],
)
def test_places_and_cash_steps_are_the_currencys(figure, places, step, expected):
    assert str(Rounding(places, step=step)(Decimal(figure))) == expected


def test_a_figure_keeps_all_its_digits():
    figure = Fraction(10**40 + 1, 3)

    assert str(Rounding(2)(figure)) == "3" * 40 + ".67"


@given(
    units=st.integers(-(10**9), 10**9),
    weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=12).filter(any),
    places=st.sampled_from([0, 2, 3]),
)
def test_shares_sum_to_the_amount_and_miss_their_part_by_less_than_a_unit(units, weights, places):
    amount = Decimal(units).scaleb(-places)
    exact = [Fraction(amount) * weight / sum(weights) for weight in weights]

    for spread in (largest_remainder, running):
        shares = spread(amount, [Decimal(weight) for weight in weights], places)

        assert sum(shares) == amount
        assert all(
            abs(Fraction(share) - part) <= Fraction(1, 10**places)
            for share, part in zip(shares, exact, strict=True)
        )


@pytest.mark.parametrize(
    ("amount", "weights", "expected"),
    [
        ("10.00", [7, 7, 7], ["3.34", "3.33", "3.33"]),
        ("-0.05", [1, 3], ["-0.01", "-0.04"]),
        ("0.02", [5, 5, 5], ["0.01", "0.01", "0.00"]),
        ("0.00", [0, 0], ["0.00", "0.00"]),
    ],
)
def test_the_spare_unit_goes_to_the_largest_remainder_and_of_equals_to_the_first(
    amount, weights, expected
):
    shares = largest_remainder(Decimal(amount), [Decimal(weight) for weight in weights], 2)

    assert [str(share) for share in shares] == expected


def test_some_erps_give_each_weight_what_the_sum_so_far_carries():
    assert [str(share) for share in running(Decimal(10), [Decimal(1)] * 3, 2)] == [
        "3.33",
        "3.34",
        "3.33",
    ]


@pytest.mark.parametrize("spread", [largest_remainder, running])
def test_an_amount_is_never_spread_over_nothing(spread):
    with pytest.raises(NothingToShareBy):
        spread(Decimal("0.01"), [Decimal(0), Decimal(0)], 2)
    with pytest.raises(ValueError, match="below zero"):
        spread(Decimal(1), [Decimal(2), Decimal(-1)], 2)
