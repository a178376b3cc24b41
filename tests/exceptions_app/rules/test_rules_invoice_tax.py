"""The tax of an original document under each rounding point another system may have used."""

from decimal import Decimal

import pytest

from exceptions_app.rules.invoice_tax import (
    Line,
    Rate,
    line_net,
    policies,
    policy_named,
    tax_by_code,
)


def make_line(amount, *rates, quantity="1"):
    named = tuple(
        rate if isinstance(rate, Rate) else Rate(f"r{rate}", Decimal(rate)) for rate in rates
    )
    return Line(Decimal(amount), named, Decimal(quantity))


def taxes(lines, policy, *, is_inclusive=False, places=2):
    found = tax_by_code(lines, policy_named(policy), is_inclusive=is_inclusive, places=places)
    return {code: str(tax) for code, tax in found.items()}


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("per_line_half_up", "0.06"),
        ("per_line_half_even", "0.06"),
        ("per_line_up", "0.06"),
        ("per_line_down", "0.03"),
        ("per_rate_half_up", "0.05"),
        ("per_rate_half_even", "0.05"),
        ("per_rate_down", "0.04"),
        ("per_line_combined", "0.06"),
    ],
)
def test_the_rounding_point_decides_who_keeps_the_penny(policy, expected):
    lines = [make_line("0.08", "20")] * 3

    assert taxes(lines, policy) == {"r20": expected}


def test_a_units_tax_is_rounded_and_multiplied():
    lines = [make_line("4.32", "19", quantity="4")]

    assert taxes(lines, "per_unit_half_up") == {"r19": "0.84"}
    assert taxes(lines, "per_line_half_up") == {"r19": "0.82"}


def test_a_tax_on_a_tax_takes_both_as_its_base():
    on_top = Rate("second", Decimal(10), ("r20",))

    assert taxes([make_line("100.00", "20", on_top)], "per_line_half_up") == {
        "r20": "20.00",
        "second": "12.00",
    }
    assert taxes([make_line("132.00", "20", on_top)], "per_line_half_up", is_inclusive=True) == {
        "r20": "20.00",
        "second": "12.00",
    }


def test_an_inclusive_price_keeps_its_gross_whichever_figure_is_rounded_first():
    lines = [make_line("15.63", "20")]

    assert taxes(lines, "per_line_half_up", is_inclusive=True) == {"r20": "2.61"}
    assert taxes(lines, "per_line_net_first", is_inclusive=True) == {"r20": "2.60"}


def test_combined_rates_are_rounded_once_and_split():
    assert taxes([make_line("9.00", "5", "7.5")], "per_line_combined") == {
        "r5": "0.45",
        "r7.5": "0.68",
    }


def test_a_credit_line_has_the_tax_of_its_debit_with_the_other_sign():
    for policy in ("per_line_half_up", "per_rate_half_up", "per_line_up"):
        debit = taxes([make_line("2.50", "25")], policy)["r25"]
        assert taxes([make_line("-2.50", "25")], policy) == {"r25": f"-{debit}"}


def test_every_policy_is_found_by_its_own_name():
    assert all(policy_named(str(policy)) == policy for policy in policies(is_inclusive=True))
    assert policy_named("per_moon_half_up") is None
    assert "per_line_net_first" not in map(str, policies(is_inclusive=False))


def test_a_lines_net_is_the_sum_of_its_rounded_parts():
    net = line_net(
        Decimal("41.5645"),
        Decimal(6),
        2,
        base_quantity=Decimal(3),
        charges=[Decimal("1.005")],
        allowances=[Decimal("0.004"), Decimal("2.00")],
    )

    assert str(net) == "82.14"
