"""Bundles: the price moves between a bundle and its parts, and its sum never changes."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.types import TaxPart
from exceptions_app import catalogue
from exceptions_app.rules import bundles, credit
from exceptions_app.rules.erp_facts import ErpFact
from exceptions_app.rules.facts import Policy
from exceptions_app.rules.planning import plan
from exceptions_app.rules.resolving import resolve
from exceptions_app.rules.shares import line_shares
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_line, make_order, make_order_line

BY_PART = Policy()
BY_BUNDLE = Policy(bundle_credit="parent")


def bundle_at(net="100.00", tax="20.01", **changes):
    """A gift box of a cap (30.00) and two mugs (15.00 each), priced on the box."""
    return make_order(
        make_order_line("BOX", line_id="1", net=net, tax=tax, **changes),
        make_order_line(
            "CAP", line_id="2", unit_price="30.00", net="0", tax="0", parent_line_id="1"
        ),
        make_order_line(
            "MUG", line_id="3", quantity=2, unit_price="15.00", net="0", tax="0", parent_line_id="1"
        ),
    )


def priced_by_part():
    return make_order(
        make_order_line("BOX", line_id="1", net="0", tax="0"),
        make_order_line("CAP", line_id="2", net="60.00", tax="12.00", parent_line_id="1"),
        make_order_line(
            "MUG", line_id="3", quantity=2, net="40.00", tax="8.01", parent_line_id="1"
        ),
    )


def lines_of(order, *skus, policy=BY_PART):
    lines = [make_line(sku, line_no=at, quantity=units) for at, (sku, units) in enumerate(skus, 1)]
    facts = make_facts(*lines, order=order, policy=policy, refunds=())
    draft = credit.draft(resolve(facts), posting_date=make.TODAY, authorisation_number="")
    return [(line.sku, line.quantity, line.net, line.tax) for line in draft.lines]


def test_parts_share_the_price_of_their_bundle_by_their_own_prices():
    assert lines_of(bundle_at(), ("CAP", 1), ("MUG", 2)) == [
        ("CAP", 1, Decimal("50.00"), Decimal("10.01")),
        ("MUG", 2, Decimal("50.00"), Decimal("10.00")),
    ]
    assert lines_of(bundle_at(), ("MUG", 1)) == [("MUG", 1, Decimal("25.00"), Decimal("5.00"))]


def test_parts_without_a_price_share_by_their_units_and_by_each_tax():
    order = bundle_at(
        tax="3.00", taxes=(TaxPart("A", Decimal("1.00")), TaxPart("B", Decimal("2.00")))
    )
    order = replace(
        order,
        lines=tuple(
            replace(row, unit_price=Decimal(0)) if row.parent_line_id else row
            for row in order.lines
        ),
    )

    rows = {row.sku: row for row in bundles.priced(order, "components", 2).lines}

    assert [(sku, row.net, row.tax) for sku, row in rows.items()] == [
        ("BOX", Decimal(0), Decimal(0)),
        ("CAP", Decimal("33.33"), Decimal("1.00")),
        ("MUG", Decimal("66.67"), Decimal("2.00")),
    ]
    assert rows["CAP"].taxes == (TaxPart("A", Decimal("0.33")), TaxPart("B", Decimal("0.67")))


def test_a_bundle_that_came_back_as_one_takes_its_parts_with_it():
    assert lines_of(bundle_at(), ("BOX", 1)) == [
        ("BOX", 1, Decimal(0), Decimal(0)),
        ("CAP", 1, Decimal("50.00"), Decimal("10.01")),
        ("MUG", 2, Decimal("50.00"), Decimal("10.00")),
    ]


def test_by_bundle_a_part_alone_credits_nothing_and_a_whole_one_credits_it():
    order = priced_by_part()

    assert lines_of(order, ("CAP", 1), policy=BY_BUNDLE) == [("CAP", 1, Decimal(0), Decimal(0))]
    assert lines_of(order, ("CAP", 1), ("MUG", 2), policy=BY_BUNDLE) == [
        ("CAP", 1, Decimal(0), Decimal(0)),
        ("MUG", 2, Decimal(0), Decimal(0)),
        ("BOX", 1, Decimal("100.00"), Decimal("20.01")),
    ]


def test_by_bundle_the_part_that_makes_it_whole_brings_the_bundle():
    rows = {row.sku: row for row in priced_by_part().lines}
    order = make_order(rows["BOX"], replace(rows["CAP"], credited_units=1), rows["MUG"])

    assert lines_of(order, ("MUG", 2), policy=BY_BUNDLE) == [
        ("MUG", 2, Decimal(0), Decimal(0)),
        ("BOX", 1, Decimal("100.00"), Decimal("20.01")),
    ]


@pytest.mark.parametrize("policy", ["components", "parent"])
@pytest.mark.parametrize("order", [bundle_at(), priced_by_part()], ids=["on-box", "on-parts"])
def test_the_sum_of_an_order_does_not_change_wherever_its_price_stands(policy, order):
    moved = bundles.priced(order, policy, 2)

    for name in ("net", "tax", "credited_net", "credited_tax"):
        assert sum(getattr(row, name) for row in moved.lines) == sum(
            getattr(row, name) for row in order.lines
        )


def test_what_was_credited_moves_with_the_price():
    order = bundle_at(credited_units=0, credited_net="50.00", credited_tax="10.01")

    cap, mug = (row for row in bundles.priced(order, "components", 2).lines if row.parent_line_id)

    assert (cap.credited_net, cap.credited_tax) == (Decimal("25.00"), Decimal("5.01"))
    assert (mug.credited_net, mug.credited_tax) == (Decimal("25.00"), Decimal("5.00"))


@settings(deadline=None, max_examples=150)
@given(
    net=st.integers(0, 99_999),
    tax=st.integers(0, 9_999),
    boxes=st.integers(1, 4),
    order_of_return=st.randoms(use_true_random=False),
)
def test_parts_back_one_by_one_in_any_order_sum_to_their_bundle(net, tax, boxes, order_of_return):
    box, cap, mug = bundle_at(net=str(Decimal(net) / 100), tax=str(Decimal(tax) / 100)).lines
    order = make_order(
        replace(box, quantity=boxes),
        replace(cap, quantity=boxes),
        replace(mug, quantity=2 * boxes),
    )
    units = ["CAP"] * boxes + ["MUG"] * 2 * boxes
    order_of_return.shuffle(units)
    so_far = {"1": [Decimal(0), Decimal(0)], "2": [Decimal(0)] * 2, "3": [Decimal(0)] * 2}
    for sku in units:
        for share in line_shares(resolve(make_facts(make_line(sku), order=order))):
            line_id = share.order_line.line_id
            so_far[line_id][0] += share.net
            so_far[line_id][1] += share.tax
            assert share.net >= 0
            assert share.tax >= 0
            order = make_order(
                *(
                    replace(
                        row,
                        credited_units=row.credited_units + share.units,
                        credited_net=so_far[line_id][0],
                        credited_tax=so_far[line_id][1],
                    )
                    if row.line_id == line_id
                    else row
                    for row in order.lines
                )
            )

    assert sum(amounts[0] for amounts in so_far.values()) == box.net
    assert sum(amounts[1] for amounts in so_far.values()) == box.tax


def test_a_part_is_no_gift_and_the_shares_are_kept_as_a_check():
    facts = make_facts(make_line("CAP"), order=priced_by_part(), policy=BY_BUNDLE, refunds=())

    planned = plan(facts)

    assert [row.type for row in planned.findings] == []
    assert dict(planned.checks)["bundle"] == (
        "Bundle BOX is credited by the order's own shares: BOX 120.01, CAP 0.00, MUG 0.00"
    )


BY_SALE = ErpFact(credits_bundle_parts=False)


def told_of(order, *, policy=BY_PART, erp=BY_SALE, **changes):
    facts = make_facts(make_line("CAP"), order=order, policy=policy, erp=erp, **changes)
    return [row for row in plan(facts).findings if row.type == "BUNDLE_CREDIT_LEVEL"]


def test_a_credit_of_a_part_is_stopped_where_the_erp_credits_bundles_as_they_were_sold():
    (told,) = told_of(bundle_at())

    assert told.blocks == {"credit_memo"}
    assert (told.value, told.value_formula) == (Decimal("50.00"), "line net")
    assert told.facts == {"sku": "CAP"}
    brought = {*told.facts, "erp", "platform", "bridge", "rma", "order", "value"}
    assert catalogue.facts_used(catalogue.CATALOGUE[told.type]) <= brought


@pytest.mark.parametrize(
    ("order", "changes"),
    [
        pytest.param(bundle_at(), {"policy": BY_BUNDLE}, id="credited-by-the-bundle"),
        pytest.param(bundle_at(), {"erp": ErpFact()}, id="an-erp-that-credits-parts"),
        pytest.param(make_order(make_order_line("CAP")), {}, id="no-part-of-a-bundle"),
        pytest.param(bundle_at(), {"postings": (make.make_posting(),)}, id="credited-already"),
    ],
)
def test_nothing_is_stopped_that_the_erp_takes(order, changes):
    assert told_of(order, **changes) == []
