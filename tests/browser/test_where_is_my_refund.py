"""A customer asks where the refund is: from an e-mail address to the sentence, keys only."""

import pytest
import time_machine

from exceptions_app.models import Rma
from tests.cast import make_user
from tests.world import make_rma, make_unit, make_world

pytestmark = pytest.mark.django_db(transaction=True)

OWN_WORDS = "Your refund of £20.00 has not been made yet: we still have to book"


def make_parcel(number):
    return {
        "shipment_id": number,
        "status": "Received",
        "carrier": "Evri",
        "tracking_number": number,
        "is_outbound": False,
    }


@pytest.fixture
def asking():
    """Amara's return is graded, its SKU is not in the ERP, and no refund is made; Bo's is done."""
    world = make_world()
    for number in (1, 2):
        world.add_order(f"SO-{number}")
    world.platform.load(
        {
            "rmas": [
                make_rma(
                    "5001",
                    order_name="SO-1",
                    customer={"name": "Amara Boateng", "email": "amara@example.com"},
                    items=[make_unit("5001-1", sku="TEE-BLAK-M", name="T-shirt")],
                    refunded=None,
                    shipments=[make_parcel("H00E7712")],
                ),
                make_rma(
                    "5002",
                    order_name="SO-2",
                    customer={"name": "Bo Else", "email": "bo@example.com"},
                    shipments=[make_parcel("H00E7713")],
                ),
            ]
        }
    )
    world.carry()
    return world


def focused(page):
    return page.evaluate("document.activeElement.id")


def test_a_whole_address_and_enter_lead_to_the_sentence(page, sign_in, assert_accessible, asking):
    rma = Rma.objects.get(external_id="5001")
    with time_machine.travel(asking.clock.now, tick=True):
        sign_in(make_user("cleo"))
        page.goto("/")
        page.keyboard.press("/")
        assert focused(page) == "search"
        page.keyboard.type("amara@example.com")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/returns/{rma.pk}/?by=email")

        assert "Found by customer e-mail" in page.inner_text("main")
        assert OWN_WORDS in page.inner_text("#words")
        assert "merchandising" in page.inner_text("#words")
        assert_accessible()
        copy = page.get_by_role("button", name="Copy the sentence")
        for _ in range(60):
            page.keyboard.press("Tab")
            if copy.evaluate("button => button === document.activeElement"):
                break
        page.keyboard.press("Enter")
        page.wait_for_selector("#announcer:not(:empty)")


def test_what_is_typed_is_offered_and_chosen_by_arrows(page, sign_in, assert_accessible, asking):
    with time_machine.travel(asking.clock.now, tick=True):
        sign_in(make_user("cleo"))
        page.goto("/returns/")
        page.keyboard.press("/")
        page.keyboard.type("amara@")
        page.wait_for_selector("#search-options [role=option]")

        box = page.get_by_role("combobox", name="Find a return, order, refund, credit or parcel")
        assert box.get_attribute("aria-expanded") == "true"
        assert "Customer e-mail amara@example.com" in page.inner_text("#search-options")
        assert OWN_WORDS in page.inner_text("#search-options")
        assert_accessible()
        page.keyboard.press("ArrowDown")
        chosen = box.get_attribute("aria-activedescendant")
        assert page.locator(f"#{chosen}").get_attribute("aria-selected") == "true"
        page.keyboard.press("Escape")
        assert box.get_attribute("aria-expanded") == "false"
        page.keyboard.type("e")
        page.wait_for_selector("#search-options [role=option]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/returns/*/?by=email&part=1")
        assert "Found by part of its customer e-mail" in page.inner_text("main")


def test_the_palette_goes_to_pages_returns_and_acts_of_the_page(
    page, sign_in, assert_accessible, asking
):
    with time_machine.travel(asking.clock.now, tick=True):
        sign_in(make_user("cleo"))
        page.goto("/returns/")
        page.keyboard.press("Control+k")
        page.wait_for_selector("#palette-options [role=option]")
        assert focused(page) == "palette-q"
        assert_accessible()
        assert "Export as CSV" in page.inner_text("#palette-options")
        assert "Operations" not in page.inner_text("#palette-options")

        page.keyboard.type("manu")
        page.wait_for_selector("#palette-options .option:only-child")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/manual/")

        page.keyboard.press("Control+k")
        page.wait_for_selector("#palette-options [role=option]")
        page.keyboard.press("Escape")
        assert not page.locator("#palette").is_visible()
        page.keyboard.press("Control+k")
        page.keyboard.type("RMA5002")
        page.wait_for_selector("#palette-options [id^=palette-return]")
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        page.wait_for_url("**/returns/*/?by=return")
        assert page.inner_text("h1") == "Return RMA5002"


def test_enter_in_the_palette_goes_to_the_first_entry_however_fast_it_comes(page, sign_in):
    sign_in(make_user("ines"))
    page.goto("/returns/")
    page.keyboard.press("Control+k")
    page.keyboard.type("inbox")
    page.keyboard.press("Enter")

    page.wait_for_url("**/operations/inbox/")
    assert page.inner_text("h1") == "Inbox"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_scrolls_sideways_on_a_telephone(page, sign_in, assert_accessible, asking, scheme):
    rma = Rma.objects.get(external_id="5001")
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(color_scheme=scheme)
    with time_machine.travel(asking.clock.now, tick=True):
        sign_in(make_user("cleo"))
        for address in (
            "/returns/",
            "/returns/?where=unpaid&exceptions=open",
            f"/returns/{rma.pk}/",
            "/find/",
            "/find/?q=SO-",
            "/find/?q=nothing-like-it",
        ):
            page.goto(address)
            assert page.evaluate("document.documentElement.scrollWidth") == 390, address
            assert_accessible()
        page.get_by_role("link", name="Go to").click()
        page.wait_for_selector("#palette-options [role=option]")
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        assert_accessible()


def test_without_scripts_the_button_leads_to_a_page_that_does_the_same(
    browser, live_server, page, sign_in, asking
):
    with time_machine.travel(asking.clock.now, tick=True):
        sign_in(make_user("cleo"))
        context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
        context.add_cookies(page.context.cookies(live_server.url))
        plain = context.new_page()
        plain.goto("/")
        plain.get_by_role("link", name="Go to", exact=False).first.click()
        plain.fill("#q", "amara@example.com")
        plain.keyboard.press("Enter")
        plain.wait_for_url("**/returns/*/?by=email")
        assert OWN_WORDS in plain.inner_text("#words")
        context.close()
