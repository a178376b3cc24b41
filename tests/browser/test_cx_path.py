"""Goods are back and nobody has paid: CX see to the refund, and the exception closes by proof."""

from decimal import Decimal

import pytest
import time_machine

from exceptions_app.models import Case, Posting
from tests.browser.hands import act, tab_to
from tests.cast import make_user
from tests.world import make_refund, make_unit, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unpaid():
    """A return that was graded and booked days ago, and for which no refund was made."""
    world = make_world()
    world.add_order("SO-1")
    world.add_return("5001", refunded=None)
    world.carry()
    for _ in range(10):
        world.clock.advance(hours=12)
        world.run()
    return world


def test_a_customer_who_was_not_paid_is_paid_and_the_exception_closes_by_proof(
    page, sign_in, assert_accessible, unpaid
):
    case = Case.objects.get(type="RECEIVED_NOT_REFUNDED")
    with time_machine.travel(unpaid.clock.now, tick=True) as traveller:
        sign_in(make_user("cleo"))
        page.goto("/")
        tab_to(page, "Goods are back and not refunded")
        assert_accessible()
        act(page, "Enter")
        act(page, "j", "j", "Enter")
        assert f"/exceptions/{case.pk}/" in page.url
        said = "The customer has sent everything back and waits for £20.00."
        assert said in page.inner_text("main")
        act(page, "a")
        assert_accessible()
        tab_to(page, "Open the return")
        act(page, "Enter")
        assert "Your refund of £20.00 has not been made yet." in page.inner_text("#words")

        _refund(unpaid)
        unpaid.clock.advance(minutes=10)
        unpaid.carry()
        traveller.move_to(unpaid.clock.now)
        page.goto(f"/exceptions/{case.pk}/")
        closed = page.inner_text(".alert.good")
        assert "ReturnGO shows a refund for return RMA5001." in closed
        assert said not in page.inner_text("main")
        assert_accessible()
        page.goto(f"/returns/{case.rma_id}/")
        assert "Your refund of £20.00 has been made" in page.inner_text("#words")

    assert [row["doc_type"] for row in unpaid.documents()] == ["RA", "RCV", "CM"]
    assert set(Posting.objects.values_list("status", flat=True)) == {"confirmed"}
    assert unpaid.open_types() == []


def _refund(world):
    """CX start it on the platform, as the playbook says."""
    at = world.clock.now.strftime("%Y-%m-%dT%H:%M:%S")
    units = [make_unit("5001-1")]
    paid = make_refund("5001", units, Decimal("20.00"), created_at=at, updated_at=at)
    world.platform.load({"changes": [{"rma_id": "5001", "transactions": [paid]}]})
