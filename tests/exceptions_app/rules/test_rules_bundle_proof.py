"""A bundle's price laid beside its parts: every figure is the credit's own, and they add up."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exceptions_app.rules import bundle_proof, credit
from exceptions_app.rules.facts import Policy
from exceptions_app.rules.resolving import resolve
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_line, make_order, make_order_line

BY_PART, BY_BUNDLE = Policy(), Policy(bundle_credit="parent", bundle_stock="components")


def gift_box(net="49.92", tax="9.98", cap="30.00", mug="15.00", mugs=2, **part):
    """A box of a cap and some mugs, priced on the box: 59.90 with its tax."""
    return make_order(
        make_order_line("BOX", line_id="1", net=net, tax=tax),
        make_order_line(
            "CAP", line_id="2", unit_price=cap, net="0", tax="0", parent_line_id="1", **part
        ),
        make_order_line(
            "MUG",
            line_id="3",
            quantity=mugs,
            unit_price=mug,
            net="0",
            tax="0",
            parent_line_id="1",
        ),
        make_order_line("SOCKS", line_id="4"),
    )


def facts_of(order, *back, policy=BY_PART):
    lines = [make_line(sku, line_no=at, quantity=units) for at, (sku, units) in enumerate(back, 1)]
    return make_facts(*lines, order=order, policy=policy, refunds=())


def figures(proof):
    """Units back now, then price, credited before, credited now, and what is left."""
    return {
        row.sku: (row.units_now, f"{row.price:.2f} {row.before:.2f} {row.now:.2f} {row.left:.2f}")
        for row in proof.rows
    }


def test_one_of_two_mugs_takes_half_of_its_share_and_all_of_it_adds_up():
    (proof,) = bundle_proof.of_return(facts_of(gift_box(), ("MUG", 1)))

    assert figures(proof) == {
        "BOX": (0, "0.00 0.00 0.00 0.00"),
        "CAP": (0, "29.95 0.00 0.00 29.95"),
        "MUG": (1, "29.95 0.00 14.98 14.97"),
    }
    assert (proof.charged, proof.price) == (Decimal("59.90"), Decimal("59.90"))
    assert (proof.before, proof.now, proof.left) == (0, Decimal("14.98"), Decimal("44.92"))
    assert proof.is_exact
    assert proof.method.startswith("Shared by the list prices of the parts")
    assert [percent for _, percent in proof.shares] == [0, Decimal("50.0"), Decimal("50.0")]


def test_parts_without_a_price_are_shared_by_units_and_their_own_prices_are_kept():
    (by_units,) = bundle_proof.of_return(facts_of(gift_box(cap="0", mug="0"), ("CAP", 1)))
    own = make_order(
        make_order_line("BOX", line_id="1", net="0", tax="0"),
        make_order_line("CAP", line_id="2", net="30.00", tax="6.00", parent_line_id="1"),
    )
    (by_own,) = bundle_proof.of_return(facts_of(own, ("CAP", 1)))

    assert by_units.method.startswith("Shared by units")
    assert [row.price for row in by_units.rows] == [0, Decimal("19.97"), Decimal("39.93")]
    assert by_own.method == "Each part bears the price the order gives it"
    assert (by_own.charged, by_own.now, by_own.left) == (Decimal("36.00"), Decimal("36.00"), 0)


def test_by_bundle_a_part_alone_takes_nothing_and_says_so():
    (proof,) = bundle_proof.of_return(facts_of(gift_box(), ("CAP", 1), policy=BY_BUNDLE))

    assert figures(proof) == {
        "BOX": (0, "59.90 0.00 0.00 59.90"),
        "CAP": (1, "0.00 0.00 0.00 0.00"),
        "MUG": (0, "0.00 0.00 0.00 0.00"),
    }
    assert proof.method.startswith("The whole price stands on the bundle")
    assert proof.stock == "Each part comes into stock as itself"


def test_a_bundle_the_return_takes_nothing_of_is_not_shown():
    assert bundle_proof.of_return(facts_of(gift_box(), ("SOCKS", 1))) == ()
    assert bundle_proof.of_return(make_facts(order=None)) == ()


CENTS = st.integers(0, 99_999).map(lambda cents: Decimal(cents) / 100)


@settings(max_examples=60, deadline=None)
@given(
    net=CENTS,
    tax=CENTS,
    cap=CENTS,
    mug=CENTS,
    mugs=st.integers(1, 7),
    data=st.data(),
    policy=st.sampled_from([BY_PART, BY_BUNDLE]),
)
def test_whatever_came_back_the_shares_add_up_and_are_the_credit_s_own(
    net, tax, cap, mug, mugs, data, policy
):
    order = gift_box(str(net), str(tax), cap=str(cap), mug=str(mug), mugs=mugs)
    units = data.draw(st.integers(1, mugs))
    back = [("MUG", units), *([("CAP", 1)] if data.draw(st.booleans()) else [])]
    facts = facts_of(order, *back, policy=policy)

    (proof,) = bundle_proof.of_return(facts)
    draft = credit.draft(resolve(facts), posting_date=make.TODAY, authorisation_number="")

    assert proof.is_exact
    assert proof.charged == net + tax
    assert proof.now == sum((line.net + line.tax for line in draft.lines), Decimal(0))
    assert all(row.left >= 0 for row in proof.rows)


@pytest.mark.parametrize("policy", [BY_PART, BY_BUNDLE], ids=["by-part", "by-bundle"])
def test_what_earlier_returns_took_stands_apart(policy):
    order = gift_box()
    cap = replace(
        order.lines[1],
        credited_units=1,
        credited_net=Decimal("24.96"),
        credited_tax=Decimal("4.99"),
    )
    order = replace(order, lines=(order.lines[0], cap, *order.lines[2:]))

    (proof,) = bundle_proof.of_return(facts_of(order, ("MUG", 2), policy=policy))

    assert (proof.before, proof.now, proof.left) == (Decimal("29.95"), Decimal("29.95"), 0)
    assert proof.is_exact
