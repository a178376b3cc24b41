"""A refused document edited and sent again: the original kept, two people, taken back whole."""

from decimal import Decimal

import pytest
from django.urls import reverse

from exceptions_app import errors
from exceptions_app.models import Case, Fix, Posting
from exceptions_app.services import fixes, rmas
from tests.cast import make_user
from tests.world import add_mapping, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused():
    """A credit of £20.00 that the ERP refused once."""
    return _refused("CM-")


def _refused(content, times=1):
    """A return of which the ERP refuses the first documents of one kind."""
    world = make_world()
    world.add_order()
    world.add_return()
    rule = {
        "kind": "status",
        "status": 422,
        "method": "POST",
        "path": "/api/.*",
        "content": content,
        "body": '{"errors": [{"message": "Order is locked"}]}',
        "times": times,
    }
    world.erp.faults.parse([rule])
    world.carry()
    return world, Case.objects.get(posting__key__startswith=content)


def _ask(world, case, changes, name="finn", **payload):
    return fixes.request(
        kind="edit_document",
        bridge=world.bridge,
        actor=make_user(name),
        now=world.clock.now,
        payload={"posting_id": case.posting_id, "changes": changes, **payload},
        case=case,
        rma=case.rma,
    )


def _approve(world, fix):
    return fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("fiona"), now=world.clock.now
    )


@pytest.mark.lesson(9)
@pytest.mark.lesson(11)
def test_the_edited_credit_leaves_and_the_original_is_kept(refused):
    world, case = refused
    fix = _ask(world, case, {"l1_net": "15.00"})

    _approve(world, fix)
    world.run()
    held = list(Posting.objects.filter(kind="credit_memo").values_list("status", flat=True))
    nothing_left = world.documents("CM")
    world.clock.advance(seconds=61)
    world.settle()

    original, edited = Posting.objects.filter(kind="credit_memo").order_by("pk")
    (refusal,) = original.attempt_rows.all()
    assert (refusal.outcome, "Order is locked" in refusal.text) == ("rejected", True)
    assert "accepted" in edited.attempt_rows.values_list("outcome", flat=True)
    assert (fix.level, fix.approvals_needed, fix.payload["changed"]) == ("finance", 1, ["net"])
    assert (held, nothing_left) == (["cancelled", "held"], [])
    assert edited.replaces == original
    assert original.draft["lines"][0]["net"] != edited.draft["lines"][0]["net"] == "15.00"
    assert edited.status == "confirmed"
    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]


def test_taken_back_the_refused_original_stands_again_and_nothing_is_sent(refused):
    world, case = refused
    fix = _ask(world, case, {"l1_net": "15.00"})
    _approve(world, fix)
    world.run()

    fixes.undo(fix_id=fix.pk, actor=make_user("fiona"), now=world.clock.now)
    world.clock.advance(seconds=61)
    world.settle()

    live = Posting.objects.exclude(status="cancelled").get(kind="credit_memo")
    assert (live.pk, live.status) == (case.posting_id, "failed")
    assert live.takings.count() == 1
    assert world.documents("CM") == []
    assert Fix.objects.get().status == "undone"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"l1_net": "9999.00"}, "To credit more, correct the credit instead"),
        ({"l1_net": "1e1"}, "is not a number in plain digits"),
        ({"l1_net": "1.005"}, "fewer decimal places"),
        ({"l1_quantity": "99"}, "more did not come back"),
        ({"l1_sku": "NOT-THERE"}, "is no active item of the ERP"),
        ({"l9_net": "1.00"}, "cannot be set in this document"),
        ({"date": "2026-99-01"}, "Give a date"),
        ({}, "Nothing differs"),
    ],
)
def test_what_cannot_stand_is_refused_before_anything_is_saved(refused, changes, text):
    world, case = refused

    with pytest.raises(errors.InvalidChoice, match=text):
        _ask(world, case, changes)

    assert not Fix.objects.exists()
    assert Posting.objects.get(pk=case.posting_id).status == "failed"


def test_an_edit_no_longer_counts_once_the_facts_call_for_another_document(refused):
    world, case = refused
    fix = _ask(world, case, {"l1_net": "15.00"})
    _approve(world, fix)
    world.run()
    Fix.objects.filter(pk=fix.pk).update(payload={**fix.payload, "made_on": "another"})
    rmas.make_due(rma_ids=[case.rma_id], now=world.clock.now)
    world.run()
    world.clock.advance(seconds=61)
    world.settle()

    credit = Posting.objects.get(kind="credit_memo", status="confirmed")
    assert Decimal(credit.draft["lines"][0]["net"]) != Decimal("15.00")


def test_a_refused_receipt_is_edited_with_a_peer_and_leaves_as_it_was_set():
    world, case = _refused("RC-")
    fix = _ask(world, case, {"place": "10|WH2"}, name="wanda")
    fixes.approve(
        fix_id=fix.pk, seen_hash=fix.payload_hash, actor=make_user("mona"), now=world.clock.now
    )

    world.run()
    world.clock.advance(seconds=61)
    world.settle()

    assert (case.type, fix.level) == ("RECEIPT_NOT_POSTED", "peer")
    (receipt,) = world.documents("RCV")
    assert "WH2" in receipt.values()
    assert world.open_types() == []


def test_the_version_before_a_mapping_changed_is_sent_when_that_is_chosen(client):
    """Refused, mapped otherwise, refused again: sent with the reason code of the first."""
    world, case = _refused("CM-", times=2)
    add_mapping(world, "reason", "Does not fit", {"code": "SIZE"})
    world.settle()
    case.refresh_from_db()
    codes = [row.draft["lines"][0]["reason_code"] for row in (case.posting.replaces, case.posting)]
    client.force_login(make_user("finn"))
    page = client.get(reverse("case-detail", args=[case.pk])).context
    form = next(each.form for each in page["offers"] if each.kind == "edit_document")

    with pytest.raises(errors.InvalidChoice, match="Nothing differs"):
        _ask(world, case, {}, basis="current")
    with pytest.raises(errors.InvalidChoice, match="Choose which version"):
        _ask(world, case, {}, basis="oldest")
    fix = _ask(world, case, {}, basis="original")
    _approve(world, fix)
    world.run()
    world.clock.advance(seconds=61)
    world.settle()

    assert codes == ["FIT", "SIZE"]
    assert [code for code, _ in form.fields["basis"].choices] == ["current", "original"]
    assert fix.payload["changed"] == ["reason_code"]
    (credit,) = Posting.objects.filter(kind="credit_memo", status="confirmed")
    assert credit.draft["lines"][0]["reason_code"] == "FIT"
    assert len(world.documents("CM")) == 1


def test_the_form_shows_the_document_and_its_difference_before_anybody_asks(refused, client):
    world, case = refused
    client.force_login(make_user("finn"))
    page = client.get(reverse("case-detail", args=[case.pk])).context
    form = next(each.form for each in page["offers"] if each.kind == "edit_document")
    answers = {field.html_name: field.value() or "" for field in form.visible_fields()}

    with world.connected():
        shown = client.post(
            reverse("fix-preview", args=[case.pk]),
            {**answers, "kind": "edit_document", "l1_net": "15.00"},
        ).content.decode()

    assert "edited: what it would do" in shown
    assert "15.00" in shown
    assert "Credits £1.67 less than planned before (£20.00)" in shown
    assert not Fix.objects.exists()


@pytest.mark.lesson(10)
def test_which_mappings_a_document_is_sent_again_by_is_said_and_chosen(refused, client):
    world, case = refused
    fix = _ask(world, case, {"l1_net": "15.00"})
    _approve(world, fix)
    world.run()
    taken_over, live = Posting.objects.filter(kind="credit_memo").order_by("pk")
    Posting.objects.filter(pk=taken_over.pk).update(made_by={"mappings": {"reason": {"big": 2}}})
    Posting.objects.filter(pk=live.pk).update(made_by={"mappings": {"reason": {"big": 3}}})
    Case.objects.filter(pk=case.pk).update(posting=live, status="open")
    Fix.objects.update(status="applied")
    client.force_login(make_user("finn"))

    page = client.get(reverse("case-detail", args=[case.pk])).context

    form = next(each.form for each in page["offers"] if each.kind == "edit_document")
    now, then = (str(label) for _, label in form.fields["basis"].choices)
    assert now == "As it stands, by the mappings in force now: Return reason “big” v3"
    assert then.startswith(f"As {taken_over.key} of ")
    assert then.endswith("by the mappings of then: Return reason “big” v2")
