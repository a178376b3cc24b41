"""A change that healed a cause is undone elsewhere: it comes back, names it, and is solved anew."""

import pytest
import time_machine

from exceptions_app.models import Case, Fix, Posting
from tests.browser.hands import act
from tests.cast import make_user
from tests.world import make_refund, make_unit, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting():
    """A graded return of an unknown SKU whose refund is not made yet."""
    world = make_world()
    world.add_order("SO-1")
    world.add_return("5001", items=[make_unit("5001-1", sku="TEE-BLAK-M")], refunded=None)
    world.carry()
    return world


def press(page, name):
    with page.expect_navigation():
        page.get_by_role("button", name=name).press("Enter")


def pass_time(world, traveller, **delta):
    world.clock.advance(**delta)
    traveller.move_to(world.clock.now)
    world.carry()
    traveller.move_to(world.clock.now)


def heal(page, sign_in, case):
    """Mira asks for the SKU that is proposed, and Mona approves it."""
    sign_in(make_user("mira"))
    page.goto(f"/exceptions/{case.pk}/")
    page.get_by_role("button", name="Preview").press("Enter")
    page.wait_for_selector("text=What it would do")
    press(page, "Ask for approval of this change")
    fix = Fix.objects.get(status="requested")
    sign_in(make_user("mona"))
    page.goto(f"/approvals/{fix.pk}/")
    act(page, "p")
    return fix


def test_a_cause_that_comes_back_names_the_change_that_failed_and_is_solved_anew(
    page, sign_in, assert_accessible, waiting
):
    case = Case.objects.get(type="SKU_UNKNOWN")
    make_user("mona")
    with time_machine.travel(waiting.clock.now, tick=True) as traveller:
        first = heal(page, sign_in, case)
        pass_time(waiting, traveller, seconds=90)
        page.goto(f"/exceptions/{case.pk}/")
        change = "“Map the SKU TEE-BLAK-M to TEE-BLK-M”"
        named = f"{change}, version 1, asked for by Mira and approved by Mona"
        assert f"It closed after {named}" in page.inner_text(".alert.good")

        _end_the_mapping(page, sign_in, waiting)
        _refund(waiting)
        pass_time(waiting, traveller, minutes=10)
        sign_in(make_user("mira"))
        page.goto("/exceptions/?team=merchandising")
        act(page, "j", "Enter")
        told = page.inner_text(".alert.warn")
        assert f"It had closed after {named}" in told
        assert "Version 1 was taken out of force, 20 May 2026, 09:01." in told
        assert_accessible()
        page.get_by_role("link", name=f"{change}, version 1").click()
        page.wait_for_url(f"**/approvals/{first.pk}/")
        assert "Version 1 was taken out of force" in page.inner_text(".alert.warn")
        assert_accessible()
        page.get_by_role("link", name="Its versions").click()
        page.wait_for_selector("text=Taken back by Ada: That season is over")

        heal(page, sign_in, case)
        pass_time(waiting, traveller, seconds=90)
        page.goto(f"/exceptions/{case.pk}/")
        assert f"{change}, version 2" in page.inner_text(".alert.good")
        assert_accessible()

    case.refresh_from_db()
    assert (case.closure, case.reopened_count) == ("proof", 1)
    assert [row["doc_type"] for row in waiting.documents()] == ["RA", "RCV", "CM"]
    assert set(Posting.objects.values_list("status", flat=True)) == {"confirmed", "cancelled"}
    assert waiting.open_types() == []


def _end_the_mapping(page, sign_in, waiting):
    sign_in(make_user("ada"))
    page.goto(f"/admin/mappings/{waiting.bridge.pk}/sku_alias/history/?value=TEE-BLAK-M")
    page.get_by_role("link", name="Roll back").click()
    page.get_by_label("Why").fill("That season is over")
    press(page, "Take it out of force")


def _refund(waiting):
    """The platform pays while nobody knows the SKU any more."""
    unit = make_unit("5001-1", sku="TEE-BLAK-M")
    at = waiting.clock.now.strftime("%Y-%m-%dT%H:%M:%S")
    paid = make_refund("5001", [unit], "20.00", created_at=at, updated_at=at)
    waiting.platform.load({"changes": [{"rma_id": "5001", "transactions": [paid]}]})
