"""A document that stands in the ERP and is not ours as sent: told, linked, never sent again."""

import pytest

from exceptions_app.models import Case, Fix, Posting
from exceptions_app.services import fixes
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


def _edited_after_a_lost_reply():
    world = make_world()
    world.add_order()
    world.add_return()
    world.erp.set_switches({"edit_after_post": "amount"})
    rule = {"kind": "drop_after", "method": "POST", "path": "/api/SimCreditMemo", "times": 1}
    world.erp.faults.parse([rule])
    world.carry()
    for _ in range(3):
        world.clock.advance(minutes=3)
        world.run()
    world.erp.set_switches({"edit_after_post": ""})
    world.erp.faults.parse([])
    return world, Case.objects.get(type__in=("OUTCOME_UNKNOWN", "SILENT_SUCCESS"))


def _page(client, case, role="finance"):
    client.force_login(make_user("frida", role))
    return client.get(f"/exceptions/{case.pk}/")


def test_a_document_found_with_another_amount_is_told_as_booked(client):
    world, case = _edited_after_a_lost_reply()
    (found,) = world.documents("CM")

    page = _page(client, case)

    shown = page.content.decode()
    assert f"Booked as {found['doc_num']}, £21.00 instead of £20.00" in shown
    assert "refused it" not in shown
    assert "Nothing was booked" not in shown
    assert "We do not know" not in case.title
    offers = page.context["offers"]
    assert [offer.kind for offer in offers] == ["link_document", "retry"]
    assert offers[0].form["number"].value() == found["doc_num"]
    assert offers[1].label == f"Look for {found['doc_num']} again"
    assert [offer.level for offer in offers] == ["finance", "finance"]
    compare, ask, *ways = page.context["steps"]
    assert compare["note"] == (
        "We sent £20.00, computed from order SO-1 and what came back. ReturnGO refunded £20.00, as"
        " much as we sent."
    )
    assert ask["url_label"] == "Ask Finance"
    assert [step["title"].split()[0] for step in ways] == ["Either", "Or", "Or"]


def test_linking_shows_the_difference_in_money_before_anybody_asks(client):
    world, case = _edited_after_a_lost_reply()
    (found,) = world.documents("CM")
    _page(client, case)

    with world.connected():
        right = _preview(client, case, found["doc_num"])
        wrong = _preview(client, case, "CM-999999")
        banana = _preview(client, case, "banana 🍌")

    assert "£1.00 more" in right.content.decode()
    assert f"has {found['doc_num']} under our key, not CM-999999" in wrong.content.decode()
    assert banana.status_code == 422
    assert not Fix.objects.exists()


def _preview(client, case, number):
    answers = {"kind": "link_document", "posting_id": case.posting_id, "number": number}
    return client.post(f"/exceptions/{case.pk}/preview/", answers)


def test_another_look_needs_finance_and_sends_nothing_while_it_stands():
    world, case = _edited_after_a_lost_reply()

    fix = fixes.request(
        kind="retry",
        bridge=case.bridge,
        actor=make_user("finn", "finance"),
        now=world.clock.now,
        payload={"posting_id": case.posting_id},
        case=case,
        rma=case.rma,
    )
    waiting = fix.status
    fixes.approve(
        fix_id=fix.pk,
        seen_hash=fix.payload_hash,
        actor=make_user("fiona", "finance"),
        now=world.clock.now,
    )
    for _ in range(8):
        world.clock.advance(minutes=3)
        world.run()

    assert (waiting, fix.level) == ("requested", "finance")
    assert len(world.documents("CM")) == 1
    assert Posting.objects.get(pk=case.posting_id).status != "confirmed"


def test_a_document_nobody_took_is_not_told_as_refused(client):
    world = make_world()
    world.add_order()
    world.add_return()
    rule = {"kind": "status", "status": 503, "method": "POST", "path": ".*", "times": None}
    world.erp.faults.parse([rule])
    world.poll()
    while not Case.objects.filter(type="RETRY_EXHAUSTED").exists():
        world.run()
        world.clock.advance(minutes=10)

    case = Case.objects.get(type="RETRY_EXHAUSTED")
    shown = _page(client, case).content.decode()

    assert "It could not be delivered to" in shown
    assert "refused it" not in shown
    told = shown.split('id="what"')[1].split("</section>")[0]
    assert "not known" not in told
    assert "0000" not in told
