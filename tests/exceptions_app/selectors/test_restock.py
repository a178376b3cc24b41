"""Units by bucket: what the mappings say of each grade, in their currencies, and who waits."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.selectors import paging, restock
from exceptions_app.selectors.sums import Amount
from tests import factories, plans
from tests.bench import crowd
from tests.factories import NOW

pytestmark = pytest.mark.django_db

SINCE = NOW - timedelta(days=7)


@pytest.fixture
def bridge():
    bridge = factories.BridgeFactory()
    for word, bucket in (
        ("restockable", "saleable"),
        ("not_restockable", "quarantine"),
        ("to mend", "repair"),
        ("keep", "none"),
    ):
        factories.MappingFactory(
            bridge=bridge, kind="disposition", source_value=word, target={"bucket": bucket}
        )
    return bridge


def grade(bridge, disposition, *, rma=None, **values):
    rma = rma or factories.RmaFactory(bridge=bridge)
    return factories.RmaLineFactory(rma=rma, disposition=disposition, **values)


def told(**asked):
    return [
        (each.code, each.units, each.is_waiting)
        for each in restock.buckets(restock.graded(since=SINCE, **asked))
    ]


def test_units_stand_in_the_bucket_their_bridge_says_and_those_that_wait_stand_first(bridge):
    grade(bridge, "restockable", quantity=3)
    grade(bridge, "Not_Restockable ", quantity=2)
    grade(bridge, "to mend")
    grade(bridge, "keep")
    grade(bridge, "torn")
    other = factories.BridgeFactory()
    grade(other, "to mend", quantity=9)

    assert told(bridge=bridge.code) == [
        ("quarantine", 2, True),
        ("repair", 1, True),
        ("saleable", 3, False),
        ("none", 1, False),
        ("unmapped", 1, False),
    ]
    # Nobody said what the same word means for the other bridge.
    assert told(bridge=other.code) == [("unmapped", 9, False)]
    assert told(bridge="gone") == []


def test_what_is_not_final_called_off_or_older_is_left_out(bridge):
    grade(bridge, "", disposition_at=None)
    grade(bridge, "not_restockable", disposition_at=NOW - timedelta(days=8))
    for end in ("refused", "cancelled"):
        grade(bridge, "not_restockable", rma=factories.RmaFactory(bridge=bridge, approval=end))

    assert told() == []


def test_currencies_stay_apart_and_tax_left_out_of_a_price_is_added(bridge):
    pounds = factories.RmaFactory(bridge=bridge)
    euros = factories.RmaFactory(bridge=bridge, currency="EUR")
    grade(bridge, "not_restockable", rma=pounds, quantity=2)
    taxed = grade(bridge, "not_restockable", rma=euros, is_tax_included=False)
    unknown = grade(bridge, "not_restockable", rma=pounds, unit_price=None)

    rows = restock.graded(since=SINCE)
    (quarantine,) = restock.buckets(rows)
    paid = {line.pk: line.paid for line in restock.lines(rows, [quarantine])}

    assert quarantine.values == (
        Amount(Decimal("23.33"), "EUR"),
        Amount(Decimal("40.00"), "GBP"),
    )
    assert (paid[taxed.pk], paid[unknown.pk]) == (Decimal("23.33"), None)


def test_a_bucket_lists_its_lines_only(bridge):
    waits = grade(bridge, "not_restockable")
    grade(bridge, "restockable")
    grade(factories.BridgeFactory(), "not_restockable")

    rows = restock.graded(since=SINCE)
    chosen = [each for each in restock.buckets(rows) if each.is_waiting]
    (line,) = restock.lines(rows, chosen)

    assert line == waits
    assert restock.bucket_of(line, chosen).code == "quarantine"
    assert not restock.lines(rows, [])


def test_the_reads_cost_the_same_for_few_and_for_many(bridge, django_assert_num_queries):
    for _ in range(12):
        grade(bridge, "not_restockable")

    with django_assert_num_queries(3):
        rows = restock.graded(since=SINCE)
        chosen = restock.buckets(rows)
        for line in restock.lines(rows, chosen).order_by(*restock.ORDER):
            assert line.rma.bridge.source.name


def test_a_period_is_read_from_its_own_lines_and_not_from_the_history(bridge):
    rma = factories.RmaFactory(bridge=bridge)
    old = factories.RmaLineFactory(
        rma=rma, disposition="not_restockable", disposition_at=NOW - timedelta(days=400)
    )
    type(old).objects.bulk_create(crowd.like(old, line_no=1_000 + n) for n in range(3_000))
    waits = [grade(bridge, "not_restockable", rma=rma) for _ in range(3)]
    plans.analyse()

    with CaptureQueriesContext(database) as captured:
        rows = restock.graded(since=SINCE)
        found = restock.lines(rows, restock.buckets(rows))
        page = paging.page(found, order=restock.ORDER)

    assert list(page.rows) == waits
    assert plans.rows_read(row["sql"] for row in captured.captured_queries) < 100


def test_what_waits_is_found_whenever_and_however_it_was_spelled(bridge):
    old = grade(bridge, "Not_Restockable ", disposition_at=NOW - timedelta(days=400))
    mend = grade(bridge, "to mend", disposition_at=NOW - timedelta(days=90))
    grade(bridge, "restockable", disposition_at=NOW - timedelta(days=90))
    grade(factories.BridgeFactory(), "to mend")
    dead = factories.RmaFactory(bridge=bridge, approval="cancelled")
    grade(bridge, "to mend", rma=dead)

    def listed(code=""):
        found = restock.lines(restock.graded(), restock.waiting(code=code))
        return list(found.order_by(*restock.ORDER))

    assert listed() == [old, mend]
    assert listed("repair") == [mend]
    assert restock.waiting(code="saleable") == []


def test_a_few_that_wait_are_read_without_walking_all_that_was_decided(bridge):
    rma = factories.RmaFactory(bridge=bridge)
    sold = factories.RmaLineFactory(rma=rma, disposition="restockable")
    type(sold).objects.bulk_create(crowd.like(sold, line_no=1_000 + n) for n in range(3_000))
    old = NOW - timedelta(days=400)
    waits = [grade(bridge, "to mend", rma=rma, disposition_at=old) for _ in range(3)]
    plans.analyse()

    with CaptureQueriesContext(database) as captured:
        found = restock.lines(restock.graded(), restock.waiting())
        page = paging.page(found, order=restock.ORDER)

    assert list(page.rows) == waits
    assert plans.rows_read(row["sql"] for row in captured.captured_queries) < 100
