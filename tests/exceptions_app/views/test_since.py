"""What a list says happened since it was drawn, without moving what is being read."""

import pytest
from django.urls import reverse

from exceptions_app.models import AuditEntry, Case
from exceptions_app.selectors import since
from exceptions_app.services import audit
from tests import plans
from tests.cast import make_user
from tests.factories import NOW, CaseFactory

pytestmark = pytest.mark.django_db
CLOSED = {"status": "resolved", "closure": "by_hand", "resolved_at": NOW}


@pytest.fixture
def mira(client):
    client.force_login(make_user("mira"))
    return client


def _said(case, act):
    audit.record(actor=None, act=act, subject=case, text=act, now=NOW, case_id=case.pk)


def _news(client, drawn, **asked):
    place = {"newest": drawn.case_id, "acts": drawn.act_id, **asked}
    return client.get(reverse("case-news"), place).content.decode().strip()


def test_what_is_new_is_counted_and_not_put_in(mira):
    CaseFactory()
    drawn = since.mark()
    CaseFactory()
    CaseFactory(team="finance")

    assert "<b>1 new.</b>" in _news(mira, drawn, team="merchandising")
    assert _news(mira, since.mark()) == ""


def test_what_came_back_woke_or_was_closed_since_is_told_too(mira):
    back, woke, closed, before = (CaseFactory() for _ in range(4))
    other = CaseFactory(team="finance", **CLOSED)
    _said(before, "case.wake")
    drawn = since.mark()
    _said(back, "case.reopen")
    _said(woke, "case.wake")
    _said(closed, "case.close")
    _said(other, "case.resolve")
    Case.objects.filter(pk=closed.pk).update(**CLOSED)

    assert "<b>1 came back, 1 woke, 1 closed.</b>" in _news(mira, drawn, team="merchandising")
    assert "<b>1 came back, 1 woke, 2 closed.</b>" in _news(mira, drawn, behind="with")
    # Which of the closed ones were snoozed or in a state before is not known, so none is claimed.
    assert "<b>1 came back, 1 woke.</b>" in _news(mira, drawn, status="open")
    assert _news(mira, since.mark()) == ""


def test_the_list_asks_with_what_it_knew_when_it_was_drawn(mira):
    _said(CaseFactory(), "case.wake")

    page = mira.get(reverse("case-list"), {"view": "list"}).content.decode()

    drawn = since.mark()
    assert f"newest={drawn.case_id}&amp;acts={drawn.act_id}" in page


def test_a_page_left_open_for_days_is_told_the_least_it_can_be(mira, monkeypatch):
    monkeypatch.setattr(since, "SPAN", 1)
    first, second = CaseFactory(), CaseFactory()
    _said(first, "case.open")
    drawn = since.mark()
    _said(first, "case.wake")
    _said(second, "case.wake")

    assert "<b>1 woke, and more.</b>" in _news(mira, drawn)
    # A page drawn by older code does not say which acts it knew.
    assert _news(mira, since.Mark(drawn.case_id)) == ""


def test_it_asks_one_query_and_reads_the_acts_that_followed(mira, django_assert_num_queries):
    case = CaseFactory()
    _said(case, "case.open")
    drawn = since.mark()
    for _ in range(3):
        _said(case, "case.wake")

    with django_assert_num_queries(1):
        found = since.told(
            listed=Case.objects.all(), closed=Case.objects.filter(status="resolved"), mark=drawn
        )

    assert found == since.News(new=0, back=0, woke=1, closed=0)
    later = AuditEntry.objects.filter(pk__in=since._acted(since.WOKE, drawn).values("pk"))
    assert plans.indexes_of(later) <= {"audit_by_kind", "exceptions_app_auditentry_pkey"}
