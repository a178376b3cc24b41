"""One budget per connection for all workers: bucket, day quota, and a reserve for writes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection as database

from connectors.errors import RetryLater
from exceptions_app.models import CallCount, Connection, ConnectionBudget
from exceptions_app.services import pacing
from exceptions_app.services.pacing import DatabasePacer

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 5, 20, 12, 0, tzinfo=UTC)


def _budget(**values):
    connection = Connection.objects.create(
        code="erp", name="ERP", kind="bluecherry", mode="sandbox", base_url="http://127.0.0.1:1"
    )
    ConnectionBudget.objects.create(
        connection=connection,
        **{
            "refilled_at": NOON,
            "day": NOON.date(),
            "capacity": 1000,
            "tokens": 1000,
            "refill_per_second": 1,
            **values,
        },
    )
    return connection


def _calls(connection, count, *, now=NOON, is_write=False, reason="poll"):
    """How many of `count` calls at `now` are let through."""
    pacer = DatabasePacer(connection=connection, reason=reason, clock=lambda: now)
    let_through = 0
    for _ in range(count):
        try:
            pacer.before(operation="read", is_write=is_write)
        except RetryLater:
            continue
        let_through += 1
    return let_through


def test_reads_stop_at_the_reserve_and_writes_may_use_it():
    connection = _budget(daily_limit=10, write_reserve=3)

    assert _calls(connection, 20) == 7
    assert _calls(connection, 20, is_write=True) == 3
    assert ConnectionBudget.objects.get().calls_today == 10


def test_a_new_day_begins_a_new_quota():
    connection = _budget(daily_limit=5)
    _calls(connection, 9)

    assert _calls(connection, 9) == 0
    assert _calls(connection, 9, now=NOON + timedelta(days=1)) == 5


def test_a_spent_day_says_when_the_next_one_begins():
    connection = _budget(daily_limit=1)
    _calls(connection, 1)

    with pytest.raises(RetryLater) as refusal:
        DatabasePacer(connection=connection, reason="poll", clock=lambda: NOON).before(
            operation="read", is_write=False
        )

    assert refusal.value.after_seconds == 12 * 3600 + 1
    assert refusal.value.is_throttled


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (
            {"quiet_until": NOON + timedelta(minutes=5)},
            "No call leaves before 20 May 2026, 12:05: it turned calls away. It was not asked now.",
        ),
        (
            {"daily_limit": 10, "write_reserve": 10},
            "The calls that may be made in a day are used up; the rest is kept for sending.",
        ),
        (
            {"tokens": 0},
            "Calls leave only so fast, and the next may leave within moments: try again then.",
        ),
    ],
)
def test_a_call_that_may_not_leave_says_what_keeps_it_back(values, told):
    connection = _budget(**values)

    with pytest.raises(pacing.BudgetSpent) as refusal:
        DatabasePacer(connection=connection, reason="check", clock=lambda: NOON).before(
            operation="read", is_write=False
        )

    assert refusal.value.text == told
    assert not CallCount.objects.exists()


def test_the_bucket_refills_with_time_and_never_above_its_capacity():
    connection = _budget(capacity=5, tokens=5, refill_per_second=Decimal("0.5"))

    assert _calls(connection, 9) == 5
    assert _calls(connection, 9, now=NOON + timedelta(seconds=4)) == 2
    assert _calls(connection, 99, now=NOON + timedelta(hours=1)) == 5


def test_a_worker_whose_clock_is_behind_takes_no_more_than_there_is():
    connection = _budget(capacity=5, tokens=5, refill_per_second=1)
    _calls(connection, 5, now=NOON + timedelta(seconds=10))

    assert _calls(connection, 9, now=NOON) == 0


def test_a_call_that_was_not_let_through_is_not_counted():
    connection = _budget(daily_limit=2)

    _calls(connection, 5, reason="post")

    row = CallCount.objects.get()
    assert (row.operation, row.reason, row.count) == ("read", "post", 2)


def test_a_peer_that_asked_for_rest_gets_it():
    connection = _budget(quiet_until=NOON + timedelta(minutes=2))

    assert _calls(connection, 3, now=NOON + timedelta(minutes=1)) == 0
    assert _calls(connection, 3, now=NOON + timedelta(minutes=2)) == 3


@pytest.fixture
def elsewhere():
    """The database as another worker sees it: a session of its own."""
    other = database.copy()
    yield other
    other.close()


def _pacer(connection):
    return DatabasePacer(connection=connection, reason="post", clock=lambda: NOON)


def _wait_until_gone(process):
    """The server notices a closed session in its own time."""
    with database.cursor() as cursor:
        for _ in range(10_000):
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [process])
            if cursor.fetchone() == (0,):
                return


def test_no_more_calls_are_under_way_at_once_than_the_connection_may_make(elsewhere, monkeypatch):
    connection = _budget()
    connection.settings = {"concurrent_calls": "1"}
    ours, theirs = _pacer(connection), _pacer(connection)
    # Another connection's calls are none of its business.
    aside = Connection(pk=connection.pk + 1, settings={"concurrent_calls": "1"})

    ours.before(operation="write", is_write=True)
    with monkeypatch.context() as there:
        there.setattr(pacing, "database", elsewhere)
        with pytest.raises(RetryLater) as refusal:
            theirs.before(operation="write", is_write=True)
        _pacer(aside)._take_slot()
    ours.after(operation="write", status=204, headers={})
    with monkeypatch.context() as there:
        there.setattr(pacing, "database", elsewhere)
        theirs._take_slot()

    assert (refusal.value.after_seconds, refusal.value.is_throttled) == (1, True)
    assert ConnectionBudget.objects.get().calls_today == 1


def test_a_worker_that_dies_in_a_call_gives_its_place_back(elsewhere, monkeypatch):
    connection = _budget()
    connection.settings = {"concurrent_calls": "1"}
    with monkeypatch.context() as there:
        there.setattr(pacing, "database", elsewhere)
        _pacer(connection)._take_slot()
    with pytest.raises(RetryLater):
        _pacer(connection).before(operation="read", is_write=False)

    process = elsewhere.connection.info.backend_pid
    elsewhere.close()
    _wait_until_gone(process)
    _pacer(connection).before(operation="read", is_write=False)

    assert ConnectionBudget.objects.get().calls_today == 1


def test_a_call_the_budget_refuses_holds_no_place(elsewhere, monkeypatch):
    connection = _budget(daily_limit=0)
    connection.settings = {"concurrent_calls": "1"}
    with pytest.raises(RetryLater):
        _pacer(connection).before(operation="write", is_write=True)

    with monkeypatch.context() as there:
        there.setattr(pacing, "database", elsewhere)
        _pacer(connection)._take_slot()


@pytest.mark.parametrize(
    ("cost", "available", "seconds"),
    [
        pytest.param("100", "100", 0, id="enough"),
        pytest.param("400", "100", 3, id="the rest comes back in three seconds"),
        pytest.param("99999", "0", 60, id="a minute at most"),
    ],
)
def test_a_shortage_on_the_other_sides_meter_holds_every_worker_back(cost, available, seconds):
    connection = _budget()
    pacer = DatabasePacer(connection=connection, reason="poll", clock=lambda: NOON)

    pacer.note_meter(
        cost=Decimal(cost), available=Decimal(available), restored_per_second=Decimal(100)
    )

    if seconds:
        assert _calls(connection, 1, now=NOON + timedelta(seconds=seconds - 1)) == 0
    assert _calls(connection, 1, now=NOON + timedelta(seconds=seconds)) == 1


def test_a_longer_pause_is_not_cut_short_by_the_meter():
    connection = _budget(quiet_until=NOON + timedelta(seconds=30))
    pacer = DatabasePacer(connection=connection, reason="poll", clock=lambda: NOON)

    pacer.note_meter(cost=Decimal(200), available=Decimal(100), restored_per_second=Decimal(100))

    assert ConnectionBudget.objects.get().quiet_until == NOON + timedelta(seconds=30)
