"""Finance's figures: directions and currencies apart, runs as far as they are."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from exceptions_app.models import CreditRun
from exceptions_app.selectors import accepted, documents, finance, runs
from exceptions_app.selectors.finance import Direction
from exceptions_app.selectors.sums import Amount
from tests import factories
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db


def make_difference(difference, *, group=None, kind="REFUND_CM_MISMATCH", **values):
    group = group or factories.CauseGroupFactory(type=kind)
    fact = {"REFUND_OVER_LINE": "excess", "REFUND_NO_CM": "refund"}.get(kind, "difference")
    return factories.CaseFactory(
        group=group,
        team="finance",
        facts={fact: difference},
        value=abs(Decimal(difference)) if difference.strip("-").replace(".", "").isdigit() else 0,
        **values,
    )


def test_what_refunds_and_credits_are_more_never_cancels_out():
    group = factories.CauseGroupFactory(type="REFUND_CM_MISMATCH")
    for difference in ("3.20", "-5.00", "1.00"):
        make_difference(difference, group=group)

    (row,) = finance.differences(finance.open_cases(now=NOW)).rows

    assert row.more == (Direction("GBP", Decimal("4.20"), Decimal("5.00")),)
    assert row.values == (Amount(Decimal("9.20"), "GBP"),)
    assert row.count == 3


def test_currencies_are_kept_apart():
    group = factories.CauseGroupFactory(type="REFUND_CM_MISMATCH")
    make_difference("3.00", group=group)
    make_difference("2.00", group=group, currency="EUR")

    figures = finance.figures(finance.by_cause(finance.open_cases(now=NOW)))

    assert figures.values == (Amount(Decimal("2.00"), "EUR"), Amount(Decimal("3.00"), "GBP"))
    assert figures.more == (
        Direction("EUR", Decimal("2.00"), Decimal(0)),
        Direction("GBP", Decimal("3.00"), Decimal(0)),
    )
    assert (figures.causes, figures.count) == (1, 2)


@pytest.mark.parametrize("kind", ["REFUND_OVER_LINE", "REFUND_NO_CM"])
def test_what_was_paid_too_much_or_never_credited_is_what_the_refund_is_more(kind):
    make_difference("7.50", kind=kind)

    (row,) = finance.differences(finance.open_cases(now=NOW)).rows

    assert row.more == (Direction("GBP", Decimal("7.50"), Decimal(0)),)


@pytest.mark.parametrize(("kind", "text"), [("REFUND_CM_MISMATCH", "lots"), ("VAT_SETTING", "3")])
def test_what_cannot_be_compared_states_no_difference(kind, text):
    make_difference(text, kind=kind)

    (row,) = finance.differences(finance.open_cases(now=NOW)).rows

    assert row.more == ()


def test_what_is_late_stands_first_and_other_teams_and_put_off_ones_are_left_out():
    large = make_difference("9.00", due_at=NOW + timedelta(hours=2))
    small = make_difference("1.00", due_at=NOW - timedelta(hours=2))
    grave = make_difference("2.00", severity="critical")
    make_difference("50.00", snoozed_until=NOW + timedelta(hours=1))
    factories.CaseFactory(team="cx", value=Decimal(99))

    rows = finance.differences(finance.open_cases(now=NOW)).rows

    assert [row.group_id for row in rows] == [grave.group_id, small.group_id, large.group_id]


def test_waiting_credits_are_grouped_by_what_they_wait_for():
    rma = factories.RmaFactory()

    def add(status, gross, **values):
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=rma.bridge),
            status=status,
            gross=Decimal(gross),
            **values,
        )

    add("held", "10.00", hold_reason="run")
    add("held", "5.00", hold_reason="run")
    add("held", "7.00", hold_reason="run", currency="EUR")
    add("blocked", "3.00")
    add("posted", "2.00", open_type="SILENT_SUCCESS")
    add("confirmed", "99.00")

    rows = finance.waiting(documents.in_sums())

    assert [(row.status, row.currency, row.count, row.total) for row in rows] == [
        ("blocked", "GBP", 1, Decimal("3.00")),
        ("held", "EUR", 1, Decimal("7.00")),
        ("held", "GBP", 2, Decimal("15.00")),
        ("posted", "GBP", 1, Decimal("2.00")),
    ]
    assert [row.is_late_only for row in rows] == [False, True, True, False]
    assert [row.label for row in rows] == [
        "Blocked by an exception",
        "Waits for a credit run",
        "Waits for a credit run",
        "Sent, with an exception",
    ]
    assert finance.sums_of(rows) == (
        Amount(Decimal("7.00"), "EUR"),
        Amount(Decimal("20.00"), "GBP"),
    )


def test_a_run_says_how_far_its_credits_are():
    run = factories.CreditRunFactory(count=6, total=Decimal("60.00"))
    for status in ("confirmed", "failed", "blocked", "unconfirmed", "ready", "cancelled"):
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=run.bridge),
            run=run,
            status=status,
            gross=Decimal("10.00"),
        )

    row = runs.one(run_id=run.pk)

    assert row == runs.RunRow(
        run=run,
        confirmed=1,
        confirmed_total=Decimal("10.00"),
        failed=2,
        unknown=1,
        under_way=1,
        left=1,
    )
    with pytest.raises(CreditRun.DoesNotExist):
        runs.one(run_id=run.pk + 1)


def test_a_ready_run_states_count_sum_dates_and_where_it_ends():
    bridge = factories.BridgeFactory()
    rows = [
        factories.PostingFactory(
            rma=factories.RmaFactory(bridge=bridge),
            status="held",
            hold_reason="run",
            gross=Decimal("12.50"),
        )
        for _ in range(2)
    ]
    factories.PostingFactory(
        rma=factories.RmaFactory(bridge=bridge), status="held", hold_reason="window"
    )

    ready = runs.ready(bridge=bridge, currency="GBP")

    assert (ready.count, ready.total) == (2, Decimal("25.00"))
    assert ready.last_id == rows[-1].pk
    assert ready.dates == (("2026-05-27", 2),)
    assert runs.ready(bridge=bridge, currency="EUR") is None


def test_accepted_differences_are_those_in_force_of_the_period():
    rma = factories.RmaFactory()

    def add(**values):
        return factories.FixFactory(
            **{
                "rma": rma,
                "bridge": rma.bridge,
                "kind": "accept_difference",
                "status": "applied",
                "level": "finance",
                "payload": {"difference": "3.20"},
                "requested_by": make_user("finn"),
                "decided_by": make_user("fiona"),
                "decided_at": NOW,
                **values,
            }
        )

    kept = add()
    add(decided_at=NOW - timedelta(days=40), rma=factories.RmaFactory(bridge=rma.bridge))
    add(status="undone")
    odd = add(payload={}, rma=factories.RmaFactory(bridge=rma.bridge))
    corrected = factories.RmaFactory(bridge=rma.bridge)
    add(rma=corrected)
    add(rma=corrected, kind="correct_credit", payload={"adjustment": "3.20"})
    taken_back = add(rma=factories.RmaFactory(bridge=rma.bridge))
    add(rma=taken_back.rma, kind="correct_credit", payload={"adjustment": "1"}, status="undone")

    found = accepted.in_force(since=NOW - timedelta(days=1))
    rows = accepted.newest(found)

    assert accepted.sums(found) == (
        accepted.Both("GBP", count=3, above=Decimal("6.40"), below=Decimal(0), unread=1),
    )
    assert list(accepted.every(found)) == list(rows)
    assert [(row.fix, row.difference) for row in rows] == [
        (taken_back, Decimal("3.20")),
        (odd, None),
        (kept, Decimal("3.20")),
    ]


def test_accepted_sums_keep_each_sign_and_each_currency_apart():
    finn = make_user("finn")
    for difference, currency in (
        ("3.20", "GBP"),
        ("-1.00", "GBP"),
        ("0.30", "GBP"),
        ("-2", "EUR"),
    ):
        rma = factories.RmaFactory(currency=currency)
        factories.FixFactory(
            rma=rma,
            bridge=rma.bridge,
            kind="accept_difference",
            status="applied",
            level="finance",
            payload={"difference": difference},
            requested_by=finn,
            decided_by=make_user("fiona"),
            decided_at=NOW,
        )

    assert accepted.sums(accepted.in_force(since=NOW)) == (
        accepted.Both("EUR", count=1, above=Decimal(0), below=Decimal("-2"), unread=0),
        accepted.Both("GBP", count=3, above=Decimal("3.50"), below=Decimal("-1"), unread=0),
    )


def test_a_month_begins_where_the_books_are_kept():
    factories.BridgeFactory(code="nyc", timezone="America/New_York")
    now = datetime(2026, 6, 1, 2, tzinfo=UTC)

    assert accepted.month_start(now=now, bridge="nyc").isoformat() == "2026-05-01T00:00:00-04:00"
    assert accepted.month_start(now=now).date() == date(2026, 6, 1)
    assert accepted.month_start(now=now, bridge="gone").date() == date(2026, 6, 1)


def test_refunds_without_a_credit_leave_out_what_was_put_off():
    kept = make_difference("3.20", kind="REFUND_NO_CM")
    make_difference("9.00", kind="REFUND_NO_CM", snoozed_until=NOW + timedelta(hours=1))
    make_difference("7.00")

    def found(bridge=""):
        cases = finance.open_cases(now=NOW, bridge=bridge)
        return finance.without_credit(finance.by_cause(cases))

    assert found() == finance.Total(1, (Amount(Decimal("3.20"), "GBP"),))
    assert found(kept.bridge.code) == found()
    assert found("another") == finance.Total(0, ())


def test_the_reads_cost_the_same_for_10_and_1000_exceptions():
    bridge = factories.BridgeFactory()
    rma = factories.RmaFactory(bridge=bridge)

    def cost():
        with CaptureQueriesContext(database) as captured:
            cases = finance.open_cases(now=NOW)
            sums = finance.by_cause(cases)
            finance.figures(sums)
            finance.differences(cases)
            finance.waiting(documents.in_sums())
            runs.started()
            accepted.newest(accepted.in_force(since=NOW))
            accepted.sums(accepted.in_force(since=NOW))
        return len(captured)

    def add(count):
        groups = factories.CauseGroupFactory.create_batch(
            min(count, 60), type="REFUND_CM_MISMATCH", bridge=bridge
        )
        model = factories.CaseFactory._meta.model
        model.objects.bulk_create(
            factories.CaseFactory.build(
                rma=rma,
                bridge=bridge,
                group=groups[number % len(groups)],
                team="finance",
                facts={"difference": "1.00"},
            )
            for number in range(count)
        )
        factories.CreditRunFactory.create_batch(5, bridge=bridge)

    add(10)
    few = cost()
    add(1_000)

    assert cost() == few
