import csv
from datetime import timedelta
from decimal import Decimal
from urllib.parse import urlencode

import pytest
import tablib
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from connectors.types import Money
from exceptions_app.models import AuditEntry
from exceptions_app.selectors import customers, returns
from exceptions_app.services import audit, rmas
from tests import factories
from tests.cast import make_user
from tests.factories import NOW, RmaFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def cleo(client):
    user = make_user("cleo")
    client.force_login(user)
    return user


def make_known_return():
    """A return with one of every number a person may quote."""
    rma = factories.RmaFactory(external_id="5001", order_name="AW-104790", order_id="778899")
    factories.RmaLineFactory(rma=rma, sku="TEE-BLK-M", barcode="5012345678900")
    factories.RefundFactory(rma=rma, external_id="900777", reference="re_3abc")
    factories.ShipmentFactory(rma=rma, tracking_number="H00E7712940318")
    factories.PostingFactory(rma=rma, number="CM-20418")
    rmas.refresh_search(rma)
    factories.RmaFactory(
        external_id="6002", order_name="ZZ-1", customer_name="Bo", customer_email="bo@else.test"
    )
    return rma


@pytest.mark.parametrize(
    "text",
    [
        "5001",
        "RMA5001",
        "rma500",
        "AW-104790",
        "AW-1047",
        "778899",
        "cara@example.com",
        "cara@exam",
        "Cara Cust",
        "customer cara",
        "TEE-BLK-M",
        "5012345678900",
        "900777",
        "re_3abc",
        "H00E7712940318",
        "h00e771",
        "CM-20418",
        "  5001  ",
    ],
)
def test_a_return_is_found_by(client, cleo, text):
    rma = make_known_return()

    answer = client.get("/returns/", {"q": text})

    assert [row.rma.pk for row in answer.context["rows"]] == [rma.pk]


@pytest.mark.parametrize(
    "text",
    [
        "\0",
        "5001\0",
        "'",
        "''''",
        "\\",
        "\\'",
        "&",
        "5001 & !",
        "5001 | 6002",
        "!5001",
        "(",
        ":*",
        "a:b:*",
        "<->",
        "%",
        "x" * 5000,
        "'; drop table exceptions_app_rma; --",
        "\u202e",
        "🧦",
        "- -",
    ],
)
def test_no_character_breaks_the_search(client, cleo, text):
    make_known_return()

    assert client.get("/returns/", {"q": text}).status_code == 200


def test_operators_are_words_and_never_widen_the_search(client, cleo):
    make_known_return()

    assert client.get("/returns/", {"q": "5001 | 6002"}).context["rows"] == []


def test_no_result_says_what_was_searched(client, cleo):
    answer = client.get("/returns/", {"q": "nothing-like-it"})

    assert "Looked in return, order, refund, credit and parcel numbers" in answer.text
    assert "nothing-like-it" in answer.text


def test_all_returns_stand_newest_first_in_pages(client, cleo):
    bridge = factories.BridgeFactory()
    made = [factories.RmaFactory(bridge=bridge).pk for _ in range(40)][::-1]

    first = client.get("/returns/").context
    second = client.get("/returns/", {"cursor": first["older"]}).context

    assert [row.rma.pk for row in first["rows"]] == made[:30]
    assert [row.rma.pk for row in second["rows"]] == made[30:]
    assert second["older"] == ""


def queries_of_list(client):
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get("/returns/").status_code == 200
    return len(captured)


def test_a_list_of_fifty_costs_as_many_queries_as_one_of_five(client, cleo):
    bridge = factories.BridgeFactory()

    def add(count):
        for _ in range(count):
            rma = factories.RmaFactory(bridge=bridge)
            factories.RefundFactory(rma=rma)
            factories.PostingFactory(rma=rma)
            factories.CaseFactory(rma=rma)

    add(5)
    few = queries_of_list(client)
    add(45)

    assert queries_of_list(client) == few


def test_the_list_asks_four_with_saved_views_and_six_when_it_is_narrowed(client, cleo):
    rma = factories.RmaFactory(order_name="AW-71")
    factories.SavedViewFactory(owner=cleo, page="return-list", query="where=unpaid")

    def asked(**query):
        with CaptureQueriesContext(connection) as captured:
            assert [row.rma for row in client.get("/returns/", query).context["rows"]] == [rma]
        # Without session, person and the figures of the frame.
        return len(captured) - 3

    # Its rows, the bridges to choose from, the views, and all counts. The text and the bridge in
    # the address are looked up besides.
    assert asked() == 4
    assert asked(q="aw-7", bridge=rma.bridge.code) == 6


def test_the_row_shows_the_figures_of_both_sides(client, cleo):
    rma = factories.RmaFactory()
    factories.RefundFactory(rma=rma, amount=Decimal("12.50"))
    factories.RefundFactory(rma=rma, amount=Decimal("99.00"), status="pending")
    factories.PostingFactory(rma=rma, gross=Decimal("12.00"), number="CM-7")
    factories.PostingFactory(rma=rma, gross=Decimal("5.00"), status="ready")
    factories.CaseFactory(rma=rma)

    (row,) = client.get("/returns/").context["rows"]

    assert (row.refunded, row.credited, row.numbers) == (
        (Money(Decimal("12.50"), "GBP"),),
        (Money(Decimal("12.00"), "GBP"),),
        ("CM-7",),
    )
    assert row.open_cases == 1


def test_refunds_in_two_currencies_are_never_added_up(client, cleo):
    rma = factories.RmaFactory(amount_in=Decimal("99.00"))
    factories.RmaLineFactory(rma=rma)
    factories.RefundFactory(rma=rma, amount=Decimal("12.50"))
    factories.RefundFactory(rma=rma, amount=Decimal("40.00"), currency="EUR")
    factories.PostingFactory(rma=rma, gross=Decimal("7.00"), currency="USD", number="CM-7")

    listed = client.get("/returns/").text
    page = client.get(f"/returns/{rma.pk}/").text
    (line,) = exported(client)

    for text in (listed, page):
        assert "£12.50<br>€40.00" in text
        assert "$7.00" in text
        assert "52.50" not in text
    assert "Not in GBP" in page
    figures = [line[name] for name in ("Claimed", "Refunded", "Credited", "Currency")]
    assert figures == ["99.0000", "£12.50; €40.00", "$7.00", "GBP"]


def test_an_item_is_worth_what_was_paid_for_it_and_what_never_came_is_not_counted(client, cleo):
    rma = make_whole_return()
    rma.lines.update(quantity=2, unit_price="10", unit_tax="2", is_tax_included=False)
    factories.RmaLineFactory(rma=rma, unit_price="70", disposition="not_returned/lost")

    text = client.get(f"/returns/{rma.pk}/").text

    assert "£24.00" in text
    foot = text.partition("Came back, without charges")[2][:200]
    assert '<td class="num" data-l="Quantity">2</td>' in foot
    assert "£24.00" in foot


def test_the_documents_of_the_erp_say_when_they_were_read_back(client, cleo):
    rma = make_whole_return()
    at = NOW - timedelta(hours=5)
    factories.PostingFactory(rma=rma, number="CM-9", confirmed_at=at)

    stages = client.get(f"/returns/{rma.pk}/").context["stages"]

    assert [stage["at"] for stage in stages if stage["code"] == "credited"] == [at]


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("cara@example.com", "c…@example.com"),
        ("Cara Customer", "C… C…"),
        ("H00E77", "H…"),
        ("@", "…@"),
        ("", ""),
    ],
)
def test_masking_leaves_the_first_letter(text, masked):
    assert customers.mask(text) == masked


@pytest.mark.parametrize("path", ["/returns/", "/returns/{pk}/"])
def test_only_those_with_the_right_see_who_the_customer_is(client, path):
    rma = factories.RmaFactory()
    factories.ShipmentFactory(rma=rma, tracking_number="H00E7712940318")
    address = path.format(pk=rma.pk)

    client.force_login(make_user("finn"))
    hidden = client.get(address).text
    client.force_login(make_user("cleo"))
    shown = client.get(address).text

    assert "cara@example.com" not in hidden
    assert "Customer" not in hidden.replace("Customer wants", "")
    assert "H00E7712940318" not in hidden
    assert "c…@example.com" in hidden
    assert "cara@example.com" in shown


def make_whole_return():
    rma = factories.RmaFactory(external_id="5001")
    order = factories.SalesOrderFactory(connection=rma.bridge.erp, number=rma.order_name)
    factories.SalesOrderLineFactory(order=order)
    rma.sales_order = order
    rma.save()
    for kind, value, target in (
        ("status", "Validated", {"axis": "authorised"}),
        ("disposition", "restockable", {"bucket": "saleable"}),
        ("location", "Leeds DC", {"division": "10", "warehouse": "WH1"}),
        ("reason", "Does not fit", {"code": "FIT"}),
    ):
        factories.MappingFactory(bridge=rma.bridge, kind=kind, source_value=value, target=target)
    factories.ErpLocationFactory(connection=rma.bridge.erp)
    factories.ItemFactory(connection=rma.bridge.erp, sku="TEE-BLK-M", division="10")
    factories.RmaLineFactory(rma=rma)
    factories.RefundFactory(rma=rma, amount=Decimal("20.00"), external_id="900777")
    factories.ShipmentFactory(rma=rma)
    factories.RmaEventFactory(rma=rma, name="RMA created")
    return rma


def test_the_page_says_only_what_is_proved(client, cleo):
    rma = make_whole_return()

    answer = client.get(f"/returns/{rma.pk}/")

    detail = answer.context["detail"]
    states = {stage.code: stage.state for stage in detail.stages}
    assert states["refunded"] == "done"
    assert states["credited"] == "waiting"
    assert "Your refund of £20.00 has been made" in detail.sentence
    assert detail.sentence in answer.text
    assert "has been credited" not in answer.text
    assert detail.money.refunded == (Money(Decimal("20.00"), "GBP"),)
    assert detail.money.credited == ()
    assert detail.money.difference is None


def test_refund_less_credit_is_shown_once_both_are_proved(client, cleo):
    rma = make_whole_return()
    factories.PostingFactory(rma=rma, gross=Decimal("18.00"), number="CM-9")

    money = client.get(f"/returns/{rma.pk}/").context["detail"].money

    assert money.credited == (Money(Decimal("18.00"), "GBP"),)
    assert money.credit_numbers == ("CM-9",)
    assert money.difference == Money(Decimal("2.00"), "GBP")


def test_what_blocks_it_is_named_with_who_has_it(client, cleo):
    rma = make_whole_return()
    case = factories.CaseFactory(rma=rma, assignee=make_user("mira"))
    factories.CaseFactory(rma=rma, status="resolved", title="Old one")

    text = client.get(f"/returns/{rma.pk}/").text

    assert f"EX-{case.pk}" in text
    assert "Mira, Merchandising" in text
    assert "Old one" not in text
    # On a phone it stands far below; the head leads there.
    assert text.index('<a href="#blocks">What blocks it</a>') < text.index('id="blocks"')


def test_a_return_that_nothing_blocks_leads_nowhere(client, cleo):
    text = client.get(f"/returns/{make_whole_return().pk}/").text

    assert '<a href="#blocks">' not in text


def test_a_refund_nobody_made_names_who_must_and_since_when(client, cleo):
    rma = make_whole_return()
    graded = rma.lines.get().disposition_at
    rma.refunds.all().delete()

    def blocks():
        text = client.get(f"/returns/{rma.pk}/").text
        return text.partition('id="blocks"')[2].partition("</section>")[0]

    unpaid = blocks()
    factories.RefundFactory(rma=rma, status="failed", confirmed_at=None)
    failed = blocks()
    factories.CaseFactory(rma=rma, team="finance")
    taken = blocks()

    assert "Not refunded" in unpaid
    assert "The refund is not made yet" in unpaid
    assert "CX: make the refund in ReturnGO" in unpaid
    assert f'<dt>Due since</dt><dd><time datetime="{graded.isoformat()}">' in unpaid
    assert "CX: make it again in ReturnGO" in failed
    assert "The refund" not in taken


def test_a_note_about_a_return_stands_in_its_history(client, cleo):
    rma = make_whole_return()

    empty = client.post(f"/returns/{rma.pk}/note/", {"note": ""})
    answer = client.post(f"/returns/{rma.pk}/note/", {"note": "She called again"}, follow=True)

    assert empty.status_code == 422
    assert "Write the note first." in empty.text
    assert answer.redirect_chain == [(f"/returns/{rma.pk}/#hist", 302)]
    assert AuditEntry.objects.get().text == "Note: She called again"
    assert "Note: She called again" in answer.text


@pytest.mark.parametrize(("name", "is_whole"), [("cleo", True), ("wanda", True), ("finn", False)])
def test_the_number_of_a_parcel_is_whole_for_those_who_hold_it(client, name, is_whole):
    shipment = factories.ShipmentFactory(tracking_number="H00E7712940318")
    client.force_login(make_user(name))

    text = client.get(f"/returns/{shipment.rma_id}/").text

    assert ("parcel H00E7712940318" in text) is is_whole
    assert ("parcel H…" in text) is not is_whole


def test_what_is_in_the_way_without_an_open_exception_is_never_called_nothing(client, cleo):
    rma = make_whole_return()
    rma.lines.update(sku="NOBODY-KNOWS", sku_key="nobody-knows")
    factories.CaseFactory(rma=rma, type="SKU_UNKNOWN", status="resolved", closure="by_hand")

    text = client.get(f"/returns/{rma.pk}/").text

    blocks = text.partition('id="blocks"')[2].partition("</section>")[0]
    assert "In the way, with no exception open:" in blocks
    assert "<li>Unknown SKU</li>" in blocks
    assert "Nothing" not in blocks
    assert "<p>In the way: unknown SKU</p>" in text
    assert "exception</p>" not in text


def test_the_history_joins_what_the_platform_and_we_say(client, cleo):
    rma = make_whole_return()
    audit.record(actor=cleo, act="x", subject=rma, text="Looked at it", now=NOW, rma_id=rma.pk)

    story = client.get(f"/returns/{rma.pk}/").context["detail"].story

    assert [(entry.actor, entry.text) for entry in story] == [
        ("Cleo", "Looked at it"),
        ("ReturnGO", "RMA created"),
    ]


def test_attempts_are_shown_only_to_those_who_look_at_operations(client):
    rma = make_whole_return()
    posting = factories.PostingFactory(rma=rma)
    factories.PostingAttemptFactory(posting=posting, request="<the exact request>")

    client.force_login(make_user("cleo"))
    without = client.get(f"/returns/{rma.pk}/").text
    client.force_login(make_user("ines"))
    with_them = client.get(f"/returns/{rma.pk}/").text

    assert "the exact request" not in without
    assert "&lt;the exact request&gt;" in with_them


@pytest.fixture
def held_return(time_machine):
    """A return whose credit waits out the ninety seconds in which a change can be taken back."""
    time_machine.move_to(NOW, tick=False)
    rma = make_whole_return()
    rma.bridge.policy = {"undo_seconds": "90"}
    rma.bridge.save()
    until = NOW + timedelta(seconds=40)
    factories.PostingFactory(rma=rma, status="held", hold_reason="undo", hold_until=until)
    factories.FixFactory(
        bridge=rma.bridge,
        rma=rma,
        kind="set_location",
        payload={"location": "Leeds DC"},
        status="held",
        hold_until=until,
        requested_by=make_user("mira"),
    )
    return rma


def test_a_change_that_can_still_be_taken_back_counts_down_the_time_of_the_policy(
    client, cleo, held_return
):
    text = client.get(f"/returns/{held_return.pk}/").text

    assert "can still be taken back" in text
    assert '<progress class="wait" max="90" value="40"' in text
    assert "Held until then: Credit memo." in text


def test_only_who_may_approve_is_offered_to_take_a_change_back(client, held_return):
    address = reverse("fix-undo", args=[held_return.fixes.get().pk])

    offered = {}
    for name in ("cleo", "finn", "wanda"):
        client.force_login(make_user(name))
        offered[name] = f'action="{address}"' in client.get(f"/returns/{held_return.pk}/").text

    assert offered == {"cleo": False, "finn": False, "wanda": True}


def test_a_return_with_nothing_held_asks_for_no_change(client, cleo):
    rma = make_whole_return()
    factories.FixFactory(
        bridge=rma.bridge, rma=rma, status="held", hold_until=NOW, requested_by=cleo
    )

    assert client.get(f"/returns/{rma.pk}/").context["held"] == []


def document_rows(client, rma):
    text = client.get(f"/returns/{rma.pk}/").text
    documents = text.partition('id="docs"')[2].partition("</section>")[0]
    return documents.split("<tr>")[2:]


def test_a_blocked_document_names_its_exceptions_as_everywhere(client, cleo):
    rma = make_whole_return()
    rma.postings.all().delete()
    factories.PostingFactory(
        rma=rma,
        kind="stock_receipt",
        gross=0,
        status="blocked",
        blocked_by="SKU_UNKNOWN, REASON_UNMAPPED",
    )

    *_, shown = document_rows(client, rma)

    assert "Blocked by: unknown SKU, unmapped return reason" in shown
    assert '<span class="quiet">None</span>' in shown


@pytest.mark.parametrize(
    ("until", "words"),
    [(timedelta(seconds=40), "Can still be taken back"), (timedelta(0), "Leaves next")],
)
def test_a_document_says_it_can_be_taken_back_only_in_time(
    client, time_machine, cleo, until, words
):
    time_machine.move_to(NOW, tick=False)
    rma = make_whole_return()
    factories.PostingFactory(rma=rma, status="held", hold_reason="undo", hold_until=NOW + until)

    *_, shown = document_rows(client, rma)

    assert f"<small>{words}</small>" in shown


def test_the_platforms_codes_are_spelled_as_words(client, cleo):
    rma = make_whole_return()
    factories.RmaEventFactory(rma=rma, name="RMA_CREATED")
    factories.ShipmentFactory(rma=rma, status_raw="LabelCreated")

    text = client.get(f"/returns/{rma.pk}/").text

    for words in ("Refund to payment method", "RMA created", "Label created"):
        assert words in text
    for code in ("RefundToPaymentMethod", "RMA_CREATED", "LabelCreated"):
        assert code not in text


def detail_queries(client, rma):
    with CaptureQueriesContext(connection) as captured:
        assert client.get(f"/returns/{rma.pk}/").status_code == 200
    return len(captured)


def test_a_return_of_forty_lines_costs_as_many_queries_as_one_of_one(client):
    client.force_login(make_user("ada"))
    rma = make_whole_return()
    posting = factories.PostingFactory(rma=rma)
    factories.PostingAttemptFactory(posting=posting)
    few = detail_queries(client, rma)
    for number in range(40):
        factories.RmaLineFactory(rma=rma, line_no=1_000_000 + number)
        factories.PostingAttemptFactory(posting=factories.PostingFactory(rma=rma))

    assert detail_queries(client, rma) == few


def test_reading_a_return_takes_twelve_queries_and_one_for_its_calls(django_assert_num_queries):
    rma = make_whole_return()
    factories.PostingAttemptFactory(posting=factories.PostingFactory(rma=rma))
    factories.CaseFactory(rma=rma)

    with django_assert_num_queries(12):
        returns.get(rma_id=rma.pk, now=NOW, has_attempts=False)
    with django_assert_num_queries(13):
        found = returns.get(rma_id=rma.pk, now=NOW, has_attempts=True)
        assert [len(posting.attempt_rows.all()) for posting in found.postings] == [1]


def test_a_return_that_is_not_there_is_a_404(client, cleo):
    assert client.get("/returns/999/").status_code == 404


def test_a_customers_name_is_never_markup(client, cleo):
    rma = factories.RmaFactory(customer_name="<script>alert(1)</script>")

    for address in ("/returns/", f"/returns/{rma.pk}/"):
        assert "<script>alert(1)" not in client.get(address).text


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ("asked", {"approval": "requested"}),
        ("coming", {"logistics": "in_transit", "inspection": "not_inspected", "money": "none"}),
        ("inspect", {"inspection": "partly", "money": "none"}),
        ("unpaid", {"money": "none"}),
        ("pending", {"money": "pending"}),
        ("failed", {"money": "failed"}),
        ("ended", {"approval": "refused"}),
    ],
)
def test_the_list_narrows_to_where_a_return_stands(client, cleo, where, values):
    factories.RmaFactory()
    wanted = factories.RmaFactory(**values)

    answer = client.get("/returns/", {"where": where})

    assert [row.rma.pk for row in answer.context["rows"]] == [wanted.pk]
    assert answer.context["count"] == "1"
    assert [chip["name"] for chip in answer.context["chips"]] == ["Where it stands"]


def test_a_refunded_return_whose_credit_is_open_is_listed_as_such(client, cleo):
    factories.PostingFactory(status="confirmed")
    waiting = factories.PostingFactory(status="held")

    rows = client.get("/returns/", {"where": "uncredited"}).context["rows"]

    assert [row.rma.pk for row in rows] == [waiting.rma_id]


def test_the_list_narrows_by_what_blocks_age_and_bridge(client, cleo):
    old = factories.RmaFactory(requested_at=NOW - timedelta(days=900))
    factories.CaseFactory(rma=old)
    new = factories.RmaFactory(requested_at=timezone.now())

    def found(**asked):
        return [row.rma.pk for row in client.get("/returns/", asked).context["rows"]]

    assert found(blocks="SKU_UNKNOWN") == [old.pk]
    assert found(exceptions="open") == [old.pk]
    assert found(exceptions="none") == [new.pk]
    assert found(age="30") == [old.pk]
    assert found(bridge=new.bridge.code) == [new.pk]
    assert found(bridge=new.bridge.code, exceptions="open") == []


def test_a_filter_we_do_not_know_shows_nothing_and_says_so(client, cleo):
    factories.RmaFactory()

    answer = client.get("/returns/", {"where": "elsewhere"})

    assert answer.context["rows"] == []
    assert "A filter in the address is not one we know" in answer.text


def exported(client, **asked):
    answer = client.get("/returns/export.csv", asked)
    return list(csv.DictReader(b"".join(answer.streaming_content).decode().splitlines()))


def test_the_file_holds_the_rows_and_figures_of_the_screen(client, cleo):
    rma = factories.RmaFactory(external_id="5001")
    factories.RefundFactory(rma=rma, amount=Decimal("12.50"))
    factories.RmaFactory(money="pending")

    (row,) = exported(client, where="refunded")

    assert row["Return"] == "RMA5001"
    assert (row["Refunded"], row["Credited"], row["Currency"]) == ("12.5000", "Not yet", "GBP")
    assert row["Customer"] == "Cara Customer, cara@example.com"


def test_the_file_masks_people_and_runs_no_formula(client):
    factories.RmaFactory(order_name="=1+1", customer_name="Cara")
    client.force_login(make_user("finn"))

    (row,) = exported(client)

    assert row["Order"] == "'=1+1"
    assert row["Customer"] == "C…, c…@example.com"


def test_the_workbook_holds_the_same_rows(client, cleo):
    factories.RmaFactory(external_id="5001")

    answer = client.get("/returns/export.xlsx")
    sheet = tablib.Dataset().load(answer.content, format="xlsx")

    assert sheet["Return"] == ["RMA5001"]


def test_a_long_history_is_read_in_pages_that_miss_nothing(client, cleo):
    rma = make_whole_return()
    for number in range(90):
        # Two at each moment, so that a page never ends between the two.
        at = NOW + timedelta(minutes=number // 2)
        audit.record(actor=cleo, act="x", subject=rma, text=f"No {number}", now=at, rma_id=rma.pk)
    texts, address = [], f"/returns/{rma.pk}/"
    for _ in range(9):
        history = client.get(address).context["detail"].history
        texts += [entry.text for entry in history.entries]
        if history.older is None:
            break
        address = f"/returns/{rma.pk}/?{urlencode({'before': history.older.isoformat()})}"

    assert len(texts) == len(set(texts)) == 91
    assert texts[-1] == "RMA created"


def test_calls_to_the_erp_stand_in_the_history(client, cleo):
    rma = make_whole_return()
    factories.PostingAttemptFactory(posting=factories.PostingFactory(rma=rma), outcome="unknown")

    text = client.get(f"/returns/{rma.pk}/").text

    assert "Credit memo sent" in text
    assert "Outcome not known" in text


@pytest.mark.parametrize("before", ["x", "2026-13-01", "2026-05-27", "9" * 40])
def test_a_place_in_the_history_that_is_none_is_its_beginning(client, cleo, before):
    rma = make_whole_return()

    answer = client.get(f"/returns/{rma.pk}/", {"before": before})

    assert [entry.text for entry in answer.context["detail"].story] == ["RMA created"]


def test_a_blocked_stage_names_its_exception_and_an_open_one_its_reason(client, cleo):
    rma = make_whole_return()
    rma.lines.update(sku="NOBODY-KNOWS", sku_key="nobody-knows")
    case = factories.CaseFactory(rma=rma)

    stages = {stage["code"]: stage for stage in client.get(f"/returns/{rma.pk}/").context["stages"]}

    assert stages["stock_booked"]["state"] == "blocked"
    assert stages["stock_booked"]["case"] == case
    assert stages["refunded"]["proof"] == "Refund 900777"
    assert stages["refunded"]["source"] == "ReturnGO"


def test_names_that_were_removed_after_their_time_are_said_to_be_gone(client, cleo):
    old = NOW - timedelta(days=900)
    rma = factories.RmaFactory(customer_name="", customer_email="", source_updated_at=old)
    fresh = factories.RmaFactory(
        customer_name="", customer_email="", source_updated_at=timezone.now()
    )

    assert (
        "Name, e-mail and parcel numbers are not kept any longer"
        in client.get(f"/returns/{rma.pk}/").text
    )
    assert "Customer not known" in client.get(f"/returns/{fresh.pk}/").text


def test_the_sentence_names_what_it_rests_on(client, cleo):
    rma = make_whole_return()

    answer = client.get(f"/returns/{rma.pk}/")

    assert [text.partition(":")[0] for text in answer.context["rests_on"]] == [
        "Received",
        "Inspected",
        "Refunded",
    ]
    assert "“Credited”: no credit is confirmed in the books." in answer.text


@pytest.mark.parametrize(("name", "entries"), [("cleo", 1), ("wanda", 0)])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_customers_names_leave_a_line_when_they_leave_as_a_file(client, name, entries, ending):
    factories.RmaFactory()
    client.force_login(make_user(name))

    client.get(f"/returns/export.{ending}?q=cara@example.com").getvalue()

    found = AuditEntry.objects.filter(act="export")
    assert [entry.text for entry in found] == ["Exported with customers' names: returns"] * entries


def test_each_refund_tells_who_made_it_by_what_means_and_how_far_it_is(client, cleo):
    rma = factories.RmaFactory(external_id="5001", currency="GBP")
    factories.RefundFactory(
        rma=rma,
        external_id="900777",
        amount=Decimal("46.00"),
        origin="storefront",
        processor="Shopify",
        parts=[
            {"component": "item", "line_id": "1", "amount": "40.00", "tax": "6.67"},
            {"component": "shipping", "line_id": "", "amount": "6.00", "tax": "0"},
        ],
        tenders=[{"kind": "gift_card", "amount": "46.00"}],
    )
    factories.RefundFactory(
        rma=rma,
        external_id="900778",
        amount=Decimal("5.00"),
        status="failed",
        status_raw="Declined",
        confirmed_at=None,
        origin="outside",
    )

    page = client.get(reverse("return-detail", args=[rma.pk])).content.decode()

    panel = page[page.index('id="refunds"') : page.index("</section>", page.index('id="refunds"'))]
    words = " ".join(strip_tags(panel).split())
    assert "Storefront, by Shopify" in words
    assert "Gift card £46.00" in words
    assert "Goods, order line 1 £40.00, of it tax £6.67" in words
    assert "Shipping £6.00" in words
    assert "Outside the platform" in words
    assert "Failed“Declined”" in words
    assert "Not known Not broken down" in words
    assert words.endswith("Confirmed£46.00")


def test_without_a_booked_credit_there_is_no_difference_to_show(client, cleo):
    page = client.get(reverse("return-detail", args=[RmaFactory().pk])).text

    assert '<td class="num quiet">No credit booked yet</td>' in page
