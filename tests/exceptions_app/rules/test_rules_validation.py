"""Findings about items, codes, places and the order: each with its cause, value and blocks."""

from dataclasses import replace
from decimal import Decimal

import pytest

from exceptions_app.choices import PostingKind
from exceptions_app.rules.facts import LocationTarget
from exceptions_app.rules.planning import plan
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_item, make_line

DOCUMENTS = frozenset(
    {"return_authorisation", "stock_receipt", "stock_move", "write_off", "credit_memo"}
)
FROM_STOCK_ON = DOCUMENTS - {"return_authorisation"}


def only(facts):
    (finding,) = plan(facts).findings
    return finding


def found(facts):
    return [finding.type for finding in plan(facts).findings]


@pytest.mark.parametrize(
    ("line", "type_", "cause", "value", "blocks"),
    [
        pytest.param(
            make_line(items=()), "SKU_UNKNOWN", "jeans-32", "60.00", DOCUMENTS, id="unknown"
        ),
        pytest.param(
            make_line(items=(make_item(is_active=False),)),
            "SKU_INACTIVE",
            "jeans-32",
            "20.00",
            DOCUMENTS,
            id="inactive",
        ),
        pytest.param(
            make_line(reason="Moths"),
            "REASON_UNMAPPED",
            "moths",
            "20.00",
            DOCUMENTS,
            id="reason",
        ),
        pytest.param(
            make_line(disposition="not_restockable/Smells"),
            "DISPOSITION_UNMAPPED",
            "not_restockable/smells",
            "20.00",
            FROM_STOCK_ON,
            id="disposition",
        ),
        pytest.param(
            make_line(location=" "), "LOCATION_MISSING", "", "20.00", FROM_STOCK_ON, id="nowhere"
        ),
        pytest.param(
            make_line(location="Mars"),
            "WAREHOUSE_UNMAPPED",
            "mars",
            "20.00",
            FROM_STOCK_ON,
            id="place",
        ),
    ],
)
def test_a_line_that_does_not_fit_is_named_with_its_cause(line, type_, cause, value, blocks):
    finding = only(make_facts(line))

    assert (finding.type, finding.subject, finding.cause) == (type_, "line:1", cause)
    assert (finding.value, finding.blocks) == (Decimal(value), blocks)
    assert finding.value_formula
    assert all(isinstance(text, str) for text in finding.facts.values())


def test_an_approved_alias_heals_the_sku_and_its_item_is_the_one_posted():
    mappings = make.make_mappings(sku_alias={"old-32": "JEANS-32"})
    line = make_line("OLD-32", items=(), alias_items=(make_item(),))

    result = plan(make_facts(line, mappings=mappings))

    assert result.findings == ()
    assert {row.draft.lines[0].item_erp_id for row in result.postings} == {"E-JEANS-32"}
    assert result.postings[-1].draft.gross == Decimal("60.00")


def test_an_alias_that_leads_nowhere_leaves_the_sku_unknown():
    mappings = make.make_mappings(sku_alias={"old-32": "JEANS-32"})

    finding = only(make_facts(make_line("OLD-32", items=()), mappings=mappings))

    assert (finding.type, finding.facts["alias"]) == ("SKU_UNKNOWN", "JEANS-32")


def test_the_order_decides_between_candidates_when_it_names_exactly_one():
    twins = (make_item("A-1", unit_cost=Decimal(12)), make_item("A-2", unit_cost=Decimal(20)))
    line = make_line("A", items=twins)

    doubt = only(make_facts(line, order=make.make_order(make.make_order_line("A"))))
    decided = make_facts(line, order=make.make_order(make.make_order_line("E-A-2")))

    assert (doubt.type, doubt.facts["candidates"]) == ("SKU_AMBIGUOUS", "A-1, A-2")
    assert (doubt.value, doubt.value_formula) == (Decimal("8.00"), "1 × cost gap 20.00 − 12.00")
    assert found(decided) == []
    assert plan(decided).postings[0].draft.lines[0].item_erp_id == "E-A-2"


def test_the_one_active_candidate_wins_over_sleeping_ones():
    line = make_line(items=(make_item("OLD", is_active=False), make_item()))

    assert found(make_facts(line)) == []


def test_a_status_nobody_mapped_holds_everything_back_and_names_the_word():
    finding = only(make_facts(status_raw="On Hold"))

    assert (finding.type, finding.cause) == ("STATUS_UNMAPPED", "on hold")
    assert finding.facts["source_value"] == "On Hold"
    assert finding.blocks == frozenset(PostingKind.values)
    assert finding.value == Decimal("60.00")


@pytest.mark.parametrize("status", ["Pending", "Rejected", "Canceled"])
def test_a_return_that_calls_for_nothing_is_not_examined(status):
    facts = make_facts(make_line(items=(), location="Mars"), status_raw=status)

    assert found(facts) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"disposition": "", "disposition_at": None},
        {"disposition": "keep it"},
        {"disposition": "not_returned/lost"},
    ],
)
def test_a_place_is_asked_for_only_when_stock_will_move(changes):
    facts = make_facts(make_line(location="", **changes), refunds=())

    assert found(facts) == []


def test_a_location_set_by_hand_stands_in_for_a_missing_one_only():
    decisions = make.make_decisions(location="York")
    slots = [
        [row.slot for row in plan(facts).postings if row.kind == "stock_receipt"]
        for facts in (
            make_facts(make_line(location=""), decisions=decisions),
            make_facts(make_line(location="Leeds"), decisions=decisions),
        )
    ]

    assert slots == [["stock_receipt:10/WH2"], ["stock_receipt:10/WH1"]]


@pytest.mark.parametrize(
    ("target", "order_division", "expected"),
    [
        (LocationTarget("10", "WH1"), "10", []),
        (LocationTarget("10", "WH9"), "10", ["DIVISION_MISMATCH"]),
        (LocationTarget("10", "WH1"), "20", ["DIVISION_MISMATCH"]),
        (LocationTarget("10", "WH1"), "", []),
        (LocationTarget("10", ""), "10", ["WAREHOUSE_UNMAPPED"]),
    ],
)
def test_division_and_warehouse_must_be_a_pair_the_erp_and_the_order_know(
    target, order_division, expected
):
    facts = make_facts(
        mappings=make.make_mappings(location={"leeds": target}),
        order=make.make_order(division=order_division),
    )

    assert found(facts) == expected
    for finding in plan(facts).findings:
        assert finding.blocks == FROM_STOCK_ON
        assert finding.facts["order_division"] == order_division


def test_without_any_location_read_from_the_erp_no_pair_is_accused():
    assert found(make_facts(locations=frozenset())) == []


def test_a_missing_order_stops_every_document():
    facts = make_facts(order=None, order_name="#1001")

    finding = only(facts)

    assert (finding.type, finding.subject, finding.blocks) == (
        "SO_LINK_MISSING",
        "order",
        DOCUMENTS,
    )
    assert finding.facts["order"] == "#1001"
    assert [row.slot for row in plan(facts).postings] == [
        "return_authorisation",
        "stock_receipt:10/WH1",
    ]


@pytest.mark.lesson(18)
def test_all_returns_together_may_not_take_back_more_than_was_sold():
    order = make.make_order(
        make.make_order_line(
            quantity=3, net="150.00", tax="30.00", credited_units=2, credited_net="100.00"
        )
    )
    facts = make_facts(make_line(quantity=2), order=order, refunds=(make.make_refund("120.00"),))

    finding = only(facts)

    assert (finding.type, finding.blocks) == ("OVER_RETURN", DOCUMENTS)
    assert {name: finding.facts[name] for name in ("sold", "returned", "excess")} == {
        "sold": "3",
        "returned": "4",
        "excess": "1",
    }
    assert finding.value == Decimal("60.00")
    assert "difference" not in only(replace(facts, refunds=())).facts


def test_accepting_the_difference_settles_units_too_many_and_credits_none_of_them():
    order = make.make_order(make.make_order_line(quantity=1))
    facts = make_facts(make_line(quantity=2), order=order, refunds=(make.make_refund("120.00"),))
    accepted = replace(facts, decisions=make.make_decisions(accepted_difference=Decimal("60.00")))
    other = replace(facts, decisions=make.make_decisions(accepted_difference=Decimal("1.00")))

    assert only(facts).facts["difference"] == "60.00"
    assert found(facts) == ["OVER_RETURN"]
    assert found(accepted) == []
    assert plan(accepted).postings[-1].draft.gross == Decimal("60.00")
    assert found(other) == ["REFUND_OVER_LINE"]


def test_units_too_many_tell_what_was_refunded_and_no_agreement_is_claimed():
    order = make.make_order(make.make_order_line(quantity=1))
    facts = make_facts(make_line(quantity=2), order=order, refunds=(make.make_refund("120.00"),))

    finding = only(facts)

    assert {name: finding.facts[name] for name in ("refund", "credit", "difference")} == {
        "refund": "120.00",
        "credit": "60.00",
        "difference": "60.00",
    }
    assert "amount" not in dict(plan(facts).checks)


def test_an_item_the_order_never_sold_is_too_many_of_it():
    finding = only(make_facts(make_line("HAT")))

    assert (finding.type, finding.facts["sold"], finding.facts["excess"]) == (
        "OVER_RETURN",
        "0",
        "1",
    )


def test_checks_that_passed_are_told_and_failing_ones_are_not():
    good = dict(plan(make_facts()).checks)
    bad = dict(plan(make_facts(make_line(items=(), location="Mars"))).checks)

    assert set(good) - set(bad) == {"item_master", "location"}
    assert good["location"] == "Division and warehouse are valid: 10/WH1"
    assert plan(make_facts(status_raw="Pending")).checks == ()


def test_an_unmapped_status_says_how_many_graded_units_wait_for_it():
    waiting = only(make_facts(make_line(quantity=2), status_raw="Nobody knows"))
    ungraded = make_line(disposition="", disposition_at=None)

    assert waiting.facts["units"] == "2"
    assert "units" not in only(make_facts(ungraded, status_raw="Nobody knows")).facts
