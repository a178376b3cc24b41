"""Opened against closed per day: what a cause's small figure says."""

from datetime import timedelta

import pytest

from exceptions_app.selectors import trends
from tests.factories import NOW, CaseFactory, CauseGroupFactory

pytestmark = pytest.mark.django_db


def _case(group, opened, closed=None):
    values = {"opened_at": NOW - timedelta(days=opened)}
    if closed is not None:
        values |= {"status": "resolved", "resolved_at": NOW - timedelta(days=closed)}
    return CaseFactory(group=group, **values)


def test_each_day_adds_what_opened_and_takes_what_closed():
    group = CauseGroupFactory()
    _case(group, 30)
    _case(group, 6)
    _case(group, 6, closed=2)
    _case(group, 0)

    trend = trends.of_groups([group.pk], now=NOW)[group.pk]

    assert trend.figures == (2, 2, 2, 2, 1, 1, 2)
    assert (trend.opened, trend.closed, trend.tone) == (3, 1, "bad")
    assert trend.words == "3 opened and 1 closed in 7 days"


def test_a_cause_that_only_closes_is_falling():
    group = CauseGroupFactory()
    _case(group, 20, closed=1)

    trend = trends.of_groups([group.pk], now=NOW)[group.pk]

    assert (trend.opened, trend.closed, trend.tone) == (0, 1, "good")


def test_a_quiet_cause_has_no_trend_and_many_cost_one_query(django_assert_num_queries):
    groups = [CauseGroupFactory() for _ in range(5)]
    for group in groups[1:]:
        _case(group, 1)
    _case(groups[0], 40)

    with django_assert_num_queries(1):
        found = trends.of_groups([group.pk for group in groups], now=NOW)

    assert set(found) == {group.pk for group in groups[1:]}
