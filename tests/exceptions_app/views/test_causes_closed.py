"""By cause, of the exceptions that were closed only the latest are shown, and the page says so."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from tests.cast import make_user
from tests.factories import CaseFactory, CauseGroupFactory

pytestmark = pytest.mark.django_db

SAID = "Of those closed, only the last 7 days: one by one shows all."


@pytest.fixture
def closed(client):
    client.force_login(make_user("mira"))
    group = CauseGroupFactory()
    now = timezone.now()
    for days in (1, 8):
        at = now - timedelta(days=days)
        CaseFactory(group=group, status="resolved", closure="proof", resolved_at=at)
    return CaseFactory(group=group, opened_at=now)


@pytest.mark.parametrize(("status", "count"), [("resolved", 1), ("any", 2), ("", 1)])
def test_a_cause_counts_what_was_closed_in_the_last_seven_days(client, closed, status, count):
    answer = client.get(reverse("case-list"), {"status": status})

    (row,) = answer.context["page"].rows
    assert (row.pk, row.count, answer.context["totals"].count) == (closed.group_id, count, count)
    assert (SAID in answer.text) == (status != "")


def test_one_by_one_shows_all_that_were_closed(client, closed):
    answer = client.get(reverse("case-list"), {"status": "resolved", "view": "list"})

    assert len(answer.context["page"].rows) == 2
    assert SAID not in answer.text


def test_the_programs_door_counts_the_same(client, closed):
    answer = client.get("/api/v1/cause-groups/", {"status": "resolved"})

    assert [row["count"] for row in answer.json()["results"]] == [1]
