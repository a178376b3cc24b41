"""What the goods need, in words true to the facts."""

from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.types import Inspection
from exceptions_app.rules.facts import Finding
from exceptions_app.rules.handling import needs
from tests.exceptions_app.rules.make import (
    NOW,
    make_facts,
    make_line,
    make_posting,
)


def told(facts, *findings):
    found = needs(facts, findings, source="ReturnGO", called=lambda code: f"EX-25 {code}")
    return [(need.text, need.detail) for need in found]


def ungraded(**changes):
    return make_line(
        inspection=Inspection.NOT_INSPECTED, disposition="", disposition_at=None, **changes
    )


def stopped(kind="stock_receipt"):
    return Finding("SKU_UNKNOWN", "line:1", "x", {}, Decimal(0), "", frozenset({kind}))


def test_units_without_a_grade_are_graded_in_the_platform():
    assert told(make_facts(ungraded(quantity=3))) == [
        ("Grade 3 items in ReturnGO, return RMA-1", "")
    ]


def test_a_parcel_nobody_recorded_is_recorded_first():
    facts = make_facts(ungraded(), logistics="in_transit", received_at=None)

    assert told(facts) == [
        (
            "If the goods are here: record them in ReturnGO, return RMA-1, then grade 1 item",
            "ReturnGO does not say yet that they arrived.",
        )
    ]


def test_graded_goods_go_to_their_place_and_bucket():
    facts = make_facts(make_line(quantity=2), make_line(line_no=2, disposition="keep it"))

    assert told(facts) == [
        ("Put away: 10/WH1, saleable", "2 items. Not booked in the ERP yet"),
    ]


@pytest.mark.parametrize(
    ("units", "words"), [(2, "Booked: GR-1"), (1, "Not booked in the ERP yet")]
)
def test_goods_are_called_booked_only_when_a_confirmed_receipt_covers_them(units, words):
    receipt = make_posting(
        "stock_receipt:10/WH1", units=units, number="GR-1", confirmed_at=NOW - timedelta(hours=1)
    )
    facts = make_facts(make_line(quantity=2), postings=(receipt,))

    assert told(facts) == [("Put away: 10/WH1, saleable", f"2 items. {words}")]


def test_goods_whose_receipt_is_blocked_are_set_aside_under_their_exception():
    facts = make_facts(make_line(), ungraded(line_no=2))

    assert told(facts, stopped()) == [
        ("Grade 1 item in ReturnGO, return RMA-1", ""),
        ("Set aside: EX-25 SKU_UNKNOWN", "The ERP's receipt waits for it."),
    ]
    assert told(facts, stopped("credit_memo"))[1][0] == "Put away: 10/WH1, saleable"


def test_a_receipt_the_erp_refused_sets_the_goods_aside():
    receipt = make_posting(
        "stock_receipt:10/WH1", status="failed", open_type="PERIOD_CLOSED", number=""
    )

    assert told(make_facts(postings=(receipt,)))[0][0] == "Set aside: EX-25 PERIOD_CLOSED"


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        (
            make_facts(status_raw="Rejected"),
            "Book nothing: the return was refused or cancelled.",
        ),
        (make_facts(make_line(disposition="keep it")), "Nothing is asked of the warehouse."),
        (
            make_facts(ungraded(), logistics="not_required", received_at=None),
            "Nothing is asked of the warehouse.",
        ),
        (make_facts(make_line(location="")), "No place or bucket is known for the goods yet."),
    ],
)
def test_nothing_is_asked_where_no_goods_move(facts, text):
    assert [each for each, _ in told(facts)] == [text]
