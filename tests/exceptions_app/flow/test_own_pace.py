"""A connection that rests comes back, however many rows wait for it."""

from datetime import timedelta

import pytest

from connectors.errors import RetryLater
from exceptions_app.models import ConnectionBudget, ConnectionHealth
from exceptions_app.services import connections, health, polling
from exceptions_app.services.pacing import BudgetSpent
from tests.world import make_world

pytestmark = pytest.mark.django_db


def test_rows_that_wait_do_not_prolong_the_rest_they_wait_for():
    world = make_world()
    connection, clock = world.bridge.source, world.clock
    throttled = RetryLater("Limit Exceeded", after_seconds=20, is_throttled=True)
    health.note_failure(connection_id=connection.pk, error=throttled, now=clock.now)
    ends_at = clock.now + timedelta(seconds=20)

    with world.connected():
        for _ in range(3):
            clock.advance(seconds=5)
            with pytest.raises(BudgetSpent) as refused:
                connections.source(connection=connection, reason="poll").rma("5001")
            health.note_failure(connection_id=connection.pk, error=refused.value, now=clock.now)

    assert ConnectionBudget.objects.get(connection=connection).quiet_until == ends_at


def test_a_longer_rest_asked_for_by_the_other_side_counts():
    world = make_world()
    connection, now = world.bridge.source, world.clock.now

    for seconds in (20, 50, 10):
        error = RetryLater("Limit Exceeded", after_seconds=seconds, is_throttled=True)
        health.note_failure(connection_id=connection.pk, error=error, now=now)

    budget = ConnectionBudget.objects.get(connection=connection)
    assert budget.quiet_until == now + timedelta(seconds=50)


def test_an_erp_that_gave_its_items_has_answered_and_one_not_asked_has_not():
    world = make_world()
    erp, clock = world.bridge.erp, world.clock
    answered = ConnectionHealth.objects.get(connection=erp).last_ok_at
    clock.advance(minutes=30)

    with world.connected():
        polling.refresh_reference(now=clock.now)
        young = ConnectionHealth.objects.get(connection=erp).last_ok_at
        clock.advance(minutes=31)
        polling.refresh_reference(now=clock.now)

    assert young == answered
    assert ConnectionHealth.objects.get(connection=erp).last_ok_at == clock.now
