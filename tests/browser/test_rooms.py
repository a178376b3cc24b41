"""The team rooms in a browser: the main path of each, at both widths, without a violation."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from exceptions_app.models import CreditRun
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db(transaction=True)

WIDTHS = (1440, 390)


@pytest.fixture
def bridge():
    found = factories.BridgeFactory(policy={"schedule": {"credit_memo": "run"}})
    for each in (found.source, found.erp):
        factories.HealthFactory(connection=each)
        factories.BudgetFactory(connection=each, daily_limit=2_000, write_reserve=200)
        factories.WatermarkFactory(connection=each)
    return found


@pytest.fixture
def busy(bridge):
    """Something of everything: to grade, to book, booked, credits to release, a difference."""
    now = timezone.now()
    ungraded = factories.RmaFactory(
        bridge=bridge,
        external_id="4001",
        inspection="not_inspected",
        received_at=now - timedelta(hours=5),
    )
    factories.RmaLineFactory(rma=ungraded, inspection="not_inspected", disposition="")
    for status, hold in (("confirmed", ""), ("blocked", ""), ("held", "window")):
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=bridge, received_at=now - timedelta(hours=8)),
            kind="stock_receipt",
            slot="stock_receipt:10/WH1",
            gross=Decimal(0),
            status=status,
            hold_reason=hold,
            hold_until=now + timedelta(hours=2) if hold else None,
            blocked_by="LOCATION_MISSING" if status == "blocked" else "",
            created_at=now - timedelta(hours=2),
            confirmed_at=now - timedelta(hours=1),
        )
    for _ in range(2):
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=bridge),
            status="held",
            hold_reason="run",
            gross=Decimal("12.50"),
        )
    factories.CaseFactory(
        rma=factories.RmaFactory(bridge=bridge),
        group__type="REFUND_CM_MISMATCH",
        group__title="Refund and credit memo differ in value",
        team="finance",
        facts={"difference": "3.20"},
        value=Decimal("3.20"),
    )
    factories.CaseFactory(
        rma=factories.RmaFactory(bridge=bridge, money="pending"),
        facts={"candidates": "TEE-BLK-M"},
    )
    factories.CaseFactory(
        rma=factories.RmaFactory(bridge=bridge),
        group__type="LOCATION_MISSING",
        team="warehouse",
        facts={"units": "1"},
    )
    return bridge


@pytest.fixture
def assert_fits(page, assert_accessible):
    """Return a function that opens a path at both widths and finds nothing wrong."""

    def assert_fits(*paths):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            for path in paths:
                page.goto(path)
                assert page.evaluate("document.documentElement.scrollWidth") == width, path
                assert_accessible()
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})

    return assert_fits


def test_a_scanned_number_opens_its_return(page, sign_in, busy, assert_fits):
    sign_in(make_user("wanda"))
    views = [f"/warehouse/?view={view}" for view in ("grade", "place", "book", "decide", "time")]
    assert_fits(*views, "/warehouse/?scan=nothing-like-it")

    page.goto("/")
    page.get_by_role("link", name="Warehouse", exact=True).first.click()
    # The field has the focus as soon as the page stands, and a scanner ends with Enter.
    page.wait_for_selector("#scan:focus")
    page.keyboard.type("RMA4001")
    page.keyboard.press("Enter")

    page.wait_for_selector("h1:has-text('4001')")


def test_the_scan_targets_are_large(page, sign_in, busy):
    sign_in(make_user("wanda"))
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/warehouse/")

    for name in ("#scan", "button.btn--target"):
        assert page.locator(name).bounding_box()["height"] >= 56


def test_a_gap_leads_to_its_fix(page, sign_in, busy, assert_fits):
    sign_in(make_user("mira"))
    assert_fits(*(f"/merchandising/?view={view}" for view in ("sku", "mapping", "recent")))

    page.goto("/merchandising/")
    assert "TEE-BLK-M" in page.inner_text("main")
    page.get_by_role("link", name="Open the fix").click()

    page.wait_for_selector("text=EX-")


def test_finance_is_asked_before_a_run_and_sees_each_credit_after(page, sign_in, busy, assert_fits):
    sign_in(make_user("finn"))
    assert_fits("/finance/", "/finance/runs/", f"/runs/{busy.pk}/", "/")

    page.goto("/")
    page.get_by_role("link", name="Review the run of 2 credits").click()
    assert "£25.00" in page.inner_text("main")
    assert not CreditRun.objects.exists()
    page.get_by_role("button", name="Send 2 credits").click()
    page.wait_for_selector("text=How far it is")

    run = CreditRun.objects.get()
    assert (run.count, run.total) == (2, Decimal("25.00"))
    assert_fits(f"/finance/runs/{run.pk}/")
    page.goto(f"/runs/{busy.pk}/")
    assert "No credit waits for a run" in page.inner_text("main")


def test_a_difference_is_told_in_words(page, sign_in, busy):
    sign_in(make_user("finn"))

    page.goto("/finance/")

    assert "The refund is £3.20 more" in page.inner_text("main")


@pytest.mark.parametrize("team", ["cx", "warehouse", "finance", "merchandising", "operations"])
def test_every_teams_today_fits(sign_in, busy, assert_fits, team):
    sign_in(make_user("aud"))

    assert_fits(f"/?team={team}")


def test_operations_fit(sign_in, busy, assert_fits):
    sign_in(make_user("ines"))

    assert_fits("/operations/")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_rooms_can_be_read_in_both_schemes(page, sign_in, busy, assert_accessible, scheme):
    sign_in(make_user("ada"))
    page.emulate_media(color_scheme=scheme)

    for path in ("/warehouse/?view=book", "/merchandising/", "/finance/", "/operations/"):
        page.goto(path)
        assert_accessible()
