"""What leaves next, what waits, what changed and what is proved: exact, and one read each."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.models import AuditEntry
from exceptions_app.selectors import documents, news, operations, outlook, paging, proving, today
from exceptions_app.selectors.sums import Amount
from tests import factories
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def make_bridge(schedule, **values):
    return factories.BridgeFactory(policy={"schedule": schedule}, **values)


def _checks(rows, *, unknown=0):
    proofs = _news(feeds=rows).proofs
    return proving.checks(rows=rows, unknown=unknown, proofs=proofs, now=NOW)


def _schedules():
    return _news().schedules


def _news(user_id=0, **values):
    return news.news(**{"team": "cx", "user_id": user_id, "feeds": (), "now": NOW} | values)


def _customers(user_id=0):
    return news.customers(_news(user_id, has_customers=True).found)


def test_the_next_window_is_told_in_the_bridges_own_zone():
    make_bridge({"credit_memo": "14:00-15:00"})

    (row,) = _schedules()

    assert row.opens_at == NOW.replace(hour=13, minute=0)
    assert (row.kind, row.is_open, row.erp) == ("credit_memo", False, "BlueCherry")


def test_an_open_window_says_so_a_run_has_no_moment_and_immediate_is_left_out():
    make_bridge({"credit_memo": "10:00-11:00"}, name="A")
    make_bridge({"credit_memo": "run", "stock_receipt": "immediate"}, name="B")
    make_bridge({"credit_memo": "run"}, name="C", is_active=False)

    rows = _schedules()

    assert [(row.bridge, row.opens_at, row.is_open) for row in rows] == [
        ("A", NOW, True),
        ("B", None, False),
    ]


def test_only_what_needs_nobody_waits():
    bridge = factories.BridgeFactory()

    def add(status, gross="1.00", **values):
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=bridge), status=status, gross=Decimal(gross), **values
        )

    opens = NOW + timedelta(hours=2)
    add("held", "4.00", hold_reason="window", hold_until=opens)
    add("held", "6.00", hold_reason="window", hold_until=opens + timedelta(hours=1))
    add("held", "2.00", hold_reason="window", currency="EUR", hold_until=opens)
    add("held", "3.00", hold_reason="run")
    add("ready")
    add("held", hold_reason="manual")
    add("blocked")
    add("failed")
    add("unconfirmed")
    add("posted", open_type="SILENT_SUCCESS")

    window, *others = outlook.waiting(documents.in_sums())

    assert (window.reason, window.count, window.until) == ("window", 3, opens)
    assert window.values == (Amount(Decimal("2.00"), "EUR"), Amount(Decimal("10.00"), "GBP"))
    assert sorted(row.reason for row in others) == ["ready", "run"]


def test_runs_that_wait_are_kept_apart_by_currency():
    rma = factories.RmaFactory()
    for currency in ("GBP", "EUR"):
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=rma.bridge),
            status="held",
            hold_reason="run",
            currency=currency,
        )

    rows = outlook.waiting_runs(documents.in_sums())

    assert [(row.currency, row.count, row.total) for row in rows] == [
        ("EUR", 1, Decimal("20.00")),
        ("GBP", 1, Decimal("20.00")),
    ]


def test_what_changed_since_is_counted_by_how():
    late, early = NOW - timedelta(hours=1), NOW - timedelta(days=3)

    def add(**values):
        return factories.CaseFactory(team="cx", **{"opened_at": early, **values})

    add(opened_at=late, value=Decimal(2))
    add(opened_at=late, status="resolved", resolved_at=NOW, closure="proof", value=Decimal(3))
    add(status="resolved", resolved_at=NOW, closure="by_hand", value=Decimal(5), currency="EUR")
    add(status="resolved", resolved_at=early, closure="proof")
    back = add(reopened_count=1, value=Decimal(7))
    add(reopened_count=1)
    factories.CaseFactory(team="finance", opened_at=late)
    for case, at in ((back, late), (back, NOW)):
        AuditEntry.objects.create(
            at=at,
            actor="x",
            act="case.reopen",
            subject_kind="case",
            subject_id=case.pk,
            subject_label="x",
            case_id=case.pk,
            text="back",
        )

    rows = _news().changes

    assert [(row.label, row.count, row.values) for row in rows] == [
        ("New", 2, (Amount(Decimal(5), "GBP"),)),
        ("Closed by proof", 1, (Amount(Decimal(3), "GBP"),)),
        ("Closed by a person", 1, (Amount(Decimal(5), "EUR"),)),
        ("Came back", 1, (Amount(Decimal(7), "GBP"),)),
    ]


def test_a_feed_is_as_old_as_its_oldest_part():
    source = factories.ConnectionFactory(name="A")
    factories.ConnectionFactory(name="B")
    factories.WatermarkFactory(connection=source, feed="rmas")
    factories.WatermarkFactory(connection=source, feed="refunds", read_at=NOW - timedelta(hours=3))
    # Looked at again, now and then: that is no reading of news.
    for feed in ("gaps", "item-checks", "rereads"):
        factories.WatermarkFactory(connection=source, feed=feed, read_at=NOW - timedelta(days=1))

    rows = proving.feeds()

    assert [(row.connection.name, row.as_of) for row in rows] == [
        ("A", NOW - timedelta(hours=3)),
        ("B", None),
    ]


ANSWERED = "Every connection answered in the last 24 hours"


@pytest.mark.parametrize(
    ("health", "figure"),
    [
        pytest.param({"last_ok_at": NOW - timedelta(hours=23)}, "1 of 1", id="answered lately"),
        pytest.param({"last_ok_at": None}, "0 of 1", id="nobody asked yet"),
        pytest.param({"last_ok_at": NOW - timedelta(hours=25)}, "0 of 1", id="answered long ago"),
        pytest.param({"last_ok_at": NOW, "refused_at": NOW}, "0 of 1", id="refused us since"),
        pytest.param({"last_ok_at": NOW, "state": "open"}, "0 of 1", id="paused"),
    ],
)
def test_a_connection_answers_only_when_it_answered(health, figure):
    factories.HealthFactory(connection=factories.ConnectionFactory(), **health)

    check, *_ = _checks(proving.feeds())

    assert (check.text, check.figure) == (ANSWERED, figure)
    assert check.is_green == (figure == "1 of 1")


def test_a_house_without_connections_proves_nothing():
    check, *_ = _checks(())

    assert (check.figure, check.is_green, check.at) == ("0 of 0", False, None)


def test_a_check_is_green_only_with_its_proof():
    factories.HealthFactory(connection=factories.ConnectionFactory())
    factories.PostingFactory(confirmed_at=NOW - timedelta(hours=2))
    factories.PostingFactory(confirmed_at=NOW - timedelta(hours=30))

    checks = {check.text: check for check in _checks(proving.feeds(), unknown=1)}

    # The postings' bridges brought connections that never answered.
    assert not checks[ANSWERED].is_green
    assert not checks["No document has an unknown outcome"].is_green
    memos = checks["Credit memos confirmed in the last 24 hours"]
    assert (memos.figure, memos.is_green, memos.at) == ("1", True, NOW - timedelta(hours=2))
    receipts = checks["Stock receipts confirmed in the last 24 hours"]
    assert (receipts.figure, receipts.is_green, receipts.at) == ("0", False, None)


def test_what_customers_wait_for_is_counted_once_per_return_and_team():
    rma = factories.RmaFactory(money="pending")
    factories.RmaFactory(money="failed")
    factories.CaseFactory.create_batch(2, rma=rma, team="finance")
    factories.CaseFactory(rma=rma, team="warehouse")
    factories.CaseFactory.create_batch(2, team="cx", rma__money="confirmed")
    factories.CaseFactory(team="cx", rma=rma, snoozed_until=NOW + timedelta(days=1))

    assert _customers() == news.Customers(
        refund_pending=1,
        refund_failed=1,
        held=(news.Held("cx", 3, 1), news.Held("finance", 1, 1)),
    )


def test_no_customer_is_held_up_where_nothing_is_open():
    factories.CaseFactory(team="cx", status="resolved")

    assert _customers().held == ()


def test_counts_of_returns_end_where_every_count_ends(monkeypatch):
    monkeypatch.setattr(paging, "COUNT_CAP", 1)
    rma = factories.RmaFactory(money="none")
    factories.CaseFactory.create_batch(2, rma=rma, team="cx")
    # A statement is kept for each person: nobody else meets this limit.
    few = _customers(user_id=-1).held
    factories.CaseFactory.create_batch(2, team="cx", rma__money="none")

    many = _customers(user_id=-1).held

    assert (few, many) == ((news.Held("cx", 1, 1),), (news.Held("cx", 2, 2),))


def test_the_backlog_names_the_oldest_of_what_is_due():
    old = NOW - timedelta(hours=2)
    factories.InboundEventFactory(state="new", received_at=old)
    factories.InboundEventFactory(state="new", not_before=NOW + timedelta(hours=1))
    factories.RmaFactory(plan_due_at=old)
    factories.RmaFactory(plan_due_at=NOW + timedelta(minutes=1))
    factories.PostingFactory(status="ready", not_before=old)
    factories.PostingFactory(status="unconfirmed", unknown_since=old)

    rows = operations.backlog(now=NOW)

    assert [(row.count, row.oldest) for row in rows] == [(1, old)] * 4


def test_a_worker_without_a_sign_for_three_minutes_is_late():
    model = operations.Heartbeat
    for queue, ago in (("post", 4), ("plan", 1)):
        model.objects.create(queue=queue, beat_at=NOW - timedelta(minutes=ago), process_id=1)

    rows = operations.heartbeats(now=NOW)

    assert [(row.queue, row.is_late) for row in rows] == [("plan", False), ("post", True)]


def test_today_costs_the_same_reads_for_10_and_1000_rows():
    bridge = factories.BridgeFactory()
    rma = factories.RmaFactory(bridge=bridge, money="pending")
    group = factories.CauseGroupFactory(bridge=bridge)
    draft = factories.PostingFactory(rma=rma).draft

    def cost():
        with CaptureQueriesContext(database) as captured:
            today.queue(team="finance", now=NOW)
            feeds = proving.feeds()
            told = _news(team="finance", feeds=feeds, has_customers=True)
            news.customers(told.found)
            proving.checks(rows=feeds, unknown=0, proofs=told.proofs, now=NOW)
            outlook.waiting(documents.in_sums())
            outlook.waiting_runs(documents.in_sums())
            operations.backlog(now=NOW)
        return len(captured)

    def add(count):
        factories.CaseFactory._meta.model.objects.bulk_create(
            factories.CaseFactory.build(rma=rma, bridge=bridge, group=group, team="finance")
            for _ in range(count)
        )
        factories.PostingFactory._meta.model.objects.bulk_create(
            factories.PostingFactory.build(
                rma=rma,
                bridge=bridge,
                connection=bridge.erp,
                draft=draft,
                status="held",
                hold_reason="run",
            )
            for _ in range(count)
        )

    add(10)
    few = cost()
    add(1_000)

    assert cost() == few
