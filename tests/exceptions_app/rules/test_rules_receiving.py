"""Goods checked in by the ERP's own staff: what is credited, what is short, over, or elsewhere."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from exceptions_app.rules import planning, stages, waits
from exceptions_app.rules.erp_facts import ErpFact, ErpReceiptFact, ErpReceiptLineFact
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import NOW

POLICY = make.make_policy(
    stock_trigger="erp_receipt", credit_trigger="goods_received", first_bucket="quarantine"
)
PLACES = {"place:qa": "quarantine", "place:shelf": "saleable"}


def receipt(units=1, *, sku="JEANS-32", place="QA", external_id="GRN-1", hours=2, **changes):
    facts = {
        "external_id": external_id,
        "warehouse": "WH1",
        "received_at": NOW - timedelta(hours=hours),
        "lines": (ErpReceiptLineFact(sku, units, place),),
        "number": external_id,
    }
    return ErpReceiptFact(**(facts | changes))


def make_facts(*receipts, units=3, graded=True, policy=POLICY, **changes):
    """Three pairs of jeans sold and announced; nothing refunded yet."""
    line = make.make_line(quantity=units)
    if not graded:
        line = replace(line, disposition="", disposition_at=None)
    mappings = make.make_mappings()
    places = replace(mappings, disposition={**mappings.disposition, **PLACES})
    sold = make.make_order_line(quantity=3, net="150.00", tax="30.00")
    facts = {
        "refunds": (),
        "order": make.make_order(sold),
        "mappings": places,
        "policy": policy,
        "logistics": "expected",
        "received_at": None,
        "erp_receipts": receipts,
    }
    return make.make_facts(line, **(facts | changes))


def documents(facts):
    return {row.slot: row.draft for row in planning.plan(facts).postings}


def types(facts):
    return sorted(finding.type for finding in planning.plan(facts).findings)


def sent(slot, draft, **changes):
    return make.make_posting(slot, draft, **changes)


def test_nothing_is_credited_or_booked_before_the_erp_received_anything():
    assert list(documents(make_facts())) == ["return_authorisation"]


def test_a_receipt_of_all_units_brings_the_credit_and_no_receipt_of_ours():
    found = documents(make_facts(receipt(3), graded=False))

    assert sorted(found) == ["credit_memo", "return_authorisation"]
    assert (found["credit_memo"].units, found["credit_memo"].gross) == (3, Decimal("180.00"))


def test_goods_that_came_in_parts_are_credited_once_all_are_there():
    first = make_facts(receipt(1), graded=False)
    both = make_facts(receipt(1), receipt(2, external_id="GRN-2"), graded=False)

    assert "credit_memo" not in documents(first)
    assert documents(both)["credit_memo"].units == 3


def test_what_never_came_is_not_credited_and_told_after_its_time():
    facts = make_facts(receipt(2, hours=25), graded=False)

    (finding,) = planning.plan(facts).findings

    assert documents(facts)["credit_memo"].gross == Decimal("120.00")
    assert (finding.type, finding.value, finding.blocks) == (
        "QTY_SHORT",
        Decimal("60.00"),
        frozenset(),
    )
    assert (finding.facts["expected"], finding.facts["returned"]) == ("3", "2")


def test_units_that_came_after_the_credit_are_credited_by_a_second_one():
    early = make_facts(receipt(2, hours=25), graded=False)
    first = sent("credit_memo", documents(early)["credit_memo"])

    late = make_facts(
        receipt(2, hours=25), receipt(1, external_id="GRN-2"), graded=False, postings=(first,)
    )
    found = documents(late)
    second = sent("credit_memo:2", found["credit_memo:2"], id=2)
    after = replace(late, postings=(first, second))

    assert (found["credit_memo:2"].units, found["credit_memo:2"].gross) == (1, Decimal("60.00"))
    assert types(late) == []
    assert "credit_memo:3" not in documents(after)
    assert types(after) == []


def test_units_nobody_announced_are_told_and_not_credited():
    facts = make_facts(receipt(4), graded=False)

    (finding,) = planning.plan(facts).findings

    assert documents(facts)["credit_memo"].units == 3
    assert (finding.type, finding.facts["units"]) == ("QTY_OVER", "1")
    assert finding.value == Decimal("20.00")


def test_an_item_of_another_return_is_over_and_nothing_of_ours_came():
    facts = make_facts(receipt(1, sku="BELT"), graded=False)

    assert types(facts) == ["WRONG_ITEM"]
    assert "credit_memo" not in documents(facts)


def test_graded_goods_leave_quarantine_by_a_move_of_their_own():
    found = documents(make_facts(receipt(3)))

    move = found["stock_move:10/WH1"]
    assert [(row.sku, row.quantity, row.bucket) for row in move.lines] == [
        ("JEANS-32", 3, "saleable")
    ]
    assert not any(slot.startswith("stock_receipt") for slot in found)


def test_damaged_goods_are_written_off_out_of_quarantine():
    facts = make_facts(receipt(3))
    torn = replace(facts.lines[0], disposition="not_restockable/torn")

    found = documents(replace(facts, lines=(torn,)))

    assert [(row.quantity, row.bucket) for row in found["write_off:10/WH1"].lines] == [
        (3, "quarantine")
    ]


def test_only_units_that_came_are_moved():
    assert documents(make_facts(receipt(1)))["stock_move:10/WH1"].units == 1


def test_a_place_nobody_mapped_stops_the_move_and_not_the_credit():
    facts = make_facts(receipt(3, place="Bay 9"))
    plan = planning.plan(facts)

    (finding,) = plan.findings
    assert (finding.type, finding.cause) == ("PLACE_UNMAPPED", "place:bay 9")
    assert "credit_memo" not in finding.blocks
    assert sorted(documents(facts)) == ["credit_memo", "return_authorisation"]


def test_goods_on_the_shelf_before_an_inspection_are_told():
    assert types(make_facts(receipt(3, place="Shelf"), graded=False)) == ["PREMATURE_RESTOCK"]


@pytest.mark.parametrize(
    ("authority", "blocks"),
    [
        pytest.param(
            "platform",
            {"stock_receipt", "stock_move", "write_off"},
            id="the platform leads: nothing more is booked",
        ),
        pytest.param("erp", set(), id="the ERP leads: its place stands"),
    ],
)
def test_a_place_against_the_platforms_word_overwrites_nothing(authority, blocks):
    policy = replace(POLICY, disposition_authority=authority)
    facts = make_facts(receipt(3, place="Shelf"), policy=policy)
    torn = replace(facts.lines[0], disposition="not_restockable/torn")
    facts = replace(facts, lines=(torn,))

    (finding,) = planning.plan(facts).findings

    assert (finding.type, finding.facts["expected"], finding.facts["got"]) == (
        "DISPOSITION_CONFLICT",
        "Damaged",
        "Saleable",
    )
    assert finding.blocks == blocks
    assert not any(slot.startswith(("stock", "write")) for slot in documents(facts))


def test_another_depot_than_the_mapping_says_is_told():
    facts = make_facts(receipt(3, warehouse="WH2"), graded=False)

    (finding,) = planning.plan(facts).findings

    assert (finding.type, finding.facts["got"], finding.facts["expected"]) == (
        "WRONG_DEPOT",
        "WH2",
        "WH1",
    )


def test_our_own_receipt_that_the_erp_tells_again_counts_once():
    ours = documents(make_facts(policy=make.make_policy()))["stock_receipt:10/WH1"]
    posting = sent("stock_receipt:10/WH1", ours, key="RC-1")

    facts = make_facts(receipt(3, key="RC-1"), postings=(posting,))
    found = documents(facts)

    assert found["credit_memo"].units == 3
    assert types(facts) == []
    assert found["stock_receipt:10/WH1"] == ours
    assert not any(slot.startswith("stock_move") for slot in found)


def test_a_receipt_on_which_staff_wrote_the_key_of_the_authorisation_is_theirs():
    announced = documents(make_facts())["return_authorisation"]
    posting = sent("return_authorisation", announced, key="RA-1")

    found = documents(make_facts(receipt(3, key="RA-1"), postings=(posting,), graded=False))

    assert found["credit_memo"].units == 3


def test_what_the_erp_received_is_not_booked_again_after_the_policy_changed():
    found = documents(make_facts(receipt(2), policy=make.make_policy()))

    assert found["stock_receipt:10/WH1"].units == 1


def test_a_bundle_came_when_all_its_parts_did():
    order = make.make_order(
        make.make_order_line("SET", line_id="1", net="90.00", tax="18.00"),
        make.make_order_line("SHIRT", line_id="2", net="0", tax="0", parent_line_id="1"),
        make.make_order_line("SOCK", line_id="3", quantity=2, net="0", tax="0", parent_line_id="1"),
    )
    line = make.make_line("SET", disposition="", disposition_at=None, unit_price="108.00")
    parts = [receipt(1, sku="SHIRT"), receipt(2, sku="SOCK", external_id="GRN-2")]
    policy = replace(POLICY, bundle_credit="parent")
    whole = make_facts(*parts, policy=policy, order=order, lines=(line,))

    credit = documents(whole)["credit_memo"]

    assert (credit.gross, types(whole)) == (Decimal("108.00"), [])
    assert "credit_memo" not in documents(replace(whole, erp_receipts=(parts[0],)))


def test_the_receipt_of_the_erp_proves_that_goods_came_and_are_in_stock():
    facts = make_facts(receipt(3))

    found = {stage.code: stage for stage in stages.stages(facts)}

    for code in ("received", "stock_booked"):
        assert (found[code].state, found[code].source) == ("done", "erp")
        assert found[code].proof == "Receipt GRN-1"


def test_a_policy_that_waits_for_receipts_nobody_can_read_is_told():
    erp = ErpFact(creates={"credit_memo": "supported"})

    (finding,) = planning.plan(make_facts(graded=False, erp=erp)).findings

    assert (finding.type, finding.cause) == ("STEP_UNSUPPORTED", "erp_receipt")


def test_a_document_the_erp_cannot_take_is_told_and_never_planned():
    erp = ErpFact(creates={"return_authorisation": "unsupported", "write_off": "unsupported"})
    torn = make.make_line(disposition="not_restockable/torn")

    plan = planning.plan(make.make_facts(torn, erp=erp))

    assert [row.kind for row in plan.postings] == ["stock_receipt", "credit_memo"]
    assert [(row.type, row.cause) for row in plan.findings] == [
        ("STEP_UNSUPPORTED", "return_authorisation")
    ]


def test_goods_that_stay_away_after_an_instant_refund_are_missing_after_their_time():
    policy = make.make_policy(refund_timing="instant", credit_trigger="goods_inspected")
    late = make.make_refund(confirmed_at=NOW - timedelta(days=30))
    facts = make.make_facts(
        make.make_line(disposition="", disposition_at=None),
        policy=policy,
        refunds=(late,),
        logistics="expected",
        received_at=None,
    )

    (finding,) = planning.plan(facts).findings
    earlier = replace(facts, now=NOW - timedelta(hours=1))

    assert (finding.type, finding.value) == ("NOT_ARRIVED", Decimal("60.00"))
    assert planning.plan(earlier).findings == ()
    arrived = replace(facts, logistics="received", received_at=NOW - timedelta(hours=1))
    assert planning.plan(arrived).findings == ()


def test_a_return_is_looked_at_again_when_its_next_limit_is_over():
    short = make_facts(receipt(2), graded=False)
    graded = make_facts()
    instant = make.make_policy(refund_timing="instant", credit_trigger="goods_inspected")
    paid = make_facts(policy=instant, graded=False, refunds=(make.make_refund(),))

    assert waits.next_look(short) == NOW + timedelta(hours=22)
    assert waits.next_look(graded) == NOW + timedelta(hours=22)
    assert waits.next_look(paid) == NOW - timedelta(hours=1) + timedelta(days=30)
    assert waits.next_look(make_facts(receipt(3), graded=False)) is None
    assert waits.next_look(replace(paid, logistics="received")) is None


def test_an_acceptance_nobody_made_is_credited_and_the_goods_are_still_missing():
    policy = make.make_policy(refund_timing="instant", credit_trigger="goods_inspected")
    mappings = make.make_mappings(disposition={"accepted/automatic": "none"})
    facts = make.make_facts(
        make.make_line(disposition="accepted/automatic"),
        policy=policy,
        mappings=mappings,
        refunds=(make.make_refund(confirmed_at=NOW - timedelta(days=30)),),
        logistics="expected",
        received_at=None,
    )

    assert types(facts) == ["NOT_ARRIVED"]
    assert sorted(documents(facts)) == ["credit_memo", "return_authorisation"]


def test_a_refund_of_what_did_not_come_is_explained_by_its_units():
    paid = (make.make_refund("180.00"),)
    facts = make_facts(receipt(2, hours=25), refunds=paid)

    found = {row.type: row for row in planning.plan(facts).findings}

    assert sorted(found) == ["QTY_SHORT", "REFUND_OVER_LINE"]
    over = found["REFUND_OVER_LINE"]
    assert (over.value, over.cause) == (Decimal("60.00"), "quantity")
    assert over.blocks == {"credit_memo"}
