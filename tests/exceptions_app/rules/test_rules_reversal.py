"""The reversal of a sold line: exact over any sequence of returns, per tax line and component."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exceptions_app.rules.reversal import (
    Amounts,
    Anchor,
    Method,
    OverCredit,
    Sold,
    Taken,
    Tax,
    credit_amount,
    credit_units,
)
from exceptions_app.rules.rounding import Mode, Rounding

PENNIES = Rounding(2)


def make_sold(net, *taxes, quantity=1, anchor=Anchor.NET, **components):
    return Sold(
        ref="L1",
        quantity=Fraction(quantity),
        stored=Amounts(
            Decimal(net),
            tuple(Tax(f"t{at}", Decimal(tax)) for at, tax in enumerate(taxes)),
            {name: Decimal(amount) for name, amount in components.items()},
        ),
        anchor=anchor,
    )


def one_by_one(sold, rounding=PENNIES, method=Method.CUMULATIVE):
    taken, parts = Taken.nothing(sold), []
    while taken.units < sold.quantity:
        part, taken = credit_units(sold, taken, Fraction(1), rounding, method)
        parts.append(part)
    return parts, taken


# --- Any order, any split -----------------------------------------------------------------------

_UNITS = st.integers(0, 10**7)


@st.composite
def sold_lines(draw):
    places = draw(st.sampled_from([0, 2, 3]))

    def amount(units):
        return Decimal(units).scaleb(-places)

    line = Sold(
        ref="L1",
        quantity=Fraction(draw(st.integers(1, 40))),
        stored=Amounts(
            amount(draw(st.one_of(st.integers(0, 5), _UNITS))),
            tuple(
                Tax(f"t{at}", amount(tax))
                for at, tax in enumerate(
                    draw(st.lists(st.one_of(st.integers(0, 5), _UNITS), max_size=4))
                )
            ),
            {
                name: amount(draw(_UNITS))
                for name in draw(st.sets(st.sampled_from(["duty", "list"])))
            },
        ),
        anchor=draw(st.sampled_from(list(Anchor))),
    )
    return line, places, draw(st.sampled_from([Mode.HALF_UP, Mode.HALF_EVEN]))


@settings(deadline=None, max_examples=300)
@given(sold=sold_lines(), data=st.data())
def test_any_sequence_of_returns_and_price_reductions_sums_to_the_line(sold, data):
    line, places, mode = sold
    rounding, taken, given_parts = Rounding(places, mode), Taken.nothing(line), []
    while taken.units < line.quantity:
        left = line.stored.less(taken.amounts)
        if left.gross > 0 and data.draw(st.booleans(), label="by amount"):
            most = int(left.gross.scaleb(places))
            amount = Decimal(data.draw(st.integers(1, most))).scaleb(-places)
            part, taken = credit_amount(line, taken, amount, Anchor.GROSS, rounding)
            assert part.gross == amount
        else:
            units = data.draw(st.integers(1, int(line.quantity - taken.units)))
            part, taken = credit_units(line, taken, Fraction(units), rounding)
        given_parts.append(part)

    assert taken.amounts == line.stored
    for figure in figures_of(line.stored):
        parts = [figures_of(credit)[figure] for credit in given_parts]
        assert sum(parts) == figures_of(line.stored)[figure]
        assert min(parts) >= 0
        assert all(part == rounding(part) for part in parts)


def figures_of(amounts):
    return (
        {"net": amounts.net, "gross": amounts.gross}
        | {tax.code: tax.amount for tax in amounts.taxes}
        | dict(amounts.components)
    )


@settings(deadline=None)
@given(sold=sold_lines(), units=st.integers(1, 40))
def test_all_units_at_once_are_the_line_itself(sold, units):
    line, places, mode = sold
    line = replace(line, quantity=Fraction(units))

    part, taken = credit_units(line, Taken.nothing(line), Fraction(units), Rounding(places, mode))

    assert part == line.stored
    assert taken.share == 1


# --- Where the penny goes -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sold", "expected"),
    [
        pytest.param(
            make_sold("20.00", "3.30", quantity=3),
            ["6.67 1.10 7.77", "6.66 1.10 7.76", "6.67 1.10 7.77"],
            id="net-is-exact-where-prices-exclude-tax",
        ),
        pytest.param(
            make_sold("16.67", "3.33", quantity=3, anchor=Anchor.GROSS),
            ["5.56 1.11 6.67", "5.55 1.11 6.66", "5.56 1.11 6.67"],
            id="gross-is-exact-where-prices-include-tax",
        ),
        pytest.param(make_sold("0.00", "0.00", quantity=2), ["0.00 0.00 0.00"] * 2, id="free-gift"),
        pytest.param(
            make_sold("10.00", "-0.05", quantity=2),
            ["5.00 -0.03 4.97", "5.00 -0.02 4.98"],
            id="a-withheld-tax-mirrors",
        ),
    ],
)
def test_units_returned_one_by_one_carry_the_running_share(sold, expected):
    parts, taken = one_by_one(sold)

    assert [f"{part.net} {part.tax} {part.gross}" for part in parts] == expected
    assert taken.amounts == sold.stored


def test_a_duty_and_a_discount_follow_the_units_as_stored():
    parts, _ = one_by_one(make_sold("60.00", quantity=3, duty="7.00", discount="0.01"))

    assert [str(part.components["duty"]) for part in parts] == ["2.33", "2.34", "2.33"]
    assert [str(part.components["discount"]) for part in parts] == ["0.00", "0.01", "0.00"]


def test_a_net_of_a_penny_under_several_taxes_never_goes_below_zero():
    sold = make_sold("0.01", "0.01", "0.01", "0.01", quantity=2, anchor=Anchor.GROSS)

    parts, taken = one_by_one(sold)

    assert all(min(figures_of(part).values()) >= 0 for part in parts)
    assert taken.amounts == sold.stored


@pytest.mark.parametrize(
    ("method", "mode", "expected"),
    [
        (Method.CUMULATIVE, Mode.HALF_UP, ["4.13", "4.12", "4.13"]),
        (Method.UNIT, Mode.HALF_UP, ["4.13", "4.13", "4.12"]),
        (Method.INDEPENDENT, Mode.HALF_UP, ["4.13", "4.13", "4.13"]),
        (Method.INDEPENDENT, Mode.DOWN, ["4.12", "4.12", "4.12"]),
    ],
)
def test_other_systems_put_the_penny_elsewhere_or_lose_it(method, mode, expected):
    parts, _ = one_by_one(make_sold("150.00", "12.38", quantity=3), Rounding(2, mode), method)

    assert [str(part.tax) for part in parts] == expected


# --- Amounts without goods ----------------------------------------------------------------------


def test_a_credited_amount_is_split_by_the_stored_taxes():
    sold = make_sold("40.00", "8.00", "2.00", anchor=Anchor.GROSS)

    part, taken = credit_amount(sold, Taken.nothing(sold), Decimal("12.34"), Anchor.GROSS, PENNIES)

    assert (str(part.net), [str(tax.amount) for tax in part.taxes]) == ("9.88", ["1.97", "0.49"])
    assert taken.units == 0


def test_after_a_price_reduction_the_last_unit_takes_what_is_left():
    sold = make_sold("500.00", "100.00", quantity=5)
    _, taken = credit_amount(sold, Taken.nothing(sold), Decimal("50.00"), Anchor.NET, PENNIES)

    part, taken = credit_units(sold, taken, Fraction(5), PENNIES)

    assert (str(part.net), str(part.tax)) == ("450.00", "90.00")
    assert taken.amounts == sold.stored


def test_nothing_beyond_the_line_is_credited():
    sold = make_sold("10.00", "2.00", quantity=2)
    _, taken = credit_units(sold, Taken.nothing(sold), Fraction(1), PENNIES)

    with pytest.raises(OverCredit) as too_many:
        credit_units(sold, taken, Fraction(2), PENNIES)
    with pytest.raises(OverCredit) as too_much:
        credit_amount(sold, taken, Decimal("6.01"), Anchor.GROSS, PENNIES)
    with pytest.raises(ValueError, match="above zero"):
        credit_units(sold, taken, Fraction(0), PENNIES)

    assert too_many.value.left == 1
    assert too_much.value.left == Decimal("6.00")
