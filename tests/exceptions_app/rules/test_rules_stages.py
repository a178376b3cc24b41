"""Stages: none is done without proof, and an open one says why."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.types import Inspection
from exceptions_app.rules.planning import plan
from exceptions_app.rules.stages import stages, why_open
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_line

KINDS = ("return_authorisation", "stock_receipt:10/WH1", "credit_memo")


def postings(**changes):
    planned = {row.slot: row.draft for row in plan(make_facts()).postings}
    return tuple(
        make.make_posting(slot, planned[slot], id=number, number=f"N{number}", **changes)
        for number, slot in enumerate(KINDS, start=1)
    )


def states(facts, findings=()):
    return {stage.code: stage.state for stage in stages(facts, findings)}


def test_a_finished_return_has_proof_for_every_stage():
    facts = make_facts(postings=postings())

    result = stages(facts)

    assert {stage.state for stage in result} == {"done"}
    assert {stage.code: stage.proof for stage in result} == {
        "requested": "Return RMA-1",
        "authorised": "Authorisation N1",
        "received": "recorded as received",
        "inspected": "restockable",
        "stock_booked": "Receipt N2",
        "refunded": "Refund R-1",
        "credited": "Credit memo N3",
    }


@pytest.mark.parametrize("status", ["planned", "sending", "unconfirmed", "posted", "failed"])
def test_what_was_only_sent_is_not_booked(status):
    facts = make_facts(postings=postings(status=status))

    result = states(facts)

    assert (result["authorised"], result["stock_booked"], result["credited"]) == (
        "waiting",
        "waiting",
        "waiting",
    )


def test_a_document_of_the_erp_has_the_moment_it_was_read_back():
    first, last = make.NOW - timedelta(hours=2), make.NOW - timedelta(hours=1)
    booked = tuple(
        make.make_posting("credit_memo", id=place, number=f"CM-{place}", confirmed_at=at)
        for place, at in enumerate((last, first))
    )

    (credited,) = [
        stage for stage in stages(make.make_facts(postings=booked)) if stage.code == "credited"
    ]

    assert credited.at == last


def test_a_confirmed_posting_without_a_number_proves_nothing():
    facts = make_facts(postings=tuple(postings()))
    nameless = make_facts(postings=tuple(replace(row, number="") for row in facts.postings))

    assert states(nameless)["stock_booked"] == "waiting"
    assert states(nameless)["credited"] == "waiting"


def test_findings_show_as_blocked_stages():
    facts = make_facts(make_line(items=()))

    result = states(facts, plan(facts).findings)

    assert (result["authorised"], result["stock_booked"], result["credited"]) == (
        "blocked",
        "blocked",
        "blocked",
    )


@pytest.mark.lesson(19)
@pytest.mark.parametrize(
    ("changes", "code", "state"),
    [
        ({"status_raw": "Pending"}, "authorised", "waiting"),
        ({"status_raw": "Rejected"}, "authorised", "not_needed"),
        ({"status_raw": "Odd"}, "authorised", "blocked"),
        ({"logistics": "in_transit", "received_at": None}, "received", "waiting"),
        ({"logistics": "expected", "received_at": None}, "received", "not_yet"),
        ({"logistics": "not_required"}, "received", "not_needed"),
        ({"refunds": ()}, "refunded", "not_yet"),
        ({"refunds": ()}, "credited", "not_yet"),
        ({"refunds": (make.make_refund(status="pending"),)}, "refunded", "waiting"),
        ({"refunds": (make.make_refund(status="failed"),)}, "refunded", "blocked"),
        ({"refunds": (make.make_refund(external_id=""),)}, "refunded", "waiting"),
    ],
)
def test_each_stage_says_where_it_stands(changes, code, state):
    assert states(make_facts(**changes))[code] == state


@pytest.mark.lesson(20)
@pytest.mark.parametrize(
    ("line", "inspected", "booked"),
    [
        (make_line(disposition="", disposition_at=None), "waiting", "not_yet"),
        (make_line(disposition="keep it"), "done", "not_needed"),
        (make_line(disposition="not_returned/lost"), "done", "not_needed"),
        (make_line(), "done", "waiting"),
    ],
)
def test_inspected_is_not_booked(line, inspected, booked):
    result = states(make_facts(line))

    assert (result["inspected"], result["stock_booked"]) == (inspected, booked)


def test_an_exchange_needs_no_refund():
    facts = make_facts(make_line(resolution="VariantExchange"), refunds=())

    assert states(facts)["refunded"] == "not_needed"


@settings(deadline=None)
@given(
    status=st.sampled_from(["Pending", "Approved", "Done", "Rejected", "Odd"]),
    logistics=st.sampled_from(["expected", "in_transit", "received", "not_required"]),
    disposition=st.sampled_from(["", "restockable", "not_returned", "keep it", "odd"]),
    refund=st.sampled_from(["confirmed", "pending", "failed", "unknown", None]),
    posting=st.sampled_from(["ready", "sending", "unconfirmed", "posted", "confirmed", "failed"]),
    number=st.sampled_from(["", "N1"]),
)
def test_a_stage_has_proof_or_a_reason(status, logistics, disposition, refund, posting, number):
    facts = make_facts(
        make_line(disposition=disposition, inspection=Inspection.NOT_INSPECTED),
        status_raw=status,
        logistics=logistics,
        refunds=() if refund is None else (make.make_refund(status=refund),),
        postings=tuple(replace(row, status=posting, number=number) for row in postings()),
    )

    for stage in stages(facts):
        assert bool(stage.proof) == (stage.state == "done")
        if stage.state in ("done", "not_needed"):
            assert why_open(facts, stage) == ""
        elif stage.code != "authorised" or status != "Odd":
            assert why_open(facts, stage) or stage.code == "authorised"


@pytest.mark.parametrize(
    ("changes", "code", "why"),
    [
        ({"logistics": "in_transit", "received_at": None}, "received", "Recorded as sent"),
        ({"refunds": ()}, "refunded", "No refund is recorded"),
        ({"refunds": ()}, "credited", "Waits for the refund"),
        (
            {"refunds": (make.make_refund(status="failed"),)},
            "refunded",
            "Tried, and did not go through",
        ),
        ({"postings": postings(status="unconfirmed")}, "credited", "Sent, outcome not known"),
        ({"postings": postings(status="held")}, "stock_booked", "Held, not sent"),
        ({"postings": postings()}, "credited", ""),
    ],
)
def test_an_open_stage_says_why(changes, code, why):
    facts = make_facts(**changes)
    (stage,) = [stage for stage in stages(facts) if stage.code == code]

    assert why_open(facts, stage) == why
