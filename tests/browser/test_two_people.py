"""A fix by one, approved by another, keyboard only; and two people at once on one exception."""

import pytest
import time_machine
from django.test import Client

from exceptions_app.models import AuditEntry, Case, Fix
from tests.browser.hands import act, tab_to
from tests.cast import make_user
from tests.world import make_unit, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def waiting():
    """Two returns that carry the same unknown SKU."""
    world = make_world()
    for number in (1, 2):
        world.add_order(f"SO-{number}")
        world.add_return(
            f"500{number}",
            order_name=f"SO-{number}",
            items=[make_unit(f"500{number}-1", sku="TEE-BLAK-M")],
        )
    world.carry()
    return world


def test_a_fix_and_its_approval_by_two_people_keyboard_only(
    page, sign_in, assert_accessible, waiting
):
    case = Case.objects.filter(type="SKU_UNKNOWN").order_by("pk").first()
    with time_machine.travel(waiting.clock.now, tick=True) as traveller:
        sign_in(make_user("mira"))
        mona = make_user("mona")
        page.goto(f"/exceptions/{case.pk}/")

        page.keyboard.press("f")
        assert page.evaluate("document.activeElement.value") == "TEE-BLK-M"
        tab_to(page, "Preview")
        page.keyboard.press("Enter")
        page.wait_for_selector("text=What it would do")
        shown = page.evaluate("document.activeElement.innerText")
        assert shown.endswith("becomes TEE-BLK-M: what it would do")
        assert_accessible()
        tab_to(page, "Ask for approval of this change")
        act(page, "Enter")
        page.wait_for_selector("text=You cannot approve your own request")
        assert_accessible()

        sign_in(mona)
        page.goto("/approvals/")
        act(page, "j", "Enter")
        assert_accessible()
        act(page, "p")
        page.wait_for_selector("text=What became of each return")
        assert_accessible()
        act(page, "u")
        page.wait_for_selector("text=Taken back")
        assert Fix.objects.get().status == "undone"

        fix = _asked_again(page, sign_in, case)
        sign_in(mona)
        page.goto(f"/approvals/{fix.pk}/")
        act(page, "p")
        waiting.clock.advance(seconds=90)
        traveller.move_to(waiting.clock.now)
        waiting.settle()
        page.goto(f"/approvals/{fix.pk}/")
        assert page.locator("text=Settled 2 of 2. 0 with an exception.").count() == 1
        assert_accessible()

    assert len(waiting.documents("CM")) == 2
    assert waiting.open_types() == []


def _asked_again(page, sign_in, case):
    sign_in(make_user("mira"))
    page.goto(f"/exceptions/{case.pk}/#fix")
    tab_to(page, "Preview")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=What it would do")
    tab_to(page, "Ask for approval of this change")
    act(page, "Enter")
    return Fix.objects.get(status="requested")


def test_of_two_on_one_exception_the_second_is_told_and_keeps_the_note(
    page, sign_in, assert_accessible, waiting
):
    case = Case.objects.filter(type="SKU_UNKNOWN").order_by("pk").first()
    with time_machine.travel(waiting.clock.now, tick=True):
        sign_in(make_user("mira"))
        page.goto(f"/exceptions/{case.pk}/")
        page.keyboard.press("s")
        page.keyboard.press("Tab")
        page.get_by_label("Why it can wait").fill("I asked the supplier")

        _take(case, make_user("mona"))
        page.get_by_role("button", name=f"Snooze EX-{case.pk}").press("Enter")
        page.wait_for_selector("text=Nothing was changed by you")

        assert "Mona" in page.inner_text("[role=alert]")
        assert "Assigned to Mona" in page.inner_text("[role=alert]")
        assert page.get_by_label("Why it can wait").input_value() == "I asked the supplier"
        assert_accessible()

    case.refresh_from_db()
    assert (case.assignee.username, case.snoozed_until) == ("mona", None)
    assert AuditEntry.objects.filter(act__in=["case.assign", "case.snooze"]).count() == 1


def _take(case, person):
    """The other person, in another browser: the same plain form."""
    client = Client()
    client.force_login(person)
    client.post(f"/exceptions/{case.pk}/assign/", {"assignee": "me", "seen": case.version})
