"""The warehouse's and the data owners' rooms, through the browser's door."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from exceptions_app.catalogue import entry
from tests import factories
from tests.cast import make_user

pytestmark = pytest.mark.django_db

VIEWS = ("grade", "place", "book", "time")


@pytest.fixture
def wanda(client):
    user = make_user("wanda")
    client.force_login(user)
    return user


def test_a_scan_that_means_one_return_goes_straight_to_it(client, wanda):
    rma = factories.RmaFactory(external_id="4001")

    answer = client.get("/warehouse/?scan=RMA4001")

    assert (answer.status_code, answer.url) == (302, f"/returns/{rma.pk}/?by=return&scan=1")


def test_part_of_a_number_shows_the_return_and_says_that_it_is_a_part(client, wanda):
    rma = factories.RmaFactory(external_id="40077")

    page = client.get("/warehouse/?scan=4007")

    assert page.status_code == 200
    assert "1 return matches 4007" in page.text
    assert "Return number 40077, not the whole of it" in page.text
    assert f"/returns/{rma.pk}/" in page.text


def test_a_scan_that_means_several_shows_them(client, wanda):
    for number in ("4001", "4002"):
        rma = factories.RmaFactory(external_id=number)
        factories.RmaLineFactory(rma=rma, sku="TEE-BLK-M")

    page = client.get("/warehouse/?scan=TEE-BLK-M").text

    assert "2 returns match TEE-BLK-M" in page
    assert "RMA4001" in page
    assert "RMA4002" in page


def test_a_scan_that_means_none_says_what_to_do(client, wanda):
    page = client.get("/warehouse/?scan=nobody-knows").text

    assert "No return matches nobody-knows" in page
    assert "set the parcel aside" in page


@pytest.mark.parametrize("scan", ["zzz", "RMA40"])
def test_the_field_is_empty_and_ready_for_the_next_scan(client, wanda, scan):
    factories.RmaFactory(external_id="4001")

    page = client.get(f"/warehouse/?view=book&scan={scan}").text

    field = page.partition('<input id="scan"')[2].partition(">")[0]
    assert "value" not in field
    assert "autofocus" in field
    assert f"match {scan}" in page or f"matches {scan}" in page


def test_an_empty_scan_says_so(client, wanda):
    assert "Nothing was scanned" in client.get("/warehouse/?scan=+").text
    assert "Nothing was scanned" not in client.get("/warehouse/").text


def test_a_scanned_return_takes_the_next_scan(client, wanda):
    factories.RmaFactory(external_id="4001")

    page = client.get("/warehouse/?scan=RMA4001", follow=True).text

    field = page.partition('<input id="scan"')[2].partition(">")[0]
    assert "autofocus" in field
    assert 'action="/warehouse/"' in page
    assert "Found by return number" in page


def test_a_return_that_was_not_scanned_has_no_scan_field(client, wanda):
    rma = factories.RmaFactory()

    assert '<input id="scan"' not in client.get(f"/returns/{rma.pk}/").text
    client.force_login(make_user("cleo"))
    assert '<input id="scan"' in client.get(f"/returns/{rma.pk}/?scan=1").text
    client.force_login(make_user("finn"))
    assert '<input id="scan"' not in client.get(f"/returns/{rma.pk}/?scan=1").text


def test_only_the_warehouse_is_told_what_the_goods_need(client, wanda):
    rma = factories.RmaFactory(external_id="4001", inspection="not_inspected")
    factories.RmaLineFactory(rma=rma, inspection="not_inspected", disposition="", quantity=3)

    assert "Grade 3 items in ReturnGO, return 4001" in client.get(f"/returns/{rma.pk}/").text
    client.force_login(make_user("cleo"))
    assert "What the goods need" not in client.get(f"/returns/{rma.pk}/").text


def test_goods_to_set_aside_lead_to_their_exception(client, wanda):
    rma = factories.RmaFactory(bridge__policy={"authorise_first": False})
    factories.MappingFactory(
        bridge=rma.bridge, kind="status", source_value=rma.status_raw, target={"axis": "authorised"}
    )
    factories.RmaLineFactory(rma=rma, disposition="restockable", location="Nowhere")
    case = factories.CaseFactory(rma=rma, group__type="WAREHOUSE_UNMAPPED", team="warehouse")

    page = client.get(f"/returns/{rma.pk}/").text

    assert f'<a href="/exceptions/{case.pk}/">Set aside: EX-{case.pk} unmapped location' in page


def test_where_grades_are_given_is_said_and_no_form_pretends_to(client, wanda):
    rma = factories.RmaFactory(inspection="not_inspected")
    factories.RmaLineFactory(rma=rma, inspection="not_inspected", disposition="")

    page = client.get("/warehouse/").text

    assert "writes none of its own" in page
    assert "ReturnGO" in page
    assert 'method="post"' not in page.partition("<main")[2].partition("</main>")[0]


def test_a_receipt_that_waits_for_a_window_is_not_called_wrong(client, wanda):
    factories.PostingFactory(
        kind="stock_receipt",
        slot="stock_receipt:10/WH1",
        status="held",
        hold_reason="window",
        hold_until=factories.NOW.replace(hour=13),
    )

    page = client.get("/warehouse/?view=book").text

    assert "window. Not wrong." in page


def test_a_receipt_the_erp_refused_names_the_exception_it_opened(client, wanda):
    posting = factories.PostingFactory(
        kind="stock_receipt",
        slot="stock_receipt:10/WH1",
        status="failed",
        open_type="PERIOD_CLOSED",
    )

    page = client.get("/warehouse/?view=book").text

    assert entry("PERIOD_CLOSED").short.capitalize() in page
    assert f"/returns/{posting.rma_id}/#blocks" in page


@pytest.mark.parametrize("query", ["view=nonsense", "view=time&days=0", "view=book&place=%00"])
def test_nonsense_in_the_address_is_harmless(client, wanda, query):
    assert client.get(f"/warehouse/?{query}").status_code == 200


def test_the_tabs_keep_the_filters_the_next_list_understands(client, wanda):
    tabs = client.get("/warehouse/?view=book&bridge=uk&place=10/WH1&state=failed").context["tabs"]

    assert [tab["url"] for tab in tabs] == [
        "?view=grade&bridge=uk",
        "?view=place&bridge=uk",
        "?view=book&bridge=uk&place=10%2FWH1",
        "?view=decide&bridge=uk",
        "?view=time&bridge=uk&place=10%2FWH1",
    ]


def test_the_data_owners_tabs_keep_the_bridge(client):
    client.force_login(make_user("mira"))

    tabs = client.get("/merchandising/?bridge=uk").context["tabs"]

    assert [tab["url"] for tab in tabs] == [
        "?view=sku&bridge=uk",
        "?view=mapping&bridge=uk",
        "?view=recent&bridge=uk",
    ]


def test_a_bucket_is_shown_with_its_returns_and_where_to_decide(client, wanda):
    bridge = factories.BridgeFactory()
    for word, bucket in (("restockable", "saleable"), ("not_restockable", "quarantine")):
        factories.MappingFactory(
            bridge=bridge, kind="disposition", source_value=word, target={"bucket": bucket}
        )
    rma = factories.RmaFactory(bridge=bridge)
    for word, sku in (("restockable", "TEE"), ("not_restockable", "MUG")):
        factories.RmaLineFactory(
            rma=rma, sku=sku, disposition=word, disposition_at=timezone.now() - timedelta(hours=2)
        )

    def skus(query):
        answer = client.get(f"/warehouse/?view=decide{query}")
        assert answer.status_code == 200
        return [row["line"].sku for row in answer.context["rows"]], answer.text

    waiting, page = skus("")
    assert waiting == ["MUG"]
    assert f"/returns/{rma.pk}/" in page
    assert bridge.source.name in page
    assert "bucket=saleable" in page
    assert skus("&bucket=saleable")[0] == ["TEE"]
    rma.lines.filter(sku="MUG").update(disposition_at=timezone.now() - timedelta(days=90))
    old, page = skus("&days=1")
    assert old == ["MUG"]
    assert "1 line<" in page
    assert skus("&days=1&bucket=quarantine")[0] == ["MUG"]
    assert skus("&bucket=damaged")[0] == skus("&bucket=%00")[0][:0] == []


def test_the_pages_cost_the_same_queries_for_10_and_60_rows(client, wanda):
    bridge = factories.BridgeFactory()
    now = timezone.now()

    def cost():
        with CaptureQueriesContext(database) as captured:
            for view in VIEWS:
                assert client.get(f"/warehouse/?view={view}").status_code == 200
            for view in ("sku", "mapping", "recent"):
                assert client.get(f"/merchandising/?view={view}").status_code == 200
        return len(captured)

    def add(count):
        for number in range(count):
            arrived = now - timedelta(hours=5)
            rma = factories.RmaFactory(
                bridge=bridge, inspection="not_inspected", received_at=arrived
            )
            factories.RmaLineFactory(rma=rma, inspection="not_inspected", disposition="")
            factories.RmaLineFactory(rma=rma, disposition_at=arrived)
            for status in ("planned", "confirmed"):
                factories.PostingFactory(
                    rma=rma,
                    kind="stock_receipt",
                    slot=f"stock_receipt:10/WH{number % 3}#{status}",
                    status=status,
                    created_at=arrived,
                    confirmed_at=now - timedelta(hours=1),
                )
            factories.CaseFactory(rma=rma)
            factories.CaseFactory(rma=rma, group__type="LOCATION_MISSING", team="warehouse")

    add(10)
    few = cost()
    add(50)

    assert cost() == few


def test_the_data_owners_see_gap_suggestion_and_the_way_to_the_fix(client):
    client.force_login(make_user("mira"))
    case = factories.CaseFactory(facts={"candidates": "TEE-BLK-M"})

    page = client.get("/merchandising/").text

    assert case.group.title in page
    assert "TEE-BLK-M" in page
    assert f"/exceptions/{case.pk}/" in page


def test_a_cause_without_a_place_leads_to_its_own_exceptions(client, wanda):
    mine = factories.CaseFactory(
        group__type="LOCATION_MISSING", team="warehouse", facts={"units": "3"}
    )
    other = factories.CaseFactory()

    page = client.get("/warehouse/?view=place").text
    link = f"/exceptions/?view=list&amp;group={mine.group_id}&amp;snoozed=with&amp;behind=with"
    assert f'href="{link}"' in page
    assert "3 units on no receipt" in page
    listed = client.get(link.replace("&amp;", "&")).text
    assert f"/exceptions/{mine.pk}/" in listed
    assert f"/exceptions/{other.pk}/" not in listed


def test_card_and_list_of_what_is_not_booked_add_up(client, wanda):
    for status, units in (("failed", 4), ("planned", 2)):
        factories.PostingFactory(
            kind="stock_receipt", slot="stock_receipt:10/WH1", status=status, units=units
        )
    factories.CaseFactory(group__type="LOCATION_MISSING", team="warehouse", facts={"units": "3"})

    page = client.get("/warehouse/?view=book").text

    assert '<a href="?view=book">9</a>' in page
    assert '6 units; 3 more <a href="?view=place">on no receipt</a>' in page
    narrowed = client.get("/warehouse/?view=book&state=failed").text
    assert "4 units</span>" in narrowed
