"""An unknown SKU from the queue to the ERP's number, in a browser, by two people."""

import pytest
import time_machine

from exceptions_app.models import Case, Fix, Posting
from tests.cast import make_user
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting():
    """Three returns of three orders that all carry the same unknown SKU."""
    world = make_world()
    for number in (1, 2, 3):
        world.add_order(f"SO-{number}")
        world.add_return(
            f"500{number}",
            order_name=f"SO-{number}",
            items=[make_unit(f"500{number}-1", sku="TEE-BLAK-M")],
        )
    world.carry()
    return world


def test_one_fix_approved_by_another_heals_every_return(page, sign_in, assert_accessible, waiting):
    case = Case.objects.filter(type="SKU_UNKNOWN").order_by("pk").first()
    with time_machine.travel(waiting.clock.now, tick=True) as traveller:
        sign_in(make_user("mira"))
        mona = make_user("mona")
        page.goto("/exceptions/?team=merchandising")
        assert_accessible()
        page.get_by_role("link", name="Show the exceptions of").click()
        page.get_by_role("link", name=f"EX-{case.pk}", exact=True).click()
        assert_accessible()

        page.get_by_role("radio", name="TEE-BLK-M").check()
        page.get_by_role("button", name="Preview").click()
        page.wait_for_selector("text=What it would do")
        assert page.locator("#fix .flowline .fig").all_inner_texts() == [
            "3 returns",
            "£60.00",
            "0 returns",
            "0 returns",
        ]
        assert not Fix.objects.exists()
        page.get_by_role("button", name="Ask for approval of this change").click()
        page.wait_for_selector("text=You cannot approve your own request")
        page.get_by_role("link", name="Open the request").click()
        page.wait_for_selector("text=Withdraw my request")
        assert page.get_by_role("button", name="Approve this change").count() == 0

        sign_in(mona)
        page.goto("/approvals/")
        assert_accessible()
        page.get_by_role("link", name="Map the SKU TEE-BLAK-M").click()
        page.get_by_role("button", name="Approve this change").click()
        page.wait_for_selector("text=Take back")
        assert_accessible()

        waiting.run()
        assert waiting.documents() == []
        waiting.clock.advance(seconds=90)
        traveller.move_to(waiting.clock.now)
        waiting.settle()
        page.goto(f"/exceptions/{case.pk}/")
        page.wait_for_selector("text=Closed by proof")

    credit = Posting.objects.get(rma=case.rma, kind="credit_memo")
    assert credit.status == "confirmed"
    assert credit.number in page.inner_text("main")
    assert len(waiting.documents("CM")) == 3
    assert waiting.open_types() == []
