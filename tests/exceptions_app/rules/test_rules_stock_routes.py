"""Where goods are booked first, and what follows, also when the policy changes in between."""

from dataclasses import replace

import pytest

from exceptions_app.rules import planning
from exceptions_app.rules.facts import LocationTarget
from tests.exceptions_app.rules import make

QUARANTINE = make.make_policy(first_bucket="quarantine")


def stock(facts):
    return {
        row.slot: [(line.sku, line.quantity, line.bucket) for line in row.draft.lines]
        for row in planning.plan(facts).postings
        if row.kind in {"stock_receipt", "stock_move", "write_off"}
    }


def after(facts, *slots, **changes):
    """The same return once these documents left."""
    planned = {row.slot: row.draft for row in planning.plan(facts).postings}
    first = facts.policy.first_bucket
    rows = [
        make.make_posting(slot, planned[slot], id=at, first_bucket=first)
        for at, slot in enumerate(slots, start=1)
    ]
    return replace(facts, postings=(*facts.postings, *rows), **changes)


@pytest.mark.parametrize(
    ("disposition", "follows"),
    [
        ("restockable", {"stock_move:10/WH1": [("JEANS-32", 1, "saleable")]}),
        ("not_restockable/zip", {"stock_move:10/WH1": [("JEANS-32", 1, "repair")]}),
        ("not_restockable/torn", {"write_off:10/WH1": [("JEANS-32", 1, "quarantine")]}),
        ("not_restockable", {}),
    ],
)
def test_goods_go_to_quarantine_first_and_then_where_they_belong(disposition, follows):
    facts = make.make_facts(make.make_line(disposition=disposition), policy=QUARANTINE)

    assert stock(facts) == {"stock_receipt:10/WH1": [("JEANS-32", 1, "quarantine")], **follows}


def test_goods_already_booked_for_good_stay_when_quarantine_becomes_the_first_place():
    before = make.make_facts()
    booked = after(before, "stock_receipt:10/WH1")

    changed = replace(booked, policy=QUARANTINE)

    assert stock(changed) == {"stock_receipt:10/WH1": [("JEANS-32", 1, "saleable")]}
    assert planning.plan(changed).findings == ()


def test_goods_in_quarantine_are_still_moved_when_it_is_no_longer_the_first_place():
    before = make.make_facts(policy=QUARANTINE)
    booked = after(before, "stock_receipt:10/WH1", policy=make.make_policy())

    assert stock(booked) == stock(before)
    assert planning.plan(booked).findings == ()


def test_a_grade_that_changed_after_the_move_is_a_conflict():
    before = make.make_facts(policy=QUARANTINE)
    moved = after(before, "stock_receipt:10/WH1", "stock_move:10/WH1")

    torn = make.make_line(disposition="not_restockable/torn")
    plan = planning.plan(replace(moved, lines=(torn,)))

    assert [finding.type for finding in plan.findings] == ["DISPOSITION_CONFLICT"]


def test_receipt_and_grade_needs_both():
    policy = make.make_policy(stock_trigger="receipt_and_grade")
    graded = make.make_facts(policy=policy, logistics="expected", received_at=None)
    received = make.make_facts(make.make_line(disposition="", disposition_at=None), policy=policy)

    assert stock(graded) == {}
    assert stock(received) == {}
    assert list(stock(make.make_facts(policy=policy))) == ["stock_receipt:10/WH1"]


def make_set(**changes):
    order = make.make_order(
        make.make_order_line("SET", line_id="1", quantity=2, net="100.00", tax="20.00"),
        make.make_order_line(
            "SHIRT", line_id="2", quantity=2, net="0", tax="0", parent_line_id="1"
        ),
        make.make_order_line("SOCK", line_id="3", quantity=4, net="0", tax="0", parent_line_id="1"),
    )
    parts = {"shirt": (make.make_item("SHIRT"),), "sock": (make.make_item("SOCK"),)}
    line = make.make_line("SET", quantity=1)
    facts = {"order": order, "part_items": parts, "refunds": ()}
    return make.make_facts(line, **(facts | changes))


def test_a_bundle_is_booked_by_its_parts_where_the_policy_says_so():
    by_parts = make.make_policy(bundle_stock="components")

    assert stock(make_set(policy=by_parts)) == {
        "stock_receipt:10/WH1": [("SHIRT", 1, "saleable"), ("SOCK", 2, "saleable")]
    }
    assert stock(make_set()) == {"stock_receipt:10/WH1": [("SET", 1, "saleable")]}


def test_a_mapping_to_a_warehouse_that_ships_stops_what_nobody_inspected():
    policy = make.make_policy(first_bucket="quarantine", returns_warehouses=("RET",))

    (finding,) = planning.plan(make.make_facts(policy=policy)).findings
    mappings = make.make_mappings(location={"leeds": LocationTarget("10", "RET")})
    places = frozenset({LocationTarget("10", "RET")})
    good = make.make_facts(policy=policy, mappings=mappings, locations=places)

    assert (finding.type, finding.facts["got"]) == ("PREMATURE_RESTOCK", "10/WH1")
    assert finding.blocks == {"stock_receipt", "stock_move", "write_off"}
    assert planning.plan(good).findings == ()


@pytest.mark.parametrize(
    ("reason", "location", "slots"),
    [
        pytest.param("Too small", "Leeds", ["stock_receipt:20/DEPOT"], id="the reason decides"),
        pytest.param("Torn", "Leeds", ["stock_receipt:10/WH1"], id="else where it arrived"),
        pytest.param("Torn", "", [], id="else nobody knows"),
    ],
)
def test_the_reason_decides_the_depot_where_the_policy_says_so(reason, location, slots):
    mappings = make.make_mappings()
    table = {**mappings.location, "reason:too small": LocationTarget("20", "DEPOT")}
    facts = make.make_facts(
        make.make_line(reason=reason, location=location),
        policy=make.make_policy(depot_by="reason"),
        mappings=replace(mappings, location=table, reason={"too small": "TS", "torn": "TN"}),
        locations=frozenset(),
        order=make.make_order(division=""),
    )

    assert list(stock(facts)) == slots
    causes = [row.cause for row in planning.plan(facts).findings]
    assert causes == ([] if slots else ["reason:torn"])
