"""Two leads say at once with which view their team's queue opens: the later one counts."""

import threading

import pytest
from django.db import DatabaseError, connection

from exceptions_app.models import SavedView
from exceptions_app.selectors import views as selector
from exceptions_app.services import views
from tests.cast import make_user
from tests.factories import NOW

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_choose_at_once_both_are_heard_and_one_view_opens(monkeypatch):
    people = [make_user(name, "lead", "finance") for name in ("lena", "lola")]
    rows = [
        SavedView.objects.create(
            page="case-list", name=name, query="", team="finance", created_by="Lena", created_at=NOW
        )
        for name in ("Large", "Late")
    ]
    looked, may = threading.Barrier(2), selector.may_be_default
    outcomes = []

    def may_together(view, *, roles):
        looked.wait(timeout=10)
        return may(view, roles=roles)

    monkeypatch.setattr(selector, "may_be_default", may_together)

    def choose(person, row):
        try:
            views.make_default(view_id=row.pk, is_default=True, actor=person, now=NOW)
            outcomes.append("done")
        except DatabaseError as error:
            outcomes.append(str(error))
        finally:
            connection.close()

    pairs = zip(people, rows, strict=True)
    threads = [threading.Thread(target=choose, args=pair) for pair in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert outcomes == ["done", "done"]
    assert SavedView.objects.filter(is_default=True).count() == 1
