"""Units of an item that no stock counts yet: where they are, how the last ones fared, by when."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine

from exceptions_app.models import ItemCheck
from exceptions_app.selectors import confidence, item_feeds
from exceptions_app.selectors.sums import Amount
from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def bridge():
    return factories.BridgeFactory()


def _line(bridge, sku, units, *, receipt="", **values):
    """A return of `units` of one item, with a stock receipt in the state `receipt`."""
    graded = {"inspection": "passed"} if receipt else {"inspection": "not_inspected"}
    hours = values.pop("hours", 2)
    arrived = {
        "logistics": "received",
        "received_at": NOW - timedelta(hours=hours),
        "approval": "authorised",
        **graded,
    }
    if receipt:
        arrived["inspection"] = "inspected"
    rma = factories.RmaFactory(bridge=bridge, **(arrived | values))
    line = {"sku": sku, "sku_key": sku.lower(), "quantity": units, **graded}
    factories.RmaLineFactory(rma=rma, **line)
    if receipt:
        at = NOW - timedelta(hours=1) if receipt == "confirmed" else None
        factories.PostingFactory(
            rma=rma, kind="stock_receipt", status=receipt, confirmed_at=at, gross=0
        )
    return rma


COMING = {"logistics": "in_transit", "received_at": None}


def _of(page):
    return {
        row.sku: (row.coming, row.to_grade, row.unbooked, row.back, row.proved) for row in page.rows
    }


def test_units_are_told_by_where_they_are_and_how_the_last_ones_fared(bridge):
    _line(bridge, "TEE", 3, **COMING)
    _line(bridge, "TEE", 2)
    _line(bridge, "TEE", 4, receipt="blocked", hours=5)
    _line(bridge, "TEE", 1, receipt="confirmed", hours=3)
    _line(bridge, "SOCK", 1, receipt="confirmed", hours=3)
    _line(bridge, "HAT", 9, logistics="in_transit", received_at=None, approval="cancelled")
    _line(bridge, "CAP", 5, **COMING)
    placeless = _line(bridge, "BAG", 6, receipt="confirmed")
    placeless.postings.all().delete()
    group = factories.CauseGroupFactory(type="LOCATION_MISSING", bridge=bridge)
    factories.CaseFactory(group=group, rma=placeless, team="warehouse")
    _line(factories.BridgeFactory(), "BELT", 1, **COMING)

    page = confidence.items(now=NOW)

    assert [row.sku for row in page.rows] == ["TEE", "BAG", "CAP", "BELT"]
    assert _of(page) == {
        "TEE": (3, 2, 4, 7, 1),
        "BAG": (0, 0, 6, 6, 0),
        "CAP": (5, 0, 0, 0, 0),
        "BELT": (1, 0, 0, 0, 0),
    }
    tee, _, cap, _ = page.rows
    assert (tee.limbo, tee.share, cap.share) == (9, 14, None)
    # Receipts took two hours from arrival to read-back; the last of the open ones came at seven.
    assert (tee.until, cap.until) == (NOW, None)
    assert set(_of(confidence.items(now=NOW, bridge=bridge.code))) == {"TEE", "BAG", "CAP"}


def test_pages_follow_and_cost_the_same_for_few_and_many(bridge, django_assert_num_queries):
    for number in range(7):
        _line(bridge, f"SKU-{number}", 10 - number, **COMING)

    with django_assert_num_queries(3):
        first = confidence.items(now=NOW, size=3)
    with django_assert_num_queries(3):
        second = confidence.items(now=NOW, size=3, cursor=first.older)
    with django_assert_num_queries(3):
        assert len(confidence.items(now=NOW).rows) == 7

    assert [row.sku for row in (*first.rows, *second.rows)] == [f"SKU-{n}" for n in range(6)]


def test_the_page_and_its_file_say_the_same(client, bridge):
    _line(bridge, "TEE", 3)
    _line(bridge, "TEE", 2, **COMING)
    client.force_login(make_user("mira"))

    with time_machine.travel(NOW, tick=False):
        page = client.get("/merchandising/stock/")
        file = b"".join(client.get("/merchandising/stock/export.csv").streaming_content)

    assert "<b>5</b>" in page.text
    assert "Not known" in page.text
    assert "0 of 3, 0%" in page.text
    rows = file.decode().splitlines()
    assert rows[1].split(",")[0] == "TEE"
    assert rows[1].split(",")[2:] == ["5", "2", "3", "0", "3", "0", "Not known"]


def test_a_master_that_differs_says_which_items_and_what_it_is_about(client, bridge):
    factories.WatermarkFactory(connection=bridge.erp, feed="items", read_at=NOW)
    item = factories.ItemFactory(connection=bridge.erp, sku="TEE", is_returnable=True)
    ItemCheck.objects.create(
        connection=bridge.erp,
        item=item,
        checked_at=NOW - timedelta(hours=3),
        is_found=True,
        is_active=True,
        is_returnable=False,
        differs=True,
    )
    rma = factories.RmaFactory(bridge=bridge, money="none", approval="authorised")
    factories.RmaLineFactory(rma=rma, sku="TEE", quantity=3, unit_price=Decimal("7.00"))
    client.force_login(make_user("mira"))

    with time_machine.travel(NOW, tick=False):
        page = client.get("/merchandising/stock/").text
        told = client.get("/api/v1/item-feeds/").json()["results"]

    for words in (
        "Differs",
        "TEE may not be returned there",
        "1 item, last 3 h ago",
        "1 differs",
        "£21.00",
    ):
        assert words in page
    assert told == [
        {
            "erp": "BlueCherry",
            "read_at": "2026-05-27T09:12:00Z",
            "is_late": False,
            "late_returns": 0,
            "late_values": [],
            "compared": 1,
            "missing": 0,
            "compared_at": "2026-05-27T06:12:00Z",
            "differing": [
                {
                    "sku": "TEE",
                    "is_active": True,
                    "is_returnable": True,
                    "is_active_there": True,
                    "is_returnable_there": False,
                }
            ],
            "exposed_returns": 1,
            "exposed_units": 3,
            "exposed_values": [{"amount": "21.00", "currency": "GBP"}],
        }
    ]


def test_an_item_master_that_is_late_says_what_is_judged_by_old_flags(
    client, bridge, django_assert_num_queries
):
    other = factories.BridgeFactory(name="Alder EU")
    factories.WatermarkFactory(connection=bridge.erp, feed="items", read_at=NOW)
    factories.WatermarkFactory(
        connection=other.erp, feed="items", read_at=NOW - timedelta(hours=24)
    )
    for currency, claimed, money in (
        ("GBP", "20.00", "pending"),
        ("EUR", "5.00", "none"),
        ("GBP", "90.00", "confirmed"),
    ):
        factories.RmaFactory(
            bridge=other,
            currency=currency,
            amount_in=claimed,
            money=money,
            approval="authorised",
        )
    factories.RmaFactory(bridge=bridge, money="none", approval="authorised")

    with django_assert_num_queries(5):
        found = item_feeds.feeds(now=NOW)

    fresh, late = sorted(found, key=lambda feed: feed.is_late)
    assert (fresh.is_late, fresh.returns, fresh.values) == (False, 0, ())
    assert (late.read_at, late.returns) == (NOW - timedelta(hours=24), 2)
    assert late.values == (Amount(Decimal("5.00"), "EUR"), Amount(Decimal("20.00"), "GBP"))
    assert item_feeds.feeds(now=NOW, bridge=bridge.code) == (fresh,)
    client.force_login(make_user("mira"))
    with time_machine.travel(NOW, tick=False):
        page = client.get("/merchandising/stock/").text
    assert (page.count("Up to date"), page.count("Out of date")) == (1, 1)
    assert "£20.00" in page
