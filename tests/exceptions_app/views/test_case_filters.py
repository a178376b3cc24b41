"""Exceptions narrowed by clock, age, value and several types at once: page, views, API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from exceptions_app.filters import CaseFilter
from exceptions_app.models import Case
from exceptions_app.selectors.cases import QUEUE_ORDER
from tests import plans
from tests.bench import crowd
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def mira(client):
    client.force_login(make_user("mira"))
    return client


def found(asked):
    narrowed = CaseFilter(QueryDict(asked), queryset=Case.objects.all())
    assert narrowed.is_valid(), narrowed.errors
    return set(narrowed.qs)


def typed(code, **values):
    return CaseFactory(group=CauseGroupFactory(type=code), **values)


def test_overdue_ones_are_open_and_their_clock_runs():
    now = timezone.now()
    late = CaseFactory(due_at=now - DAY)
    CaseFactory(due_at=now + DAY)
    CaseFactory(due_at=now - DAY, paused_until=now + DAY)
    ran_on = CaseFactory(due_at=now - DAY, paused_until=now - timedelta(hours=1))
    CaseFactory(due_at=now - DAY, status="resolved", closure="proof", resolved_at=NOW)

    assert found("due=over") == found("due=over&status=any") == {late, ran_on}


def test_age_is_how_long_ago_it_was_opened():
    now = timezone.now()
    old, older = (CaseFactory(opened_at=now - DAY * days) for days in (3, 15))

    assert [found(f"age={days}") for days in (2, 7, 14, 30)] == [
        {old, older},
        {older},
        {older},
        set(),
    ]


def test_value_is_compared_in_the_currency_of_each_unless_one_is_chosen():
    pounds, less = CaseFactory(value=Decimal(500)), CaseFactory(value=Decimal("499.99"))
    yen = CaseFactory(value=Decimal(900), currency="JPY")

    assert found("value_from=500") == {pounds, yen}
    assert found("value_from=500&currency=gbp") == {pounds}
    assert found("currency=GBP") == found("currency=GBP&value_from=0") == {pounds, less}


def test_several_types_and_severities_are_any_of_them():
    one, two = typed("SKU_UNKNOWN", severity="high"), typed("SKU_INACTIVE", severity="low")
    typed("BUNDLE_PARTIAL", severity="high")

    assert found("type=SKU_UNKNOWN&type=SKU_INACTIVE") == {one, two}
    assert found("type=SKU_UNKNOWN&type=SKU_INACTIVE&severity=low&severity=medium") == {two}
    assert found("type=SKU_UNKNOWN&type=") == {one}


@pytest.mark.parametrize("wrong", ["value_from=-1", "currency=pounds", "type=NONE", "age=3"])
def test_what_no_filter_knows_narrows_nothing_and_is_said(mira, wrong):
    CaseFactory()

    page = mira.get(f"{reverse('case-list')}?{wrong}&type=SKU_UNKNOWN")

    assert (page.context["page"].rows, page.context["totals"].count) == ((), 0)
    assert "not one we know" in page.text
    # What was right stays in the form.
    assert '<input type="hidden" name="type" value="SKU_UNKNOWN">' in page.text


@pytest.mark.parametrize("view", ["", "list"])
def test_a_list_of_overdue_ones_above_a_value_counts_them_and_shows_what_it_asks(mira, view):
    now = timezone.now()
    kept = typed("SKU_UNKNOWN", due_at=now - DAY, value=Decimal(600))
    typed("SKU_UNKNOWN", due_at=now - DAY, value=Decimal(20))
    typed("BUNDLE_PARTIAL", due_at=now - DAY, value=Decimal(700))

    asked = "due=over&value_from=500&currency=GBP&type=SKU_UNKNOWN&type=SKU_INACTIVE"
    page = mira.get(f"{reverse('case-list')}?view={view}&{asked}")

    totals = page.context["totals"]
    assert (totals.count, [each.amount for each in totals.values]) == (1, [Decimal(600)])
    rows = page.context["page"].rows
    assert [row.pk for row in rows] == [kept.pk if view else kept.group_id]
    chips = {(chip["name"], chip["value"]): chip["remove_url"] for chip in page.context["chips"]}
    assert list(chips)[2:] == [
        ("Clock", "Overdue"),
        ("At risk from", "500"),
        ("Currency", "GBP"),
    ]
    only = [url for (name, _), url in chips.items() if name == "Type"]
    assert [url.count("type=") for url in only] == [1, 1]
    # The page of one exception carries both on, and the form keeps them.
    assert page.context["carried"].count("type=") == 2
    assert page.text.count('<input type="hidden" name="type"') == 2


def test_a_saved_view_keeps_several_and_counts_what_it_holds(mira):
    typed("SKU_UNKNOWN", value=Decimal(600))
    typed("SKU_INACTIVE", value=Decimal(600))
    typed("BUNDLE_PARTIAL", value=Decimal(700))
    query = "type=SKU_UNKNOWN&type=SKU_INACTIVE&value_from=500"
    mira.post(reverse("view-save"), {"page": "case-list", "name": "Dear items", "query": query})

    (view,) = mira.get(reverse("case-list"), {"view": "all"}).context["saved"]["views"]

    assert (view["name"], view["count"]) == ("Dear items", "2")
    assert view["url"].count("type=") == 2


def test_programs_ask_with_the_same_words(mira):
    kept = typed("SKU_UNKNOWN", value=Decimal(600))
    typed("BUNDLE_PARTIAL", value=Decimal(20))

    asked = "type=SKU_UNKNOWN&type=BUNDLE_PARTIAL&value_from=500&currency=GBP"
    answer = mira.get(f"/api/v1/cases/?{asked}")
    wrong = mira.get("/api/v1/cases/?due=never")

    assert [row["id"] for row in answer.json()["results"]] == [kept.pk]
    assert wrong.status_code == 400


@pytest.mark.parametrize(
    "asked", ["due=over", "age=7", "value_from=500&currency=GBP", "severity=high&severity=low"]
)
def test_no_narrowed_list_leaves_the_indexes_of_what_is_open(asked):
    crowd.fill(100)
    rows = CaseFilter(QueryDict(asked), queryset=Case.objects.all()).qs

    assert plans.indexes_of(rows.order_by(*QUEUE_ORDER)[:31]) <= {"case_to_do_first", "case_first"}
    assert plans.indexes_of(rows.order_by().values("pk")[:1001]) <= OPEN_INDEXES


# Each holds open exceptions only, so that no closed one is ever walked past.
OPEN_INDEXES = {
    index.name
    for index in Case._meta.indexes
    if index.condition is not None and "status__in" in str(index.condition)
}
