"""A document linked although it differs is booked as it stands, and the difference stays open."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from connectors.types import DocumentState, DocumentStatus
from exceptions_app.models import Case, CreditTaking, Posting
from exceptions_app.rules import confirming, drafts
from exceptions_app.services import fixes, linked
from exceptions_app.services.replay import accounting
from tests.cast import make_user
from tests.exceptions_app.flow.test_found_documents import _edited_after_a_lost_reply

pytestmark = pytest.mark.django_db


def _link(world, case, number):
    fix = fixes.request(
        kind="link_document",
        bridge=case.bridge,
        actor=make_user("finn", "finance"),
        now=world.clock.now,
        payload={"posting_id": case.posting_id, "number": number},
        case=case,
        rma=case.rma,
    )
    return fixes.approve(
        fix_id=fix.pk,
        seen_hash=fix.payload_hash,
        actor=make_user("fiona", "finance"),
        now=world.clock.now,
    )


def _carry_on(world, rounds=4):
    for _ in range(rounds):
        world.clock.advance(minutes=3)
        world.run()


def test_what_stands_in_the_erp_is_booked_and_its_difference_is_an_exception_of_finance():
    world, case = _edited_after_a_lost_reply()
    (found,) = world.documents("CM")

    _link(world, case, found["doc_num"])
    _carry_on(world)

    posting = Posting.objects.get(pk=case.posting_id)
    assert (posting.status, posting.keyed, posting.number) == (
        "confirmed",
        "linked",
        found["doc_num"],
    )
    assert (posting.gross, posting.meant["gross"]) == (Decimal("21.00"), "20.0000")
    case.refresh_from_db()
    assert (case.status, case.proof) == (
        "resolved",
        f"Linked by hand as {found['doc_num']}, differs by £1.00: £21.00 stands there, £20.00 was"
        " sent.",
    )
    rest = Case.objects.get(type="REFUND_CM_MISMATCH")
    assert (rest.status, rest.team, rest.value) == ("open", "finance", Decimal("1.00"))
    assert rest.facts["difference"] == "-1.00"
    assert (rest.facts["refund_total"], rest.facts["credit_total"]) == ("20.00", "21.00")
    assert len(world.documents("CM")) == 1
    money = accounting.account(bridge=case.bridge, unit_names={}, now=world.clock.now).money
    assert (money.came_in, money.posted, money.still_open, money.accepted, money.gap) == (
        Decimal("-20.00"),
        Decimal("-21.00"),
        Decimal("1.00"),
        Decimal(0),
        Decimal(0),
    )


def test_a_link_taken_back_before_its_read_back_leaves_nothing_of_it():
    world, case = _edited_after_a_lost_reply()
    (found,) = world.documents("CM")
    fix = _link(world, case, found["doc_num"])
    posting = Posting.objects.get(pk=case.posting_id)
    assert (posting.status, posting.not_before) == ("posted", fix.hold_until)

    fixes.undo(fix_id=fix.pk, actor=fix.decided_by, now=world.clock.now + timedelta(seconds=1))

    posting.refresh_from_db()
    assert (posting.status, posting.number, posting.meant) == ("unconfirmed", "", {})
    assert posting.gross == Decimal("20.00")


def test_another_number_than_the_one_found_is_never_booked():
    world, case = _edited_after_a_lost_reply()

    _link(world, case, "CM-999999")
    _carry_on(world)

    posting = Posting.objects.get(pk=case.posting_id)
    assert (posting.status, posting.gross, posting.meant) == ("posted", Decimal("20.00"), {})
    assert posting.parked_at is not None
    assert list(Case.objects.filter(status="open").values_list("type", flat=True)) == [
        "SILENT_SUCCESS"
    ]


def test_units_that_a_linked_credit_credits_more_are_left_for_no_other_return():
    world, case = _edited_after_a_lost_reply()
    posting = Posting.objects.get(pk=case.posting_id)
    draft = drafts.from_json(posting.draft)
    (line,) = draft.lines
    more = replace(draft, lines=(replace(line, quantity=line.quantity + 1),))
    state = DocumentState(
        key=posting.key,
        kind=draft.kind,
        external_id="9",
        number="CM9",
        status=DocumentStatus.POSTED,
        units=more.units,
        gross=draft.gross,
        currency=draft.currency,
        warehouse="",
        division="",
        posted_at=None,
        url="",
    )

    linked.adopted(posting, confirming.compare(draft, [state]), world.clock.now)

    assert CreditTaking.objects.values_list("units", "net", "tax").get() == (
        posting.units + 1,
        line.net,
        line.tax,
    )
