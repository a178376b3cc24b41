"""Findings that come with time, and from what happened to a posting."""

from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app.rules import leaving
from exceptions_app.rules.planning import plan
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_line


def found(facts):
    return [(finding.type, finding.subject) for finding in plan(facts).told]


def refunded(hours):
    return (make.make_refund(confirmed_at=make.NOW - timedelta(hours=hours)),)


def graded(hours, **changes):
    return make_line(disposition_at=make.NOW - timedelta(hours=hours), **changes)


def posting_of(slot, **changes):
    draft = next(row.draft for row in plan(make_facts()).postings if row.slot == slot)
    return make.make_posting(slot, draft, **changes)


def freed(slot, minutes, **changes):
    """A document that nothing holds back since so many minutes."""
    at = make.NOW - timedelta(minutes=minutes)
    return posting_of(slot, **{"status": "ready", "freed_at": at} | changes)


AUTHORISED = posting_of("return_authorisation", status="confirmed")
WAITS_LONG = (AUTHORISED, freed("stock_receipt:10/WH1", 15, status="planned"))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        pytest.param(make_facts(refunds=refunded(23)), [], id="within-grace"),
        pytest.param(
            make_facts(refunds=refunded(24), postings=(freed("credit_memo", 15),)),
            [("REFUND_NO_CM", "refund")],
            id="late",
        ),
        pytest.param(
            make_facts(refunds=refunded(24), postings=(freed("credit_memo", 14),)),
            [],
            id="late-and-leaving",
        ),
        pytest.param(make_facts(refunds=refunded(24)), [], id="late-and-planned-just-now"),
        pytest.param(
            make_facts(
                refunds=refunded(24),
                postings=(
                    AUTHORISED,
                    freed("stock_receipt:10/WH1", 5),
                    freed("credit_memo", 900, status="planned"),
                ),
            ),
            [],
            id="late-behind-what-is-leaving",
        ),
        pytest.param(
            make_facts(
                refunds=refunded(24),
                postings=(
                    AUTHORISED,
                    freed("stock_receipt:10/WH1", 20),
                    freed("credit_memo", 900, status="planned"),
                ),
            ),
            [("REFUND_NO_CM", "refund")],
            id="late-behind-what-should-have-left",
        ),
        pytest.param(
            make_facts(refunds=refunded(24), postings=(posting_of("credit_memo", status="ready"),)),
            [("REFUND_NO_CM", "refund")],
            id="late-and-tried-before",
        ),
        pytest.param(
            make_facts(
                refunds=refunded(30), policy=make.make_policy(schedule={"credit_memo": "run"})
            ),
            [],
            id="waits-for-its-run",
        ),
        pytest.param(
            make_facts(refunds=refunded(30), order=None),
            [("SO_LINK_MISSING", "order")],
            id="explained",
        ),
        pytest.param(
            make_facts(
                refunds=refunded(30), postings=(posting_of("credit_memo", status="posted"),)
            ),
            [],
            id="posted",
        ),
        pytest.param(
            make_facts(
                refunds=refunded(30),
                postings=(posting_of("credit_memo", status="failed", open_type="CM_REJECTED"),),
            ),
            [("CM_REJECTED", "posting:credit_memo")],
            id="refused-by-the-erp",
        ),
        pytest.param(
            make_facts(refunds=refunded(30), status_raw="Pending"),
            [("REFUND_NO_CM", "refund")],
            id="refunded-before-approval",
        ),
    ],
)
def test_a_refund_without_a_credit_is_reported_when_late_and_nothing_explains_it(facts, expected):
    assert found(facts) == expected


@pytest.mark.parametrize(
    ("line", "postings", "expected"),
    [
        pytest.param(graded(23), (), [], id="within-grace"),
        pytest.param(graded(24), WAITS_LONG, [("RECEIPT_NOT_POSTED", "rma")], id="late"),
        pytest.param(graded(24), (), [], id="late-and-planned-just-now"),
        pytest.param(
            graded(24),
            (AUTHORISED, freed("stock_receipt:10/WH1", 14, status="planned")),
            [],
            id="late-and-leaving",
        ),
        pytest.param(graded(30), (posting_of("stock_receipt:10/WH1"),), [], id="sent"),
        pytest.param(
            graded(30, location="Mars"), (), [("WAREHOUSE_UNMAPPED", "line:1")], id="explained"
        ),
        pytest.param(graded(30, disposition="keep it"), (), [], id="no-stock-effect"),
    ],
)
def test_graded_goods_without_a_receipt_are_reported_when_late(line, postings, expected):
    assert found(make_facts(line, refunds=(), postings=postings)) == expected


def test_a_late_document_that_was_just_freed_is_looked_for_again_after_its_grace():
    facts = make_facts(refunds=refunded(30))
    assert found(facts) == []

    assert plan(facts).next_look == make.NOW + leaving.GRACE


def test_what_leaves_in_time_is_not_looked_at_once_more_for_that():
    assert plan(make_facts(refunds=refunded(1))).next_look != make.NOW + leaving.GRACE


def test_the_late_receipt_tells_units_place_and_value():
    (finding,) = plan(make_facts(graded(30), refunds=(), postings=WAITS_LONG)).findings

    assert (finding.value, finding.value_formula) == (Decimal("20.00"), "1 × 20.00 unit cost")
    assert finding.facts == {
        "kind": "Stock receipt",
        "since": "2026-11-19 06:00 UTC",
        "location": "Leeds",
        "units": "1",
        "currency": "GBP",
    }
    assert finding.blocks == frozenset()


@pytest.mark.parametrize(("minutes", "expected"), [(29, []), (30, ["OUTCOME_UNKNOWN"])])
def test_an_unknown_outcome_becomes_a_finding_after_the_policys_minutes(minutes, expected):
    posting = posting_of(
        "credit_memo",
        status="unconfirmed",
        unknown_since=make.NOW - timedelta(minutes=minutes),
    )

    findings = plan(make_facts(postings=(posting,))).findings

    assert [finding.type for finding in findings] == expected
    for finding in findings:
        assert (finding.subject, finding.value) == ("posting:credit_memo", Decimal("60.00"))
        assert finding.facts["key"] == "credit_memo-1"


@pytest.mark.parametrize(
    ("type_", "facts", "cause"),
    [
        ("CM_REJECTED", {"vendor_code": "E17"}, "E17"),
        # Every refusal tells the document's month; it is the cause where the month is closed.
        ("CM_REJECTED", {"period": "May 2026", "vendor_code": "file 1 refused"}, "file 1 refused"),
        ("WAREHOUSE_UNMAPPED", {"period": "May 2026", "warehouse": "WH9"}, "WH9"),
        ("PERIOD_CLOSED", {"period": "2026-10", "vendor_code": "P1"}, "2026-10"),
        ("SKU_UNKNOWN", {"sku": "HAT"}, "HAT"),
        ("RETRY_EXHAUSTED", {}, "credit_memo"),
    ],
)
def test_a_refusal_is_a_finding_on_its_posting_and_the_slot_is_planned_again(type_, facts, cause):
    posting = posting_of("credit_memo", status="failed", open_type=type_, open_facts=facts)

    result = plan(make_facts(postings=(posting,)))

    (finding,) = result.findings
    assert (finding.type, finding.subject, finding.cause) == (type_, "posting:credit_memo", cause)
    assert finding.blocks == frozenset()
    assert result.postings[-1].slot == "credit_memo"


def test_a_refused_receipt_is_worth_the_goods_it_carries():
    posting = posting_of("stock_receipt:10/WH1", status="failed", open_type="CM_REJECTED")

    (finding,) = plan(make_facts(postings=(posting,))).findings

    assert (finding.value, finding.value_formula) == (Decimal("20.00"), "1 × 20.00 unit cost")
