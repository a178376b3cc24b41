"""The plan: which documents, in which order, held by what, and the same every time."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.types import DraftLine, Inspection
from exceptions_app.rules import planning
from exceptions_app.rules.planning import plan, plan_hash
from tests.exceptions_app.rules import make
from tests.exceptions_app.rules.make import make_facts, make_line

PLAIN = ["return_authorisation", "stock_receipt:10/WH1", "credit_memo"]


def slots(facts):
    return [posting.slot for posting in plan(facts).postings]


def found(facts):
    return [(finding.type, finding.subject) for finding in plan(facts).findings]


def planned(facts, slot):
    return next(posting for posting in plan(facts).postings if posting.slot == slot)


def sent(facts, slot, **changes):
    """A confirmed posting of what `facts` call for in `slot`."""
    return make.make_posting(slot, planned(facts, slot).draft, **changes)


def test_a_plain_return_calls_for_authorisation_receipt_and_credit():
    result = plan(make_facts())

    assert [(row.slot, row.sequence, row.hold) for row in result.postings] == [
        ("return_authorisation", 10, ""),
        ("stock_receipt:10/WH1", 20, ""),
        ("credit_memo", 40, ""),
    ]
    assert result.findings == ()
    assert dict(result.checks)["item_master"] == "Its SKU leads to an active item"


@pytest.mark.lesson(19)
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({"status_raw": "Pending"}, [], id="requested"),
        pytest.param({"status_raw": "Rejected"}, [], id="refused"),
        pytest.param({"status_raw": "Canceled"}, [], id="cancelled"),
        pytest.param({"status_raw": "On hold"}, [], id="unmapped"),
        pytest.param({"status_raw": "Done"}, PLAIN, id="closed"),
        pytest.param({"refunds": ()}, PLAIN[:2], id="no-refund"),
        pytest.param({"refunds": (make.make_refund(status="pending"),)}, PLAIN[:2], id="pending"),
        pytest.param(
            {"refunds": (make.make_refund(), make.make_refund("1.00", status="pending"))},
            PLAIN[:2],
            id="one-confirmed-one-pending",
        ),
        pytest.param({"refunds": (make.make_refund(status="failed"),)}, PLAIN[:2], id="failed"),
        pytest.param(
            {"policy": make.make_policy(authorise_first=False)}, PLAIN[1:], id="no-authorisation"
        ),
        pytest.param({"order": None}, PLAIN[:2], id="no-order"),
    ],
)
def test_status_money_and_policy_decide_which_documents_are_called_for(changes, expected):
    assert slots(make_facts(**changes)) == expected


@pytest.mark.parametrize(
    ("line", "policy", "is_due"),
    [
        (make_line(), "goods_received", True),
        (make_line(), "goods_inspected", True),
        (make_line(disposition="", disposition_at=None), "goods_inspected", False),
        (make_line(disposition="", disposition_at=None), "refund_confirmed", True),
    ],
)
def test_the_policy_says_what_triggers_the_credit(line, policy, is_due):
    refunds = (make.make_refund(),) if policy == "refund_confirmed" else ()
    facts = make_facts(line, refunds=refunds, policy=make.make_policy(credit_trigger=policy))

    assert ("credit_memo" in slots(facts)) is is_due


def test_goods_on_their_way_give_no_credit_where_receipt_triggers_it():
    facts = make_facts(
        make_line(disposition="", disposition_at=None),
        refunds=(),
        logistics="in_transit",
        received_at=None,
        policy=make.make_policy(credit_trigger="goods_received"),
    )

    assert slots(facts) == ["return_authorisation"]


def test_a_credit_waits_for_its_run_where_the_schedule_says_so():
    facts = make_facts(policy=make.make_policy(schedule={"credit_memo": "run"}))

    assert [row.hold for row in plan(facts).postings] == ["", "", "run"]


@pytest.mark.parametrize(
    ("disposition", "documents"),
    [
        pytest.param("restockable", [("stock_receipt", "saleable")], id="saleable"),
        pytest.param("not_restockable", [("stock_receipt", "quarantine")], id="quarantine"),
        pytest.param(
            "not_restockable/torn",
            [("stock_receipt", "damaged"), ("write_off", "damaged")],
            id="damaged",
        ),
        pytest.param(
            "not_restockable/worn out",
            [("stock_receipt", "disposal"), ("write_off", "disposal")],
            id="disposal",
        ),
        pytest.param(
            "not_restockable/zip",
            [("stock_receipt", "repair"), ("stock_move", "repair")],
            id="repair",
        ),
        pytest.param("keep it", [], id="no-stock-effect"),
        pytest.param("not_returned/lost", [], id="not-returned"),
        pytest.param("", [], id="not-final"),
        pytest.param("not_restockable/smells", [], id="not-mapped"),
    ],
)
def test_each_final_disposition_has_its_own_stock_documents(disposition, documents):
    facts = make_facts(make_line(disposition=disposition), refunds=())

    result = [row for row in plan(facts).postings if row.sequence in {20, 30}]

    assert [(row.kind, row.draft.lines[0].bucket) for row in result] == documents
    assert all(row.draft.gross == 0 for row in result)


def test_same_items_of_one_bucket_merge_and_places_have_their_own_receipts():
    order = make.make_order(make.make_order_line(quantity=6, net="300.00", tax="60.00"))
    facts = make_facts(
        make_line(line_no=1, quantity=2),
        make_line(line_no=2, quantity=1),
        make_line(line_no=3, quantity=1, disposition="not_restockable"),
        make_line(line_no=4, quantity=2, location="York"),
        order=order,
        refunds=(),
    )

    receipts = [row for row in plan(facts).postings if row.kind == "stock_receipt"]

    assert [
        (row.slot, [(line.bucket, line.quantity) for line in row.draft.lines]) for row in receipts
    ] == [
        ("stock_receipt:10/WH1", [("quarantine", 1), ("saleable", 3)]),
        ("stock_receipt:10/WH2", [("saleable", 2)]),
    ]


def test_units_graded_after_a_receipt_was_sent_get_a_receipt_of_their_own():
    order = make.make_order(make.make_order_line(quantity=2, net="100.00", tax="20.00"))
    first = make_line(line_no=1)
    facts = make_facts(first, make_line(line_no=2, disposition=""), order=order, refunds=())
    receipt = sent(facts, "stock_receipt:10/WH1")

    later = make_facts(first, make_line(line_no=2), order=order, refunds=(), postings=(receipt,))

    receipts = {row.slot: row.draft.units for row in plan(later).postings if row.sequence == 20}
    assert receipts == {"stock_receipt:10/WH1": 1, "stock_receipt:10/WH1#2": 1}
    assert plan_hash(planned(later, "stock_receipt:10/WH1").draft) == receipt.plan_hash
    assert found(later) == []


def test_a_disposition_changed_after_the_receipt_is_a_conflict_and_moves_nothing():
    receipt = sent(make_facts(), "stock_receipt:10/WH1")
    changed = make_facts(make_line(disposition="not_restockable/torn"), postings=(receipt,))

    result = plan(changed)

    assert found(changed) == [("DISPOSITION_CONFLICT", "posting:stock_receipt:10/WH1")]
    assert result.findings[0].facts["got"] == "1 × E-JEANS-32 saleable"
    assert result.findings[0].facts["expected"] == "1 × E-JEANS-32 damaged"
    assert plan_hash(planned(changed, "stock_receipt:10/WH1").draft) == receipt.plan_hash


def test_goods_booked_in_one_place_are_not_booked_again_when_the_place_changes():
    receipt = sent(make_facts(), "stock_receipt:10/WH1")
    moved = make_facts(make_line(location="York"), postings=(receipt,))

    (conflict,) = plan(moved).findings

    assert conflict.subject == "posting:stock_receipt:10/WH1"
    assert planned(moved, "stock_receipt:10/WH2").kind in conflict.blocks
    assert "credit_memo" not in conflict.blocks


def test_a_plan_keeps_the_day_of_a_live_posting():
    first = make_facts()
    posting = sent(first, "credit_memo", status="ready")
    later = replace(
        first,
        company_date=date(2026, 11, 21),
        now=make.NOW + timedelta(hours=8),
        postings=(posting,),
    )

    draft = planned(later, "credit_memo").draft

    assert draft.date == date(2026, 11, 20)
    assert plan_hash(draft) == posting.plan_hash


def test_a_chosen_posting_date_makes_another_credit_and_leaves_stock_alone():
    facts = make_facts()
    posting = sent(facts, "credit_memo", status="failed")
    chosen = make_facts(
        postings=(posting,), decisions=make.make_decisions(posting_date=date(2026, 12, 1))
    )

    assert planned(chosen, "credit_memo").draft.date == date(2026, 12, 1)
    assert plan_hash(planned(chosen, "credit_memo").draft) != posting.plan_hash
    assert planned(chosen, "stock_receipt:10/WH1").draft.date == date(2026, 11, 20)


def test_the_number_of_the_authorisation_travels_and_changes_no_hash():
    facts = make_facts()
    authorised = make_facts(postings=(sent(facts, "return_authorisation", number="RA77"),))

    before, after = (planned(row, "credit_memo").draft for row in (facts, authorised))

    assert (before.authorisation_number, after.authorisation_number) == ("", "RA77")
    assert plan_hash(before) == plan_hash(after)


def test_the_hash_tells_content_and_nothing_else():
    draft = planned(make_facts(), "credit_memo").draft
    line = draft.lines[0]

    same = replace(
        draft,
        key="CM-1",
        control_number=7,
        authorisation_number="RA77",
        note="x",
        lines=(replace(line, net=Decimal("50.0000")),),
    )
    others = [
        replace(draft, lines=(replace(line, net=Decimal("50.01")),)),
        replace(draft, invoice_number="INV-2"),
        replace(draft, lines=(replace(line, charge_code="X"),)),
        replace(draft, date=date(2026, 12, 1)),
    ]

    assert plan_hash(same) == plan_hash(draft)
    assert len({plan_hash(row) for row in [draft, *others]}) == 5


def test_the_platform_is_told_the_numbers_once_and_later_ones_in_a_further_note():
    policy = make.make_policy(note_to_platform=True)
    receipt = sent(make_facts(), "stock_receipt:10/WH1", number="GR5", id=1)
    first = make_facts(policy=policy, postings=(receipt,))
    note = sent(first, "platform_update", id=2)
    credit = sent(make_facts(), "credit_memo", number="CM9", id=3)

    later = make_facts(policy=policy, postings=(receipt, note, credit))

    assert planned(first, "platform_update").draft.note == "Booked in the ERP: stock receipt GR5"
    assert planned(first, "platform_update").kind == "platform_update"
    notes = [row.draft.note for row in plan(later).postings if row.kind == "platform_update"]
    assert notes == [
        "Booked in the ERP: stock receipt GR5",
        "Booked in the ERP: credit memo CM9 over 60.00 GBP",
    ]
    assert "platform_update" not in slots(make_facts(postings=(receipt,)))
    assert "platform_update" not in slots(make_facts(policy=policy))


def test_an_unread_item_master_plans_nothing_and_accuses_nobody():
    facts = make_facts(make_line(items=()), is_master_complete=False)

    assert slots(facts) == []
    assert found(facts) == []


def test_findings_name_the_kinds_they_hold_back_and_the_plan_still_shows_them():
    facts = make_facts(make_line(items=()))

    (finding,) = plan(facts).findings

    assert finding.type == "SKU_UNKNOWN"
    assert slots(facts) == PLAIN
    assert {row.kind for row in plan(facts).postings} <= finding.blocks


def test_a_finished_return_stays_quiet_when_its_item_is_put_to_sleep():
    facts = make_facts()
    done = tuple(sent(facts, slot, id=number) for number, slot in enumerate(PLAIN, start=1))
    asleep = make_line(items=(make.make_item(is_active=False),))

    assert found(make_facts(asleep)) == [("SKU_INACTIVE", "line:1")]
    assert found(make_facts(asleep, postings=done)) == []


def test_a_place_unmapped_after_the_receipt_left_stops_and_accuses_nothing():
    receipt = sent(make_facts(), "stock_receipt:10/WH1")
    unmapped = make.make_mappings(location={})

    assert found(make_facts(mappings=unmapped)) == [("WAREHOUSE_UNMAPPED", "line:1")]
    later = make_facts(mappings=unmapped, postings=(receipt,))
    assert found(later) == []


LINES = st.lists(
    st.builds(
        make_line,
        sku=st.sampled_from(["A", "B"]),
        quantity=st.integers(1, 3),
        disposition=st.sampled_from(["", "restockable", "not_restockable/torn", "not_returned"]),
        inspection=st.sampled_from([Inspection.PASSED, Inspection.NOT_INSPECTED]),
        unit_price=st.sampled_from(["60.00", "33.33", None]),
        location=st.sampled_from(["Leeds", "York", "Mars", ""]),
        reason=st.sampled_from(["Too small", "?", ""]),
        resolution=st.sampled_from(["RefundToPaymentMethod", "VariantExchange"]),
    ),
    min_size=1,
    max_size=5,
)
ORDER = make.make_order(
    make.make_order_line("A", line_id="1", quantity=3, net="100.00", tax="19.99"),
    make.make_order_line("B", line_id="2", quantity=2, net="66.67", tax="13.33"),
    make.make_order_line("A", line_id="3", quantity=2, net="50.01", tax="10.00"),
)


def numbered(lines):
    return [replace(line, line_no=number) for number, line in enumerate(lines, start=1)]


@settings(deadline=None)
@given(lines=LINES, data=st.data())
def test_the_order_of_the_platforms_lines_changes_no_total_and_no_document(lines, data):
    lines = numbered(lines)
    shuffled = data.draw(st.permutations(lines))

    one, other = (plan(make_facts(*rows, order=ORDER)) for rows in (lines, shuffled))

    assert [(row.slot, plan_hash(row.draft)) for row in one.postings] == [
        (row.slot, plan_hash(row.draft)) for row in other.postings
    ]
    assert one.findings == other.findings


@settings(deadline=None)
@given(lines=LINES)
def test_planning_twice_gives_the_same_plan_also_after_everything_left(lines):
    facts = make_facts(*numbered(lines), order=ORDER)
    first = plan(facts)

    assert plan(facts) == first

    left = replace(
        facts,
        postings=tuple(
            make.make_posting(row.slot, row.draft, id=number, plan_hash=plan_hash(row.draft))
            for number, row in enumerate(first.postings, start=1)
        ),
    )
    again = plan(left)
    assert [(row.slot, plan_hash(row.draft)) for row in again.postings] == [
        (row.slot, plan_hash(row.draft)) for row in first.postings
    ]
    assert "DISPOSITION_CONFLICT" not in {finding.type for finding in again.findings}


def test_drafts_leave_their_identity_to_whoever_numbers_them():
    drafts = [row.draft for row in plan(make_facts()).postings]

    assert {(draft.key, draft.control_number) for draft in drafts} == {("", 0)}
    assert all(isinstance(line, DraftLine) for draft in drafts for line in draft.lines)
    assert planning.CREDIT_SLOT == "credit_memo"
