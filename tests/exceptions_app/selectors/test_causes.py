"""Exceptions by cause: exact figures, who waits for a refund, and what the database reads."""

from collections import Counter
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.models import Case, Posting
from exceptions_app.selectors import cases as cases_selector
from exceptions_app.selectors import causes, documents, mappings, outlook, today, trends
from exceptions_app.selectors.counts import Scope
from exceptions_app.selectors.sums import Amount
from tests import plans
from tests.bench import crowd
from tests.cast import make_user
from tests.factories import (
    NOW,
    CaseFactory,
    CauseGroupFactory,
    InboundEventFactory,
    RmaFactory,
)

pytestmark = pytest.mark.django_db


def _page(**options):
    return causes.page(cases_selector.open_cases(), **options)


def test_a_cause_tells_count_money_owner_clock_and_who_waits():
    group = CauseGroupFactory(title="Nobody knows SKU MUG")
    mira = make_user("mira")
    waits = RmaFactory(bridge=group.bridge, money="pending")
    paid = RmaFactory(bridge=group.bridge, money="confirmed")
    early = NOW - timedelta(days=3)
    CaseFactory(group=group, rma=waits, value=Decimal("1.50"), assignee=mira, severity="low")
    CaseFactory(group=group, currency="EUR", value=Decimal(2), opened_at=early, rma__money="none")
    CaseFactory(group=group, rma=paid, value=Decimal(4), severity="critical", due_at=early)
    CaseFactory(group=group, rma=paid, status="resolved", value=Decimal(99))

    (row,) = _page().rows

    assert (row.title, row.type, row.bridge) == (group.title, group.type, group.bridge.name)
    assert (row.count, row.assigned, row.owner, row.team) == (3, 1, "Mira", "Merchandising")
    assert row.values == (Amount(Decimal(2), "EUR"), Amount(Decimal("5.50"), "GBP"))
    assert (row.severity, row.oldest, row.due_at) == ("critical", early, early)
    assert row.waiting == 2
    assert row.trend is None


def test_a_cause_that_two_people_share_names_how_many():
    group = CauseGroupFactory()
    for name in ("mira", "mona"):
        CaseFactory(group=group, assignee=make_user(name))
    nobody = CaseFactory()

    owners = {row.pk: row.owner for row in _page().rows}

    assert owners == {group.pk: "2 people", nobody.group_id: ""}


def test_an_export_holds_every_cause_once_in_the_order_of_the_screen():
    large = CaseFactory(value=Decimal(9), due_at=NOW + timedelta(hours=9))
    small = CaseFactory(value=Decimal(1))
    CaseFactory(group=small.group)

    rows = list(causes.every(cases_selector.open_cases(), now=NOW))

    assert [(row.pk, row.count) for row in rows] == [(small.group_id, 2), (large.group_id, 1)]


# --- Who waits for a refund --------------------------------------------------------------------


def _unpaid(case):
    return Case.objects.values_list("is_unpaid", flat=True).get(pk=case.pk)


def test_a_case_follows_its_returns_refund_whoever_writes():
    rma = RmaFactory(money="none")
    other = CaseFactory(rma=RmaFactory(money="none"))
    case = CaseFactory(rma=rma)
    assert _unpaid(case)

    rma.money = "confirmed"
    rma.save(update_fields=["money"])
    assert not _unpaid(case)

    type(rma).objects.filter(pk=rma.pk).update(money="failed")
    assert _unpaid(case)
    assert _unpaid(other)


def test_a_case_without_a_return_waits_for_no_refund_and_none_can_be_claimed():
    alone = CaseFactory(rma=None, bridge=None, group__bridge=None, event=InboundEventFactory())
    paid = CaseFactory(rma__money="confirmed")

    Case.objects.update(is_unpaid=True)

    assert not _unpaid(alone)
    assert not _unpaid(paid)


def test_who_waits_is_what_the_returns_themselves_say():
    """Built anew from the returns, the column holds what it holds (decision 0011)."""
    rmas = [RmaFactory(money=money) for money in ("none", "pending", "failed", "confirmed")]
    for number in range(12):
        CaseFactory(rma=rmas[number % 4])
    for rma in rmas:
        type(rma).objects.filter(pk=rma.pk).update(money="confirmed" if rma.pk % 2 else "pending")

    kept = dict(Case.objects.values_list("pk", "is_unpaid"))

    truth = {pk: money != "confirmed" for pk, money in Case.objects.values_list("pk", "rma__money")}
    assert kept == truth


# --- What is read ------------------------------------------------------------------------------


def _reads(read):
    """The scans of exceptions and documents behind `read`: {(kind, index): rows looked at}."""
    with CaptureQueriesContext(database) as asked:
        read()
    found = Counter()
    for row in asked.captured_queries:
        if row["sql"].lstrip().startswith(("SELECT", "(SELECT", "WITH")):
            for node in plans.nodes(plans.plan(row["sql"])):
                if node.get("Relation Name") in ("exceptions_app_case", "exceptions_app_posting"):
                    found[node["Node Type"], node.get("Index Name")] += plans.touched(node)
    return found


def _crowd():
    crowd.fill(3_000)
    plans.analyse()
    with database.cursor() as cursor:
        # What is right for a small table is not for a large one, and no vacuum can see these rows.
        cursor.execute("UPDATE pg_class SET relallvisible = relpages WHERE relkind = 'r'")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL random_page_cost = 1")


def test_sums_over_what_is_open_read_an_index_and_nothing_else():
    _crowd()
    bridge = Case.objects.first().bridge
    of_postings = ("Index Only Scan", "posting_open_oldest")

    found = {
        "narrowed by words": _reads(_page),
        "whom a mapping touches": _reads(
            lambda: list(mappings.touched_by(bridge=bridge, kind="sku_alias", keys={"mug"}))
        ),
    }

    assert {what: set(scans) for what, scans in found.items()} == {
        "narrowed by words": {("Index Only Scan", "case_open_sums")},
        "whom a mapping touches": {("Index Only Scan", "case_open_by_return"), of_postings},
    }


def test_figures_over_what_is_open_read_no_more_than_two_exceptions_of_each_cause():
    """Of 3,000 that are open in 5 causes, beside 3,000 documents of one kind (decision 0014)."""
    _crowd()
    Posting.objects.update(status="ready")
    scope = Scope(NOW)

    found = {
        "causes": _reads(lambda: causes.page(Case.objects.none(), scope=scope)),
        "tabs": _reads(lambda: cases_selector.tabs(user_id=1, now=NOW)),
        "today": _reads(lambda: today.queue(team="merchandising", now=NOW)),
        "documents": _reads(documents.in_sums),
    }

    looked_up = {
        ("Index Only Scan", "case_open_due"): 5,
        ("Index Only Scan", "case_open_oldest"): 5,
    }
    once_more = {("Index Only Scan", "case_open_oldest"): 10}
    assert {what: +scans for what, scans in found.items()} == {
        "causes": looked_up,
        "tabs": {},
        "today": looked_up | once_more,
        "documents": {("Index Only Scan", "posting_open_oldest"): 1},
    }


def test_what_changed_and_the_trend_never_walk_the_history():
    crowd.fill(100)
    early = NOW - timedelta(days=100)
    closed = {"status": "resolved", "closure": "proof", "opened_at": early, "resolved_at": early}
    known = Case.objects.first()
    Case.objects.bulk_create(
        crowd.like(known, fingerprint=f"closed-{number}", **closed) for number in range(2_000)
    )
    plans.analyse()

    with CaptureQueriesContext(database) as asked:
        trends.of_groups([known.group_id], now=NOW)
        list(outlook.moved(team=known.team, since=NOW - timedelta(days=1)))

    # The hundred that are open, by index and by row.
    assert max(plans.rows_read([row["sql"]]) for row in asked.captured_queries) <= 210
