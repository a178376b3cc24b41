"""Twenty exceptions triaged by the keyboard alone: moved to, opened, taken, put off, left."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.conf import settings
from django.utils import timezone

from exceptions_app.models import AuditEntry, Case
from tests.browser.hands import act
from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/exceptions/?team=merchandising&view=list"


@pytest.fixture
def ten():
    return of_one_cause(10)


@pytest.fixture
def twenty():
    return of_one_cause(20)


def of_one_cause(count):
    """They are due at once, so the oldest stands first in the list."""
    now = timezone.now()
    group = CauseGroupFactory(title="SKU TEE-BLAK-M is not in BlueCherry")
    return [
        CaseFactory(
            group=group,
            rma=RmaFactory(bridge=group.bridge),
            value=Decimal(100 - number),
            opened_at=now - timedelta(hours=3),
            due_at=now + timedelta(hours=4),
            facts={"sku": "TEE-BLAK-M", "erp": "BlueCherry", "platform": "ReturnGO"},
        )
        for number in range(count)
    ]


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def focused_row(page):
    return page.evaluate("document.activeElement.id")


def test_twenty_exceptions_are_triaged_without_a_mouse(page, sign_in, assert_accessible, twenty):
    sign_in(make_user("mira"))
    page.goto(LIST)
    assert_accessible()

    # The first is taken; the reader stays on its row.
    act(page, "j", "a")
    assert focused_row(page) == f"row-{twenty[0].pk}"
    assert page.locator("[data-pick]:checked").count() == 0
    # The second is put off until tomorrow; the row below takes its place.
    act(page, "j", "s")
    assert_accessible()
    act(page, "Enter")
    assert focused_row(page) == f"row-{twenty[2].pk}"
    # Three to five are ticked as a range and taken together; they stay ticked.
    press(page, "x", "j", "j", "Shift+X")
    assert page.inner_text("[data-picked]") == "3 of 19 selected."
    assert page.inner_text("[data-picked-sum]") == "£291.00"
    act(page, "a")
    assert page.locator("[data-pick]:checked").count() == 3
    assert_accessible()
    press(page, "Escape")
    assert page.locator("[data-pick]:checked").count() == 0
    # The sixth is opened, taken there, and left for the next with n.
    act(page, "j", "Enter")
    assert_accessible()
    act(page, "a")
    act(page, "n")
    # The seventh is put off from its page.
    press(page, "s")
    act(page, "Enter")
    page.wait_for_selector("text=Out of the queue until")
    assert_accessible()
    # Eight to nineteen are taken, each from the page of the one before.
    for _ in range(12):
        act(page, "n")
        act(page, "a")
    # The twentieth is read and left to somebody else.
    act(page, "n")
    assert f"/exceptions/{twenty[19].pk}/" in page.url

    states = {
        case.pk: "off" if case.snoozed_until else case.assignee and case.assignee.username
        for case in Case.objects.select_related("assignee")
    }
    taken = dict.fromkeys([case.pk for case in twenty], "mira")
    left = {twenty[1].pk: "off", twenty[6].pk: "off", twenty[19].pk: None}
    assert states == {**taken, **left}
    assert AuditEntry.objects.count() == 19


def test_a_cause_unfolds_and_folds_in_place_and_the_overlay_lists_what_works(
    page, sign_in, assert_accessible, ten
):
    due_at = ten[0].due_at + timedelta(hours=1)
    other = CaseFactory(value=Decimal(1), due_at=due_at, facts=ten[0].facts)
    sign_in(make_user("mira"))
    page.goto("/exceptions/?team=merchandising")
    fold = page.locator(f"#row-g{ten[0].group_id} .fold")

    press(page, "j", "e")
    page.wait_for_selector(f"#row-{ten[9].pk}")
    assert fold.get_attribute("aria-expanded") == "true"
    assert_accessible()
    press(page, "e")
    assert page.locator(f"#row-{ten[9].pk}").is_hidden()
    assert fold.get_attribute("aria-expanded") == "false"

    # Enter and f lead to the first exception of a cause, n to the next cause, Esc back.
    press(page, "n")
    assert focused_row(page) == f"row-g{other.group_id}"
    act(page, "f")
    assert page.url.endswith(f"/exceptions/{other.pk}/?team=merchandising#fix")
    page.locator("h1").click()
    act(page, "Escape")
    assert page.url.endswith(f"/exceptions/?team=merchandising#row-g{other.group_id}")
    act(page, "k", "Enter")
    assert f"/exceptions/{ten[0].pk}/" in page.url
    act(page, "Escape")

    press(page, "?")
    shown = page.locator("#keys dd:visible").all_inner_texts()
    assert {"First exception of a cause", "Next cause"} <= set(shown)
    assert "Go to the fix" not in shown
    assert "Select the row" in shown
    assert "Approve" not in shown
    assert_accessible()
    press(page, "Escape")
    press(page, "/")
    page.keyboard.type("ja")
    assert page.input_value("#search") == "ja"


def test_keys_go_where_they_say_and_the_fix_takes_the_focus(page, sign_in, ten):
    sign_in(make_user("mira"))
    page.goto(LIST)

    act(page, "j", "f")
    assert page.url.endswith("#fix")
    assert page.evaluate("document.activeElement.closest('#fix') !== null")
    press(page, "Escape")
    page.evaluate("document.activeElement.blur()")
    act(page, "g", "e")
    assert page.url.endswith("/exceptions/?team=merchandising")


def test_what_is_new_is_offered_and_moves_nothing(page, sign_in, ten):
    sign_in(make_user("mira"))
    page.goto(LIST)
    before = page.locator("tr[id^=row-]").count()
    CaseFactory(group=ten[0].group, rma=ten[0].rma, value=Decimal(999))

    page.evaluate("htmx.trigger(document.getElementById('news'), 'poll')")
    page.wait_for_selector("text=1 new.")

    assert page.locator("tr[id^=row-]").count() == before
    page.get_by_role("link", name="Show them").click()
    page.wait_for_selector("text=11 exceptions")
    assert page.locator("tr[id^=row-]").count() == before + 1


def test_signed_out_meanwhile_no_sign_in_page_lands_in_the_list(page, sign_in, ten):
    sign_in(make_user("mira"))
    page.goto(f"/exceptions/{ten[0].pk}/")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)

    page.get_by_role("button", name="Preview").click()
    page.wait_for_selector("text=You are signed out. Nothing was sent.")

    assert page.locator("input[type=password]").count() == 0
    assert page.locator("main").count() == 1


def test_what_is_new_is_offered_without_moving_rows_or_focus(page, sign_in, ten):
    sign_in(make_user("mira"))
    page.goto(LIST)
    top = "document.querySelector('.queue').getBoundingClientRect().top"
    before = page.evaluate(top)
    CaseFactory(group=ten[0].group, rma=ten[0].rma, fingerprint="new")

    page.evaluate("htmx.trigger(document.getElementById('news'), 'poll')")

    page.get_by_text("1 new.").wait_for()
    # The settling that once took the focus comes a moment after the words.
    page.wait_for_function("!document.querySelector('.htmx-settling')")
    assert page.evaluate(top) == before
    assert page.evaluate("document.activeElement.tagName") == "BODY"
    assert page.locator("tr[id^=row-]").count() == 10
