"""Goods at a place nobody mapped: from Today to the receipt in the ERP, by the warehouse alone."""

import pytest
import time_machine

from exceptions_app.models import Case, Fix, Posting
from tests.browser.hands import act, tab_to
from tests.cast import make_user
from tests.world import make_unit, make_validation, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting():
    """Two graded returns at a depot that no mapping knows."""
    world = make_world()
    for number in (1, 2):
        world.add_order(f"SO-{number}")
        depot = make_validation(store_location_id="Hull depot")
        world.add_return(
            f"500{number}",
            order_name=f"SO-{number}",
            items=[make_unit(f"500{number}-1", validation=depot)],
        )
    world.carry()
    return world


def test_a_place_nobody_mapped_is_mapped_by_two_of_the_warehouse_and_its_goods_are_booked(
    page, sign_in, assert_accessible, waiting
):
    case = Case.objects.get(rma__external_id="5001")
    with time_machine.travel(waiting.clock.now, tick=True) as traveller:
        sign_in(make_user("wanda"))
        wilma = make_user("wilma", "warehouse")
        _find(page, case, assert_accessible)

        # Nothing chosen is told where it happened, and nothing is asked for.
        _preview(page)
        page.wait_for_selector("text=1 answer needs another look")
        assert not Fix.objects.exists()
        page.keyboard.press("f")
        page.keyboard.type("Division 10, warehouse WH2")
        _preview(page)
        page.wait_for_selector("text=What it would do")
        assert page.locator("#fix .flowline .fig").all_inner_texts() == [
            "2 returns",
            "£40.00",
            "0 returns",
            "0 returns",
        ]
        assert_accessible()
        tab_to(page, "Ask for approval of this change")
        act(page, "Enter")
        page.wait_for_selector("text=Wilma can.")

        sign_in(wilma)
        page.goto("/approvals/")
        act(page, "j", "Enter")
        assert_accessible()
        act(page, "p")
        waiting.clock.advance(seconds=90)
        traveller.move_to(waiting.clock.now)
        waiting.settle()

        page.goto(f"/exceptions/{case.pk}/")
        closed = page.inner_text(".alert.good")
        assert "Closed by proof" in closed
        assert "Division and warehouse are valid: 10/WH2" in closed
        assert_accessible()
        page.goto("/")
        assert "No exception of this team is open." in page.inner_text("main")

    received = [(row["ord_num"], row["location"]) for row in waiting.documents("RCV")]
    assert sorted(received) == [("SO-1", "WH2"), ("SO-2", "WH2")]
    assert set(Posting.objects.values_list("status", flat=True)) == {"confirmed"}
    assert [row["total_amt"] for row in waiting.documents("CM")] == [20, 20]
    assert waiting.open_types() == []


def _find(page, case, assert_accessible):
    """From Today over its cause to the exception, and read there what happened."""
    page.goto("/")
    tab_to(page, "Location “Hull depot” is not mapped")
    assert_accessible()
    act(page, "Enter")
    act(page, "j", "j", "j", "Enter")
    assert f"/exceptions/{case.pk}/" in page.url
    assert "Goods of return RMA5001 arrived at “Hull depot”" in page.inner_text("main")
    page.keyboard.press("f")


def _preview(page):
    tab_to(page, "Preview")
    page.keyboard.press("Enter")
