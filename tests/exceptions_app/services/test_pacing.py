"""One budget per connection for all workers: bucket, day quota, and a reserve for writes."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from connectors.errors import RetryLater
from exceptions_app.models import CallCount, Connection, ConnectionBudget
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
