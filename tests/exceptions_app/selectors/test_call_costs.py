"""Calls per return of each connection: every call counts, each return once."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from exceptions_app.models import CallCount
from exceptions_app.selectors import call_costs
from tests import factories

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 30, 12, 0, tzinfo=UTC)


def count(connection, reason, calls, *, days_ago=0, operation="find_orders"):
    day = (NOW - timedelta(days=days_ago)).date()
    CallCount.objects.create(
        connection=connection, day=day, operation=operation, reason=reason, count=calls
    )


def cost_of(*connections):
    found = call_costs.of_connections(connections, now=NOW)
    return found[connections[0].pk]


def test_calls_of_the_month_are_shared_among_its_returns_purpose_by_purpose():
    bridge = factories.BridgeFactory()
    for days in (0, 3, 29):
        factories.RmaFactory(bridge=bridge, planned_at=NOW - timedelta(days=days))
    factories.RmaFactory(bridge=bridge, planned_at=NOW - timedelta(days=31))
    factories.RmaFactory(bridge=bridge, planned_at=None)
    count(bridge.erp, "post", 6)
    count(bridge.erp, "post", 2, days_ago=29, operation="create_credit_memo")
    count(bridge.erp, "confirm", 2, days_ago=1)
    count(bridge.erp, "post", 90, days_ago=30)
    count(bridge.source, "poll", 5)

    cost = cost_of(bridge.erp, bridge.source)

    assert (cost.calls, cost.returns, cost.per_return) == (10, 3, Decimal("3.33"))
    assert cost.since.isoformat() == "2026-05-01"
    shares = [(part.reason, part.calls, part.per_return) for part in cost.parts]
    assert shares == [("post", 8, Decimal("2.67")), ("confirm", 2, Decimal("0.67"))]
    assert cost_of(bridge.source).per_return == Decimal("1.67")


def test_a_call_that_was_turned_away_is_one_call():
    bridge = factories.BridgeFactory()
    factories.RmaFactory(bridge=bridge, planned_at=NOW)
    count(bridge.erp, "post", 4)
    count(bridge.erp, call_costs.TURNED_AWAY, 3)

    cost = cost_of(bridge.erp)

    assert (cost.calls, cost.turned_away, cost.per_return) == (4, 3, Decimal("4.00"))
    assert [part.reason for part in cost.parts] == ["post"]


def test_calls_without_a_return_have_no_share():
    bridge = factories.BridgeFactory()
    count(bridge.erp, "poll", 4)

    cost = cost_of(bridge.erp)

    assert (cost.calls, cost.returns, cost.per_return) == (4, 0, None)
    assert [part.per_return for part in cost.parts] == [None]


def test_an_erp_of_two_bridges_serves_the_returns_of_both(django_assert_num_queries):
    first = factories.BridgeFactory()
    second = factories.BridgeFactory(erp=first.erp)
    factories.RmaFactory(bridge=first, planned_at=NOW)
    factories.RmaFactory(bridge=second, planned_at=NOW)
    count(first.erp, "post", 6)

    with django_assert_num_queries(2):
        cost = cost_of(first.erp, first.source, second.source)

    assert (cost.returns, cost.per_return) == (2, Decimal("3.00"))
