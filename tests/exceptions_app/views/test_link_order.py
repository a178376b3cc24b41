"""Linking the sales order: candidates with what tells them apart, a search, and only orders that
exist (R055)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse

from connectors.errors import RetryLater
from exceptions_app.forms.kinds import FORMS
from exceptions_app.models import Case, CreditTaking, Fix
from exceptions_app.selectors import order_candidates
from tests.cast import make_user
from tests.factories import (
    PostingFactory,
    RmaFactory,
    SalesOrderFactory,
    SalesOrderLineFactory,
)
from tests.world import make_order, make_world

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 20, 9, 0, tzinfo=UTC)


@pytest.fixture
def world():
    """Return 5001 names order SO-1, which the ERP does not have."""
    world = make_world()
    world.add_return()
    world.carry()
    return world


@pytest.fixture
def case(world):
    case = Case.objects.select_related("rma__bridge__erp", "bridge__erp").get(
        type="SO_LINK_MISSING"
    )
    case.rma.customer_email = "ann@example.com"
    case.rma.save(update_fields=["customer_email"])
    return case


def _order(case, number, *, customer="", quantity=1, taken=0, **values):
    """An order of the returned SKU; `customer` is the address of another return of it."""
    values = {"currency": case.rma.currency, "ordered_at": NOW.replace(day=1), **values}
    order = SalesOrderFactory(connection=case.rma.bridge.erp, number=number, **values)
    sku = case.rma.lines.get().sku
    line = SalesOrderLineFactory(order=order, sku=sku, quantity=quantity)
    if customer or taken:
        other = RmaFactory(bridge=case.rma.bridge, sales_order=order, customer_email=customer)
        if taken:
            _take(order, line, other, taken)
    return order


def _take(order, line, rma, units):
    posting = PostingFactory(rma=rma, kind="credit_memo", status="confirmed")
    CreditTaking.objects.create(
        posting=posting, order=order, order_line=line, units=units, net=0, tax=0
    )


def test_candidates_are_ranked_by_what_speaks_for_and_against_them_and_the_used_up_come_last(case):
    _order(case, "A-9", customer="ann@example.com", quantity=2, taken=1)
    _order(case, "B-9", customer="bob@example.com")
    _order(case, "C-9")
    _order(case, "D-9", customer="ann@example.com", taken=1)

    found = order_candidates.of(case.rma)

    assert [(row.number, row.customer, row.is_spent) for row in found.rows] == [
        ("A-9", "same", False),
        ("C-9", "", False),
        ("B-9", "other", False),
        ("D-9", "same", True),
    ]
    assert [(each.sold, each.left) for each in found.rows[0].goods] == [(2, 1)]
    assert found.rows[2].speaks_against == ("another customer's",)
    assert found.rows[3].speaks_against == ("nothing left to return",)
    assert found.best == "A-9"


def test_of_orders_that_nothing_tells_apart_none_is_proposed(case):
    _order(case, "C-9")
    _order(case, "E-9")

    form = FORMS["link_order"](kind="link_order", case=case, now=NOW)

    assert not form.initial.get("choice")
    assert [row["badge"] for row in form.described] == ["Possible", "Possible"]


def test_the_likeliest_order_is_named_with_its_days_and_not_ticked_for_anybody(case):
    case.rma.requested_at = NOW.replace(hour=23)
    _order(case, "A-9", customer="ann@example.com", ordered_at=NOW - timedelta(days=5))

    form = FORMS["link_order"](kind="link_order", case=case, now=NOW)
    empty = FORMS["link_order"]({}, kind="link_order", case=case, now=NOW)

    assert form.described[0]["badge"] == "Likeliest"
    assert "5 days before the return was asked for" in form.described[0]["text"]
    assert "choice" not in form.initial
    assert not empty.is_valid()
    assert dict(empty.errors) == {
        "note": ["Say why it is this order: whoever approves reads it."],
        "choice": ["Tick one, or type another order below."],
    }


def test_the_page_lists_each_candidate_once_and_shows_no_customer(client, case):
    _order(case, "B-9", customer="bob@example.com")
    client.force_login(make_user("finn"))

    page = client.get(reverse("case-detail", args=[case.pk])).text

    assert page.count("<b>B-9</b>") == 1
    assert "Customer: not this return&#x27;s" in page
    assert "Something speaks against each of these." in page
    assert "bob@example.com" not in page
    assert "?team=operations&amp;text=" in page


def test_the_search_finds_orders_by_number_customer_code_and_day(client, case):
    _order(case, "B-77", customer_code="C-5", ordered_at=NOW.replace(day=3))
    SalesOrderFactory(connection=case.rma.bridge.erp, number="X-1", ordered_at=NOW)
    client.force_login(make_user("finn"))
    url = reverse("case-detail", args=[case.pk])

    for search in ("b-7", "B-77", "C-5", "2026-05-03"):
        page = client.get(url, {"find": search}).text
        assert "<b>B-77</b>" in page, search
        assert "<b>X-1</b>" not in page, search
    assert "No order read so far answers to" in client.get(url, {"find": "Q-1"}).text


def test_a_found_order_stays_ticked_through_the_preview(client, case):
    other = SalesOrderFactory(connection=case.rma.bridge.erp, number="X-1", ordered_at=NOW)
    client.force_login(make_user("finn"))
    answers = {"kind": "link_order", "find": "X-1", "choice": "X-1", "note": "Told by the shop"}

    shown = client.post(reverse("fix-preview", args=[case.pk]), answers)

    assert shown.status_code == 200, shown.text
    assert f"{case.rma} is of order {other.number}: what it would do" in shown.text


def _ask(client, case, **answers):
    answers = {"kind": "link_order", "note": "Told by the shop", **answers}
    shown = client.post(reverse("fix-preview", args=[case.pk]), answers)
    offered = next((each for each in shown.context["offers"] if each.preview), None)
    if offered is None:
        return shown, None
    answers["previewed"] = offered.preview.digest
    return shown, client.post(reverse("fix-request", args=[case.pk]), answers)


def test_an_order_the_erp_does_not_have_is_refused(client, world, case):
    client.force_login(make_user("finn"))

    with world.connected():
        shown, _ = _ask(client, case, order_number="SO-77777")

    assert shown.status_code == 422
    assert f"{case.bridge.erp.name} has no order SO-77777." in shown.text
    assert not Fix.objects.exists()


def test_an_order_we_never_read_is_read_before_it_is_asked_for(client, world, case):
    world.erp.load({"orders": [make_order("SO-8")]})
    client.force_login(make_user("finn"))

    with world.connected():
        _, asked = _ask(client, case, order_number="so-8")

    assert asked.status_code == 302
    fix = Fix.objects.get()
    assert (fix.payload, fix.note) == ({"order_number": "SO-8"}, "Told by the shop")


def test_without_a_word_why_nothing_is_asked_for(client, case):
    _order(case, "B-9")
    client.force_login(make_user("finn"))

    shown, _ = _ask(client, case, choice="B-9", note=" ")

    assert shown.status_code == 422
    assert "Say why it is this order" in shown.text
    assert not Fix.objects.exists()


@pytest.fixture
def unreachable(monkeypatch):
    def fail(**asked):
        raise RetryLater("The host cannot be reached")

    monkeypatch.setattr("exceptions_app.services.reference.order_numbered", fail)


def test_what_cannot_be_checked_and_changes_nothing_is_asked_for_only_with_the_tick(
    client, case, unreachable
):
    client.force_login(make_user("finn"))

    shown, refused = _ask(client, case, order_number="SO-77777")

    doubt = f"{case.bridge.erp.name} cannot be asked just now, so SO-77777 could not be checked"
    assert doubt in shown.text
    # The world's clock stands still and the page's does not: the restock is late by now, too.
    still = f"{case.rma} stays blocked by restock that is late and missing sales order link."
    assert f"This would change nothing: {still}" in shown.text
    assert "By the same as now" in shown.text
    assert refused.status_code == 422
    assert not Fix.objects.exists()
    _, asked = _ask(client, case, order_number="SO-77777", in_spite="1")
    assert asked.status_code == 302
    assert doubt in client.get(reverse("fix-detail", args=[Fix.objects.get().pk])).text


def test_a_program_says_in_spite_where_the_page_asks_for_a_tick(client, case, unreachable):
    client.force_login(make_user("finn"))
    body = {
        "case_id": case.pk,
        "kind": "link_order",
        "payload": {"order_number": "SO-77777"},
        "note": "Told by the shop",
    }

    def call(**more):
        return client.post(
            reverse("api-fix-list"), {**body, **more}, content_type="application/json"
        )

    refused = call()

    assert refused.status_code == 422
    assert "This would change nothing" in refused.json()["error"]["text"]
    assert not Fix.objects.exists()
    assert call(note=" ", in_spite=True).status_code == 422
    assert call(in_spite=True).status_code == 201
