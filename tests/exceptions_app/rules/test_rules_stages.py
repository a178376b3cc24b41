"""Stages and the honest sentence: nothing is said without proof."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.types import Inspection
from exceptions_app.rules.planning import plan
from exceptions_app.rules.stages import sentence, stages
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
        "received": "Received at the platform",
        "inspected": "restockable",
        "stock_booked": "Receipt N2",
        "refunded": "Refund R-1",
        "credited": "Credit memo N3",
    }
    assert sentence(facts, result) == (
        "Your return RMA-1 is authorised, has been received, has been inspected, is booked back"
        " into stock, has been refunded and has been credited in the books."
        " We refunded 60.00 GBP."
    )


@pytest.mark.parametrize("status", ["planned", "sending", "unconfirmed", "posted", "failed"])
def test_what_was_only_sent_is_not_booked(status):
    facts = make_facts(postings=postings(status=status))

    result = states(facts)

    assert (result["authorised"], result["stock_booked"], result["credited"]) == (
        "waiting",
        "waiting",
        "waiting",
    )
    said = sentence(facts, stages(facts))
    assert "stock" not in said
    assert "credited" not in said


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


def test_an_exchange_is_not_refunded_and_the_sentence_does_not_speak_of_it():
    facts = make_facts(make_line(resolution="VariantExchange"), refunds=())

    assert states(facts)["refunded"] == "not_needed"
    assert "refund" not in sentence(facts, stages(facts))


CLAIMS = {
    "authorised": "is authorised",
    "received": "has been received",
    "inspected": "has been inspected",
    "stock_booked": "booked back into stock",
    "refunded": "has been refunded",
    "credited": "credited in the books",
}


@settings(deadline=None)
@given(
    status=st.sampled_from(["Pending", "Approved", "Done", "Rejected", "Odd"]),
    logistics=st.sampled_from(["expected", "in_transit", "received", "not_required"]),
    disposition=st.sampled_from(["", "restockable", "not_returned", "keep it", "odd"]),
    refund=st.sampled_from(["confirmed", "pending", "failed", "unknown", None]),
    posting=st.sampled_from(["ready", "sending", "unconfirmed", "posted", "confirmed", "failed"]),
    number=st.sampled_from(["", "N1"]),
    kinds=st.sets(st.sampled_from(range(3))),
)
def test_the_sentence_claims_exactly_what_is_proven(
    status, logistics, disposition, refund, posting, number, kinds
):
    facts = make_facts(
        make_line(disposition=disposition, inspection=Inspection.NOT_INSPECTED),
        status_raw=status,
        logistics=logistics,
        refunds=() if refund is None else (make.make_refund(status=refund),),
        postings=tuple(
            replace(row, status=posting, number=number)
            for index, row in enumerate(postings())
            if index in kinds
        ),
    )
    seen = stages(facts)
    said = sentence(facts, seen)

    for stage in seen:
        assert bool(stage.proof) == (stage.state == "done")
        if stage.code in CLAIMS:
            assert (CLAIMS[stage.code] in said) == (stage.state == "done")
    if refund != "confirmed":
        assert "60.00" not in said
    if posting != "confirmed" or not number:
        assert "stock" not in said
        assert "credited" not in said


def test_the_amount_said_is_the_sum_of_confirmed_refunds():
    refunds = (make.make_refund("20.00"), make.make_refund("40.00", external_id="R-2"))
    facts = make_facts(refunds=refunds)

    assert "We refunded 60.00 GBP." in sentence(facts, stages(facts))
    assert sum(row.amount for row in refunds) == Decimal("60.00")
