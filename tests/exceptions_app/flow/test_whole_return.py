"""A return goes from ReturnGO into BlueCherry through the real flow."""

from decimal import Decimal

import pytest

from exceptions_app.models import Case, Connection, Mapping, Posting, Rma
from exceptions_app.rules import touching
from exceptions_app.selectors import facts
from exceptions_app.services import bridges
from tests.cast import make_user
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.mark.lesson(25)
def test_a_clean_return_ends_with_three_confirmed_documents():
    world = make_world()
    world.add_order()
    world.add_return()

    world.carry()

    kinds = [(row["doc_type"], row["status"]) for row in world.documents()]
    assert kinds == [("RA", "POSTED"), ("RCV", "POSTED"), ("CM", "POSTED")]
    assert [row.status for row in Posting.objects.order_by("sequence")] == ["confirmed"] * 3
    assert Posting.objects.get(kind="credit_memo").gross == Decimal("20.00")
    assert Posting.objects.get(kind="credit_memo").number
    sent_under = [row["ref_num"] for row in world.documents()]
    assert sent_under == ["RA-uk-5001-1", "RC-uk-5001-1", "CM-uk-5001-1"]
    assert list(Case.objects.values_list("type", "proof", "status", "facts")) == []
    assert Rma.objects.get().money == "confirmed"


def test_a_document_keeps_which_policy_mappings_and_profile_decided_it():
    world = make_world()
    world.add_order()
    world.add_return()

    world.carry()

    made_by = Posting.objects.get(kind="stock_receipt").made_by
    in_force = Mapping.objects.get(kind="reason", status="active")
    assert made_by["policy"] == touching.policy_print(facts.policy_of(world.bridge))
    assert made_by["mappings"]["reason"] == {in_force.source_key: in_force.version}
    told = Connection.objects.get(pk=world.bridge.erp_id).capabilities["profile"]
    assert made_by["profile"] == told != ""


def _comments(world):
    return [row for row in world.platform.documents() if row["kind"] == "comment"]


def test_agents_see_the_erps_numbers_on_the_platform_once():
    world = make_world(policy={"note_to_platform": True})
    world.add_order()
    world.add_return()

    world.carry()
    world.clock.advance(minutes=20)
    world.carry()

    notes = _comments(world)
    credit = Posting.objects.get(kind="credit_memo")
    told = " ".join(note["html_text"] for note in notes)
    assert credit.number in told
    markers = Posting.objects.filter(kind="platform_update").values_list("key", flat=True)
    assert all(told.count(f"[{marker}]") == 1 for marker in markers)
    assert set(Posting.objects.values_list("status", flat=True)) == {"confirmed"}


def test_a_note_whose_reply_was_lost_is_not_written_twice():
    world = make_world(policy={"note_to_platform": True})
    world.add_order()
    world.add_return()
    world.platform.faults.parse(
        [{"kind": "drop_after", "method": "POST", "path": ".*/comment", "times": 1}]
    )

    world.carry()
    world.settle(seconds=60, rounds=40)

    told = " ".join(note["html_text"] for note in _comments(world))
    markers = Posting.objects.filter(kind="platform_update").values_list("key", flat=True)
    assert markers
    assert all(told.count(f"[{marker}]") == 1 for marker in markers)
    assert set(Posting.objects.values_list("status", flat=True)) == {"confirmed"}


def test_a_policy_changed_in_the_middle_books_what_is_missing_and_nothing_twice():
    world = make_world()
    world.add_order()
    world.add_return(refunded=None)
    world.carry()
    before = [row["doc_type"] for row in world.documents()]

    bridges.change_policy(
        bridge_id=world.bridge.pk,
        policy={
            **world.bridge.policy,
            "credit_trigger": "goods_inspected",
            "first_bucket": "quarantine",
            "stock_trigger": "receipt_and_grade",
        },
        actor=make_user("ada"),
        now=world.clock.now,
        reason="Agreed with finance",
    )
    world.settle()

    assert before == ["RA", "RCV"]
    assert [row["doc_type"] for row in world.documents()] == ["RA", "RCV", "CM"]
    assert world.open_types() == []
    made_by = {row.kind: row.made_by["policy"] for row in Posting.objects.all()}
    assert made_by["stock_receipt"] != made_by["credit_memo"]
