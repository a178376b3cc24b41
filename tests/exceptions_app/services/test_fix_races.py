"""Two people ask for the same change at once: one asks, the other is told."""

import contextlib
import threading

import pytest
from django.db import connection

from exceptions_app import errors
from exceptions_app.models import AuditEntry, Fix
from exceptions_app.services import fixes, money_requests
from tests.cast import make_user
from tests.factories import NOW, CaseFactory, CauseGroupFactory, RmaFactory

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_two_who_ask_at_once_for_the_same_change_one_is_told(monkeypatch):
    group = CauseGroupFactory(type="REFUND_CM_MISMATCH")
    rma = RmaFactory(bridge=group.bridge)
    case = CaseFactory(group=group, rma=rma, team="finance")
    people = [make_user("finn"), make_user("fiona", "finance")]
    start, outcomes = threading.Barrier(2), []
    looked, look = threading.Barrier(2), money_requests.refuse_second

    def look_together(**given):
        look(**given)
        # Both would have looked before either wrote; with the lock the second never gets here.
        with contextlib.suppress(threading.BrokenBarrierError):
            looked.wait(timeout=1)

    monkeypatch.setattr(money_requests, "refuse_second", look_together)

    def ask(person):
        try:
            start.wait(timeout=10)
            fixes.request(
                kind="correct_credit",
                bridge=group.bridge,
                actor=person,
                now=NOW,
                payload={"adjustment": "3.20"},
                case=case,
                rma=rma,
                reason_code="goodwill",
            )
            outcomes.append("done")
        except errors.FixAlreadyDecided as error:
            outcomes.append(str(error).partition(" has ")[2])
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert sorted(outcomes) == ["already asked for this; it is under way.", "done"]
    assert Fix.objects.count() == 1
    assert AuditEntry.objects.filter(act="fix.request").count() == 1
