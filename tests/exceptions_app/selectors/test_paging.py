"""Pages by keyset: nothing twice, nothing left out, no place anybody could make up."""

from datetime import datetime
from decimal import Decimal

import pytest
from django.core import signing

from exceptions_app.models import Case
from exceptions_app.selectors import paging
from tests.factories import CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db

ORDER = ("-severity_rank", "-value", "id")


@pytest.fixture
def cases():
    """Seven rows with many equal sort values, in the order of the list."""
    rma = RmaFactory()
    group = CauseGroupFactory(bridge=rma.bridge)
    for severity, value in [("high", 5), ("low", 9), ("high", 5), ("high", 7), ("low", 9)] + [
        ("high", 5)
    ] * 2:
        CaseFactory(rma=rma, group=group, severity=severity, value=Decimal(value))
    return list(Case.objects.order_by(*ORDER))


def _walk(size, step="older", cursor=""):
    found = []
    while True:
        page = paging.page(Case.objects.all(), order=ORDER, cursor=cursor, size=size)
        found.append(list(page.rows))
        cursor = getattr(page, step)
        if not cursor:
            return found


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_walking_down_meets_every_row_once_in_order(cases, size):
    assert [row for page in _walk(size) for row in page] == cases


def test_walking_back_meets_the_same_pages(cases):
    pages = _walk(3)
    last = paging.page(Case.objects.all(), order=ORDER, size=3)
    for _ in pages[1:]:
        last = paging.page(Case.objects.all(), order=ORDER, cursor=last.older, size=3)

    back = _walk(3, "newer", last.newer)

    assert list(last.rows) == pages[-1]
    assert back == [pages[1], pages[0]]


def test_lists_counts_and_single_values_come_in_one_query(cases, django_assert_num_queries):
    found = Case.objects.filter(severity="low").order_by("pk").values("pk", "opened_at")
    with django_assert_num_queries(1):
        told = paging.answers(
            counted={"all": Case.objects.all()},
            single={"first": Case.objects.order_by("pk").values("pk")[:1]},
            listed={"low": found, "none": found.filter(value=1), "never": found.none()},
        )

    low = [{**row, "opened_at": datetime.fromisoformat(row["opened_at"])} for row in told["low"]]
    assert (told["all"], told["first"]) == (7, min(row.pk for row in cases))
    assert (low, told["none"], told["never"]) == (list(found), [], [])


def test_the_ends_have_no_way_on(cases):
    only = paging.page(Case.objects.all(), order=ORDER, size=7)

    assert (only.newer, only.older) == ("", "")


def test_a_row_that_arrives_meanwhile_shifts_nothing(cases):
    first = paging.page(Case.objects.all(), order=ORDER, size=3)
    CaseFactory(severity="critical")

    second = paging.page(Case.objects.all(), order=ORDER, cursor=first.older, size=3)

    assert list(second.rows) == cases[3:6]


@pytest.mark.parametrize("order", [ORDER, ("-value", "id")])
def test_a_cursor_that_was_changed_or_made_up_is_refused(cases, order):
    cursor = paging.page(Case.objects.all(), order=ORDER, size=2).older
    forged = signing.dumps([0, ["number", "1"]], salt="elsewhere")
    wrong = [cursor[:-1] + ("A" if cursor[-1] != "A" else "B"), forged, "x"]
    if order != ORDER:
        wrong.append(cursor)

    for each in wrong:
        with pytest.raises(paging.BadCursor):
            paging.page(Case.objects.all(), order=order, cursor=each)


def test_a_count_is_read_no_further_than_the_cap(cases, monkeypatch):
    monkeypatch.setattr(paging, "COUNT_CAP", 5)

    assert paging.count(Case.objects.all()) == 6
    assert paging.shown(6) == "5+"
    assert paging.shown(5) == "5"
